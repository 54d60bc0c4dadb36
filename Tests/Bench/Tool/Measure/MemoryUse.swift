// Role: how much memory pgcopy holds where much could be held.

import TestKit

/// One case and its peak.
struct MemoryUse {
    /// What was copied, for the page.
    let name: String
    /// Bytes of the client's largest process.
    let peak: Int
    /// Whether it is ours.
    let isPgcopy: Bool

    /// All cases.
    static func all(_ arena: Arena, _ options: BenchOptions) throws -> [MemoryUse] {
        try giantRows(arena, options) + manyRows(arena, options) + manyDestinations(arena, options)
            + manyTables(arena, options)
    }

    private init(_ name: String, _ program: Program, isPgcopy: Bool = true) throws {
        self.name = name
        self.isPgcopy = isPgcopy
        peak = try program.with { $0.timeout = .seconds(900) }.run().expecting(0).peakMemory
        say("peak memory: \(name): \(Figures.mebibytes(peak))")
    }

    private static func giantRows(_ arena: Arena, _ options: BenchOptions) throws -> [MemoryUse] {
        let table = SampleTable.giant(rows: 2, bytes: options.scaled(300_000_000))
        try arena.make(table)
        let name = "2 rows of \(Figures.megabytes(options.scaled(300_000_000))) to two destinations"
        let ours = try MemoryUse(name, Contender.pgcopyText.program(arena, table.name, 2))
        try arena.verify(table, 2, after: "pgcopy")
        try arena.empty(table, 2)
        let psql = try MemoryUse(
            name + ": psql, its largest process", Contender.psqlText.program(arena, table.name, 2), isPgcopy: false)
        try arena.drop(table)
        return [ours, psql]
    }

    private static func manyRows(_ arena: Arena, _ options: BenchOptions) throws -> [MemoryUse] {
        let table = SampleTable.narrow(options.scaled(3_000_000)).named("many")
        try arena.make(table)
        let name = "\(Figures.count(table.rows)) rows to one destination"
        let many = try MemoryUse(name, Contender.pgcopyAuto.program(arena, table.name, 1))
        try arena.verify(table, 1, after: "pgcopy")

        try arena.empty(table, 2)
        let proxy = try FaultProxy(to: arena.destinations[1])
        let pace = 8 << 20
        proxy.arm(.slow(bytesPerSecond: pace), direction: .toServer, on: .all, times: 8)
        let source = arena.sourceAddress + "#" + table.name
        let slow = try MemoryUse(
            "the same to a fast destination and one that takes \(Figures.mebibytes(pace))/s",
            .pgcopy("transfer", "-q", "-w", source, arena.addresses(1)[0], proxy.conninfo()))
        guard proxy.faultCount > 0 else { throw BenchError("the slow destination was not slow") }
        proxy.stop()
        try arena.verify(table, 2, after: "pgcopy")
        try arena.drop(table)
        return [many, slow]
    }

    private static func manyDestinations(_ arena: Arena, _ options: BenchOptions) throws -> [MemoryUse] {
        let table = SampleTable.wide(options.scaled(100_000)).named("fanned")
        try arena.make(table)
        let server = arena.destinations[0]
        let names = (1...40).map { "\(table.name)_\($0)" }
        try server.psql(names.map { "CREATE TABLE \($0) (LIKE \(table.name));" }.joined())
        let destinations = names.map { arena.addresses(1)[0] + "#" + $0 }
        let use = try MemoryUse(
            "\(Figures.count(table.rows)) rows to 40 destinations",
            .pgcopy(["transfer", "-q", "-w", arena.sourceAddress + "#" + table.name] + destinations))
        try arena.verify(table.named(names[39]), 1, after: "pgcopy")
        try server.psql(names.map { "DROP TABLE \($0);" }.joined())
        try arena.drop(table)
        return [use]
    }

    private static func manyTables(_ arena: Arena, _ options: BenchOptions) throws -> [MemoryUse] {
        let schema = SampleSchema.broad(options.scaled(1_000))
        try arena.make(schema)
        let use = try MemoryUse(
            "\(Figures.count(schema.tables)) tables of 30 columns to 3 destinations in 8 streams",
            Contender.pgcopyTables(jobs: 8).program(arena, schema.name, 3))
        try arena.verify(schema, 3, after: "pgcopy")
        try arena.drop(schema)
        return [use]
    }
}
