// Role: the runs of one contender, and their middle.

/// All runs of a contender in one duel.
struct Series {
    /// In the order of the rounds.
    var samples: [Sample] = []

    /// The median of the wall times.
    var wall: Double { Self.median(samples.map(\.wall)) }
    /// The median of the CPU times.
    var cpu: Double { Self.median(samples.map(\.cpu)) }
    /// The fastest and the slowest run.
    var range: (least: Double, most: Double) {
        (samples.map(\.wall).min() ?? .nan, samples.map(\.wall).max() ?? .nan)
    }
    /// The most memory of any run.
    var peak: Int { samples.map(\.peak).max() ?? 0 }

    static func median(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        guard !sorted.isEmpty else { return .nan }
        let middle = sorted.count / 2
        return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }
}
