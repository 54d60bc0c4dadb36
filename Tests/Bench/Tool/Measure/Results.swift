// Role: all that was measured.

/// Everything the page tells.
struct Results {
    /// What the machine is.
    let facts: MachineFacts
    /// The command that made it.
    let command: String
    /// Whether it was a tenth only.
    let isQuick: Bool
    /// How often each contender ran.
    let rounds: Int
    /// The tables, with the bytes of all rows in text format.
    var tables: [(table: SampleTable, bytes: Int)] = []
    /// Copies.
    var duels: [Duel] = []
    /// One destination beside what its server needs alone.
    var limit: Duel?
    /// A few rows to one destination.
    var few: Duel?
    /// Many small tables.
    var many: ManyTables?
    /// A schema from nothing.
    var clones: Clones?
    /// Many small tables over long links.
    var far: FarTables?
    /// One table in many streams.
    var streams: ManyStreams?
    /// Both nil without callgrind.
    var instructions: InstructionCounts?
    var display: DisplayCost?
    /// Peaks.
    var memory: [MemoryUse] = []
    /// The loop alone.
    var loop: [LoopSpeed] = []
    /// What is not installed, and how to get it.
    var missing: [String] = []

    /// The most memory a copy may take.
    static let memoryLimit = 32 << 20

    /// What others' programs did not do.
    var failures: [String] { (duels + [many?.duel, clones?.duel].compactMap { $0 }).flatMap(\.failures) }

    /// The duel of a table and a number of destinations.
    func duel(_ table: String, _ destinations: Int) -> Duel? {
        duels.first { $0.table == table && $0.destinations == destinations }
    }
}
