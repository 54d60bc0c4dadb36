// Leaving a COPY early again and again: nothing is left behind.

import CopyCore
import Glibc
import TestKit
import Testing

/// Each test runs in a process of its own, where nothing but a leak makes anything grow.
@Suite(.serialized) struct TenThousandTests {
    @Test func `ten thousand COPY TO left early on one connection leave nothing behind`() async throws {
        let conninfo = try Servers.source.conninfo(database: "postgres", ["application_name": "ten thousand COPY TO"])
        await #expect(processExitsWith: .success) { [conninfo = conninfo as String] in
            let session = try Leaving.session(conninfo)
            for number in 0..<200 { try Leaving.leaveCopyOut(number, session) }
            let before = try Leaving.Held(session)
            for number in 200..<10_000 { try Leaving.leaveCopyOut(number, session) }
            try before.expectNoMore(session)
        }
    }

    @Test func `ten thousand COPY FROM left early on one connection leave nothing behind`() async throws {
        let conninfo = try Servers.source.conninfo(database: "postgres", ["application_name": "ten thousand COPY FROM"])
        await #expect(processExitsWith: .success) { [conninfo = conninfo as String] in
            let session = try Leaving.session(conninfo)
            try session.run("CREATE TEMP TABLE t (s text)")
            for number in 0..<200 { try Leaving.leaveCopyIn(number, session) }
            let before = try Leaving.Held(session)
            for number in 200..<10_000 { try Leaving.leaveCopyIn(number, session) }
            try before.expectNoMore(session)
            #expect(try session.value("SELECT count(*) FROM t") == "0")
        }
    }
}

private enum Leaving {
    /// What a leak would make grow, here and in the server.
    struct Held {
        let descriptors = ScopeKit.descriptors
        let threads: Int
        let memory: Int
        let backend: Int32
        let backendMemory: Int

        init(_ session: Session) throws {
            threads = try entryNames("/proc/self/task").count
            memory = try ScopeKit.residentBytes()
            backend = session.connection.backendPID
            backendMemory =
                try Int(
                    session.value("SELECT sum(total_bytes) FROM pg_backend_memory_contexts") ?? "") ?? 0
        }

        func expectNoMore(_ session: Session) throws {
            // A thread that has sent a cancel request may still be on its way out.
            try eventually("no more descriptors and threads than before") {
                try ScopeKit.descriptors <= descriptors && entryNames("/proc/self/task").count <= threads
            }
            let after = try Held(session)
            // 9800 times: a hundred bytes each would be seen here, and 50 there.
            #expect(after.memory < memory + 1_000_000, "\(memory) bytes, then \(after.memory)")
            #expect(
                after.backendMemory < backendMemory + 500_000, "\(backendMemory) bytes, then \(after.backendMemory)")
            #expect(after.backend == backend)
            let backends =
                "SELECT string_agg(pid::text, ' ') FROM pg_stat_activity "
                + "WHERE application_name = current_setting('application_name')"
            #expect(try session.value(backends) == "\(backend)")
        }
    }

    /// A session without JIT: the server would compile each of the endless ones, for ten milliseconds.
    static func session(_ conninfo: String) throws -> Session {
        let session = try ScopeKit.session(conninfo)
        try session.run("SET jit = off")
        return session
    }

    /// One COPY TO, left in one of four ways: every tenth while the server is at it, every tenth with a rest that
    /// takes several reads, the others with a rest that is on its way already: a cancel request costs the server a
    /// process.
    static func leaveCopyOut(_ number: Int, _ session: Session) throws {
        let transport = TransportChoice.allCases[number / 4 % 2]
        let count = [100_000_000, 2_000][safe: number / 8 % 10] ?? 20
        let sql = "COPY (SELECT generate_series(1, \(count)), repeat('x', \(count > 20 ? 100 : 1))) TO STDOUT"
        func read(_ body: (CopyOut) throws -> Void) throws { try session.copyOut(sql, transport: transport, body) }
        switch number % 4 {
        case 0: try read { _ = try $0.nextRow() }
        case 1:
            try read { rows throws in
                while let row = try rows.nextValues() { if row[0] == "3" { break } }
            }
        case 2: #expect(throws: Trouble("enough")) { try read { _ in throw Trouble("enough") } }
        default:
            #expect(throws: Interrupted(signal: 2)) {
                try read { rows throws in
                    session.pooled.interruptsAfter = session.pooled.polls
                    while try rows.nextRow() != nil {}
                }
            }
            session.pooled.calm()
        }
        try requireAnswer(session, number)
    }

    /// One COPY FROM, with and without rows sent, left in one of four ways.
    static func leaveCopyIn(_ number: Int, _ session: Session) throws {
        let transport = TransportChoice.allCases[number / 8 % 2]
        func write(_ body: (CopyIn) throws -> Void) throws {
            try session.copyIn("COPY t FROM STDIN", transport: transport) { copy throws in
                if number / 4 % 2 == 0 { try copy.write("a\nb\n") }
                try body(copy)
            }
        }
        switch number % 4 {
        case 0: #expect(throws: PgcopyError.copyNotFinished) { try write { _ in } }
        case 1: try write { try $0.abort("enough") }
        case 2: #expect(throws: Trouble("enough")) { try write { _ in throw Trouble("enough") } }
        default:
            #expect(throws: Interrupted(signal: 2)) {
                try write { copy throws in
                    session.pooled.interruptsAfter = session.pooled.polls
                    while true { try copy.write("c\n") }
                }
            }
            session.pooled.calm()
        }
        try requireAnswer(session, number)
    }

    private static func requireAnswer(_ session: Session, _ number: Int) throws {
        guard session.transactionStatus == .idle, try session.value("SELECT 1") == "1" else {
            throw Trouble("no answer after \(number)")
        }
    }
}

extension Array {
    fileprivate subscript(safe index: Int) -> Element? { indices.contains(index) ? self[index] : nil }
}
