// `pgcopy exec` over slow and broken lines, with much to say, and stopped.

import Glibc
import TestKit
import Testing

@Suite(.serialized) struct `exec and its traffic` {
    private func inserts(_ count: Int) -> String {
        (1...count).map { "INSERT INTO t VALUES (\($0));\n" }.joined()
    }

    @Test func `a hundred statements take the round trip of one`() throws {
        let stage = try ExecStage()
        let proxy = try FaultProxy(to: stage.cluster)
        let conninfo = proxy.conninfo(database: stage.database)
        func roundTrips(_ input: String) throws -> Int {
            let before = proxy.counters.roundTrips
            try Program.pgcopy("exec", conninfo).with { $0.input = .bytes(Array(input.utf8)) }.run().expecting(0)
            return proxy.counters.roundTrips - before
        }
        // What connecting costs.
        let none = try roundTrips("")
        #expect(try roundTrips(inserts(100)) == none + 1)
        #expect(try stage.rows().count == 100)
        proxy.stop()
    }

    @Test func `over a link of a hundred milliseconds the time is the link's, however many connections`() throws {
        let stages = try (0..<3).map { _ in try ExecStage() }
        let proxy = try FaultProxy(to: stages[0].cluster)
        proxy.delay(toServer: .milliseconds(50), toClient: .milliseconds(50))
        let connections = stages.map { proxy.conninfo(database: $0.database) }
        func duration(_ input: String) throws -> Duration {
            try Program.pgcopy(["exec", "--sync-every=10"] + connections).with { $0.input = .bytes(Array(input.utf8)) }
                .run()
                .expecting(0).duration
        }
        let none = try duration("")
        let all = try duration(inserts(100))
        print("exec of 100 statements on 3 servers over links of 100 ms: \(all), of which connecting \(none)")
        #expect(all - none < .milliseconds(500))
        for stage in stages { #expect(try stage.rows().count == 100) }
        proxy.stop()
    }

    @Test func `memory does not grow with the statements`() throws {
        let stages = try [ExecStage(), ExecStage(on: Servers.first)]
        let result = try Program.pgcopy(["exec"] + stages.map(\.conninfo)).with {
            $0.input = .bytes(Array(inserts(100_000).utf8))
        }.run()
        #expect(result.code == 0, "\(result)")
        print("exec of 100000 statements on 2 servers: \(result.duration), \(result.peakMemory / 1024) kB")
        #expect(result.peakMemory < 32 << 20, "\(result.peakMemory)")
        #expect(result.lineCount == 200_000)
        for stage in stages { #expect(try stage.rows("SELECT count(*) FROM t") == ["100000"]) }
    }

    @Test func `memory does not grow with the rows`() throws {
        let stage = try ExecStage()
        let program = try stage.program(["-q", "-c", "SELECT i, repeat('x', 1000) FROM generate_series(1, 100000) i"])
        let result = try program.with { $0.timeout = .seconds(120) }.run()
        #expect(result.code == 0 && result.lineCount == 100_000)
        #expect(result.peakMemory < 32 << 20, "\(result.peakMemory)")
    }

    @Test func `a reader that does not read holds everything, and nothing is lost`() throws {
        let stage = try ExecStage()
        let program = try stage.program([
            "-c", "SELECT repeat('x', 1000) FROM generate_series(1, 20000); INSERT INTO t VALUES (1)",
        ])
        .start()
        program.pauseOutput()
        usleep(500_000)
        #expect(!program.hasEnded)
        program.resumeOutput()
        let result = try program.wait()
        #expect(result.code == 0 && result.lineCount == 20_002)
        #expect(try stage.rows() == ["1"])
    }

    @Test func `a reader that leaves ends it quietly, and cancels`() throws {
        let stage = try ExecStage()
        let program = try stage.program(["-c", "INSERT INTO t VALUES (1); SELECT generate_series(1, 100000000)"])
            .start()
        try program.waitForOutput(containing: "\t1\n", on: .output)
        program.closeOutput()
        let result = try program.wait()
        #expect(result.code == 1 && result.errors == "", "\(result)")
        #expect(try stage.rows() == [])
        try eventually("the statement is cancelled") {
            try stage.rows(
                "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '%1000000%' AND pid <> pg_backend_pid()"
            ).isEmpty
        }
    }

    @Test(arguments: [(SIGINT, Int32(130), "SIGINT"), (SIGTERM, 143, "SIGTERM")])
    func `a signal cancels and rolls back`(_ signal: Int32, _ code: Int32, _ name: String) throws {
        let stages = try [ExecStage(), ExecStage(on: Servers.first)]
        let sql =
            "INSERT INTO t VALUES (1); SELECT 1; INSERT INTO t VALUES (2); SELECT pg_sleep(300); INSERT INTO t VALUES (3)"
        let program = try Program.pgcopy(["exec", "--sync-every=2", "-c", sql] + stages.map(\.conninfo)).start()
        try program.waitForOutput("the first results of both", on: .output) { text in
            stages.allSatisfy { text.contains("\(label(of: $0.conninfo))\tSELECT 1\n") }
        }
        program.signal(signal)
        let result = try program.wait()
        #expect(result.code == code, "\(result)")
        #expect(result.errors.contains("(\(name))"), "\(result)")
        #expect(result.duration < .seconds(20), "\(result)")
        for stage in stages {
            // The last transaction was under way as well: it is what its line says.
            let last = result.lines(of: stage.conninfo).last == "INSERT 0 1" ? ["3"] : []
            #expect(try stage.rows() == ["1"] + last, "\(result)")
            #expect(result.lines(of: stage.conninfo)[4].hasPrefix("ERROR\t57014\t"), "\(result)")
            try eventually("nothing runs any more") {
                try stage.rows(
                    "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '%sleep%' AND pid <> pg_backend_pid()"
                ) == []
            }
        }
    }

    @Test func `a signal while statements are awaited on stdin rolls back`() throws {
        let stage = try ExecStage()
        let program = try stage.program([]).with { $0.input = .pipe }.start()
        program.write("INSERT INTO t VALUES (1);")
        try program.waitForOutput(containing: "INSERT 0 1", on: .output)
        program.signal(SIGINT)
        #expect(try program.wait().code == 130)
        #expect(try stage.rows() == [])
    }

    @Test func `a lost connection is told, the other goes on, and what may be committed is named`() throws {
        let stages = try [ExecStage(), ExecStage(on: Servers.first)]
        let proxy = try FaultProxy(to: stages[0].cluster)
        let broken = proxy.conninfo(database: stages[0].database)
        proxy.arm(.reset, at: .answer(to: "number_1"))
        let result = try Program.pgcopy("exec", "-c", "SELECT 1 AS number_1; SELECT 2", broken, stages[1].conninfo)
            .run()
        #expect(result.code == 4, "\(result)")
        #expect(result.lines(of: stages[1].conninfo) == ["\t1", "SELECT 1", "\t2", "SELECT 1"], "\(result)")
        #expect(result.lines(of: broken).count == 2, "\(result)")
        #expect(result.lines(of: broken).allSatisfy { $0.hasPrefix("ERROR\t\t") }, "\(result)")
        #expect(result.errors.contains("\(label(of: broken)): statements 1 to 2 may have been committed"), "\(result)")
        proxy.stop()
    }

    @Test func `a server that ends the session says why, once`() throws {
        let stage = try ExecStage()
        let result = try stage.exec(
            input: "INSERT INTO t VALUES (1); SELECT pg_terminate_backend(pg_backend_pid());\n" + inserts(50))
        #expect(result.code == 1, "\(result)")
        let lines = result.lines(of: stage.conninfo)
        #expect(
            lines == [
                "INSERT 0 1", "\tt", "ERROR\t57P01\tterminating connection due to administrator command",
                "NOT RUN\t50\t3",
            ], "\(result)")
        #expect(result.errors.split(separator: "\n").count <= 3, "\(result)")
        #expect(try stage.rows() == [])
    }

    @Test func `a connection lost while much is sent is told once, and the rest is not run`() throws {
        let stage = try ExecStage()
        let proxy = try FaultProxy(to: stage.cluster)
        let broken = proxy.conninfo(database: stage.database)
        proxy.arm(.reset, direction: .toServer, at: .bytes(100_000))
        let result = try Program.pgcopy("exec", "--sync-every=10", broken).with {
            $0.input = .bytes(Array(inserts(50_000).utf8))
        }.run()
        #expect(result.code == 4, "\(result.errors)")
        let lines = result.lines(of: broken)
        let done = lines.count { $0 == "INSERT 0 1" }
        #expect(lines.count > done && result.errors.contains("statement "), "\(result.errors)")
        #expect(result.errors.split(separator: "\n").count < 7, "\(result.errors)")
        // Each statement is accounted for, up to the last that was read.
        let end = try #require(
            result.errors.firstMatch(of: /nothing behind statement ([0-9]+) is sent/), "\(result.errors)")
        let skipped = lines.compactMap { $0.firstMatch(of: /^NOT RUN\t([0-9]+)\t/) }.map { Int($0.1) ?? 0 }.reduce(0, +)
        let failed = lines.count { $0.hasPrefix("ERROR\t") }
        #expect(Int(end.1) == done + failed + skipped, "\(done), \(failed), \(skipped): \(result.errors)")
        // What is said to be done, up to a synchronization point, is; what may be is named.
        #expect(try stage.rows().count >= done / 10 * 10)
        proxy.stop()
    }
}
