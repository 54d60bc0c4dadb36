// Errors in pipelines: whose they are, when they are raised, what they undo.

import CopyCore
import ErrorKit
import TestKit
import Testing

@Suite struct `An error in a pipeline` {
    @Test func `is raised at the exit, and the implicit transaction is undone`() throws {
        let stage = try PipelineStage()
        let error = thrown(.server) {
            try stage.session.pipeline { pipeline in
                try pipeline.execute("INSERT INTO t VALUES (1)")
                try pipeline.execute("INSERT INTO missing VALUES (1)")
                try pipeline.execute("INSERT INTO t VALUES (2)")
            }
        }
        #expect(error?.server?.sqlState == "42P01")
        #expect(try stage.rows() == [])
        try stage.expectUsable()
    }

    @Test func `aborts what follows until the synchronization point, and earlier results are kept`() throws {
        let stage = try PipelineStage()
        let (before, after) = try stage.session.pipeline { pipeline in
            let before = try pipeline.execute("SELECT 1")
            let bad = try pipeline.execute("SELECT * FROM missing")
            thrown(.server) { try bad.get() }
            let skipped = try pipeline.execute("SELECT 'skipped'")
            let aborted = thrown(.aborted) { try skipped.get() }
            #expect(sqlState(aborted?.cause) == "42P01")
            #expect(pipeline.status == .aborted)
            // Asking did not clear it.
            thrown(.aborted) { try pipeline.execute("SELECT 3").get() }
            // All of it was seen.
            try pipeline.sync()
            #expect(pipeline.status == .on)
            return (before, try pipeline.execute("SELECT 2"))
        }
        #expect(try before.get().value(0, 0) == "1")
        #expect(try after.get().value(0, 0) == "2")
        try stage.expectUsable()
    }

    @Test func `that nobody has seen is raised by sync, the first one, once`() throws {
        let stage = try PipelineStage()
        try stage.session.pipeline { pipeline in
            try pipeline.execute("INSERT INTO t VALUES (1)")
            try pipeline.execute("SELECT 1/0")
            try pipeline.execute("INSERT INTO t VALUES (2)")
            let error = thrown(.server) { try pipeline.sync() }
            #expect(error?.server?.sqlState == "22012")
            try pipeline.sync()
            try pipeline.execute("INSERT INTO t VALUES (3)")
        }
        #expect(try stage.rows() == ["3"])
    }

    @Test func `that was seen leaves those it kept from running to be raised`() throws {
        let stage = try PipelineStage()
        try stage.session.pipeline { pipeline in
            let bad = try pipeline.execute("SELECT 1/0")
            try pipeline.execute("INSERT INTO t VALUES (1)")
            thrown(.server) { try bad.get() }
            thrown(.aborted) { try pipeline.sync() }
        }
    }

    @Test func `that goes to a handler is not raised as well`() throws {
        let stage = try PipelineStage()
        var failures: [any Error] = []
        try stage.session.pipeline { pipeline in
            for sql in ["SELECT 1/0", "SELECT 1"] {
                try pipeline.execute(sql) { if case .failure(let error) = $0 { failures.append(error) } }
            }
        }
        #expect(failures.count == 2)
        #expect(sqlState(failures[0]) == "22012")
        #expect(failures[1].has(.aborted))
    }

    @Test func `between synchronization points undoes its own statements only`() throws {
        let stage = try PipelineStage()
        try stage.session.pipeline { pipeline in
            for number in 1...6 {
                try pipeline.execute("INSERT INTO t VALUES ($1)", [number == 4 ? "none" : "\(number)"])
                guard number.isMultiple(of: 2) else { continue }
                if number == 4 {
                    thrown(.server) { try pipeline.sync() }
                } else {
                    try pipeline.sync()
                }
            }
        }
        #expect(try stage.rows() == ["1", "2", "5", "6"])
    }

    @Test func `of a parameter's value comes back like any other`() throws {
        let stage = try PipelineStage()
        let results = try stage.session.pipeline { pipeline in
            let results = try ["1", "x", "3"].map { try pipeline.execute("SELECT $1::int", [$0]) }
            thrown(.server) { try pipeline.sync() }
            return results
        }
        #expect(try results[0].get().value(0, 0) == "1")
        thrown(.server) { try results[1].get() }
        thrown(.aborted) { try results[2].get() }
    }

    @Test func `of a deferred constraint is raised by the commit, and the connection works`() throws {
        let stage = try PipelineStage(
            "CREATE TABLE t (n int PRIMARY KEY); CREATE TABLE d (n int REFERENCES t DEFERRABLE INITIALLY DEFERRED)")
        try stage.session.pipeline { pipeline in
            let inserted = try pipeline.execute("INSERT INTO d VALUES (1)")
            let error = thrown(.server) { try pipeline.sync() }
            #expect(error?.server?.sqlState == "23503")
            #expect(try inserted.get().commandTag == "INSERT 0 1")
            #expect(try pipeline.execute("SELECT 1").get().value(0, 0) == "1")
            try pipeline.execute("INSERT INTO d VALUES (2)")
            try pipeline.execute("INSERT INTO t VALUES (2)")
            for statement in ["BEGIN", "INSERT INTO d VALUES (3)"] { try pipeline.execute(statement) }
            thrown(.server) { try pipeline.execute("COMMIT").get() }
            // The explicit transaction had taken the implicit one with it.
            try pipeline.sync()
        }
        #expect(try stage.rows() == [])
        try stage.expectUsable()
    }

    @Test func `in a transaction leaves it failed, and a rollback helps, in the pipeline and after it`() throws {
        let stage = try PipelineStage()
        try stage.session.pipeline { pipeline in
            try pipeline.execute("BEGIN")
            try pipeline.execute("SELECT 1/0")
            thrown(.server) { try pipeline.sync() }
            #expect(stage.session.transactionStatus == .inError)
            try pipeline.execute("ROLLBACK")
            try pipeline.execute("INSERT INTO t VALUES (1)")
        }
        try stage.session.run("BEGIN")
        thrown(.server) { try stage.session.pipeline { try $0.execute("SELECT 1/0") } }
        try stage.expectUsable(.inError)
        try stage.session.run("ROLLBACK")
        #expect(try stage.rows() == ["1"])
        try stage.expectUsable()
    }

    @Test func `in a savepoint goes back to the savepoint`() throws {
        let stage = try PipelineStage()
        try stage.session.pipeline { pipeline in
            try pipeline.execute("BEGIN")
            let kept = try pipeline.execute("SELECT 'kept'")
            try pipeline.execute("SAVEPOINT s")
            try pipeline.execute("SELECT 1/0")
            thrown(.server) { try pipeline.sync() }
            try pipeline.execute("ROLLBACK TO s")
            try pipeline.execute("INSERT INTO t VALUES (1)")
            try pipeline.execute("COMMIT")
            #expect(try kept.get().value(0, 0) == "kept")
        }
        #expect(try stage.rows() == ["1"])
    }

    @Test func `gives way to the user's own, and is noted`() throws {
        let stage = try PipelineStage()
        var kept: Pipeline?
        #expect(throws: OwnError(number: 1)) {
            try stage.session.pipeline { pipeline in
                kept = pipeline
                try pipeline.execute("SELECT 1/0")
                throw OwnError(number: 1)
            }
        }
        #expect(kept?.noted.count == 1)
        #expect(sqlState(kept?.noted.first) == "22012")
        try stage.expectUsable()
    }

    @Test func `of the user's own leaves results, and what was queued is done`() throws {
        let stage = try PipelineStage()
        var result: PipelineResult?
        #expect(throws: OwnError()) {
            try stage.session.pipeline { pipeline in
                result = try pipeline.execute("INSERT INTO t VALUES (1) RETURNING n")
                throw OwnError()
            }
        }
        #expect(try result?.get().value(0, 0) == "1")
        #expect(try stage.rows() == ["1"])
        try stage.expectUsable()
    }

    @Test func `thrown by a handler ends the call that read, and the pipeline can go on`() throws {
        let stage = try PipelineStage()
        var seen = 0
        try stage.session.pipeline { pipeline in
            for number in 1...3 {
                try pipeline.execute("SELECT 1") { _ in
                    seen += 1
                    if number == 2 { throw OwnError(number: 2) }
                }
            }
            #expect(throws: OwnError(number: 2)) { try pipeline.sync() }
            #expect(seen == 2)
            try pipeline.sync()
            #expect(seen == 3)
        }
        #expect(throws: OwnError(number: 3)) {
            try stage.session.pipeline { pipeline in try pipeline.execute("SELECT 1") { _ in throw OwnError(number: 3) }
            }
        }
        try stage.expectUsable()
    }

    @Test func `and the settings of the session stay as they were`() throws {
        let stage = try PipelineStage()
        try stage.session.run("SET extra_float_digits = 1; SET datestyle = 'ISO, YMD'")
        thrown(.server) {
            try stage.session.pipeline { pipeline in
                try pipeline.execute("SET datestyle = 'SQL'")
                try pipeline.execute("SELECT 1/0")
            }
        }
        #expect(try stage.session.query("SHOW extra_float_digits").value(0, 0) == "1")
        #expect(try stage.session.query("SHOW datestyle").value(0, 0) == "ISO, YMD")
    }
}
