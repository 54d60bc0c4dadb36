// What a server answers to COMMIT is believed word by word.

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

    @Test func `the others commit beside it with --keep-going`() throws {
        let trio = try Trio(rows: 50)
        let proxy = try FaultProxy(to: trio.first.cluster)
        proxy.arm(.replace(Message.commandComplete("ROLLBACK")), at: .answer(to: "COMMIT"))
        let place = trio.first.through(proxy)
        let result = try transfer("--keep-going", trio.source.at(), place, trio.second.at())
        #expect(proxy.faultCount == 1)
        #expect(result.code == 3, "\(result)")
        #expect(result.errors.contains("\(place): rolled back"), "\(result)")
        #expect(try trio.second.count() == 50)
        proxy.stop()
    }
}
