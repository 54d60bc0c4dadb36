// Role: a schema from nothing, with its indexes and constraints.

/// Beside pg_dump's pipe and what others have.
struct Clones {
    /// What was cloned.
    let schema: WholeSchema
    /// To one destination.
    let duel: Duel

    init(_ arena: Arena, _ others: [Contender], _ options: BenchOptions) throws {
        schema = WholeSchema(large: options.scaled(2_000_000), small: options.scaled(300))
        try arena.make(schema)
        duel = try Duel(
            schema, 1, [.pgcopyClone(), .pgcopyClone(jobs: 2), .pgDumpClone] + others, arena, rounds: options.rounds)
        try arena.drop(schema)
    }

    /// Our time for one of another's.
    func ratio(jobs: Int, of other: (Contender) -> Bool) -> Double? {
        guard let ours = duel.series(.pgcopyClone(jobs: jobs)),
            let theirs = duel.results.first(where: { other($0.contender) })?.series
        else { return nil }
        return ours.wall / theirs.wall
    }
}
