// What a server answers to COMMIT is believed word by word.

import Glibc
import TestKit
import Testing

@Suite struct CommitAnswerTests {
    /// A transaction that failed unnoticed answers so; here the answer is put in the server's mouth.
    @Test func `ROLLBACK in answer to COMMIT is no commit`() throws {
        let trio = try Trio(rows: 50)
        let directory = try TemporaryDirectory()
        let proxy = try FaultProxy(to: trio.first.cluster)
        proxy.arm(.replace(Message.commandComplete("ROLLBACK")), at: .answer(to: "COMMIT"))
        let place = trio.first.through(proxy)
        let result = try transfer(trio.source.at(), place, trio.second.at(), directory.file("out"))
        #expect(proxy.faultCount == 1)
        #expect(result.code == 1, "\(result)")
        #expect(result.errors.contains("COMMIT with ROLLBACK"), "\(result)")
        #expect(!result.errors.contains("committed"), "\(result)")
        #expect(try trio.second.count() == 0)
        #expect(try directory.entries().isEmpty)
        proxy.stop()
    }

    /// Only what a server says by its own rules tells that nothing was committed.
    @Test(arguments: [Message.commandComplete("SELECT 1"), Message.commandComplete(""), []])
    func `an answer to COMMIT that is none is a doubt`(answer: [UInt8]) throws {
        let trio = try Trio(rows: 50)
        let proxy = try FaultProxy(to: trio.first.cluster)
        proxy.arm(.replace(answer), at: .answer(to: "COMMIT"))
        let place = trio.first.through(proxy)
        let result = try transfer("--keep-going", trio.source.at(), place, trio.second.at())
        #expect(proxy.faultCount == 1 && result.code == 4, "\(result)")
        #expect(result.errors.contains("\(label(of: place)): in doubt"), "\(result)")
        #expect(try trio.first.count() == 50 && trio.second.count() == 50)
        let sent = try Program.pgcopy(["notify", "-c", "doubtful", proxy.conninfo(database: trio.first.database)]).run()
        #expect(sent.code == 0, "\(sent)")
        proxy.arm(.replace(answer), at: .answer(to: "COMMIT"), on: .all)
        let doubtful = try Program.pgcopy(["notify", "-c", "doubtful", proxy.conninfo(database: trio.first.database)])
            .run()
        #expect(doubtful.code == 4 && doubtful.errors.contains("in doubt"), "\(doubtful)")
        proxy.stop()
    }

    @Test func `a signal between two commits rolls back those that were not sent`() throws {
        let trio = try Trio(rows: 50)
        let proxy = try FaultProxy(to: trio.first.cluster)
        proxy.arm(.stall, at: .answer(to: "COMMIT"))
        let running = try start("--keep-going", trio.source.at(), trio.first.through(proxy), trio.second.at())
        try proxy.waitUntilTriggered()
        let (result, _) = try interrupted(running, SIGINT)
        #expect(result.code == 4, "\(result)")
        #expect(result.errors.contains("\(trio.second.label()): rolled back"), "\(result)")
        #expect(result.errors.contains("interrupted (SIGINT)"), "\(result)")
        #expect(try trio.first.count() == 50 && trio.second.count() == 0)
        proxy.stop()
    }

    @Test func `the others commit beside it with --keep-going`() throws {
        let trio = try Trio(rows: 50)
        let proxy = try FaultProxy(to: trio.first.cluster)
        proxy.arm(.replace(Message.commandComplete("ROLLBACK")), at: .answer(to: "COMMIT"))
        let place = trio.first.through(proxy)
        let result = try transfer("--keep-going", trio.source.at(), place, trio.second.at())
        #expect(proxy.faultCount == 1)
        #expect(result.code == 3, "\(result)")
        #expect(result.errors.contains("\(label(of: place)): rolled back"), "\(result)")
        #expect(try trio.second.count() == 50)
        proxy.stop()
    }
}
