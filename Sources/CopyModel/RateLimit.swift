// A limit of bytes a second, kept by counting.

/// A bucket that fills with time and is emptied by what is read.
package struct RateLimit: Sendable {
    private var bytesPerSecond: Double
    /// What the bucket holds at most: a tenth of a second's bytes, so that a stall is not made up for by a burst.
    private var burst: Double { max(1, bytesPerSecond / 10) }
    private var level: Double
    private var filledAt: Instant

    /// A limit of so many bytes a second, beginning now with an empty bucket.
    package init(bytesPerSecond: Int, now: Instant) {
        self.bytesPerSecond = Double(max(1, bytesPerSecond))
        level = 0
        filledAt = now
    }

    /// From now on it is another one.
    package mutating func change(to bytesPerSecond: Int, now: Instant) {
        _ = allowance(at: now)
        self.bytesPerSecond = Double(max(1, bytesPerSecond))
    }

    /// How many bytes may be read now.
    package mutating func allowance(at now: Instant) -> Int {
        level = min(burst, level + now.seconds(since: filledAt) * bytesPerSecond)
        filledAt = now
        // Half a bucket at a time: a byte at a time would be a system call a byte.
        return level >= max(1, burst / 2) ? Int(level) : 0
    }

    /// So many bytes were read.
    package mutating func spend(_ bytes: Int) { level -= Double(bytes) }

    /// When `allowance` will give something again.
    package func opensAt() -> Instant {
        filledAt + max(0, (max(1, burst / 2) - level) / bytesPerSecond + 0.000_001)
    }
}
