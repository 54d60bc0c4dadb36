// What is refused with exit code 2, before any row is read and with nothing changed.

import TestKit
import Testing

@Suite struct RefusalTests {
    private func expectRefusal(
        _ arguments: [String], _ words: String, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let result = try transfer(arguments)
        #expect(result.code == 2, "\(result)", sourceLocation: sourceLocation)
        #expect(result.errors.contains(words), "\(result)", sourceLocation: sourceLocation)
        #expect(result.output.isEmpty, "\(result)", sourceLocation: sourceLocation)
    }

    @Test func `a table is not copied onto itself, whatever the way`() throws {
        let place = try Place(Servers.source, Trio.schema + ";" + Trio.fill(5) + "; CREATE VIEW v AS TABLE t")
        let proxy = try FaultProxy(to: place.cluster)
        let ways = [
            place.at(), place.cluster.tcpConninfo(database: place.database) + "#public.t", place.through(proxy),
            "host=\(place.cluster.socketDirectory) port=\(place.cluster.port) user=postgres dbname=\(place.database)#T",
        ]
        for way in ways {
            try expectRefusal(["--truncate", place.at(), way], "the source itself")
            try expectRefusal(["--truncate", "--keep-going", way, "/dev/null", place.at("\"t\"")], "the source itself")
        }
        #expect(try place.count() == 5)
        try place.expectNoBackends()
        proxy.stop()
    }

    @Test func `another table of the same database is fine, and another database of the same server`() throws {
        let place = try Place(Servers.source, Trio.schema + ";" + Trio.fill(5) + "; CREATE TABLE u (LIKE t)")
        #expect(try transfer(place.at(), place.at("u")).code == 0)
        #expect(try place.count("u") == 5)
        // The same name in another database of the same server.
        let other = try Place(Servers.source, Trio.schema)
        #expect(try transfer(place.at(), other.conninfo).code == 0)
        #expect(try other.count() == 5)
    }

    @Test func `tables with the same OIDs at two servers are two`() throws {
        // Databases made in the same order on two servers have the same OIDs.
        let one = try Cluster()
        let two = try Cluster()
        let source = try Place(one, Trio.schema + ";" + Trio.fill(5))
        let target = try Place(two, Trio.schema)
        let same = "SELECT oid FROM pg_database WHERE datname = current_database()"
        #expect(try source.sql(same) == target.sql(same))
        #expect(try transfer(source.at(), target.at()).code == 0)
        #expect(try target.count() == 5)
    }

    @Test func `one table twice among the destinations is refused`() throws {
        let trio = try Trio(rows: 5)
        let proxy = try FaultProxy(to: trio.first.cluster)
        try trio.first.sql("INSERT INTO t VALUES ('old')")
        for other in [
            trio.first.at(), trio.first.through(proxy, "public.T"), trio.first.at(#""public"."t""#),
            trio.first.conninfo,
        ] {
            try expectRefusal(
                ["--truncate", trio.source.at(), trio.first.at(), trio.second.at(), other],
                other == trio.first.at() ? "named as a destination twice" : "the same table as")
        }
        #expect(try trio.first.sql("SELECT id FROM t") == "old")
        #expect(try trio.second.count() == 0)
        try trio.expectNoBackends()
        proxy.stop()
    }

    @Test func `one file twice is refused`() throws {
        let source = try Place(Servers.source, Trio.schema + ";" + Trio.fill(5))
        let directory = try TemporaryDirectory()
        let file = try directory.write("old\n".utf8, to: "out")
        try Program("ln", ["-s", "out", directory.file("link")]).run().expecting(0)
        try Program("ln", [file, directory.file("hard")]).run().expecting(0)
        for other in [file, "file:" + file, directory.path + "/./out", directory.file("link"), directory.file("hard")] {
            try expectRefusal([source.at(), file, other], "\(other) is the same file as \(file)")
        }
        try expectRefusal([file, "file:" + file], "the source itself")
        try expectRefusal([source.at(), "-", "-"], "stdout is named as a destination twice")
        #expect(try directory.text(of: "out") == "old\n")
        #expect(try directory.entries() == ["hard", "link", "out"])
        // A file that is not there yet is one file, too.
        for other in ["file:" + directory.file("new"), directory.path + "/./new"] {
            try expectRefusal(
                [source.at(), directory.file("new"), other], "\(other) is named as a destination twice")
        }
        #expect(!directory.exists("new"))
        #expect(try transfer(source.at(), "/dev/null", "/dev/null").code == 0)
    }

    /// A user who has to try again for each would be right to be angry.
    @Test func `all that is missing is told at once`() throws {
        let trio = try Trio("CREATE TABLE t (a int, b int)")
        func lines(_ result: ProgramResult) -> [String] {
            result.errors.split(separator: "\n").map(String.init)
        }
        let tables = try transfer(trio.source.at("no"), trio.first.at("nor"), trio.second.at())
        #expect(tables.code == 1 && lines(tables).count == 4, "\(tables)")
        #expect(tables.errors.contains("\(trio.source.label("no")): there is no table \"no\""), "\(tables)")
        #expect(
            lines(tables).suffix(2) == [
                "pgcopy: \(trio.first.label("nor")): not started", "pgcopy: \(trio.second.label()): not started",
            ])
        #expect(tables.errors.contains("\(trio.first.label("nor")): there is no table \"nor\""), "\(tables)")

        for place in [trio.first, trio.second] { try place.sql("ALTER TABLE t DROP b") }
        let columns = try transfer(trio.source.at(), trio.first.at(), trio.second.at())
        #expect(columns.code == 1 && lines(columns).count == 4, "\(columns)")
        for place in [trio.first, trio.second] {
            #expect(
                columns.errors.contains("\(place.label()): the table \"public\".\"t\" has no column \"b\""),
                "\(columns)")
        }

        let servers = try transfer("host=/nosuch/a#t", "host=/nosuch/b#t", trio.first.at(), "host=/nosuch/c#t")
        #expect(servers.code == 2, "\(servers)")
        for name in ["a", "b", "c"] { #expect(servers.errors.contains("\"/nosuch/\(name)/"), "\(servers)") }
        #expect(!servers.errors.contains(trio.first.label()), "\(servers)")
        let json = try transfer("--progress=json", trio.source.at("no"), trio.first.at("nor"))
        #expect(json.errors.contains(#""error_endpoint":"\#(trio.source.label("no"))""#), "\(json)")
        #expect(json.errors.contains(#"no table \"nor\""#), "\(json)")
        // Where the others go on, the source's failure still ends it.
        let kept = try transfer("--keep-going", trio.source.at("no"), trio.first.at("nor"), trio.second.at())
        #expect(kept.code == 1 && kept.errors.contains("there is no table \"no\""), "\(kept)")
        try trio.expectNoBackends()
    }

    @Test func `what to copy has to be named, once`() throws {
        let trio = try Trio(rows: 5)
        let source = trio.source.conninfo
        try expectRefusal([source, trio.first.conninfo], "no table to copy from")
        try expectRefusal(["--query=SELECT 1", source, trio.first.conninfo], "no table to copy to at")
        try expectRefusal(["-", trio.first.conninfo], "no table to copy to at")
        try expectRefusal(["-t", "t", trio.source.at(), trio.first.conninfo], "names a table already")
        try expectRefusal(
            ["--query=SELECT 1", "-t", "t", source, trio.first.at()], "cannot be given together with --query")
        try expectRefusal(["--query=SELECT 1", "-", trio.first.at()], "--query needs a server")
        try expectRefusal(["--where=true", "-", trio.first.at()], "--where needs a server")
        try expectRefusal(
            ["--query=SELECT 1", "--where=true", source, trio.first.at()], "option --where cannot be given together")
        try trio.expectNothingCommitted("")
    }

    @Test func `command lines that make no sense are explained`() throws {
        try expectRefusal(["--trunkate", "a#t", "b"], "unknown option --trunkate; did you mean --truncate?")
        try expectRefusal([], "transfer needs SOURCE and DESTINATION")
        try expectRefusal(["a#t"], "transfer needs DESTINATION")
        try expectRefusal(["", "b#t"], "an endpoint is empty")
        try expectRefusal(["#t", "b"], "#t names a table but no database")
        try expectRefusal(["a#t", "file:"], "file: names no file")
        try expectRefusal(["host:5432#t", "b"], "is no database name; a host and port are written postgresql://")
        try expectRefusal(["a#t t", "b"], "a table name after # that is not plain goes in double quotes")
        // It is not repeated: it could as well be a password, its host forgotten.
        try expectRefusal(["postgresql://h:notaport/d#t", "b"], "the port is not a number")
        try expectRefusal(["nosuchkey=1 dbname=x#t", "b"], "invalid connection option \"nosuchkey\"")
        try expectRefusal(
            ["--timeout=0", "a#t", "b"], "option --timeout: \"0\" is not a number of seconds greater than 0")
        try expectRefusal(["--format=tsv", "a#t", "b"], "option --format: \"tsv\" is none of auto, text, csv, binary")
        try expectRefusal(["--rate-limit=fast", "a#t", "b"], "option --rate-limit: \"fast\" is not a number of bytes")
    }
}
