// How a COPY TO STDOUT is left before its end, by every way.

import CopyCore
import TestKit
import Testing

struct CopyOutLeavingTests {
    private let many = "COPY (SELECT i, repeat('x', 50) FROM generate_series(1, 1000000) i) TO STDOUT"

    @Test(arguments: CopyWay.all) func `an error of the block propagates when the server has finished`(way: CopyWay)
        throws
    {
        let session = try way.session()
        try session.run("BEGIN")
        #expect(throws: Trouble("mine")) {
            try session.copyOut("COPY (SELECT generate_series(1, 2)) TO STDOUT", transport: way.transport) {
                rows throws in
                _ = try rows.nextRow()
                throw Trouble("mine")
            }
        }
        #expect(session.transactionStatus == .inTransaction)
        try session.expectUsable()
    }

    @Test(arguments: CopyWay.all) func `an error of the block cancels what still runs`(way: CopyWay) throws {
        let session = try way.session()
        try session.run("BEGIN")
        #expect(throws: Trouble("mine")) {
            try session.copyOut(many, transport: way.transport) { rows throws in
                _ = try rows.nextRow()
                throw Trouble("mine")
            }
        }
        #expect(session.transactionStatus == .inError)
        try session.run("ROLLBACK")
        try session.expectUsable()
    }

    /// More than is on its way when the first row is read, and how long it takes is not the machine's to say.
    @Test(arguments: CopyWay.all, [0, 0.01])
    func `a rest that comes in time is read and spoils no transaction, one that does not is cancelled`(
        way: CopyWay, seconds: Double
    ) throws {
        let session = try way.session(StepwiseClock(step: seconds))
        try session.run("BEGIN")
        let select = "SELECT repeat('x', 100) FROM generate_series(1, \(seconds == 0 ? 20_000 : 10_000_000))"
        try session.copyOut("COPY (\(select)) TO STDOUT", transport: way.transport) { _ = try $0.nextRow() }
        #expect(session.transactionStatus == (seconds == 0 ? .inTransaction : .inError))
        try session.run("ROLLBACK")
        try session.expectUsable()
    }

    @Test(arguments: CopyWay.all) func `returning early cancels without an error, and the transaction tells`(
        way: CopyWay
    ) throws {
        let session = try way.session()
        for status in [TransactionStatus.idle, .inTransaction] {
            if status == .inTransaction { try session.run("BEGIN") }
            var kept: CopyOut?
            let result = try session.copyOut(many, transport: way.transport) { rows throws in
                kept = rows
                return try rows.nextValues()?.first
            }
            #expect(result.value == "1" && result.rowCount == nil && result.commandTag == nil)
            #expect(session.transactionStatus == (status == .idle ? .idle : .inError))
            #expect(throws: PgcopyError.copyIsOver) { try kept?.nextRow() }
            if status == .inTransaction { try session.run("ROLLBACK") }
            try session.expectUsable()
        }
    }

    @Test(arguments: CopyWay.all) func `an interruption cancels`(way: CopyWay) throws {
        let session = try way.session()
        // The first rows come at once, the others never.
        let sql =
            "COPY (SELECT repeat('x', 9000), CASE WHEN i = 20 THEN pg_sleep(60)::text END FROM generate_series(1, 21) i) TO STDOUT"
        let begun = session.poller.now
        #expect(throws: Interrupted(signal: 2)) {
            try session.copyOut(sql, transport: way.transport) { rows throws in
                session.pooled.interruptsAt = session.poller.now + 0.2
                while try rows.nextRow() != nil {}
            }
        }
        // Not even the first row is there.
        session.pooled.interruptsAt = session.poller.now + 0.2
        #expect(throws: Interrupted(signal: 2)) {
            try session.copyOut("COPY (SELECT pg_sleep(60)) TO STDOUT", transport: way.transport) { _ in }
        }
        session.pooled.calm()
        #expect(session.poller.now < begun + 5)
        #expect(session.transactionStatus == .idle)
        try session.expectUsable()
    }

    @Test(arguments: TransportChoice.allCases)
    func `a cancel request that is faster than its statement is sent again`(transport: TransportChoice) throws {
        let proxy = try FaultProxy(to: Servers.source)
        let session = try ScopeKit.session(proxy.conninfo())
        proxy.arm(.stall, direction: .toServer, at: .beforeQuery("generate_series"))
        session.pooled.interruptsAt = session.poller.now + 0.05
        // The second one comes when the first has found nothing: the statement goes on its way now.
        session.pooled.onPoll = { if proxy.counters.cancelRequests >= 2 { proxy.resume() } }
        let begun = session.poller.now
        #expect(throws: Interrupted(signal: 2)) {
            try session.copyOut(
                "COPY (SELECT pg_sleep(60) FROM generate_series(1, 10)) TO STDOUT", transport: transport
            ) { _ in }
        }
        session.pooled.calm()
        #expect(session.poller.now < begun + 10)
        #expect(proxy.counters.cancelRequests >= 2)
        #expect(session.transactionStatus == .idle)
        try session.expectUsable()
        proxy.stop()
    }

    @Test(arguments: CopyWay.all) func `an interruption before the first byte sends nothing`(way: CopyWay) throws {
        let session = try way.session()
        var sent = 0
        session.onStatement = { _, _ in sent += 1 }
        session.pooled.interruptsAfter = 0
        #expect(throws: Interrupted(signal: 2)) { try session.copyOut(many, transport: way.transport) { _ in } }
        #expect(throws: Interrupted(signal: 2)) {
            try session.copyIn("COPY t FROM STDIN", transport: way.transport) { _ in }
        }
        #expect(sent == 0 && session.transactionStatus == .idle)
        session.pooled.calm()
        try session.expectUsable()
    }
}
