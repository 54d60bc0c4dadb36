// Notifications among other work: queries, COPY in both directions, on both transports, with and without TLS.

import CopyCore
import TestKit
import Testing

struct InterleavingTests {
    private static let ways: [(TransportChoice, Bool)] = TransportChoice.allCases.flatMap { way in
        [false, true].map { (way, $0) }
    }

    private func conninfo(tls: Bool) throws -> String {
        tls ? try Servers.tls.tcpConninfo() : try Servers.source.conninfo()
    }

    @Test(arguments: ways)
    func `in order through queries and copies`(_ transport: TransportChoice, _ tls: Bool) throws {
        let session = try openSession(conninfo(tls: tls))
        let teller = try openSession(conninfo(tls: tls))
        let channel = freshChannel()
        try session.listen([channel])
        try session.run("CREATE TEMP TABLE t (i int, filler text)")
        var sent = 0
        func tell(_ count: Int) throws {
            try teller.notify(
                (sent + 1...sent + count).map {
                    OutgoingNotification(channel: channel, payload: "\($0)" + String(repeating: ".", count: 500))
                })
            sent += count
        }
        var received: [String] = []
        for round in 1...5 {
            try tell(7)
            #expect(try session.query("SELECT count(*) FROM t").value(0, 0) == "\((round - 1) * 300)")
            try tell(30)
            let rows = (1...100).map { chunk in (0..<3).map { Array("\(chunk * 3 + $0)\tx\n".utf8) } }
            let copyIn = CopyManager(
                IteratorProducer(rows), [StatementReceiver(session, "COPY t FROM STDIN", transport: transport)])
            try copyIn.withCopy { copy in
                while try copy.next() != nil { try tell(1) }
            }
            let producer = StatementProducer(
                session, "COPY (SELECT g, repeat('x', 200) FROM generate_series(1, 3000) g) TO STDOUT",
                transport: transport)
            try CopyManager(producer, [NullReceiver()]).withCopy { copy in
                while try copy.next() != nil { try tell(3) }
            }
            #expect(producer.totals.messages == 3000)
            try tell(2)
            received += try session.wait(timeout: .zero).map(\.payload)
        }
        while received.count < sent { received += try session.wait(timeout: .seconds(30)).map(\.payload) }
        #expect(received.map { $0.prefix { $0 != "." } } == (1...sent).map { "\($0)"[...] })
    }

    @Test(arguments: ways)
    func `behind the end of a copy a notification cut by the read is not torn apart`(
        _ transport: TransportChoice, _ tls: Bool
    ) throws {
        let session = try openSession(conninfo(tls: tls))
        let teller = try openSession(conninfo(tls: tls))
        let channel = freshChannel()
        try session.listen([channel])
        // More than the first read takes, less than makes the server wait.
        let producer = StatementProducer(
            session, "COPY (SELECT repeat('x', 100) FROM generate_series(1, 300)) TO STDOUT", transport: transport)
        let payload = String(repeating: "p", count: 777)
        try CopyManager(producer, [NullReceiver()]).withCopy { copy in
            // The copy is over on the server's side: it is idle and gives out notifications, more than a read takes.
            try teller.notify((1...2000).map { OutgoingNotification(channel: channel, payload: "\($0) " + payload) })
            try eventually("a full socket") { bytesToRead(session) > 100_000 }
            while try copy.next() != nil {}
        }
        #expect(producer.totals.messages == 300)
        var received: [String] = []
        while received.count < 2000 { received += try session.wait(timeout: .seconds(30)).map(\.payload) }
        #expect(received == (1...2000).map { "\($0) " + payload })
        #expect(try session.query("SELECT 7").value(0, 0) == "7")
    }

    @Test func `the transaction status tells of a copy under way`() throws {
        for transport in TransportChoice.allCases {
            let session = try openSession()
            let producer = StatementProducer(
                session, "COPY (SELECT generate_series(1, 100000)) TO STDOUT", transport: transport)
            try CopyManager(producer, [NullReceiver()]).withCopy { copy in
                #expect(session.transactionStatus == .active)
                while try copy.next() != nil {}
            }
            #expect(session.transactionStatus == .idle)
        }
    }
}
