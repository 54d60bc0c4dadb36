// What a pipeline promises when nothing goes wrong.

import CopyCore
import ErrorKit
import TestKit
import Testing

@Suite struct `A pipeline` {
    @Test func `is on inside of the block and off after it`() throws {
        let stage = try PipelineStage()
        #expect(Pipeline.isSupported)
        try stage.session.pipeline { pipeline in
            #expect(pipeline.status == .on)
            #expect(stage.session.connection.pipelineStatus == .on)
        }
        try stage.expectUsable()
    }

    @Test func `gives each statement its own result, in order, inside and after the block`() throws {
        let stage = try PipelineStage()
        let results = try stage.session.pipeline { pipeline in
            let first = try pipeline.execute("INSERT INTO t VALUES ($1), ($2)", ["1", "2"])
            let second = try pipeline.execute("SELECT n + $1::int FROM t ORDER BY n", ["10"])
            let third = try pipeline.execute("SELECT $1::text IS NULL", [nil])
            #expect(!first.isReady && !second.isReady)
            #expect(try second.get().value(1, 0) == "12")
            #expect(first.isReady)
            return [first, second, third]
        }
        #expect(try results.map { try $0.get().commandTag } == ["INSERT 0 2", "SELECT 2", "SELECT 1"])
        #expect(try results[2].get().value(0, 0) == "t")
        #expect(try results[2].get().value(0, 0) == "t")
        try stage.expectUsable()
    }

    @Test func `fetches nothing until it is needed`() throws {
        let stage = try PipelineStage()
        try stage.session.pipeline { pipeline in
            let result = try pipeline.execute("SELECT 1")
            #expect(!result.isReady)
            #expect(stage.session.transactionStatus == .active)
        }
    }

    @Test func `asks for a result without a synchronization point`() throws {
        let stage = try PipelineStage()
        try stage.session.pipeline { pipeline in
            #expect(try pipeline.execute("INSERT INTO t VALUES (1)").get().commandTag == "INSERT 0 1")
            #expect(try stage.rows() == [])
            try pipeline.sync()
            #expect(try stage.rows() == ["1"])
        }
    }

    @Test func `one inside another joins it`() throws {
        let proxy = try FaultProxy(to: Servers.source)
        let stage = try PipelineStage(through: proxy)
        let before = proxy.counters.roundTrips
        try stage.session.pipeline { outer in
            try outer.execute("INSERT INTO t VALUES (1)")
            let inner = try stage.session.pipeline { inner in
                #expect(inner === outer)
                return try inner.execute("SELECT 2")
            }
            #expect(outer.status == .on)
            #expect(!inner.isReady)
            #expect(try stage.rows() == [])
        }
        // One synchronization point for both.
        #expect(proxy.counters.roundTrips - before == 1)
        #expect(try stage.rows() == ["1"])
        try stage.expectUsable()
        proxy.stop()
    }

    @Test func `hands results over as they come`() throws {
        let stage = try PipelineStage()
        var seen: [String] = []
        try stage.session.pipeline { pipeline in
            for number in 1...3 {
                try pipeline.execute("SELECT $1", ["\(number)"]) { result in
                    seen.append(try result.get().value(0, 0) ?? "")
                    // More may be queued from here.
                    if number == 2 { try pipeline.execute("SELECT 'more'") { seen.append(try $0.get().value(0, 0)!) } }
                }
            }
            #expect(seen == [])
            try pipeline.sync()
            #expect(seen.prefix(3) == ["1", "2", "3"])
        }
        #expect(seen == ["1", "2", "3", "more"])
        try stage.expectUsable()
    }

    @Test func `hands rows over one by one where that is asked for`() throws {
        let stage = try PipelineStage()
        var rows: [String] = []
        var ends: [String] = []
        let whole = try stage.session.pipeline { pipeline in
            for first in [1, 4] {
                try pipeline.execute(
                    "SELECT generate_series($1::int, $1::int + 2)", ["\(first)"],
                    onRow: { row in
                        #expect(row.rowCount == 1)
                        rows.append(row.value(0, 0)!)
                    },
                    onResult: { result in
                        #expect(try result.get().rowCount == 0)
                        ends.append(try result.get().commandTag)
                    })
            }
            return try pipeline.execute("SELECT generate_series(1, 5)")
        }
        #expect(rows == ["1", "2", "3", "4", "5", "6"])
        #expect(ends == ["SELECT 3", "SELECT 3"])
        #expect(try whole.get().rowCount == 5)
    }

    @Test func `rows end with the error that stopped them`() throws {
        let stage = try PipelineStage()
        var rows = 0
        var failure: (any Error)?
        try stage.session.pipeline { pipeline in
            try pipeline.execute(
                "SELECT 1 / (3 - n) FROM generate_series(1, 9) n",
                onRow: { _ in rows += 1 },
                onResult: { if case .failure(let error) = $0 { failure = error } })
        }
        #expect(rows == 2)
        #expect(sqlState(failure) == "22012")
        try stage.expectUsable()
    }

    @Test func `takes an empty statement`() throws {
        let stage = try PipelineStage()
        let results = try stage.session.pipeline { pipeline in
            try [pipeline.execute(""), pipeline.execute(" -- nothing\n"), pipeline.execute("SELECT 1;")]
        }
        #expect(try results.map { try $0.get().status } == [.emptyQuery, .emptyQuery, .tuplesOK])
    }

    @Test func `knows SQL's own prepared statements and cursors`() throws {
        let stage = try PipelineStage()
        let results = try stage.session.pipeline { pipeline in
            try [
                "BEGIN", "PREPARE p AS SELECT $1::int + 1", "EXECUTE p(41)", "DEALLOCATE p",
                "DECLARE c CURSOR FOR SELECT generate_series(1, 9)", "FETCH 2 FROM c", "COMMIT",
            ].map { try pipeline.execute($0) }
        }
        #expect(try results[2].get().value(0, 0) == "42")
        #expect(try results[5].get().rowCount == 2)
        #expect(try results[6].get().commandTag == "COMMIT")
        try stage.expectUsable()
    }

    @Test func `sends flush requests on their own`() throws {
        let stage = try PipelineStage()
        try stage.session.pipeline { pipeline in
            let first = try pipeline.execute("SELECT 1")
            try pipeline.flush()
            try pipeline.flush()
            let bad = try pipeline.execute("SELECT 1/0")
            try pipeline.flush()
            thrown(.server) { try bad.get() }
            #expect(first.isReady)
            #expect(pipeline.status == .aborted)
            try pipeline.sync()
            #expect(pipeline.status == .on)
        }
        try stage.expectUsable()
    }

    @Test func `inside of a transaction leaves the transaction to its owner`() throws {
        let stage = try PipelineStage()
        try stage.session.run("BEGIN")
        try stage.session.pipeline { try $0.execute("INSERT INTO t VALUES (1)") }
        #expect(stage.session.transactionStatus == .inTransaction)
        #expect(try stage.rows() == [])
        try stage.session.run("COMMIT")
        #expect(try stage.rows() == ["1"])
    }

    @Test func `begins and commits as its statements say, without a word of the server`() throws {
        let stage = try PipelineStage()
        var notices: [ServerMessage] = []
        stage.session.onNotice = { notices.append($1) }
        try stage.session.pipeline { pipeline in
            for statement in [
                "BEGIN", "INSERT INTO t VALUES (1)", "COMMIT", "BEGIN", "INSERT INTO t VALUES (2)", "ROLLBACK",
                "INSERT INTO t VALUES (3)",
            ] { try pipeline.execute(statement) }
        }
        #expect(notices == [])
        #expect(try stage.rows() == ["1", "3"])
        try stage.expectUsable()
    }

    @Test func `lets notices and notifications through while it works`() throws {
        let stage = try PipelineStage()
        var heard: [String] = []
        stage.session.onNotice = { heard.append($1.message) }
        stage.session.onNotification = { heard.append("\($1.channel) \($1.payload)") }
        try stage.session.pipeline { pipeline in
            try pipeline.execute("LISTEN news")
            try pipeline.execute("DO $$ BEGIN RAISE NOTICE 'hello'; END $$")
            try pipeline.execute("NOTIFY news, 'today'")
            try pipeline.sync()
            #expect(heard == ["hello", "news today"])
        }
    }

    @Test func `says every statement before it is sent`() throws {
        let stage = try PipelineStage()
        var said: [String] = []
        stage.session.onStatement = { said.append($1) }
        try stage.session.pipeline { try $0.execute("SELECT 1") }
        #expect(said == ["SELECT 1"])
    }
}
