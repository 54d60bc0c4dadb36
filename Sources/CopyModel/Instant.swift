// Time as the loops see it: a monotonic clock's reading.

/// A point on a monotonic clock, in nanoseconds from an arbitrary start.
public struct Instant: Sendable, Hashable, Comparable {
    /// Nanoseconds since the clock's start.
    public var nanoseconds: Int64

    /// The point so many nanoseconds after the clock's start.
    public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    /// Earlier first.
    public static func < (left: Instant, right: Instant) -> Bool { left.nanoseconds < right.nanoseconds }

    /// So much later, or earlier where it is negative. A wait too long to count is as good as for ever.
    public static func + (instant: Instant, duration: Duration) -> Instant {
        instant.later(by: (duration.seconds * 1e9).rounded())
    }

    /// So many seconds later.
    package static func + (instant: Instant, seconds: Double) -> Instant { instant.later(by: seconds * 1e9) }

    private func later(by nanoseconds: Double) -> Instant {
        // 2^62 ns are 146 years.
        guard nanoseconds < 0x1p62 else { return Instant(nanoseconds: .max) }
        return Instant(nanoseconds: self.nanoseconds &+ Int64(max(nanoseconds, -0x1p62)))
    }

    /// How long after `earlier` this is.
    public func duration(since earlier: Instant) -> Duration { .nanoseconds(nanoseconds - earlier.nanoseconds) }

    /// The seconds from `earlier` to this.
    package func seconds(since earlier: Instant) -> Double {
        Double(nanoseconds - earlier.nanoseconds) / 1e9
    }
}

extension Duration {
    /// In seconds, to the nanosecond: what was given as 1.68 is told as 1.68.
    package var seconds: Double {
        let (whole, rest) = components
        return (Double(whole) * 1e9 + (Double(rest) / 1e9).rounded()) / 1e9
    }
}
