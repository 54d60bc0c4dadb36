// How a signal handler reaches a poll: a pipe and a number.

internal import Synchronization

/// Remembers the first signal that asks to stop, and wakes every poll that watches it.
public final class Interruption: Sendable {
    private let number = Atomic<CInt>(0)
    private let pipe: WakePipe

    /// An interruption that has not happened; nil when no pipe can be had.
    public init?() {
        guard let pipe = WakePipe() else { return nil }
        self.pipe = pipe
    }

    /// The signal that came first, nil when none did.
    public var signal: CInt? {
        let value = number.load(ordering: .acquiring)
        return value == 0 ? nil : value
    }

    /// Readable from the first signal on.
    public var descriptor: CInt { pipe.readEnd }

    /// A signal came. Safe inside a signal handler.
    public func raise(_ signal: CInt) {
        if number.compareExchange(expected: 0, desired: signal, ordering: .acquiringAndReleasing).exchanged {
            pipe.wake()
        }
    }
}

/// The wait was cut short by a signal.
public struct Interrupted: Error, Sendable, Hashable, CustomStringConvertible {
    /// Its number, as SIGINT.
    public let signal: CInt

    /// Cut short by this signal.
    public init(signal: CInt) { self.signal = signal }

    /// For a person.
    public var description: String { "interrupted by signal \(signal)" }
}
