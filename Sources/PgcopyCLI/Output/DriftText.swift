// Differences of tables for people: one a line.

internal import CopyCore

/// Writes how tables differ.
enum DriftText {
    /// The lines, without line ends.
    static func of(_ drift: [Drift]) -> [String] {
        let head = ["table", "differs in", "source", "destination", "at"]
        let rows = drift.prefix(most).map { [$0.table, $0.what, $0.source, $0.destination, $0.label] }
        let rest = drift.count - rows.count
        return AlignedText.lines([head] + rows) + (rest > 0 ? ["and \(rest) more"] : [])
    }

    /// What somebody may still read; JSON has all.
    private static let most = 100
}
