// Role: one table in many streams: where each connection is slow, and what streams take of the client's core.

import TestKit

/// Streams over narrow links, on this machine, and under TLS.
struct ManyStreams {
    /// What each connection takes over the narrow links.
    static let pace = 2_000_000
    /// Their words.
    static let words = "2 MB/s a connection"

    /// One stream; four as they come, which leave a table of less than 32 MiB whole; four that divide it.
    private static let narrowContenders: [Contender] = [
        .pgcopyStreams(1), .pgcopyStreams(4), .pgcopyStreams(4, "--split-larger-than=1M"),
    ]

    /// The time of four streams for one of one, as they come and divided by option.
    var narrowRatios: (plain: Double, divided: Double) {
        let walls = narrowDuel.results.map(\.series.wall)
        return (walls[1] / walls[0], walls[2] / walls[0])
    }

    /// Copied over narrow links, with its bytes on the wire.
    let narrow: (table: SampleTable, bytes: Int)
    /// To one destination.
    let narrowDuel: Duel
    /// Copied on this machine, with its bytes on the wire.
    let wide: (table: SampleTable, bytes: Int)
    /// To one destination, without TLS and under it.
    let plainDuel: Duel
    let tlsDuel: Duel

    init(_ arena: Arena, _ options: BenchOptions) throws {
        let small = SampleTable.counted(options.scaled(165_000)).named("small")
        try arena.make(small)
        narrow = (small, try arena.size(of: arena.binaryFile(small)))
        let links = try Links(arena).limited(bytesPerSecond: Self.pace)
        narrowDuel = try Duel(
            small, 1, Self.narrowContenders.map { $0.reached(through: links, Self.words) }, arena,
            rounds: options.rounds)
        links.stop()
        try arena.drop(small)

        let large = SampleTable.wide(options.scaled(800_000)).named("large")
        try arena.make(large)
        wide = (large, try arena.size(of: arena.binaryFile(large)))
        plainDuel = try Duel(large, 1, [1, 2, 4].map { .pgcopyStreams($0) }, arena, rounds: options.rounds)
        try arena.drop(large)

        let guarded = try Arena(destinations: 1, way: .tcp, tls: true)
        defer { guarded.remove() }
        try guarded.make(large)
        let encrypted = [1, 2, 4].map { Contender.pgcopyStreams($0).told("TLS") }
        tlsDuel = try Duel(large, 1, encrypted, guarded, rounds: options.rounds)
    }
}
