// The benchmark: pgcopy against pipes of psql and others, on throw-away servers. `make bench` runs it.

import Glibc
import TestKit

@main
enum PgcopyBench {
    static func main() {
        guard let options = BenchOptions(Array(CommandLine.arguments.dropFirst())) else {
            say(BenchOptions.usage)
            exit(2)
        }
        if options.wantsHelp {
            say(BenchOptions.usage)
            exit(0)
        }
        #if DEBUG
            say("PgcopyBench: built for debugging, it would measure nothing: build it with -c release")
            exit(2)
        #else
            do {
                try run(options)
            } catch {
                say("PgcopyBench: \(error)")
                exit(1)
            }
        #endif
    }

    private static func run(_ options: BenchOptions) throws {
        guard !options.writes || access("Tests/Bench", W_OK) == 0 else {
            throw BenchError("cannot write to Tests/Bench: run this in the package's directory")
        }
        guard !options.writes || options.isWhole || !options.isQuick else {
            throw BenchError("rough figures of a quick run do not go among others: write without --quick or --only")
        }
        try ReleaseBuild.prepare()
        if options.wantsPicture { return try save(Picture.ofRun(), "Tests/Demo/display.svg") }
        let arena = try Arena(way: options.way)
        defer { arena.remove() }
        let installed = try Installed(arena.files)
        for line in installed.missing { say("not installed, so not measured: \(line)") }

        let command = options.words.isEmpty ? "make bench" : "PgcopyBench --write \(options.words)"
        var results = Results(
            facts: try MachineFacts(arena), command: command, isQuick: options.isQuick, rounds: options.rounds,
            missing: installed.missing)
        let tables: [SampleTable] = [
            .narrow(options.scaled(6_000_000)), .wide(options.scaled(800_000)), .huge(options.scaled(25)),
        ]
        if options.suites.contains(.tables) {
            for table in tables { try fight(table, installed.contenders, arena, options.rounds, &results) }
        }
        if options.suites.contains(.few) { try measureFew(arena, options, &results) }
        if options.suites.contains(.many) {
            results.many = try ManyTables(arena, installed.schemaContenders, options)
        }
        if options.suites.contains(.clones) {
            results.clones = try Clones(arena, installed.cloneContenders, options)
        }
        if options.suites.contains(.far) { results.far = try FarTables(arena, options) }
        if options.suites.contains(.streams) { results.streams = try ManyStreams(arena, options) }
        if options.suites.contains(.instructions) {
            results.instructions = try InstructionCounts(arena, rows: options.scaled(500_000))
            if results.instructions == nil {
                results.missing.append(InstructionCounts.missing)
                say("not installed, so not measured: \(InstructionCounts.missing)")
            } else {
                results.display = try DisplayCost(
                    arena, rows: options.scaled(3_000_000), rounds: options.rounds)
            }
        }
        if options.suites.contains(.memory) { results.memory = try MemoryUse.all(arena, options) }
        // Last: what this process holds itself must not hide what its children hold.
        if options.suites.contains(.loop) { results.loop = try LoopSpeed.all(bytes: options.scaled(4_000_000_000)) }

        var page = ResultsPage(results).text
        say("\n" + page)
        guard options.writes else { return }
        let path = "Tests/Bench/RESULTS.md"
        if !options.isWhole {
            let old = String(decoding: try readFile(path), as: UTF8.self)
            page = try PageMerge(old, with: page, facts: results.facts.lines, order: ResultsPage.order).text
        }
        try save(page, path)
        if options.suites.contains(.tables) {
            try save(BarChart(results, table: "wide", destinations: [1, 3]).text, "Tests/Bench/results.svg")
        }
    }

    private static func measureFew(_ arena: Arena, _ options: BenchOptions, _ results: inout Results) throws {
        let few = SampleTable.narrow(10).named("few")
        try arena.make(few)
        let both = [ConnectionWay.unix, .tcp].flatMap { way in
            [Contender.pgcopyInShell, .psqlText].map { $0.reached(by: way) }
        }
        // Milliseconds each, most of them the start of programs and servers: many rounds cost little.
        results.few = try Duel(few, 1, both, arena, rounds: 8 * options.rounds)
        try arena.drop(few)
    }

    /// One table, to nowhere and to one, two and three destinations.
    private static func fight(
        _ table: SampleTable, _ others: [Contender], _ arena: Arena, _ rounds: Int, _ results: inout Results
    ) throws {
        try arena.make(table)
        results.tables.append((table, try arena.textBytes(table)))
        let limit = Contender.limit(file: try arena.binaryFile(table))
        let contenders: [Contender] =
            [.pgcopyAuto, .pgcopyBinary, .pgcopyText, .pgcopyLibpq, .psqlText, .psqlBinary] + others + [limit]
        for count in 0...3 {
            results.duels.append(try Duel(table, count, contenders, arena, rounds: rounds))
        }
        if table.name == "wide" {
            // A few percent are the question: it takes more rounds to tell.
            let near = [ConnectionWay.unix, .tcp].flatMap { way in
                [Contender.pgcopyAuto, .psqlBinary].map { $0.reached(by: way) }
            }
            results.limit = try Duel(table, 1, near + [limit], arena, rounds: 3 * rounds)
        }
        try arena.drop(table)
    }

    /// Writes a file of the package; it must be the current directory.
    private static func save(_ text: String, _ path: String) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw BenchError("cannot write \(path)") }
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        guard write(descriptor, bytes, bytes.count) == bytes.count else { throw BenchError("cannot write \(path)") }
        say("wrote \(path)")
    }
}
