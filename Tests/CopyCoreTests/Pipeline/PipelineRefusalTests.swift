// What a pipeline refuses, before anything is sent.

import CopyCore
import ErrorKit
import TestKit
import Testing

@Suite struct `A pipeline refuses` {
    @Test(arguments: [
        "COPY t FROM STDIN", "copy t to stdout", "  CoPy (SELECT 1) TO STDOUT",
        "-- a\n/* b /* c */ */ COPY t TO STDOUT",
        "\t\n;COPY t FROM STDIN", "SELECT 1; COPY t TO STDOUT",
    ])
    func `COPY in any spelling`(_ sql: String) throws {
        try expectRefused(sql, .copyInPipeline)
    }

    @Test(arguments: ["SELECT 1; SELECT 2", "SELECT ';'; SELECT 2;", "BEGIN; COMMIT"])
    func `several statements in one string`(_ sql: String) throws {
        try expectRefused(sql, .severalInPipeline)
    }

    @Test func `zero bytes`() throws {
        try expectRefused("SELECT '\0'", .zeroByteInPipeline)
        let stage = try PipelineStage()
        #expect(throws: PgcopyError.zeroByteInPipeline) {
            try stage.session.pipeline { try $0.execute("SELECT $1", ["a\0b"]) }
        }
        try stage.expectUsable()
    }

    private func expectRefused(_ sql: String, _ refusal: PgcopyError) throws {
        let stage = try PipelineStage()
        var sent: [String] = []
        stage.session.onStatement = { sent.append($1) }
        let after = try stage.session.pipeline { pipeline in
            let before = try pipeline.execute("INSERT INTO t VALUES (1)")
            #expect(throws: refusal) { try pipeline.execute(sql) }
            #expect(throws: refusal) { try pipeline.execute(sql) { _ in } }
            #expect(try before.get().commandTag == "INSERT 0 1")
            #expect(pipeline.status == .on)
            return try pipeline.execute("SELECT 2")
        }
        #expect(sent == ["INSERT INTO t VALUES (1)", "SELECT 2"])
        #expect(try after.get().value(0, 0) == "2")
        #expect(try stage.rows() == ["1"])
        try stage.expectUsable()
    }

    @Test func `nothing that only looks like COPY or several statements`() throws {
        let stage = try PipelineStage()
        let results = try stage.session.pipeline { pipeline in
            try [
                "SELECT 'COPY t FROM STDIN; SELECT 1'", "SELECT 1 AS copy", "/* COPY; */ SELECT $$;$$ -- ; COPY",
                "PREPARE copying AS SELECT 1;", "SELECT 1 ; -- done;",
            ].map { try pipeline.execute($0) }
        }
        for result in results { _ = try result.get() }
    }

    @Test func `other statements on its session`() throws {
        let stage = try PipelineStage()
        try stage.session.pipeline { pipeline in
            let result = try pipeline.execute("SELECT 1")
            thrown(.misuse) { try stage.session.run("SELECT 2") }
            thrown(.misuse) { try stage.session.query("SELECT 2") }
            thrown(.misuse) { try stage.session.columns(of: "SELECT 2") }
            let wayOut = try #require(WireCopyOut(stage.session))
            for transport in [wayOut as any CopyOutTransport, LibpqCopyOut(stage.session)] {
                thrown(.misuse) { try transport.begin("COPY t TO STDOUT") }
            }
            let wayIn = try #require(WireCopyIn(stage.session))
            for transport in [wayIn as any CopyInTransport, LibpqCopyIn(stage.session)] {
                thrown(.misuse) { try transport.begin("COPY t FROM STDIN") }
            }
            thrown(.misuse) { try PipelineGroup.run([stage.session]) { _ in } }
            #expect(try result.get().value(0, 0) == "1")
        }
        try stage.expectUsable()
    }

    @Test func `to wait inside of a handler`() throws {
        let stage = try PipelineStage()
        var refusals: [PgcopyError] = []
        try stage.session.pipeline { pipeline in
            let later = try pipeline.execute("SELECT 0")
            _ = later
            try pipeline.execute("SELECT 1") { _ in
                let other = try pipeline.execute("SELECT 2")
                for attempt in [{ _ = try other.get() }, { try pipeline.sync() }] as [() throws -> Void] {
                    do { try attempt() } catch let refusal as PgcopyError { refusals.append(refusal) }
                }
            }
        }
        #expect(refusals == [.insideHandler, .insideHandler])
        try stage.expectUsable()
    }

    @Test func `everything after its block`() throws {
        let stage = try PipelineStage()
        let pipeline = try stage.session.pipeline { $0 }
        #expect(throws: PgcopyError.pipelineIsOver) { try pipeline.execute("SELECT 1") }
        #expect(throws: PgcopyError.pipelineIsOver) { try pipeline.sync() }
        #expect(throws: PgcopyError.pipelineIsOver) { try pipeline.flush() }
        #expect(pipeline.status == .off)
    }

    @Test func `to be entered on a closed or a busy connection`() throws {
        let busy = try PipelineStage()
        try busy.session.connection.sendQuery("SELECT pg_sleep(0.2)")
        thrown(.misuse) { try busy.session.pipeline { _ in } }
        let closed = try PipelineStage()
        closed.session.close()
        let error = thrown(.connectionLost) { try closed.session.pipeline { _ in } }
        #expect(error?.code == .connectionLost)
    }
}
