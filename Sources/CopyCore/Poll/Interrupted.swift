// A signal that asks the program to stop.

/// The wait was cut short by a signal.
public struct Interrupted: Error, Sendable, Hashable, CustomStringConvertible {
    /// Its number, as SIGINT.
    public let signal: CInt

    /// Cut short by this signal.
    public init(signal: CInt) { self.signal = signal }

    /// For a person.
    public var description: String { "interrupted by signal \(signal)" }
}
