// How fast a destination takes rows.

/// What a destination took from report to report; pure.
struct DestinationPace {
    private var last: (taken: Int, at: Instant)?
    /// Since when it has taken nothing.
    private var stillSince: Instant?

    /// A link that has lost a packet comes to again in less.
    private static let patience = Duration.seconds(3)

    /// Bytes a second since the last time; the next stretch begins here.
    /// - Parameter start: when the copy began: before that there was nothing to take.
    mutating func read(_ taken: Int, at now: Instant, since start: Instant) -> Double {
        defer { last = (taken, now) }
        stillSince = last == nil || taken != last?.taken ? now : stillSince.map { max($0, start) }
        let time = now.duration(since: max(last?.at ?? start, start))
        return time > .zero ? Double(max(0, taken - (last?.taken ?? 0))) / time.seconds : 0
    }

    /// It has taken nothing for some seconds.
    func isStalled(at now: Instant) -> Bool {
        stillSince.map { now.duration(since: $0) >= Self.patience } ?? false
    }
}
