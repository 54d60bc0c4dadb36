// How long a receiver, or the producer, has made no progress while something waits for it.

/// A socket timeout.
package struct StallClock: Sendable {
    private var since: Instant?

    /// A clock that does not run.
    package init() {}

    /// Something waits and nothing moved: the clock runs from the first such moment.
    package mutating func stalled(at now: Instant) { if since == nil { since = now } }

    /// Progress, or nothing waits.
    package mutating func progressed() { since = nil }

    /// It does not run.
    package var isStopped: Bool { since == nil }

    /// When the timeout strikes, nil while the clock does not run.
    package func deadline(_ timeout: Double) -> Instant? { since.map { $0 + timeout } }
}
