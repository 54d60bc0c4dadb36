// Copies that run to their end: the model's ordinary transfers, on a real server.

import CopyCore
import TestKit
import Testing

@Suite(.overBothTransports) struct `Whole copies on a server` {
    @Test func `null to null moves nothing (testNull)`() throws {
        let manager = CopyManager(NullProducer(), [NullReceiver()])
        #expect(manager.state == "initialized")
        #expect(try manager.sumOfCycles() == .zero)
        #expect(manager.state == "0 messages transferred")
        #expect(try transfer(NullProducer(), NullReceiver(), NullReceiver()) == .zero)
    }

    @Test func `null to a statement is a success without rows (testNullProducer)`() throws {
        let stage = try Stage(rows: 1)
        let receiver = try stage.receiver("d1")
        #expect(try stage.manager(NullProducer(), [receiver]).sumOfCycles() == .zero)
        #expect(receiver.commandTag == "COPY 0")
        #expect(try stage.value("SELECT count(*) FROM d1") == "0")
        #expect(receiver.session.isIdleAndAnswers)
    }

    @Test(arguments: CopyFormat.allCases)
    func `a statement to null is counted through a buffer of 128 bytes (testNullReceiver)`(format: CopyFormat) throws {
        let stage = try Stage()
        let producer = try stage.producer("source", format)
        let sum = try stage.manager(producer, [NullReceiver()], .buffer(128)).sumOfCycles()
        #expect(sum.messages == format.messages(10_000) && sum.bytes > 100_000)
        #expect(producer.totals == sum && producer.commandTag == "COPY 10000")
        #expect(producer.session.isIdleAndAnswers)
    }

    @Test(arguments: [11, 512, 1 << 20])
    func `an iterator of 500 chunks of 20 rows arrives at a callable in order (testIteratorToCall)`(buffer: Int) throws
    {
        let chunks = (0..<500).map { chunk in (0..<20).map { Array("\(chunk * 20 + $0)\tx\n".utf8) } }
        let producer = IteratorProducer(chunks)
        var rows: [[UInt8]] = []
        let receiver = CallReceiver { rows += $0 }
        let sum = try CopyManager(producer, [receiver], settings: .buffer(buffer)).sumOfCycles()
        #expect(sum.messages == 10_000 && sum == producer.totals)
        #expect(rows == chunks.flatMap { $0 })
    }

    @Test(arguments: CopyFormat.allCases)
    func `statement to statement through 512 bytes (testDirectStatements)`(format: CopyFormat) throws {
        let stage = try Stage()
        let producer = try stage.producer("source", format)
        let receiver = try stage.receiver("d1", format)
        let sum = try stage.manager(producer, [receiver], .buffer(512)).sumOfCycles()
        #expect(sum.messages == format.messages(10_000) && sum == producer.totals)
        #expect(try stage.digest("d1") == stage.digest("source"))
        // COPY keeps the order.
        #expect(try stage.value("SELECT bool_and(i = n) FROM (SELECT i, row_number() OVER () n FROM d1) x") == "t")
        #expect(producer.commandTag == "COPY 10000" && receiver.commandTag == "COPY 10000")
    }

    @Test func `an iterator's one chunk of 10,000 rows to a statement (testIteratorProducer)`() throws {
        let stage = try Stage(rows: 1)
        let producer = IteratorProducer([(1...10_000).map { Array("\($0)\trow \($0)\n".utf8) }])
        let receiver = try stage.receiver("d1")
        let sum = try stage.manager(producer, [receiver]).sumOfCycles()
        #expect(sum.messages == 10_000 && sum == producer.totals)
        #expect(receiver.commandTag == "COPY 10000")
        #expect(try stage.value("SELECT count(*) FROM d1 WHERE t = 'row ' || i") == "10000")
    }

    private func multiple(_ format: CopyFormat, _ settings: CopySettings) throws {
        let stage = try Stage()
        let producer = try stage.producer("source", format)
        let receivers = try ["d1", "d2", "d3"].map { try stage.receiver($0, format) }
        let sum = try stage.manager(producer, receivers, settings).sumOfCycles()
        #expect(sum.messages == format.messages(10_000) && sum == producer.totals)
        let wanted = try stage.digest("source")
        for receiver in receivers {
            #expect(try stage.digest(receiver.label) == wanted)
            #expect(receiver.commandTag == "COPY 10000" && receiver.session.isIdleAndAnswers)
        }
    }

    @Test(arguments: CopyFormat.allCases)
    func `multiple statements: one source to three destinations, 129-byte buffer (testMultipleStatements, -Binary)`(
        format: CopyFormat
    ) throws {
        try multiple(format, .buffer(129))
    }

    @Test(arguments: CopyFormat.allCases)
    func `multiple statements: one source to three destinations, 11-byte buffer (testMultipleStatementsSmallBuffer)`(
        format: CopyFormat
    ) throws {
        try multiple(format, .buffer(11))
    }

    @Test(arguments: CopyFormat.allCases)
    func `multiple statements: one source to three destinations, default buffer`(format: CopyFormat) throws {
        try multiple(format, CopySettings())
    }

    @Test(arguments: [CopyFormat.text, .binary])
    func `rows of a table without columns are rows (testEmptyRows)`(format: CopyFormat) throws {
        let stage = try Stage(rows: 1)
        try stage.admin.run(
            "CREATE TABLE empty (); CREATE TABLE target (); INSERT INTO empty SELECT FROM generate_series(1, 10)")
        let producer = try stage.producer("empty", format)
        let receiver = try stage.receiver("target", format)
        let sum = try stage.manager(producer, [receiver]).sumOfCycles()
        #expect(sum.messages == format.messages(10))
        #expect(producer.commandTag == "COPY 10" && receiver.commandTag == "COPY 10")
        #expect(try stage.value("SELECT count(*) FROM target") == "10")
    }

    @Test func `SELECT 1 to a callable is exactly one line (testCopyOne)`() throws {
        let stage = try Stage(rows: 1)
        var rows: [[UInt8]] = []
        let sum = try transfer(stage.producer("(SELECT 1)"), CallReceiver { rows += $0 })
        #expect(rows == [Array("1\n".utf8)] && sum == Totals(messages: 1, bytes: 2))
    }

    @Test func `no row to a callable is exactly nothing (testCopyNone)`() throws {
        let stage = try Stage(rows: 1)
        var calls = 0
        let producer = try stage.producer("(SELECT 1 LIMIT 0)")
        #expect(try transfer(producer, CallReceiver { _ in calls += 1 }) == .zero)
        #expect(calls == 0 && producer.commandTag == "COPY 0")
    }

    @Test func `no row in binary is header and trailer in one message`() throws {
        let stage = try Stage(rows: 1)
        let producer = try stage.producer("(SELECT 1, 'x' LIMIT 0)", .binary)
        let receiver = try stage.receiver("d1", .binary)
        #expect(try stage.manager(producer, [receiver]).sumOfCycles() == Totals(messages: 1, bytes: 21))
        #expect(receiver.commandTag == "COPY 0")
    }

    @Test func `the copies of one transaction are committed with it`() throws {
        let stage = try Stage(rows: 100)
        let source = try stage.session("source")
        let target = try stage.session("target")
        try source.run("BEGIN ISOLATION LEVEL REPEATABLE READ")
        try target.run("BEGIN")
        for _ in 0..<2 {
            try transfer(stage.producer(on: source), stage.receiver("d1", on: target))
            #expect(source.transactionStatus == .inTransaction)
            #expect(target.transactionStatus == .inTransaction)
        }
        #expect(try stage.value("SELECT count(*) FROM d1") == "0")
        try target.run("COMMIT")
        #expect(try stage.value("SELECT count(*) FROM d1") == "200")
    }

    @Test(arguments: [Way.tcp, .tls])
    func `a million rows arrive over TCP and TLS`(way: Way) throws {
        let stage = try Stage(rows: 1, way: way)
        let sql = "(SELECT i, 'row ' || i FROM generate_series(1, 1000000) i)"
        let receivers = try ["d1", "d2"].map { try stage.receiver($0) }
        let sum = try stage.manager(stage.producer(sql), receivers).sumOfCycles()
        #expect(sum.messages == 1_000_000)
        for receiver in receivers {
            #expect(receiver.session.connection.usesTLS == (way == .tls))
            #expect(
                try stage.value("SELECT (count(*), sum(i)) FROM \(receiver.label) WHERE t = 'row ' || i")
                    == "(1000000,500000500000)")
        }
    }
}
