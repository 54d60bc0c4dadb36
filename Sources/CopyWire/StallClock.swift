// How long a receiver has made no progress while something waits for it.

/// A receiver's socket timeout.
public struct StallClock: Sendable {
    private var since: Instant?

    /// A clock that does not run.
    public init() {}

    /// Something waits and nothing moved: the clock runs from the first such moment.
    public mutating func stalled(at now: Instant) { if since == nil { since = now } }

    /// Progress, or nothing waits.
    public mutating func progressed() { since = nil }

    /// When the timeout strikes, nil while the clock does not run.
    public func deadline(_ timeout: Double) -> Instant? { since.map { $0 + timeout } }
}
