// README's library example is this source, and it works.

import CopyCore
import ErrorKit
import TestKit
import Testing

@Suite struct `The example of README` {
    private let folder = String(#filePath[..<(#filePath.lastIndex(of: "/")!)])

    /// The lines of a text from one on, before another, each as its words: indentation does not count.
    private func lines(_ text: String, from first: String, before last: String? = nil) -> [[Substring]] {
        text.split(separator: "\n").map { $0.split(separator: " ") }
            .drop { $0.joined(separator: " ") != first }
            .prefix { last == nil || $0.joined(separator: " ") != last }
            .filter { !$0.isEmpty }
    }

    @Test func `the README shows the example as it is compiled here`() throws {
        let readme = lines(try TextFile(folder + "/../../../README.md").text, from: "```swift", before: "```")
        let source = lines(try TextFile(folder + "/ReadmeExample.swift").text, from: "import CopyCore")
        #expect(source.count > 20 && Array(readme.dropFirst()) == source)
    }

    @Test func `the example copies a table`() throws {
        let servers = try Servers.all()
        let source = try servers.source.createDatabase()
        let destination = try servers.first.createDatabase()
        try servers.source.psql(
            "CREATE TABLE orders (i int, x text); INSERT INTO orders SELECT i, 'x' FROM generate_series(1, 1000) i",
            database: source)
        try servers.first.psql("CREATE TABLE orders (i int, x text)", database: destination)
        try copyOrders(
            from: servers.source.conninfo(database: source), to: servers.first.conninfo(database: destination))
        #expect(
            try servers.first.psql("SELECT count(*), sum(i) FROM orders", database: destination) == "1000|500500")
    }

    @Test func `the example fails with the words of the server that refuses`() throws {
        let cluster = try Servers.source
        let failure = copyFail {
            try copyOrders(from: cluster.conninfo(), to: cluster.conninfo())
        }
        #expect(failure?.reason == .notStarted && sqlState(failure?.producerFault) == "42P01")
        thrown(.unreachable) { try copyOrders(from: "host=/nosuch", to: "host=/nosuch") }
    }

    @Test func `the transactional example clones a table to two databases, or to none`() throws {
        let servers = try Servers.all()
        let source = try servers.source.createDatabase()
        let targets = try [servers.first, servers.second].map { ($0, try $0.createDatabase()) }
        try servers.source.psql(
            "CREATE TABLE orders (i int); INSERT INTO orders SELECT generate_series(1, 1000)", database: source)
        for (cluster, database) in targets {
            try cluster.psql("CREATE TABLE orders (i int); INSERT INTO orders VALUES (0)", database: database)
        }
        func clone() throws {
            try cloneOrders(
                from: servers.source.conninfo(database: source), to: targets[0].0.conninfo(database: targets[0].1),
                targets[1].0.conninfo(database: targets[1].1))
        }
        func counts() throws -> [String] {
            try targets.map { try $0.0.psql("SELECT count(*) FROM orders", database: $0.1) }
        }
        try clone()
        #expect(try counts() == ["1000", "1000"])
        try targets[1].0.psql("ALTER TABLE orders ADD CHECK (i <> 1001)", database: targets[1].1)
        try servers.source.psql("INSERT INTO orders VALUES (1001)", database: source)
        let failed = try requireThrown(.notCommitted) { try clone() }
        #expect(failed.server?.sqlState == "23514" && failed.outcome?.verdict == Committer.Verdict.none)
        #expect("\(failed)".contains("rolled back: ") && "\(failed)".split(separator: "\n").count == 2)
        #expect(try counts() == ["1000", "1000"])
        thrown(.usage) { try copy(from: "", to: "null:") }
    }

    @Test func `the small examples load, listen and rename`() throws {
        let cluster = try Servers.source
        let database = try cluster.createDatabase()
        try cluster.psql("CREATE TABLE people (name text, age int)", database: database)
        let session = try Session.connect(cluster.conninfo(database: database), timeout: .seconds(10))
        try load([("Ada", 36), ("Alan", nil)], into: session)
        try rename([("Ada", "Countess"), ("Alan", "a\tb")], in: session)
        #expect(
            try cluster.psql("SELECT name, age FROM people ORDER BY age", database: database) == "Countess|36\na\tb|")
        try session.listen(["jobs"])
        try cluster.psql("NOTIFY jobs, 'first'", database: database)
        #expect(try nextJob(session) == "first")
    }

    @Test func `a row that is there already fails the example`() throws {
        let servers = try Servers.all()
        let source = try servers.source.createDatabase()
        let destination = try servers.first.createDatabase()
        try servers.source.psql("CREATE TABLE orders (i int); INSERT INTO orders VALUES (1), (2)", database: source)
        try servers.first.psql(
            "CREATE TABLE orders (i int PRIMARY KEY); INSERT INTO orders VALUES (2)", database: destination)
        let failure = copyFail {
            try copyOrders(
                from: servers.source.conninfo(database: source), to: servers.first.conninfo(database: destination))
        }
        #expect(failure?.reason == .incomplete && sqlState(failure?.receiverFaults.first?.error) == "23505")
        #expect(try servers.first.psql("SELECT count(*) FROM orders", database: destination) == "1")
    }
}
