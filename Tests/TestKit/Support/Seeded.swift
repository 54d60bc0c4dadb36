// Role: random numbers that a failing test can repeat.

/// SplitMix64: the same seed gives the same numbers on every machine.
///
///     for seed in Seeded.seeds(20) {
///         var rng = Seeded(seed)
///         let offset = rng.next(in: 0..<total)
///         #expect(…, "\(rng)")
///     }
public struct Seeded: RandomNumberGenerator, Sendable, CustomStringConvertible {
    /// What it was started with: put it in the comment of every expectation.
    public let seed: UInt64
    private var state: UInt64

    /// Starts at this seed.
    public init(_ seed: UInt64) {
        self.seed = seed
        state = seed
    }

    /// The next 64 bits.
    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// A number of the range.
    public mutating func next(in range: Range<Int>) -> Int {
        range.lowerBound + Int(next().multipliedFullWidth(by: UInt64(range.count)).high)
    }

    /// So many random bytes.
    public mutating func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) }
    }

    /// Names the seed: "seed 42 (PGCOPY_TEST_SEED=42 repeats it)".
    public var description: String { "seed \(seed) (PGCOPY_TEST_SEED=\(seed) repeats it)" }

    /// The seeds of a repeated test: `count` fixed ones; only the one of PGCOPY_TEST_SEED; or, with
    /// PGCOPY_TEST_ROUNDS, so many times `count` that no run had before.
    public static func seeds(_ count: Int) -> [UInt64] {
        if let wanted = environmentVariable("PGCOPY_TEST_SEED").flatMap({ UInt64($0) }) { return [wanted] }
        if let rounds = environmentVariable("PGCOPY_TEST_ROUNDS").flatMap({ Int($0) }) {
            return (0..<count * rounds).map { _ in UInt64.random(in: 1...UInt64.max) }
        }
        return (1...UInt64(count)).map { $0 }
    }
}
