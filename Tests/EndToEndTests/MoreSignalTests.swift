// Signals where two mechanisms meet: a backend that waits and does not read, and a terminal that hangs up.

import Glibc
import TestKit
import Testing

@Suite struct MoreSignalTests {
    /// The backend would find out neither by CopyFail, which it does not read, nor by the end of the connection.
    @Test(arguments: [SIGINT, SIGTERM], ["wire", "libpq"])
    func `a backend that waits for a lock while rows come is cancelled`(signal: Int32, transport: String) throws {
        let trio = try Trio(rows: 200_000)
        try trio.second.sql("CREATE UNIQUE INDEX ON t (id)")
        let holder = try Holder(trio.second, "INSERT INTO t VALUES ('0000000007')")
        let running = try start(trio.source.at(), trio.first.at(), trio.second.at()) {
            $0.environment["PGCOPY_TRANSPORT"] = transport
        }
        try trio.second.waitForBackend("wait_event_type = 'Lock'")
        // More rows than all buffers hold: the source cannot go on either.
        try trio.source.waitForBackend("wait_event = 'ClientWrite'")
        let (result, time) = try interrupted(running, signal)
        #expect(result.code == 128 + signal, "\(result)")
        #expect(time < .seconds(2), "\(time) \(result)")
        try trio.expectNoBackends(within: .seconds(2))
        try holder.release()
        #expect(try trio.second.count() == 1)
        #expect(try trio.first.count() == 0)
    }

    /// A transfer to the table and to a file that stands still in its middle.
    private func stuck(_ trio: Trio, _ file: String, _ proxy: FaultProxy, before: [String] = []) throws
        -> RunningProgram
    {
        proxy.arm(.stall, at: .copyBytes(100_000))
        let command =
            before + [try Program.pgcopyPath(), "transfer", trio.source.through(proxy), trio.first.at(), file]
        let running = try Program(command[0], Array(command[1...])).start()
        try proxy.waitUntilTriggered()
        try trio.first.waitForBackend("query LIKE 'COPY%' AND state = 'active'")
        return running
    }

    @Test func `a terminal that hangs up rolls back`() throws {
        let trio = try Trio(rows: 5000)
        let directory = try TemporaryDirectory()
        let file = try directory.write("old\n".utf8, to: "out")
        let proxy = try FaultProxy(to: trio.source.cluster)
        let running = try stuck(trio, file, proxy)
        let (result, time) = try interrupted(running, SIGHUP)
        #expect(result.code == 129, "\(result)")
        #expect(time < .seconds(2), "\(time) \(result)")
        #expect(result.errors.contains("SIGHUP"), "\(result)")
        try trio.first.expectNoBackends()
        #expect(try trio.first.count() == 0)
        #expect(try directory.entries() == ["out"] && directory.text(of: "out") == "old\n")
        proxy.stop()
    }

    @Test(arguments: [["nohup"], ["sh", "-c", #"trap '' HUP; exec "$0" "$@""#]])
    func `a hang-up that was ignored from the beginning stays ignored`(before: [String]) throws {
        let trio = try Trio(rows: 5000)
        let directory = try TemporaryDirectory()
        let proxy = try FaultProxy(to: trio.source.cluster)
        let running = try stuck(trio, directory.file("out"), proxy, before: before)
        running.signal(SIGHUP)
        proxy.resume()
        let result = try running.end()
        #expect(result.code == 0, "\(result)")
        #expect(try trio.first.digest() == trio.source.digest())
        #expect(try directory.contents(of: "out").count == 500_000)
        proxy.stop()
    }
}
