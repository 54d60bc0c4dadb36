// Pipelines and transactions, one inside of the other, and what goes over the line for them.

import CopyCore
import ErrorKit
import TestKit
import Testing

@Suite struct `A pipeline and a transaction` {
    @Test func `COMMIT behind an error does not commit, the exit raises it, and a rollback helps`() throws {
        let stage = try PipelineStage()
        let error = thrown(.server) {
            try stage.session.pipeline { pipeline in
                for sql in ["BEGIN", "INSERT INTO t VALUES (1)", "SELECT 1/0", "COMMIT"] { try pipeline.execute(sql) }
            }
        }
        #expect(sqlState(error) == "22012")
        try stage.expectUsable(.inError)
        try stage.session.run("ROLLBACK")
        // The same, with the COMMIT asked.
        try stage.session.pipeline { pipeline in
            for sql in ["BEGIN", "INSERT INTO t VALUES (2)"] { try pipeline.execute(sql) }
            let bad = try pipeline.execute("SELECT 1/0")
            let commit = try pipeline.execute("COMMIT")
            let aborted = thrown(.aborted) { try commit.get() }
            #expect(sqlState(aborted?.cause) == "22012")
            thrown(.server) { try bad.get() }
            try pipeline.sync()
            try pipeline.execute("ROLLBACK")
            try pipeline.execute("INSERT INTO t VALUES (3)")
        }
        #expect(try stage.rows() == ["3"])
        try stage.expectUsable()
    }

    @Test func `an error is raised where the pipeline ends, and undoes the block around it only`() throws {
        let stage = try PipelineStage()
        try stage.session.transaction { _ throws in
            try stage.session.pipeline { try $0.execute("INSERT INTO t VALUES (1)") }
            #expect(stage.session.transactionStatus == .inTransaction)
            let error = thrown(.server) {
                try stage.session.transaction { _ throws in
                    try stage.session.pipeline { pipeline in
                        try pipeline.execute("INSERT INTO t VALUES (2)")
                        try pipeline.execute("SELECT 1/0")
                    }
                }
            }
            #expect(sqlState(error) == "22012")
            #expect(stage.session.transactionStatus == .inTransaction)
            try stage.session.pipeline { try $0.execute("INSERT INTO t VALUES (3)") }
        }
        #expect(try stage.rows() == ["1", "3"])
        let outer = thrown(.server) {
            try stage.session.transaction { _ throws in
                try stage.session.run("INSERT INTO t VALUES (4)")
                try stage.session.pipeline { try $0.execute("SELECT * FROM missing") }
            }
        }
        #expect(sqlState(outer) == "42P01")
        #expect(try stage.rows() == ["1", "3"])
        try stage.expectUsable()
    }

    @Test func `an error that is swallowed does not spoil the transaction silently`() throws {
        let stage = try PipelineStage()
        let failed = thrown(.rolledBack) {
            try stage.session.transaction { _ throws in
                try stage.session.run("INSERT INTO t VALUES (1)")
                thrown(.server) { try stage.session.pipeline { try $0.execute("SELECT 1/0") } }
            }
        }
        #expect(failed?.answer == "ROLLBACK")
        #expect(try stage.rows() == [])
        try stage.expectUsable()
    }

    @Test func `rolled back, its results are still there, and the server has nothing to say`() throws {
        let stage = try PipelineStage()
        var notices: [ServerMessage] = []
        var statements: [String] = []
        stage.session.onNotice = { notices.append($1) }
        stage.session.onStatement = { statements.append($1) }
        var kept: [PipelineResult] = []
        let ended: Void? = try stage.session.transaction { _ throws in
            try stage.session.pipeline { kept.append(try $0.execute("INSERT INTO t VALUES (1) RETURNING n")) }
            #expect(throws: OwnError()) {
                try stage.session.transaction { _ throws in
                    try stage.session.pipeline { pipeline in
                        kept.append(try pipeline.execute("INSERT INTO t VALUES (2) RETURNING n"))
                        throw OwnError()
                    }
                }
            }
            throw Rollback()
        }
        #expect(ended == nil)
        #expect(try kept.map { try $0.get().value(0, 0) } == ["1", "2"])
        #expect(notices == [])
        #expect(statements.count { $0.hasPrefix("BEGIN") } == 1, "\(statements)")
        #expect(try stage.rows() == [])
        try stage.expectUsable()
    }

    @Test func `it is idle before its first statement, and no transaction begins inside of it`() throws {
        let stage = try PipelineStage()
        try stage.session.pipeline { pipeline in
            #expect(stage.session.transactionStatus == .idle)
            let result = try pipeline.execute("INSERT INTO t VALUES (1)")
            #expect(stage.session.transactionStatus == .active)
            thrown(.misuse) { try stage.session.transaction { _ in Issue.record("it began") } }
            #expect(!result.isReady)
            try pipeline.sync()
            #expect(result.isReady, "a synchronization point brings the results along")
            #expect(stage.session.transactionStatus == .idle)
            thrown(.misuse) { try stage.session.transaction { _ in Issue.record("it began") } }
        }
        #expect(try stage.rows() == ["1"])
        try stage.expectUsable()
    }

    // MARK: On the line

    @Test func `asking for results takes a round trip each and no synchronization point`() throws {
        let proxy = try FaultProxy(to: Servers.source)
        let stage = try PipelineStage(through: proxy)
        let before = proxy.counters
        try stage.session.pipeline { pipeline in
            for block in 0..<3 {
                var last: PipelineResult?
                for number in 0..<20 {
                    last = try pipeline.execute("INSERT INTO t VALUES ($1) RETURNING n", ["\(block * 20 + number)"])
                }
                if block < 2 { #expect(try last?.get().value(0, 0) == "\(block * 20 + 19)") }
            }
        }
        #expect(proxy.counters.roundTrips - before.roundTrips == 3)
        #expect(proxy.counters.syncs - before.syncs == 1)
        #expect(try stage.rows("SELECT count(*) FROM t") == ["60"])
        proxy.stop()
    }

    @Test func `a block, however many are inside of it, has one synchronization point, and one for each sync`() throws {
        let proxy = try FaultProxy(to: Servers.source)
        let stage = try PipelineStage(through: proxy)
        func syncs(_ body: (Pipeline) throws -> Void) throws -> Int {
            let before = proxy.counters.syncs
            try stage.session.pipeline(body)
            return proxy.counters.syncs - before
        }
        #expect(try syncs { try $0.execute("SELECT 1") } == 1)
        #expect(
            try syncs { outer in
                try outer.execute("SELECT 1")
                try stage.session.pipeline { try $0.execute("SELECT 2") }
                try stage.session.pipeline { try $0.execute("SELECT 3") }
            } == 1)
        #expect(
            try syncs { pipeline in
                for number in 1...3 {
                    try pipeline.execute("SELECT \(number)")
                    try pipeline.sync()
                }
                try pipeline.execute("SELECT 4")
            } == 4)
        proxy.stop()
    }

    // MARK: Ends of all kinds

    @Test func `a statement that cannot be prepared, or is prepared no more, is an error like any other`() throws {
        let stage = try PipelineStage()
        try stage.session.pipeline { pipeline in
            let results = try ["PREPARE p AS SELECT * FROM missing", "EXECUTE p"].map { try pipeline.execute($0) }
            let error = thrown(.server) { try pipeline.sync() }
            #expect(error?.server?.sqlState == "42P01")
            thrown(.aborted) { try results[1].get() }
            let again = try ["PREPARE p AS SELECT 5", "EXECUTE p", "DEALLOCATE p", "EXECUTE p"].map {
                try pipeline.execute($0)
            }
            #expect(try again[1].get().value(0, 0) == "5")
            #expect(sqlState(thrown(.server) { try again[3].get() }) == "26000")
        }
        try stage.expectUsable()
    }

    @Test func `results nobody reads are read at the exit, rows a handler had enough of are too`() throws {
        let stage = try PipelineStage()
        try stage.session.pipeline { pipeline in
            for _ in 1...500 { try pipeline.execute("SELECT repeat('x', 10000) FROM generate_series(1, 10)") }
        }
        try stage.expectUsable()
        var rows = 0
        #expect(throws: OwnError(number: 3)) {
            try stage.session.pipeline { pipeline in
                try pipeline.execute(
                    "SELECT generate_series(1, 100000)",
                    onRow: { _ in
                        rows += 1
                        if rows == 3 { throw OwnError(number: 3) }
                    }, onResult: { _ in })
                try pipeline.execute("INSERT INTO t VALUES (1)")
            }
        }
        #expect(rows >= 3)
        #expect(try stage.rows() == ["1"])
        try stage.expectUsable()
    }

    @Test func `the end of the session met again and again is told each time, and nothing crashes`() throws {
        let stage = try PipelineStage()
        let end = "SELECT pg_terminate_backend(pg_backend_pid())"
        var results: [PipelineResult] = []
        let lost = thrown(.connectionLost) {
            try stage.session.pipeline { pipeline in
                for _ in 1...5 {
                    results.append(try pipeline.execute(end))
                    results.append(try pipeline.execute("SELECT 1/0"))
                }
                for result in results.dropFirst() { #expect(throws: (any Error).self) { try result.get() } }
                for _ in 1...3 { thrown(.connectionLost) { try pipeline.sync() } }
                for _ in 1...3 { thrown(.connectionLost) { try pipeline.execute(end) } }
                thrown(.connectionLost) { try pipeline.flush() }
            }
        }
        #expect(lost?.code == .connectionLost)
        for result in results { #expect(result.isReady) }
        #expect(stage.session.transactionStatus == .unknown)
        thrown(.connectionLost) { try stage.session.pipeline { try $0.execute("SELECT 1") } }
    }
}
