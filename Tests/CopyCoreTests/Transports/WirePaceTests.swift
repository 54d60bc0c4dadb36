// How often the wire asks for more.

import CopyCore
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
        let sql = "COPY (SELECT repeat('x', 100) FROM generate_series(1, 50000) i) TO STDOUT"
        let manager = CopyManager(
            StatementProducer(session, sql, transport: .wire), [NullReceiver()], poller: poller)
        try manager.run()
        let reads = poller.asked.filter { $0.descriptor == session.connection.socket }
        let streams = reads.contains { $0.gathers }
        #expect(streams)
    }
}
