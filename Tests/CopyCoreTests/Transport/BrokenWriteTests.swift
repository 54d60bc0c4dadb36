// A server that ends a COPY FROM STDIN while rows are written: its words are heard, its session goes on.

import CopyCore
import ErrorKit
import TestKit
import Testing

/// Calls a piece of work until it is done, for ten seconds at most.
private func complete(_ work: () throws -> Step) throws {
    let poller = PatientPoller(limit: 10)
    while case .waiting(let interest) = try work() {
        var entries = [PollEntry(interest)]
        try poller.poll(&entries, until: interest.alarm, interruptible: true)
    }
}

private func drain(_ bytes: [UInt8], _ receiver: StatementReceiver) throws -> Drained {
    try bytes.withUnsafeBytes { try receiver.drain($0.bytes) }
}

/// A table whose server takes rows and does not read them: its trigger waits for a lock.
private struct Unread {
    let stage: Stage

    init(_ way: Way) throws {
        stage = try Stage(rows: 1, way: way)
        try stage.admin.run(
            """
            CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS
                'BEGIN PERFORM pg_advisory_xact_lock(1); RETURN NULL; END';
            CREATE TRIGGER wait BEFORE INSERT ON d1 EXECUTE FUNCTION wait();
            SELECT pg_advisory_lock(1)
            """)
    }

    /// Writes until a piece of this size does not fit.
    /// - Returns: the receiver, and how much of the last piece it took.
    func stuck(_ conninfo: String, size: Int) throws -> (StatementReceiver, taken: Int) {
        let session = try ScopeKit.session(conninfo, PatientPoller(limit: 10))
        let receiver = try stage.receiver("d1", on: session)
        try complete { try receiver.enter(.text) }
        let piece = [UInt8](repeating: UInt8(ascii: "x"), count: size)
        var taken = size
        while taken == size { taken = try drain(piece, receiver).taken }
        return (receiver, taken)
    }

    /// Ends the COPY by an error of its server, which is heard.
    func cancel(_ receiver: StatementReceiver) throws {
        let connection = receiver.session.connection
        try stage.admin.run("SELECT pg_cancel_backend(\(connection.backendPID))")
        let failure = try requireThrown(.server) {
            try complete { .waiting(try receiver.attend(.read) ?? Interest(connection.socket, .read)) }
        }
        #expect(failure.server?.sqlState == "57014", "\(failure)")
    }
}

@Suite(.overBothTransports) struct `A write that breaks or stops half-way` {
    /// Poll and read would hear them first; here the write is the first to notice.
    @Test(arguments: Way.allCases)
    func `the last words of a backend that was ended are heard`(way: Way) throws {
        let stage = try Stage(rows: 1, way: way)
        let receiver = try stage.receiver("d1")
        try complete { try receiver.enter(.text) }
        let pid = receiver.session.connection.backendPID
        try stage.admin.run("SELECT pg_terminate_backend(\(pid))")
        try eventually("the backend is gone") {
            try stage.value("SELECT count(*) FROM pg_stat_activity WHERE pid = \(pid)") == "0"
        }
        let row = Array("1\tx\n".utf8)
        let failure = try requireThrown(.connectionLost) {
            // The first ones may go into a socket that is closed a moment later. libpq, below TLS too, keeps quiet until
            // it is read from.
            try eventually("a write that breaks") {
                _ = try drain(row, receiver)
                if Stage.transport == .libpq || way == .tls { _ = try receiver.attend(.read) }
                return false
            }
        }
        #expect(failure.server?.sqlState == "57P01", "\(failure)")
        #expect(failure.code == .connectionLost)
        if Stage.transport == .wire { #expect(receiver.session.transactionStatus == .unknown) }
    }

    @Test(arguments: [Way.unixSocket, .tcp])
    func `a row half sent when an error comes is sent to its end, and the session goes on`(way: Way) throws {
        let unread = try Unread(way)
        let (cluster, database) = (unread.stage.cluster, unread.stage.database)
        let conninfo = way == .tcp ? cluster.tcpConninfo(database: database) : cluster.conninfo(database: database)
        var halfSent = 0
        for size in [60_001, 50_021, 65_530, 33_333] {
            let (receiver, taken) = try unread.stuck(conninfo, size: size)
            if taken > 0 { halfSent += 1 }
            try unread.cancel(receiver)
            try complete { try receiver.abort("enough") }
            #expect(receiver.session.isIdleAndAnswers, "\(size) \(taken)")
        }
        // libpq takes all of a piece and holds what the socket does not take.
        #expect(halfSent > 0 || Stage.transport == .libpq)
        #expect(try unread.stage.value("SELECT count(*) FROM d1") == "0")
    }

    /// Servers close the connection over a message that is too long.
    @Test func `a reason of any length fails the copy only`() throws {
        let stage = try Stage(rows: 1)
        let receiver = try stage.receiver("d1")
        try complete { try receiver.enter(.text) }
        try complete { try receiver.abort(String(repeating: "é", count: 100_000)) }
        #expect(receiver.session.isIdleAndAnswers)
    }

    @Test func `an error of the source is told once, not again on the way back`() throws {
        let stage = try Stage(rows: 1)
        let producer = try stage.producer("(SELECT 1 / (i - 50), repeat('x', 9000) FROM generate_series(1, 100) i)")
        let manager = stage.manager(producer, [NullReceiver()])
        try manager.enter()
        #expect(sqlState(try manager.nextProducerFault()?.cause) == "22012")
        try complete { try producer.realign() }
        #expect(producer.session.isIdleAndAnswers)
    }
}

@Suite struct `A frame half sent` {
    /// libpq gives out no error before it has sent what it holds.
    @Test func `is waited for though its server is ready for the next statement`() throws {
        let unread = try Unread(.tcp)
        let proxy = try FaultProxy(to: unread.stage.cluster)
        proxy.arm(.stall, direction: .toServer, at: .copyBytes(100_000))
        let (receiver, _) = try unread.stuck(proxy.conninfo(database: unread.stage.database), size: 50_021)
        // The system moves what it holds until the proxy's side is full as well.
        var refused = 0
        while refused < 5 {
            var room = [PollEntry(Interest(receiver.session.connection.socket, .write))]
            let poller = PatientPoller()
            try poller.poll(&room, until: poller.now + 0.05, interruptible: true)
            refused =
                try drain([UInt8](repeating: UInt8(ascii: "x"), count: 50_021), receiver).taken == 0 ? refused + 1 : 0
        }
        try unread.cancel(receiver)
        try eventually("the backend is ready") {
            try unread.stage.value(
                "SELECT state FROM pg_stat_activity WHERE pid = \(receiver.session.connection.backendPID)") == "idle"
        }
        for _ in 0..<3 { #expect(try receiver.abort("enough") != .done) }
        proxy.resume()
        try complete { try receiver.abort("enough") }
        #expect(receiver.session.isIdleAndAnswers)
        proxy.stop()
    }
}
