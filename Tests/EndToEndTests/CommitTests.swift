// The moment of committing: what is said of each destination is true.

import Glibc
import TestKit
import Testing

@Suite struct CommitTests {
    private static let rows = 50

    @Test(arguments: [Fault.close, .reset], [Trigger.answer(to: "COMMIT"), .beforeQuery("COMMIT")])
    func `without the first one's answer it is in doubt, and the second is rolled back`(fault: Fault, trigger: Trigger)
        throws
    {
        let trio = try Trio(rows: Self.rows)
        let proxy = try FaultProxy(to: trio.first.cluster)
        proxy.arm(fault, at: trigger)
        let lost = trio.first.through(proxy)
        let result = try transfer(trio.source.at(), lost, trio.second.at())
        #expect(proxy.faultCount == 1)
        #expect(result.code == 4, "\(result)")
        #expect(result.errors.contains("\(label(of: lost)): in doubt"), "\(result)")
        #expect(result.errors.contains("\(trio.second.label()): rolled back"), "\(result)")
        let committed = trigger == .answer(to: "COMMIT")
        #expect(try trio.first.count() == (committed ? Self.rows : 0))
        #expect(try trio.second.count() == 0)
        try trio.expectNoBackends()
        // The server can be asked, as the summary says.
        let words = result.errors.split(separator: "'")
        let index = try #require(words.firstIndex { $0.hasSuffix("pg_xact_status(") })
        #expect(
            try trio.first.sql("SELECT pg_xact_status('\(words[index + 1])')") == (committed ? "committed" : "aborted"))
        proxy.stop()
    }

    @Test func `without the second one's answer it is in doubt, and the first stays committed`() throws {
        let trio = try Trio(rows: Self.rows)
        let proxy = try FaultProxy(to: trio.second.cluster)
        proxy.arm(.close, at: .answer(to: "COMMIT"))
        let result = try transfer(trio.source.at(), trio.first.at(), trio.second.through(proxy))
        #expect(proxy.faultCount == 1)
        #expect(result.code == 4, "\(result)")
        #expect(result.errors.contains("\(trio.first.label()): committed, 50 rows"), "\(result)")
        #expect(result.errors.contains("\(label(of: trio.second.through(proxy))): in doubt"), "\(result)")
        #expect(try trio.first.count() == Self.rows)
        #expect(try trio.second.count() == Self.rows)
        proxy.stop()
    }

    @Test func `an answer that is lost does not keep the others from committing with --keep-going`() throws {
        let trio = try Trio(rows: Self.rows)
        let proxy = try FaultProxy(to: trio.first.cluster)
        proxy.arm(.reset, at: .answer(to: "COMMIT"))
        let result = try transfer("--keep-going", trio.source.at(), trio.first.through(proxy), trio.second.at())
        #expect(proxy.faultCount == 1)
        #expect(result.code == 4, "\(result)")
        #expect(result.errors.contains("\(trio.second.label()): committed"), "\(result)")
        #expect(try trio.second.count() == Self.rows)
        proxy.stop()
    }

    @Test func `a file is not replaced when a commit is in doubt`() throws {
        let trio = try Trio(rows: Self.rows)
        let directory = try TemporaryDirectory()
        let file = try directory.write("old\n".utf8, to: "out")
        let proxy = try FaultProxy(to: trio.first.cluster)
        proxy.arm(.close, at: .answer(to: "COMMIT"))
        let result = try transfer(trio.source.at(), file, trio.first.through(proxy))
        #expect(proxy.faultCount == 1)
        #expect(result.code == 4, "\(result)")
        #expect(try directory.text(of: "out") == "old\n")
        #expect(try directory.entries() == ["out"])
        proxy.stop()
    }

    @Test func `an answer that never comes is a doubt after the timeout`() throws {
        let trio = try Trio(rows: Self.rows)
        let proxy = try FaultProxy(to: trio.second.cluster)
        proxy.arm(.stall, at: .answer(to: "COMMIT"))
        let result = try transfer("--timeout=1", trio.source.at(), trio.first.at(), trio.second.through(proxy))
        #expect(proxy.faultCount == 1)
        #expect(result.code == 4, "\(result)")
        #expect(result.duration < .seconds(8), "\(result)")
        #expect(result.errors.contains("\(trio.first.label()): committed, \(Self.rows) rows"), "\(result)")
        #expect(
            result.errors.contains("\(label(of: trio.second.through(proxy))): in doubt: it may have committed"),
            "\(result)")
        #expect(try trio.first.digest() == trio.source.digest())
        #expect(try trio.second.count() == Self.rows)
        proxy.stop()
    }

    @Test func `a signal while an answer is awaited ends in doubt`() throws {
        let trio = try Trio(rows: Self.rows)
        let proxy = try FaultProxy(to: trio.second.cluster)
        proxy.arm(.stall, at: .answer(to: "COMMIT"))
        let running = try start(trio.source.at(), trio.first.at(), trio.second.through(proxy))
        try proxy.waitUntilTriggered()
        let (result, time) = try interrupted(running, SIGINT)
        #expect(result.code == 4, "\(result)")
        #expect(time < .milliseconds(2500), "\(result)")
        #expect(result.errors.contains("in doubt"), "\(result)")
        proxy.stop()
    }

    @Test func `a connection that breaks before the last check rolls back all`() throws {
        let trio = try Trio(rows: Self.rows)
        let proxy = try FaultProxy(to: trio.second.cluster)
        proxy.arm(.reset, at: .beforeQuery("SET CONSTRAINTS"))
        let result = try transfer(trio.source.at(), trio.first.at(), trio.second.through(proxy))
        #expect(proxy.faultCount == 1)
        #expect(result.code == 1, "\(result)")
        try trio.expectNothingCommitted("\(result)")
        try trio.expectNoBackends()
        proxy.stop()
    }

    /// What it read may have been replaced meanwhile: that is asked behind the last row.
    @Test func `nothing is committed if the source dies behind its last row`() throws {
        let trio = try Trio(rows: Self.rows)
        let source = try FaultProxy(to: trio.source.cluster)
        // CopyDone, CommandComplete and ReadyForQuery follow the last row.
        source.arm(.reset, at: .copyBytes(Trio.sourceBytes(Self.rows) + 5 + 13 + 6))
        let result = try transfer("--format=text", trio.source.through(source), trio.first.at(), trio.second.at())
        #expect(source.faultCount == 1)
        #expect(result.code == 1 && result.errors.contains(label(of: trio.source.through(source))), "\(result)")
        try trio.expectNothingCommitted("\(result)")
        source.stop()
    }
}
