// Role: the parts of the benchmark, each of which can be run by itself.

/// A part, in the order of running.
enum Suite: String, CaseIterable {
    /// Narrow, wide and huge rows, and the limit.
    case tables
    /// A few rows.
    case few
    /// Many small tables.
    case many
    /// A schema from nothing.
    case clones
    /// Many small tables over long links.
    case far
    /// One table in many streams.
    case streams
    /// User instructions a row.
    case instructions
    /// Peak memory.
    case memory
    /// The loop alone.
    case loop

    /// Some by their names; nil where one is of none.
    static func named(_ words: String) -> Set<Suite>? {
        let suites = words.split(separator: ",").map { Suite(rawValue: String($0)) }
        return suites.isEmpty || suites.contains(nil) ? nil : Set(suites.compactMap { $0 })
    }
}
