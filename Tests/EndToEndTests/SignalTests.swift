// Signals: whatever goes on, it ends within two seconds and leaves nothing.

import Glibc
import TestKit
import Testing

@Suite struct SignalTests {
    /// A signal and its exit code.
    static let signals: [Int32] = [SIGINT, SIGTERM]

    private func expectEnd(
        _ running: RunningProgram, _ signal: Int32, _ trio: Trio, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let (result, time) = try interrupted(running, signal)
        #expect(result.code == 128 + signal, "\(result)", sourceLocation: sourceLocation)
        #expect(time < .seconds(2), "\(time) \(result)", sourceLocation: sourceLocation)
        #expect(result.errors.contains(signal == SIGINT ? "SIGINT" : "SIGTERM"), sourceLocation: sourceLocation)
        try trio.expectNoBackends(within: .seconds(2))
    }

    @Test(arguments: signals) func `a signal while connecting ends it`(signal: Int32) throws {
        let trio = try Trio(rows: 1)
        let proxy = try FaultProxy(to: trio.second.cluster)
        proxy.arm(.stall, direction: .toClient, at: .now)
        let running = try start(trio.source.at(), trio.first.at(), trio.second.through(proxy))
        try proxy.waitUntilTriggered()
        try expectEnd(running, signal, trio)
        proxy.stop()
    }

    @Test(arguments: signals) func `a signal while TRUNCATE waits for a lock ends it`(signal: Int32) throws {
        let trio = try Trio(rows: 1)
        try trio.first.sql(Trio.fill(5))
        let holder = try Holder(trio.second, "LOCK TABLE t")
        let running = try start("--truncate", trio.source.at(), trio.first.at(), trio.second.at())
        try trio.second.waitForBackend("wait_event_type = 'Lock'")
        try expectEnd(running, signal, trio)
        try holder.release()
        #expect(try trio.first.count() == 5)
    }

    @Test(arguments: signals) func `a signal in the middle of a copy ends it`(signal: Int32) throws {
        let trio = try Trio(rows: 20_000)
        let running = try start(
            "--rate-limit=400k", "--interval=0.1", trio.source.at(), trio.first.at(), trio.second.at())
        try running.waitForOutput(containing: "(mean ")
        try expectEnd(running, signal, trio)
        try trio.expectNothingCommitted("")
    }

    @Test(arguments: signals) func `a signal with a destination that is stuck ends it`(signal: Int32) throws {
        let trio = try Trio(rows: 20_000)
        let proxy = try FaultProxy(to: trio.second.cluster)
        proxy.arm(.stall, direction: .toServer, at: .copyBytes(50_000))
        let running = try start(trio.source.at(), trio.first.at(), trio.second.through(proxy))
        try proxy.waitUntilTriggered()
        let (result, time) = try interrupted(running, signal)
        #expect(result.code == 128 + signal, "\(result)")
        #expect(time < .seconds(2), "\(time) \(result)")
        try trio.source.expectNoBackends()
        try trio.first.expectNoBackends()
        proxy.resume()
        try trio.second.expectNoBackends()
        try trio.expectNothingCommitted("\(result)")
        proxy.stop()
    }

    @Test(arguments: signals) func `a signal while the source's query runs ends it`(signal: Int32) throws {
        let trio = try Trio("CREATE TABLE t (pg_sleep text)")
        let running = try start(
            "--query", "select pg_sleep(60)", "--into=t", trio.source.conninfo, trio.first.conninfo,
            trio.second.conninfo)
        try trio.source.waitForBackend("wait_event = 'PgSleep'")
        try expectEnd(running, signal, trio)
    }

    @Test(arguments: signals) func `a signal while a file is written leaves the old one`(signal: Int32) throws {
        let trio = try Trio(rows: 20_000)
        let directory = try TemporaryDirectory()
        let file = try directory.write("old\n".utf8, to: "out")
        let running = try start("--rate-limit=400k", "--interval=0.1", trio.source.at(), file)
        try running.waitForOutput(containing: "(mean ")
        #expect(try directory.entries().count == 2)
        try expectEnd(running, signal, trio)
        #expect(try directory.entries() == ["out"])
        #expect(try directory.text(of: "out") == "old\n")
    }

    @Test(arguments: signals) func `a signal while the destination waits for a lock in the copy ends it`(signal: Int32)
        throws
    {
        let trio = try Trio(rows: 10)
        try trio.second.sql("CREATE UNIQUE INDEX ON t (id)")
        let holder = try Holder(trio.second, "INSERT INTO t VALUES ('0000000007')")
        let running = try start(trio.source.at(), trio.first.at(), trio.second.at())
        try trio.second.waitForBackend("wait_event_type = 'Lock'")
        try expectEnd(running, signal, trio)
        try holder.release()
        #expect(try trio.second.count() == 1)
    }

    @Test(arguments: signals) func `a signal while stdin gives nothing ends it`(signal: Int32) throws {
        let trio = try Trio(rows: 0)
        let running = try start("-", trio.first.at(), trio.second.at()) { $0.input = .pipe }
        running.write("1\tx\n")
        try trio.second.waitForBackend("query LIKE 'COPY%' AND state = 'active'")
        try expectEnd(running, signal, trio)
        try trio.expectNothingCommitted("")
    }

    @Test(arguments: signals) func `a signal while a named pipe has no writer ends it`(signal: Int32) throws {
        let trio = try Trio(rows: 0)
        let directory = try TemporaryDirectory()
        try #require(mkfifo(directory.file("pipe"), 0o600) == 0)
        for _ in 0..<5 {
            let running = try start("-v", directory.file("pipe"), trio.first.at())
            // The last words before the file is opened: the signal comes before it, or while it waits.
            try running.waitForOutput(containing: "application_name")
            try expectEnd(running, signal, trio)
        }
    }

    @Test func `more signals behind the first do no harm`() throws {
        let trio = try Trio(rows: 20_000)
        let running = try start(
            "--rate-limit=400k", "--interval=0.1", trio.source.at(), trio.first.at(), trio.second.at())
        try running.waitForOutput(containing: "(mean ")
        running.signal(SIGINT)
        running.signal(SIGINT)
        let (result, time) = try interrupted(running, SIGINT)
        #expect(result.code == 130, "\(result)")
        #expect(time < .seconds(2), "\(result)")
        try trio.expectNothingCommitted("\(result)")
        try trio.expectNoBackends()
    }

    @Test func `signals of the terminal reach it`() throws {
        let trio = try Trio(rows: 20_000)
        let running = try start("--rate-limit=400k", "--interval=0.1", trio.source.at(), trio.first.at()) {
            $0.terminal = .all
        }
        try running.waitForOutput(containing: "(mean ", on: .screen)
        running.type("\u{3}")
        let result = try running.end()
        #expect(result.code == 130, "\(result)")
        try trio.expectNoBackends()
    }
}
