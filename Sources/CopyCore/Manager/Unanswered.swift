// A connection that did not come back to a usable state in time.

/// The other side did not answer in time: the connection was closed, or what it was at was cancelled.
public struct Unanswered: Error, Sendable, Hashable, CustomStringConvertible {
    /// How long it was waited for, in seconds.
    public let seconds: Double
    /// It heard that it was to stop, and did.
    public var wasCancelled = false

    init(seconds: Double) { self.seconds = seconds }

    /// For a person.
    public var description: String {
        "no answer within \(seconds) s; \(wasCancelled ? "the statement was cancelled" : "the connection was closed")"
    }
}
