// Pipelines that end by a signal, or with their connection.

import CopyCore
import ErrorKit
import Glibc
import TestKit
import Testing

@Suite struct `The end of a pipeline` {
    @Test func `by a closed connection is an error at the exit`() throws {
        let stage = try PipelineStage()
        let error = thrown(.connectionLost) { try stage.session.pipeline { $0.session.close() } }
        #expect(error?.code == .connectionLost)
        #expect(stage.session.transactionStatus == .unknown)
        thrown(.connectionLost) { try stage.session.query("SELECT 1") }
    }

    @Test func `by a closed connection gives way to the user's own error`() throws {
        let stage = try PipelineStage()
        var kept: Pipeline?
        #expect(throws: OwnError()) {
            try stage.session.pipeline { outer in
                kept = outer
                try stage.session.pipeline { inner in
                    try inner.execute("SELECT 1")
                    inner.session.close()
                    throw OwnError()
                }
            }
        }
        #expect(kept?.noted.count == 1)
        #expect((kept?.noted.first as? PgcopyError)?.code == .connectionLost)
    }

    @Test func `by a server that ends the session fails everything under way, and says why`() throws {
        let stage = try PipelineStage()
        var results: [PipelineResult] = []
        let lost = thrown(.connectionLost) {
            try stage.session.pipeline { pipeline in
                results.append(try pipeline.execute("SELECT 1"))
                results.append(try pipeline.execute("SELECT pg_terminate_backend(pg_backend_pid())"))
                results.append(try pipeline.execute("SELECT 3"))
                thrown(.connectionLost) { try results[1].get() }
                thrown(.connectionLost) { try results[2].get() }
                thrown(.connectionLost) { try pipeline.execute("SELECT 4") }
                thrown(.connectionLost) { try pipeline.sync() }
            }
        }
        #expect(lost?.code == .connectionLost)
        #expect(try results[0].get().value(0, 0) == "1")
        let last = thrown(.connectionLost) { try results[2].get() }
        #expect(last?.message.contains("terminating connection") == true, "\(String(describing: last))")
        #expect(last?.code == .connectionLost)
    }

    @Test func `by a reset line is an error, and no waiting`() throws {
        let proxy = try FaultProxy(to: Servers.source)
        let stage = try PipelineStage(through: proxy)
        proxy.arm(.reset, direction: .toServer, at: .beforeQuery("number_50"))
        var ends = 0
        var failures = 0
        let error = thrown(.connectionLost) {
            try stage.session.pipeline { pipeline in
                for number in 1...100 {
                    try pipeline.execute("SELECT \(number) AS number_\(number)") { result in
                        ends += 1
                        if case .failure = result { failures += 1 }
                    }
                }
            }
        }
        #expect(error?.code == .connectionLost)
        // Every statement that was taken has its end.
        #expect(ends > 0 && failures > 0 && ends <= 100)
        proxy.stop()
    }

    @Test func `by a signal cancels what runs, undoes what was not confirmed, and the connection works on`() throws {
        let stage = try PipelineStage()
        let clock = ContinuousClock()
        let time = clock.measure {
            #expect(throws: Interrupted(signal: SIGINT)) {
                try stage.session.pipeline { pipeline in
                    try pipeline.execute("INSERT INTO t VALUES (1)")
                    try pipeline.sync()
                    try pipeline.execute("INSERT INTO t VALUES (2)")
                    let slow = try pipeline.execute("SELECT pg_sleep(300)")
                    try pipeline.execute("INSERT INTO t VALUES (3)")
                    try pipeline.flush()
                    stage.interruption.raise(SIGINT)
                    _ = try slow.get()
                }
            }
        }
        #expect(time < .seconds(20))
        #expect(stage.session.connection.isUsable && stage.session.transactionStatus == .idle)
        #expect(stage.session.connection.pipelineStatus == .off)
        #expect(try stage.rows() == ["1"])
    }

    @Test func `by a signal that finds nothing running undoes it too`() throws {
        let stage = try PipelineStage()
        #expect(throws: Interrupted(signal: SIGTERM)) {
            try stage.session.pipeline { pipeline in
                #expect(try pipeline.execute("INSERT INTO t VALUES (1)").get().commandTag == "INSERT 0 1")
                stage.interruption.raise(SIGTERM)
                try pipeline.execute("INSERT INTO t VALUES (2)")
                try pipeline.sync()
            }
        }
        #expect(stage.session.connection.isUsable)
        #expect(try stage.rows() == [])
    }

    @Test func `by a signal at the exit is told as one`() throws {
        let stage = try PipelineStage()
        #expect(throws: Interrupted(signal: SIGINT)) {
            try stage.session.pipeline { pipeline in
                try pipeline.execute("SELECT pg_sleep(300)")
                stage.interruption.raise(SIGINT)
            }
        }
        #expect(stage.session.connection.isUsable)
        #expect(stage.session.transactionStatus == .idle)
    }

    @Test func `by a signal on a dead line closes the connection within seconds`() throws {
        let proxy = try FaultProxy(to: Servers.source)
        let stage = try PipelineStage(through: proxy)
        let time = ContinuousClock().measure {
            #expect(throws: Interrupted(signal: SIGINT)) {
                try stage.session.pipeline { pipeline in
                    let result = try pipeline.execute("SELECT 1")
                    proxy.arm(.stall, direction: .toClient, at: .now)
                    stage.interruption.raise(SIGINT)
                    _ = try result.get()
                }
            }
        }
        #expect(time < .seconds(20))
        proxy.resume()
        proxy.stop()
    }
}
