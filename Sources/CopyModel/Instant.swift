// Time as the loops see it: a monotonic clock's reading.

/// A point on a monotonic clock, in nanoseconds from an arbitrary start.
public struct Instant: Sendable, Hashable, Comparable {
    /// Nanoseconds since the clock's start.
    public var nanoseconds: Int64

    /// The point so many nanoseconds after the clock's start.
    public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    /// Earlier first.
    public static func < (left: Instant, right: Instant) -> Bool { left.nanoseconds < right.nanoseconds }

    /// Seconds later (or earlier, when negative). A wait too long to count is as good as for ever.
    public static func + (instant: Instant, seconds: Double) -> Instant {
        let nanoseconds = seconds * 1e9
        // 2^62 ns are 146 years.
        guard nanoseconds < 0x1p62 else { return Instant(nanoseconds: .max) }
        return Instant(nanoseconds: instant.nanoseconds &+ Int64(nanoseconds))
    }

    /// The seconds from `earlier` to this.
    public func seconds(since earlier: Instant) -> Double {
        Double(nanoseconds - earlier.nanoseconds) / 1e9
    }
}
