// Copies that do not begin, and statements that are no COPY: refused, with every connection usable.

import CopyCore
import TestKit
import Testing

@Suite(.overBothTransports) struct `Copies refused on a server` {
    @Test func `a receiver that fails on enter ends the copy, and every connection is usable (case 31)`() throws {
        let stage = try Stage()
        let producer = try stage.producer()
        let first = try stage.receiver("d1")
        let missing = try stage.receiver("nosuch")
        let last = try stage.receiver("d2")
        let manager = stage.manager(producer, [first, missing, last])
        let failure = copyFail { try manager.run() }
        #expect(failure?.reason == .notStarted && failure?.cause == nil && failure?.producerFault == nil)
        #expect(failure?.receiverFaults.count == 1 && sqlState(failure?[missing]) == "42P01")
        for session in [producer.session, first.session, missing.session, last.session] {
            #expect(session.isIdleAndAnswers, "\(session.label)")
        }
        #expect(try stage.value("SELECT count(*) FROM d1") == "0")
    }

    @Test func `a producer that fails on enter leaves the receivers alone`() throws {
        let stage = try Stage(rows: 1)
        let producer = try stage.producer("nosuch")
        let receiver = try stage.receiver("d1")
        var statements: [String] = []
        receiver.session.onStatement = { statements.append($1) }
        let failure = copyFail { try stage.manager(producer, [receiver]).run() }
        #expect(failure?.reason == .notStarted && sqlState(failure?.producerFault) == "42P01")
        #expect(statements.isEmpty)
        #expect(producer.session.isIdleAndAnswers && receiver.session.isIdleAndAnswers)
    }

    @Test func `a manager is entered once (case 30)`() throws {
        let stage = try Stage()
        let manager = stage.manager(try stage.producer(), [try stage.receiver("d1")], .buffer(512))
        #expect(throws: PgcopyError.notEntered) { _ = try manager.next() }
        #expect(throws: PgcopyError.notEntered) { try manager.leave() }
        try manager.withCopy { copy in
            _ = try copy.next()
            #expect(throws: PgcopyError.alreadyEntered) { try copy.enter() }
            while try copy.next() != nil {}
            #expect(try copy.next() == nil)
        }
        #expect(throws: PgcopyError.alreadyEntered) { try manager.enter() }
        #expect(throws: PgcopyError.notEntered) { _ = try manager.next() }
        #expect(try stage.digest("d1") == stage.digest("source"))
    }

    @Test func `a producer and a receiver serve one copy only (case 30)`() throws {
        let stage = try Stage()
        let producer = try stage.producer()
        let receiver = try stage.receiver("d1")
        try stage.manager(producer, [receiver]).run()
        let failure = copyFail { try stage.manager(producer, [NullReceiver()]).run() }
        #expect(failure?.reason == .notStarted && failure?.producerFault as? PgcopyError == .alreadyUsed)
        let other = copyFail { try stage.manager(NullProducer(), [receiver]).run() }
        #expect(other?[receiver] as? PgcopyError == .alreadyUsed)
        #expect(producer.session.isIdleAndAnswers && receiver.session.isIdleAndAnswers)
        #expect(try stage.digest("d1") == stage.digest("source"))
    }

    @Test func `a copy goes on unharmed when another wants its producer or receiver`() throws {
        let stage = try Stage()
        let producer = try stage.producer()
        let receiver = try stage.receiver("d1")
        try stage.manager(producer, [receiver], .buffer(512)).withCopy { copy in
            _ = try copy.next()
            #expect(copyFail { try stage.manager(producer, [NullReceiver()]).run() }?.reason == .notStarted)
            #expect(copyFail { try stage.manager(NullProducer(), [receiver]).run() }?.reason == .notStarted)
            while try copy.next() != nil {}
        }
        #expect(try stage.digest("d1") == stage.digest("source"))
    }

    @Test func `one session cannot be source and destination at once`() throws {
        let stage = try Stage()
        let session = try stage.session("both")
        let receiver = try stage.receiver("d1", on: session)
        let failure = copyFail { try stage.manager(stage.producer(on: session), [receiver]).run() }
        #expect(failure?.reason == .notStarted)
        let told = (failure?[receiver] as? PgcopyError)?.message
        #expect(told?.contains("under way") == true || told?.contains("already in progress") == true)
        #expect(session.isIdleAndAnswers)
        #expect(try stage.value("SELECT count(*) FROM d1") == "0")
    }

    /// More than can be read in the time a connection has to come back.
    private static let long = "COPY (SELECT generate_series(1, 1000000000)) TO STDOUT"

    @Test(arguments: [
        "wat", "SELECT 1", "RESET timezone", "", "SELECT 1; COPY source TO STDOUT", "SELECT 1; " + long,
        "COPY source TO STDOUT; SELECT 1", "COPY source TO STDOUT; COPY source TO STDOUT", "COPY d1 FROM STDIN",
        "COPY source TO STDOUT; SELECT 1/0", "COPY d1 FROM STDIN; " + long,
    ])
    func `a producer's statement that is no COPY TO STDOUT by itself is refused`(sql: String) throws {
        let stage = try Stage()
        let producer = StatementProducer(try stage.session("source"), sql, transport: Stage.transport)
        let receiver = try stage.receiver("d1")
        let failure = copyFail { try stage.manager(producer, [receiver]).run() }
        #expect(failure?.producerFault != nil && failure?.receiverFaults.isEmpty == true)
        #expect(producer.commandTag == nil)
        #expect(producer.session.isIdleAndAnswers && receiver.session.isIdleAndAnswers)
        #expect(try stage.value("SELECT count(*) FROM d1") == "0")
    }

    @Test(arguments: [
        "wat", "SELECT 1", "RESET timezone", "", "SELECT 1; COPY d1 FROM STDIN", "COPY d1 FROM STDIN; SELECT 1",
        "COPY d1 FROM STDIN; SELECT 1/0", "COPY d1 FROM STDIN; COPY d2 FROM STDIN", "COPY source TO STDOUT", long,
        "COPY d1 FROM STDIN; " + long,
    ])
    func `a receiver's statement that is no COPY FROM STDIN by itself is refused`(sql: String) throws {
        let stage = try Stage()
        let producer = try stage.producer()
        let receiver = StatementReceiver(try stage.session("target"), sql, transport: Stage.transport)
        let failure = copyFail { try stage.manager(producer, [receiver]).run() }
        #expect(failure?[receiver] != nil && failure?.producerFault == nil)
        #expect(receiver.commandTag == nil)
        #expect(producer.session.isIdleAndAnswers && receiver.session.isIdleAndAnswers)
        #expect(try stage.value("SELECT count(*) FROM d2") == "0")
    }

    @Test func `a COPY IN with a statement behind it stores nothing`() throws {
        let stage = try Stage()
        let receiver = StatementReceiver(
            try stage.session("target"), "COPY d1 FROM STDIN; SELECT 1", transport: Stage.transport)
        #expect(copyFail { try stage.manager(stage.producer(), [receiver]).run() }?[receiver] != nil)
        #expect(try stage.value("SELECT count(*) FROM d1") == "0")
    }
}
