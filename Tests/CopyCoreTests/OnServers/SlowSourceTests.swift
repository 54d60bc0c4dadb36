// A source that thinks for long before its first row: everything else is ready, and the wait is reported.

import CopyCore
import TestKit
import Testing

@Suite(.overBothTransports) struct `A source that thinks for long` {
    @Test func `does not keep the receivers from being entered`() throws {
        let stage = try Stage(rows: 1)
        try stage.admin.run("SELECT pg_advisory_lock(1)")
        // As a sort does: the server says that it will send rows together with the first.
        let producer = try stage.producer(
            "(SELECT i, 'x' FROM (SELECT pg_advisory_xact_lock(1) OFFSET 0) held, generate_series(1, 10) i)")
        let receiver = try stage.receiver("d1")
        let poller = PatientPoller(limit: 10)
        poller.interruptsAt = poller.now + 20
        let manager = CopyManager(
            producer, [receiver], settings: .with { $0.idleInterval = .milliseconds(200) }, poller: poller)
        try manager.enter()
        #expect(
            try stage.value(
                "SELECT count(*) FROM pg_stat_activity WHERE pid = \(receiver.session.connection.backendPID) AND query LIKE 'COPY d1%'"
            ) == "1")
        for _ in 0..<2 { try manager.expectNext(.zero) }
        try stage.admin.run("SELECT pg_advisory_unlock(1)")
        let sum = try manager.rest()
        try manager.leave()
        #expect(sum.messages == 10 && producer.commandTag == "COPY 10" && receiver.commandTag == "COPY 10")
    }

    @Test func `is waited for where no reports are wanted, and its error is told`() throws {
        let stage = try Stage(rows: 1)
        let producer = try stage.producer("(SELECT 1 / (i - i), 'x' FROM (SELECT pg_sleep(0.3), 1 i OFFSET 0) slow)")
        let receiver = try stage.receiver("d1")
        let manager = CopyManager(producer, [receiver], poller: PatientPoller(limit: 10))
        let failure = try copyFailure { try manager.run() }
        #expect(sqlState(failure.producerFault) == "22012")
        #expect(producer.session.isIdleAndAnswers && receiver.session.isIdleAndAnswers)
    }
}
