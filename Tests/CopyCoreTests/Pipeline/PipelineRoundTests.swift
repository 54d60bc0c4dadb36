// One round trip on several sessions: what each part says of itself, and what ends the others.

import ErrorKit
import Glibc
import TestKit
import Testing

@testable import CopyCore

@Suite struct `A round of pipelines` {
    /// Three sessions on one poller; the last may be behind a proxy.
    private struct Places {
        let cluster: Cluster
        let database: String
        private let owned: Database
        let interruption: Interruption
        let sessions: [Session]

        init(last proxy: FaultProxy? = nil) throws {
            cluster = try Servers.source
            owned = try Database(on: cluster)
            database = owned.name
            try cluster.psql("CREATE TABLE t (n int)", database: database)
            interruption = try #require(Interruption())
            let poller = SystemPoller(interruption: interruption)
            let direct = cluster.conninfo(database: database)
            let last = proxy?.conninfo(database: database) ?? direct
            sessions = try [direct, direct, last].map { try PipelineStage.session($0, poller) }
        }

        func parts(timeout: Duration? = nil, areVital: Bool = true) -> [PipelinePart] {
            sessions.map { PipelinePart($0, timeout: timeout, isVital: areVital) }
        }

        func expectAllIdle() {
            #expect(sessions.allSatisfy { $0.connection.isUsable && $0.transactionStatus == .idle })
        }
    }

    @Test(arguments: [true, false]) func `gives each its answers, in a pipeline or without`(pipelined: Bool) throws {
        let places = try Places()
        let parts = places.parts()
        let answers = parts.enumerated().map { $1.ask(.statement("SELECT $1 || '!'", ["\($0)"])) }
        parts[1].ask(.prepare("SELECT n AS a, 'x'::text AS b FROM t"))
        let columns = parts[1].ask(.describe)
        try PipelineRound.run(parts, pipelined: pipelined)
        #expect(parts.allSatisfy { $0.hasSucceeded && $0.failure == nil })
        #expect(try answers.map { try $0.get().value(0, 0) } == ["0!", "1!", "2!"])
        #expect(try columns.get().columns.map(\.name) == ["a", "b"])
        #expect(try columns.get().columns.map(\.type) == [23, 25])
        places.expectAllIdle()
    }

    @Test(arguments: [true, false]) func `gives rows as they come, and keeps none`(pipelined: Bool) throws {
        let places = try Places()
        let parts = places.parts()
        var rows: [[String]] = [[], [], []]
        let answers = parts.enumerated().map { number, part in
            part.ask(.statement("SELECT 'before'"))
            let answer = part.ask(.statement("SELECT generate_series(1, 3)")) { result, row in
                rows[number].append(result.value(row, 0) ?? "")
            }
            part.ask(.statement("SELECT \(number)"))
            return answer
        }
        try PipelineRound.run(parts, pipelined: pipelined)
        #expect(parts.allSatisfy { $0.hasSucceeded })
        #expect(rows.allSatisfy { $0 == ["1", "2", "3"] })
        if pipelined { #expect(try answers.map { try $0.get().rowCount } == [0, 0, 0]) }
        places.expectAllIdle()
    }

    @Test(arguments: [true, false]) func `tells the first error of each; the others go on`(pipelined: Bool) throws {
        let places = try Places()
        places.sessions[2].close()
        let parts = places.parts(areVital: false)
        for sql in ["SELECT 1", "SELECT 1/0", "SELECT nosuch", "SELECT 2"] { parts[0].ask(.statement(sql)) }
        let good = parts[1].ask(.statement("SELECT 'good'"))
        let last = parts[2].ask(.statement("SELECT 1"))
        try PipelineRound.run(parts, pipelined: pipelined)
        #expect(sqlState(parts[0].failure) == "22012")
        thrown(.server) { try parts[0].check() }
        #expect(try good.get().value(0, 0) == "good" && parts[1].hasSucceeded)
        #expect((parts[2].failure as? PgcopyError)?.code == .connectionLost)
        thrown(.connectionLost) { try last.get() }
        #expect(places.sessions[0].transactionStatus == .idle)
    }

    @Test func `stops behind a vital part that failed`() throws {
        let places = try Places()
        let parts = places.parts()
        parts[0].ask(.statement("SELECT pg_sleep(0.5)"))
        parts[1].ask(.statement("SELECT 1/0"))
        parts[2].ask(.statement("SELECT pg_sleep(300)"))
        let time = try ContinuousClock().measure { try PipelineRound.run(parts) }
        // The one before it was waited for.
        #expect(parts[0].hasSucceeded && sqlState(parts[1].failure) == "22012")
        #expect(sqlState(parts[2].failure) == "57014")
        #expect(time > .milliseconds(500) && time < .seconds(20))
        places.expectAllIdle()
    }

    @Test func `tells the failure of the first, though a later one came sooner`() throws {
        let places = try Places()
        let parts = places.parts()
        parts[0].ask(.statement("SELECT 1/(pg_sleep(0.5)::text = 'x')::int"))
        parts[1].ask(.statement("SELECT nosuch"))
        parts[2].ask(.statement("SELECT 3"))
        try PipelineRound.run(parts)
        #expect(parts.firstIndex { $0.failure != nil } == 0 && sqlState(parts[0].failure) == "22012")
        places.expectAllIdle()
    }

    @Test func `gives up a server that says nothing, and only that one`() throws {
        let proxy = try FaultProxy(to: Servers.source)
        let places = try Places(last: proxy)
        proxy.arm(.stall, at: .answer(to: "SELECT 2"))
        var asked = [0, 0, 0]
        for index in 0..<3 {
            places.sessions[index].inquire = {
                asked[index] += 1
                return Inquiry { .answered(index < 2) }
            }
        }
        let parts = places.parts(timeout: .milliseconds(300), areVital: false)
        parts[0].ask(.statement("SELECT pg_sleep(1)"))
        parts[1].ask(.statement("SELECT 1"))
        let lost = parts[2].ask(.statement("SELECT 2"))
        try PipelineRound.run(parts)
        #expect(parts[0].hasSucceeded && parts[1].hasSucceeded)
        #expect(parts[2].failure as? PgcopyError == .unanswered(after: .milliseconds(300)))
        thrown(.unanswered) { try lost.get() }
        #expect(asked[0] >= 2 && asked[1] == 0 && asked[2] == 1, "\(asked)")
        #expect(places.sessions.map(\.connection.isUsable) == [true, true, false])
        proxy.stop()
    }

    @Test func `cancels what waits in vain, and says why`() throws {
        let places = try Places()
        places.sessions[1].inquire = { Inquiry { throw OwnError(number: 7) } }
        let parts = places.parts(timeout: .milliseconds(200), areVital: false)
        parts[0].ask(.statement("SELECT 1"))
        parts[1].ask(.statement("SELECT pg_sleep(300)"))
        let time = try ContinuousClock().measure { try PipelineRound.run(parts) }
        #expect(parts[1].failure as? OwnError == OwnError(number: 7))
        #expect(parts[0].hasSucceeded && time < .seconds(20))
        places.expectAllIdle()
    }

    @Test func `ends by a signal soon, though a line is stuck`() throws {
        let proxy = try FaultProxy(to: Servers.source)
        let places = try Places(last: proxy)
        proxy.arm(.stall, direction: .toServer, at: .beforeQuery("SELECT 2"))
        proxy.arm(.stall, direction: .toServer, at: .now, on: .matching(\.isCancelRequest), times: 100)
        let parts = places.parts(timeout: .milliseconds(100))
        for part in parts { part.ask(.statement("SELECT 2, pg_sleep(300)")) }
        places.sessions[2].inquire = { [places] in
            places.interruption.raise(SIGINT)
            return Inquiry { .answered(true) }
        }
        for session in places.sessions[0...1] { session.inquire = { Inquiry { .answered(true) } } }
        let time = ContinuousClock().measure {
            #expect(throws: Interrupted(signal: SIGINT)) { try PipelineRound.run(parts) }
        }
        #expect(time < .seconds(2), "\(time)")
        #expect(places.sessions.map(\.connection.isUsable) == [true, true, false])
        proxy.stop()
    }

    @Test(arguments: [true, false]) func `ends by a signal, everything cancelled`(pipelined: Bool) throws {
        let places = try Places()
        let parts = places.parts(timeout: .milliseconds(100))
        for part in parts { part.ask(.statement("SELECT pg_sleep(300)")) }
        for session in places.sessions {
            session.inquire = { [places] in
                places.interruption.raise(SIGINT)
                return Inquiry { .answered(true) }
            }
        }
        #expect(throws: Interrupted(signal: SIGINT)) { try PipelineRound.run(parts, pipelined: pipelined) }
        places.expectAllIdle()
    }
}
