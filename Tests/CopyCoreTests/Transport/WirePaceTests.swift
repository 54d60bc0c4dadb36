// How often the wire asks for more.

import CopyCore
import Glibc
import TestKit
import Testing

struct WirePaceTests {
    /// The real poller, and what it was asked to wait for.
    private final class Witness: Poller {
        private let poller = SystemPoller()
        private(set) var asked: [Interest] = []

        var now: Instant { poller.now }

        func poll(
            _ entries: inout [PollEntry], until deadline: Instant?, interruptible: Bool
        ) throws(Interrupted) {
            asked += entries.map(\.interest)
            try poller.poll(&entries, until: deadline, interruptible: interruptible)
        }
    }

    @Test func `a source that sends gathers between two reads`() throws {
        let session = try ScopeKit.session(Servers.source.conninfo(), SystemPoller())
        let poller = Witness()
        // Three pieces of 8 KiB, and a while later the rest: whoever reads finds the socket empty after some rows.
        let rows = "SELECT repeat('x', 100) FROM generate_series(1, 300) UNION ALL SELECT pg_sleep(0.3)::text"
        let sql = "COPY (\(rows)) TO STDOUT"
        let manager = CopyManager(
            StatementProducer(session, sql, transport: .wire), [NullReceiver()], poller: poller)
        try manager.run()
        let reads = poller.asked.filter { $0.descriptor == session.connection.socket }
        let streams = reads.contains { $0.gathers }
        #expect(streams)
    }

    /// What the kernel holds of what is written to a socket, as it counts: twice what was asked for.
    private func sendBuffer(_ session: Session) -> Int {
        var bytes = CInt(0)
        var size = socklen_t(MemoryLayout<CInt>.size)
        getsockopt(session.connection.socket, SOL_SOCKET, SO_SNDBUF, &bytes, &size)
        return Int(bytes)
    }

    private func sendBuffers(_ conninfo: String) throws -> (before: Int, within: Int) {
        let session = try ScopeKit.session(conninfo)
        try session.run("CREATE TEMP TABLE t (i int)")
        let before = sendBuffer(session)
        let manager = CopyManager(
            IteratorProducer([[Array("1\n".utf8)]]),
            [StatementReceiver(session, "COPY t FROM STDIN", transport: .wire)], poller: SystemPoller())
        try manager.run()
        return (before, sendBuffer(session))
    }

    @Test func `a destination on this machine is given a longer way`() throws {
        let allowed = try #require(Int(TextFile("/proc/sys/net/core/wmem_max").text.split(separator: "\n")[0]))
        let unix = try sendBuffers(Servers.source.conninfo())
        #expect(unix.within == max(unix.before, 2 * min(1 << 19, allowed)))
        // TCP sizes its own, and stops doing so where it is told a size.
        let tcp = try sendBuffers(Servers.source.tcpConninfo())
        #expect(tcp.within != unix.within)
    }
}
