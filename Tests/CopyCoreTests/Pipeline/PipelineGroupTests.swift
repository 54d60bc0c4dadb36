// Pipelines side by side.

import CopyCore
import ErrorKit
import Glibc
import TestKit
import Testing

@Suite(.serialized) struct `Pipelines side by side` {
    /// Sessions on one poller, each on a database of its own.
    private struct Places {
        let interruption: Interruption
        let sessions: [Session]
        private let databases: [String]
        private let owned: [Database]
        private let cluster: Cluster

        init(_ count: Int, through proxy: FaultProxy? = nil) throws {
            let cluster = try Servers.source
            self.cluster = cluster
            interruption = try #require(Interruption())
            let poller = SystemPoller(interruption: interruption)
            owned = try (0..<count).map { _ in try Database(on: cluster) }
            databases = owned.map(\.name)
            for database in databases { try cluster.psql("CREATE TABLE t (n int PRIMARY KEY)", database: database) }
            sessions = try databases.enumerated().map { index, database in
                try PipelineStage.session(
                    proxy?.conninfo(database: database) ?? cluster.conninfo(database: database), poller,
                    label: "place \(index)")
            }
        }

        func rows() throws -> [[String]] {
            try databases.map {
                try cluster.psql("SELECT n FROM t ORDER BY n", database: $0).split(separator: "\n").map(String.init)
            }
        }
    }

    @Test func `cost the round trips of one`() throws {
        let proxy = try FaultProxy(to: Servers.source)
        let places = try Places(4, through: proxy)
        proxy.delay(toServer: .milliseconds(50), toClient: .milliseconds(50))
        let time = try ContinuousClock().measure {
            try PipelineGroup.run(places.sessions) { group in
                for number in 1...100 { try group.execute("INSERT INTO t VALUES ($1)", ["\(number)"]) }
            }
        }
        print("100 statements on each of 4 servers over links of 100 ms: \(time)")
        #expect(time < .milliseconds(500))
        #expect(try places.rows().map(\.count) == [100, 100, 100, 100])
        proxy.stop()
    }

    @Test func `run the same or different statements, each with its own results`() throws {
        let places = try Places(3)
        let (same, own) = try PipelineGroup.run(places.sessions) { group in
            let same = try group.execute("SELECT current_database() || $1", ["!"])
            let own = try (0..<3).map { try group[$0].execute("INSERT INTO t VALUES ($1)", ["\($0)"]) }
            #expect(try own[1].get().commandTag == "INSERT 0 1")
            try group.sync()
            #expect(try places.rows() == [["0"], ["1"], ["2"]])
            return (same, own)
        }
        #expect(Set(try same.map { try #require($0).get().value(0, 0) }).count == 3)
        #expect(try own.map { try $0.get().commandTag } == Array(repeating: "INSERT 0 1", count: 3))
        for session in places.sessions { #expect(try session.query("SELECT 1").value(0, 0) == "1") }
    }

    @Test func `have errors of their own, and the others go on`() throws {
        let places = try Places(3)
        let failure = thrown(.pipelines) {
            try PipelineGroup.run(places.sessions) { group in
                try group[1].execute("SELECT 1/0")
                try group.execute("INSERT INTO t VALUES (1)")
                let first = thrown(.pipelines) { try group.sync() }
                #expect(first?.sessions == [1])
                #expect(sqlState(first?[1]) == "22012")
                try group.execute("INSERT INTO t VALUES (2)")
                try group[2].execute("INSERT INTO t VALUES (2)")
            }
        }
        #expect(failure?.causes.map { ($0 as? PgcopyError)?.endpoint } == ["place 2"])
        #expect(sqlState(failure?[2]) == "23505")
        #expect(failure?.description.hasPrefix("place 2: ") == true)
        #expect(try places.rows() == [["1", "2"], ["2"], ["1"]])
        for session in places.sessions { #expect(try session.query("SELECT 1").value(0, 0) == "1") }
    }

    @Test func `lose one and keep the others`() throws {
        let places = try Places(3)
        let failure = thrown(.pipelines) {
            try PipelineGroup.run(places.sessions) { group in
                try group.execute("INSERT INTO t VALUES (1)")
                try group[0].execute("SELECT pg_terminate_backend(pg_backend_pid())")
                thrown(.pipelines) { try group.sync() }
                #expect(try group.execute("INSERT INTO t VALUES (2)").map { $0 == nil } == [true, false, false])
            }
        }
        #expect(failure?.sessions == [0])
        #expect(try places.rows() == [[], ["1", "2"], ["1", "2"]])
        #expect(places.sessions.map(\.connection.isUsable) == [false, true, true])
    }

    @Test func `that cannot all begin leave all as they were`() throws {
        let places = try Places(2)
        places.sessions[1].close()
        thrown(.connectionLost) { try PipelineGroup.run(places.sessions) { _ in } }
        #expect(places.sessions[0].connection.pipelineStatus == .off)
        #expect(try places.sessions[0].query("SELECT 1").value(0, 0) == "1")
        thrown(.misuse) { try PipelineGroup.run([]) { _ in } }
    }

    @Test func `are stopped together by a signal`() throws {
        let places = try Places(3)
        let time = ContinuousClock().measure {
            #expect(throws: Interrupted(signal: SIGINT)) {
                try PipelineGroup.run(places.sessions) { group in
                    try group.execute("INSERT INTO t VALUES (1)")
                    try group.execute("SELECT pg_sleep(300)")
                    for index in 0..<3 { try group[index].flush() }
                    places.interruption.raise(SIGINT)
                    try group.sync()
                }
            }
        }
        #expect(time < .seconds(20))
        #expect(try places.rows() == [[], [], []])
        #expect(places.sessions.allSatisfy { $0.connection.isUsable && $0.transactionStatus == .idle })
    }
}
