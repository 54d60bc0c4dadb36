// Role: many small tables, on this machine and over links of a continent.

import TestKit

/// A thousand tables beside pg_dump's pipe and what the server needs alone.
struct ManyTables {
    /// What was copied.
    let schema: SampleSchema
    /// To one destination.
    let duel: Duel

    init(_ arena: Arena, _ others: [Contender], _ options: BenchOptions) throws {
        schema = .small(options.scaled(1_000))
        try arena.make(schema)
        let file = arena.files.file("tables.sql")
        try arena.shell(
            #""$PG_DUMP" -a -n "$1" -d "$2" > "$3""#, [schema.name, arena.sourceAddress, file]
        ).run().expecting(0)
        let contenders: [Contender] = [
            .pgcopyTables(), .pgcopyTables(jobs: 2), .pgcopyTables(jobs: 4), .pgDumpPipe, .psqlOfFile(file),
        ]
        let limit = Contender.limit(files: try arena.binaryFiles(schema), of: schema)
        duel = try Duel(schema, 1, contenders + others + [limit], arena, rounds: options.rounds)
        try arena.drop(schema)
    }
}

/// The same where each answer takes its time.
struct FarTables {
    /// There and back.
    static let roundTrip = 0.05
    /// The links' words.
    static let words = "links of 50 ms"
    /// Those through the same proxies without delay, whose time is taken off.
    static let nearWords = "links of 0 ms"

    /// Beside pg_dump's pipe.
    let schema: SampleSchema
    /// It runs once.
    let duel: Duel
    /// Few tables and ten times as many.
    let counts: (few: Int, many: Int)
    /// Both, near and far, to one destination and to three.
    private(set) var growth: [(destinations: Int, few: Duel, many: Duel)] = []

    init(_ arena: Arena, _ options: BenchOptions) throws {
        let near = try Links(arena)
        let far = try Links(arena).delayed(roundTrip: .seconds(Self.roundTrip))
        let few = SampleSchema.small(options.scaled(100))
        let many = SampleSchema.small(options.scaled(1_000))
        counts = (few.tables, many.tables)
        schema = .small(options.scaled(200))

        try arena.make(schema)
        let contenders = [Contender.pgcopyTables(), .pgDumpPipe(rounds: 1)]
        duel = try Duel(
            schema, 1, contenders.map { $0.reached(through: far, Self.words) }, arena, rounds: options.rounds)
        try arena.drop(schema)

        let both = [
            Contender.pgcopyTables().reached(through: near, Self.nearWords),
            .pgcopyTables().reached(through: far, Self.words),
        ]
        try arena.make(few)
        try arena.make(many)
        for count in [1, 3] {
            growth.append(
                (
                    count, try Duel(few, count, both, arena, rounds: options.rounds),
                    try Duel(many, count, both, arena, rounds: options.rounds)
                ))
        }
        try arena.drop(few)
        try arena.drop(many)
        near.stop()
        far.stop()
    }

    /// Our time for one of the pipe's.
    var pipeRatio: Double? {
        guard duel.results.count == 2 else { return nil }
        return duel.results[0].series.wall / duel.results[1].series.wall
    }

    /// Seconds that the many tables take more than the few, over links told so.
    private static func more(_ few: Duel, _ many: Duel, _ words: String) -> Double? {
        func wall(_ duel: Duel) -> Double? { duel.results.first { $0.contender.name.hasSuffix(words) }?.series.wall }
        guard let few = wall(few), let many = wall(many) else { return nil }
        return many - few
    }

    /// How many round trips' time the many tables take more than the few, beside what they take more without delay.
    static func roundTrips(_ few: Duel, _ many: Duel) -> Double? {
        guard let far = more(few, many, words), let near = more(few, many, nearWords) else { return nil }
        return (far - near) / roundTrip
    }
}
