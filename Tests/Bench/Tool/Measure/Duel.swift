// Role: a table, or many, copied to so many destinations by every contender, in turn.

import TestKit

/// What came of it.
struct Duel {
    /// The name of the table or the schema.
    let table: String
    /// To how many servers; 0: to where nothing is kept.
    let destinations: Int
    /// Contenders that ran to the end, in the order of the page.
    private(set) var results: [(contender: Contender, series: Series)] = []
    /// Lines about contenders that did not.
    private(set) var failures: [String] = []

    /// The runs of a contender.
    func series(_ contender: Contender) -> Series? { results.first { $0.contender.name == contender.name }?.series }

    /// Runs it: every contender once a round, and each round begins with another one.
    init(_ cargo: some Cargo, _ destinations: Int, _ all: [Contender], _ arena: Arena, rounds: Int) throws {
        table = cargo.name
        self.destinations = destinations
        results = all.filter { $0.counts.contains(destinations) }.map { ($0, Series()) }
        var broken: Set<String> = []
        for round in 0..<rounds {
            for turn in results.indices {
                let index = (turn + round) % results.count
                let contender = results[index].contender
                if broken.contains(contender.name) || round >= contender.rounds ?? rounds { continue }
                do {
                    let sample = try Self.run(contender, cargo, destinations, arena, verifies: round == 0)
                    results[index].series.samples.append(sample)
                    tell(round, rounds, contender, sample)
                } catch  where contender.isOthers {
                    // Someone else's program that does not run here is no reason to give up.
                    broken.insert(contender.name)
                    failures.append("\(contender.name) failed with \(table) to \(destinations)")
                    say("\(contender.name) failed: \(error)")
                }
            }
        }
        results.removeAll { broken.contains($0.contender.name) }
    }

    private static func run(
        _ contender: Contender, _ cargo: some Cargo, _ destinations: Int, _ arena: Arena, verifies: Bool
    ) throws -> Sample {
        try arena.empty(cargo, destinations)
        let program = try contender.program(arena, cargo.name, destinations).with { $0.timeout = .seconds(900) }
        let result = try program.run().expecting(0)
        if verifies { try arena.verify(cargo, destinations, after: contender.name) }
        return Sample(result)
    }

    private func tell(_ round: Int, _ rounds: Int, _ contender: Contender, _ sample: Sample) {
        let times = "\(Figures.fixed(sample.wall, 2)) s, client CPU \(Figures.fixed(sample.cpu, 2)) s"
        say("\(table) to \(destinations), round \(round + 1) of \(rounds): \(contender.name): \(times)")
    }
}
