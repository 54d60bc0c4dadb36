// A connection that did not come back to a usable state in time.

/// The other side did not answer while the copy was being undone; the connection was closed.
public struct Unanswered: Error, Sendable, Hashable, CustomStringConvertible {
    /// How long it was waited for, in seconds.
    public let seconds: Double

    /// For a person.
    public var description: String { "no answer within \(seconds) s; the connection was closed" }
}
