// Rates of a transfer: of the last stretch and of the whole.

/// Turns totals and times into rates.
public struct RateMeter: Sendable {
    /// What one report says.
    public struct Reading: Sendable, Equatable {
        /// What the stretch since the last report moved.
        public var cycle: Totals
        /// Its length.
        public var cycleDuration: Duration
        /// What the whole run moved.
        public var total: Totals
        /// The length of the whole run.
        public var duration: Duration

        /// Bytes a second of the stretch.
        public var cycleRate: Double { rate(cycle.bytes, cycleDuration) }
        /// Bytes a second of the whole run.
        public var rate: Double { rate(total.bytes, duration) }
        /// Rows a second of the stretch.
        public var cycleRowRate: Double { rate(cycle.messages, cycleDuration) }

        private func rate(_ amount: Int, _ duration: Duration) -> Double {
            duration > .zero ? Double(amount) / duration.seconds : 0
        }
    }

    private let start: Instant
    private var last: Instant
    private var reported = Totals.zero
    private var total = Totals.zero

    /// A meter for a run that begins now.
    public init(start: Instant) {
        self.start = start
        last = start
    }

    /// A cycle moved so much.
    public mutating func add(_ moved: Totals) { total += moved }

    /// When the last report was given.
    public var lastReport: Instant { last }

    /// The rates up to now; the next stretch begins here.
    public mutating func read(at now: Instant) -> Reading {
        let reading = Reading(
            cycle: total - reported,
            cycleDuration: now.duration(since: last),
            total: total,
            duration: now.duration(since: start)
        )
        reported = total
        last = now
        return reading
    }
}
