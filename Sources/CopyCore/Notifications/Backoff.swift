// How long to rest before the next try.

/// Delays that double up to a limit, each shortened by chance so that many clients do not come back at once.
public struct Backoff: Sendable, Hashable {
    /// The first delay before chance shortens it.
    public let first: Duration
    /// No delay is longer.
    public let longest: Duration

    private var next: Duration
    private var state: UInt64

    /// Delays from a seed: the same seed, the same delays.
    public init(first: Duration = .milliseconds(250), longest: Duration = .seconds(30), seed: UInt64) {
        self.first = first
        self.longest = longest
        next = first
        state = seed
    }

    /// The next delay: between a half and the whole of what it has doubled to.
    public mutating func delay() -> Duration {
        let whole = min(next, longest)
        next = min(next * 2, longest)
        return whole * (0.5 + 0.5 * chance())
    }

    /// Begins with the first delay again.
    public mutating func reset() { next = first }

    /// From 0 to below 1, by SplitMix64.
    private mutating func chance() -> Double {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        mixed ^= mixed >> 31
        return Double(mixed >> 11) * 0x1p-53
    }
}
