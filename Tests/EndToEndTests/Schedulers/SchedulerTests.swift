// A table over many machines: the examples of README, as they stand there.

import Glibc
import TestKit
import Testing

/// The blocks of code in README.
private enum Readme {
    static let blocks = Result {
        let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(4).joined(separator: "/")
        let text = try Program("cat", [root + "/README.md"]).run().expecting(0).output
        let pieces = text.split(separator: "```", omittingEmptySubsequences: false)
        // Between every other pair of fences, behind the language's name.
        return stride(from: 1, to: pieces.count, by: 2).map { String(pieces[$0].drop { $0 != "\n" }.dropFirst()) }
    }

    /// The only one that holds this text.
    static func block(_ text: String) throws -> String {
        let found = try blocks.get().filter { $0.contains(text) }
        guard found.count == 1 else { throw KitError("\(found.count) blocks of README hold “\(text)”") }
        return found[0]
    }
}

/// Three servers with the examples' table, and where the examples' names lead.
private struct Shop {
    let trio: Trio
    let folder: TemporaryDirectory
    private let environment: [String: String]

    /// Four stripes: a page for each row, and a little more than three times 16,384 of them.
    static let rows = 50_000

    init(_ more: [String: String] = [:]) throws {
        trio = try Trio(
            "CREATE TABLE orders (id int, v text)",
            source: """
                ALTER TABLE orders SET (fillfactor = 10);
                INSERT INTO orders SELECT i, repeat('x', 500) FROM generate_series(1, \(Self.rows)) i
                """)
        folder = try TemporaryDirectory()
        let services = zip(["source", "first"], trio.places).map { name, place in
            """
            [\(name)]
            host=\(place.cluster.socketDirectory)
            port=\(place.cluster.port)
            user=\(Cluster.user)
            dbname=\(place.database)

            """
        }
        let file = try folder.write(Array(services.joined().utf8), to: "services")
        guard symlink(try Program.pgcopyPath(), folder.file("pgcopy")) == 0 else { throw KitError("symlink: \(errno)") }
        environment = more.merging(["PGSERVICEFILE": file, "HOME": folder.path]) { $1 }
    }

    /// Runs blocks of README one after the other in one shell, which begins with them to hold the snapshot.
    func run(_ blocks: String...) throws -> ProgramResult {
        let script = ([try Readme.block("coproc pgcopy snapshot")] + blocks).joined(separator: "\n")
            .replacing("postgresql://db1/shop", with: "service=source")
            .replacing("postgresql://db2/shop", with: "service=first")
        // As a file: of `bash -c` the last command takes the shell's place, and the snapshot with it.
        return expectNoSecrets(
            try Program("bash", [folder.write(Array(script.utf8), to: "script")]).with {
                $0.environment.merge(environment) { $1 }
                $0.environment["PATH"] = folder.path + ":" + ($0.environment["PATH"] ?? "")
                $0.directory = folder.path
                // sbatch looks ever more seldom whether its jobs have ended.
                $0.timeout = .seconds(300)
            }.run())
    }

    /// Gives 400 MB of disk back.
    func close() { _ = try? trio.source.sql("DROP TABLE orders") }

    /// Each row is there once, and each part came in a transaction of its own.
    func expectArrived(_ result: ProgramResult, in parts: Int = 4) throws {
        let place = trio.first
        #expect(try place.digest("orders") == trio.source.digest("orders"), "\(result)\n\(written())")
        #expect(try place.sql("SELECT count(DISTINCT xmin::text) FROM orders") == "\(parts)", "\(result)\n\(written())")
        try trio.source.expectNoBackends()
    }

    /// What Slurm's jobs said.
    private func written() -> String {
        ((try? folder.entries()) ?? []).filter { $0.hasPrefix("slurm-") }.map {
            "--- \($0)\n" + ((try? folder.text(of: $0)) ?? "")
        }.joined()
    }
}

@Suite(.serialized) struct `A table over many machines` {
    @Test func `by Slurm's array of jobs`() throws {
        let slurm = try Slurm(jobs: 4)
        let shop = try Shop(slurm.environment)
        defer { shop.close() }
        try shop.expectArrived(shop.run(Readme.block("#SBATCH")).expecting(0))
    }

    @Test func `by GNU parallel, and the part that failed alone again in the same snapshot`() throws {
        let shop = try Shop()
        defer { shop.close() }
        let parallel = try Readme.block(":::")
        // Of the third stripe.
        try shop.trio.first.sql("ALTER TABLE orders ADD CONSTRAINT c CHECK (id <> 40000)")
        let mend = """
            echo "of which failed: $?"
            psql -qXAt service=first -c 'SELECT count(*) FROM orders' -c 'ALTER TABLE orders DROP CONSTRAINT c'
            psql -qX service=source -c 'UPDATE orders SET id = -id WHERE id BETWEEN 40001 AND 41000'
            """
        let result = try shop.run(parallel, mend, parallel.replacing("::: 1 2 3 4", with: "::: 3"))
        let rest = Shop.rows - 16_384
        #expect(result.code == 0 && result.output.contains("of which failed: 1\n\(rest)\n"), "\(result)")
        try shop.trio.source.sql("UPDATE orders SET id = -id WHERE id < 0")
        try shop.expectArrived(result)
    }

    @Test func `by Kubernetes' indexes, which count from 0`() throws {
        let shop = try Shop()
        defer { shop.close() }
        let job = try Readme.block("JOB_COMPLETION_INDEX")
        guard let command = job.firstRange(of: "exec pgcopy"), job.contains("completions: 4") else {
            throw KitError("no command: \(job)")
        }
        let words = job[command.lowerBound...].split(whereSeparator: \.isWhitespace).joined(separator: " ")
        let parts = (0..<4).map { "( JOB_COMPLETION_INDEX=\($0); \(words) ) || exit" }
        try shop.expectArrived(shop.run(parts.joined(separator: "\n")).expecting(0))
    }
}
