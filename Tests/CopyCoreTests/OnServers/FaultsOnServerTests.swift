// Receivers and producers that fail in the middle: the model's faults, on a real server.

import CopyCore
import ErrorKit
import TestKit
import Testing

@Suite(.overBothTransports) struct `Faults on a server` {
    /// A function that fails the call of a certain number.
    private final class Failing {
        var calls = 0
        var rows = 0
        let at: Int
        init(at: Int) { self.at = at }

        func take(_ more: [[UInt8]]) throws {
            calls += 1
            if calls == at { throw UsersOwn(number: at) }
            rows += more.count
        }
    }

    @Test(arguments: [CopyFormat.text, .binary], [512, 1 << 20])
    func `one of two receivers' sockets is reset and the other is complete (testCopyWithFailure)`(
        format: CopyFormat, buffer: Int
    ) throws {
        let stage = try Stage()
        let proxy = try FaultProxy(to: stage.cluster)
        let dying = try stage.receiver("d1", format, on: stage.session("d1", through: proxy))
        let other = try stage.receiver("d2", format)
        let producer = try stage.producer("source", format)
        let manager = stage.manager(producer, [dying, other], .buffer(buffer))
        proxy.arm(.reset, direction: .toServer, at: .copyBytes(50_000))
        try manager.withCopy { copy in
            let faults = try copy.nextReceiverFaults()
            #expect(faults?.count == 1)
            #expect((faults?[dying] as? PgcopyError)?.code == .connectionLost)
            #expect(copy.receivers.map(\.label) == ["d2"])
            try copy.drop(dying)
            while try copy.next() != nil {}
        }
        #expect(try stage.digest("d2") == stage.digest("source"))
        #expect(other.commandTag == "COPY 10000" && producer.commandTag == "COPY 10000")
        #expect(dying.commandTag == nil)
        thrown(.connectionLost) { try dying.session.run("SELECT 1") }
        #expect(producer.session.isIdleAndAnswers && other.session.isIdleAndAnswers)
        #expect(try stage.value("SELECT count(*) FROM d1") == "0")
        proxy.stop()
    }

    @Test(arguments: [512, 4_096])
    func `a receiver that always fails is called once, and all counts stay whole (testDroppedConnection)`(
        buffer: Int
    ) throws {
        let stage = try Stage()
        let producer = try stage.producer()
        let failing = Failing(at: 1)
        let bad = CallReceiver(label: "bad", failing.take)
        let good = try stage.receiver("d1")
        let manager = stage.manager(producer, [bad, good], .buffer(buffer))
        var sum = Totals.zero
        var faults: [[ReceiverFault]] = []
        try manager.withCopy { copy in
            #expect(copy.receivers.count == 2)
            sum += try copy.rest {
                faults.append($0)
                #expect(copy.receivers.map(\.label) == ["d1"])
            }
        }
        #expect(faults.count == 1 && faults.first?[bad] as? UsersOwn == UsersOwn(number: 1))
        #expect(faults.first?[good] == nil && failing.calls == 1)
        #expect(sum == producer.totals && sum.messages == 10_000)
        #expect(producer.commandTag == "COPY 10000" && good.commandTag == "COPY 10000")
        #expect(try stage.digest("d1") == stage.digest("source"))
        #expect(producer.session.isIdleAndAnswers && good.session.isIdleAndAnswers)
    }

    @Test(arguments: [512, 4_096])
    func `all faults of a cycle come in one error, and the others of that cycle were served (case 32)`(buffer: Int)
        throws
    {
        let stage = try Stage()
        let producer = try stage.producer()
        let failing = [Failing(at: 2), Failing(at: 2)]
        let bad = failing.map { CallReceiver(label: "bad", $0.take) }
        var rows = 0
        let between = CallReceiver(label: "between") { rows += $0.count }
        let last = try stage.receiver("d1")
        let manager = stage.manager(producer, [bad[0], between, bad[1], last], .buffer(buffer))
        #expect(manager.state == "initialized")
        var sum = Totals.zero
        var faults: [[ReceiverFault]] = []
        try manager.withCopy { copy in
            while let event = try copy.next() {
                switch event {
                case .idle: continue
                case .moved(let cycle):
                    sum += cycle
                    #expect(manager.state == "\(producer.totals.messages) messages transferred")
                case .faulted(let all):
                    faults.append(all)
                    #expect(copy.receivers.map(\.label) == ["between", "d1"])
                    // What this cycle moved is with them already.
                    #expect(failing[0].rows == failing[1].rows && rows > failing[0].rows)
                    try copy.drop(all)
                }
            }
        }
        try #require(faults.count == 1)
        #expect(faults[0].count == 2)
        #expect(bad.allSatisfy { faults[0][$0] as? UsersOwn == UsersOwn(number: 2) })
        #expect(failing.map(\.calls) == [2, 2])
        #expect(sum == producer.totals && sum.messages == 10_000 && rows == 10_000)
        #expect(manager.state == "10000 messages transferred")
        #expect(try stage.digest("d1") == stage.digest("source"))
    }

    @Test func `the only receiver dies and the copy fails for want of one (testNoReceivers)`() throws {
        let stage = try Stage()
        let proxy = try FaultProxy(to: stage.cluster)
        let dying = try stage.receiver("d1", on: stage.session("d1", through: proxy))
        let producer = try stage.producer()
        let manager = stage.manager(producer, [dying], .buffer(512))
        proxy.arm(.reset, direction: .toServer, at: .copyBytes(50_000))
        let failure = copyFail {
            try manager.withCopy { copy in
                #expect(try copy.nextReceiverFaults() != nil)
                #expect(copy.receivers.isEmpty)
                try copy.drop(dying)
                while try copy.next() != nil {}
            }
        }
        #expect(failure?.reason == .noReceivers && manager.receivers.isEmpty)
        #expect((failure?[dying] as? PgcopyError)?.code == .connectionLost)
        #expect(producer.session.isIdleAndAnswers)
        proxy.stop()
    }

    @Test(arguments: [CopyFormat.text, .binary])
    func `a destination that stalls is reconciled until it is exact (testReconciliation)`(format: CopyFormat) throws {
        let stage = try Stage(rows: 1)
        // More than all socket buffers on the way hold.
        let source = "(SELECT generate_series(1, 300000), repeat('x', 150))"
        let proxy = try FaultProxy(to: stage.cluster)
        let receiver = try stage.receiver("d1", format, on: stage.session("d1", through: proxy))
        let other = try stage.receiver("d2", format)
        let producer = try stage.producer(source, format)
        let manager = stage.manager(producer, [receiver, other], .with { $0.timeout = .milliseconds(300) })
        proxy.arm(.stall, direction: .toServer, at: .copyBytes(20_000))
        var sum = Totals.zero
        var timeouts = 0
        try manager.withCopy { copy in
            sum += try copy.rest { faults in
                try #require(faults[receiver]?.has(.timeout) == true, "\(faults)")
                #expect(copy.receivers.map(\.label) == ["d2"])
                timeouts += 1
                if timeouts == 3 { proxy.resume() }
                try copy.reconcile(receiver)
                #expect(copy.receivers.count == 2)
            }
        }
        #expect(timeouts >= 3)
        #expect(sum == producer.totals && sum.messages == format.messages(300_000))
        #expect(receiver.commandTag == "COPY 300000" && other.commandTag == "COPY 300000")
        let wanted = try stage.digest("d2")
        #expect(wanted?.hasPrefix("300000 ") == true)
        #expect(try stage.digest("d1") == wanted)
        #expect(receiver.session.isIdleAndAnswers && producer.session.isIdleAndAnswers)
        proxy.stop()
    }

    @Test func `a send that fails once is reconciled, nothing lost and nothing doubled (testReconciliation)`() throws {
        let stage = try Stage()
        let failing = Failing(at: 4)
        let receiver = CallReceiver(failing.take)
        let producer = try stage.producer()
        let manager = stage.manager(producer, [receiver], .buffer(1_000))
        try manager.withCopy { copy in
            let faults = try copy.nextReceiverFaults()
            #expect(faults?[receiver] as? UsersOwn == UsersOwn(number: 4) && copy.receivers.isEmpty)
            try copy.reconcile(receiver)
            #expect(copy.receivers.count == 1)
            while try copy.next() != nil {}
        }
        #expect(failing.rows == 10_000 && producer.totals.messages == 10_000)
        #expect(producer.session.isIdleAndAnswers)
    }

    @Test func `a receiver whose connection is gone cannot be reconciled and stays out`() throws {
        let stage = try Stage()
        let proxy = try FaultProxy(to: stage.cluster)
        let dying = try stage.receiver("d1", on: stage.session("d1", through: proxy))
        let other = try stage.receiver("d2")
        let manager = stage.manager(try stage.producer(), [dying, other], .buffer(512))
        proxy.arm(.reset, direction: .toServer, at: .copyBytes(50_000))
        try manager.withCopy { copy in
            #expect(throws: PgcopyError.notFaulted) { try copy.reconcile(dying) }
            #expect(throws: PgcopyError.notAReceiver) { try copy.reconcile(NullReceiver()) }
            #expect(try copy.nextReceiverFaults() != nil)
            #expect(throws: (any Error).self) { try copy.reconcile(dying) }
            #expect(copy.receivers.map(\.label) == ["d2"])
            #expect(throws: PgcopyError.faultIgnored) { try copy.next() }
            try copy.drop(dying)
            _ = try copy.next()
            #expect(throws: PgcopyError.givenUp) { try copy.reconcile(dying) }
            while try copy.next() != nil {}
        }
        #expect(other.commandTag == "COPY 10000")
        #expect(throws: PgcopyError.notEntered) { try manager.reconcile(dying) }
        proxy.stop()
    }

    @Test(arguments: [CopyFormat.text, .binary], [Fault.close, .reset, .truncate(after: 3), .truncate(after: 6)])
    func `the source dies in the middle and nothing is at the destination (testProducerFailure)`(
        format: CopyFormat, ending: Fault
    ) throws {
        let stage = try Stage()
        let proxy = try FaultProxy(to: stage.cluster)
        let producer = try stage.producer("source", format, on: stage.session("source", through: proxy))
        let receiver = try stage.receiver("d1", format)
        let manager = stage.manager(producer, [receiver], .buffer(512))
        proxy.arm(ending, at: .copyMessages(5_000))
        var fault: PgcopyError?
        let failure = copyFail {
            try manager.withCopy { copy in
                fault = try copy.nextProducerFault()
                #expect(copy.receivers.count == 1)
            }
        }
        #expect(fault?.endpoint == "source" && (fault?.cause as? PgcopyError)?.code == .connectionLost)
        #expect(failure?.reason == .incomplete && failure?.receiverFaults.isEmpty == true)
        #expect((failure?.producerFault as? PgcopyError)?.code == .connectionLost)
        #expect(!producer.session.connection.isUsable && producer.commandTag == nil)
        #expect(receiver.session.isIdleAndAnswers)
        #expect(try stage.value("SELECT count(*) FROM d1") == "0")
        proxy.stop()
    }

    /// One that was connected otherwise cannot be asked: nobody knows the way to its server.
    @Test func `a source at work is waited for, where its server can be asked`() throws {
        let stage = try Stage(rows: 1)
        let conninfo = stage.cluster.conninfo(database: stage.database)
        let settings = CopySettings.with { $0.timeout = .milliseconds(300) }
        for session in [try Session.connect(conninfo, poller: stage.poller), try stage.session()] {
            let producer = try stage.producer("(SELECT i, t || pg_sleep(1) FROM source)", .binary, on: session)
            var rows = 0
            let manager = stage.manager(producer, [CallReceiver { rows += $0.count }], settings)
            if session.label == "session" {
                let failure = try #require(throws: CopyFail.self) { try manager.run() }
                #expect(failure.producerFault as? PgcopyError == .sourceTimeout(after: .milliseconds(300)))
            } else {
                // The header and the row are one, the trailer is another.
                #expect(try manager.run().messages == 2 && rows == 2)
            }
        }
    }

    @Test func `iterating on after a producer's fault does not replace its error`() throws {
        let stage = try Stage()
        let producer = try stage.producer("(SELECT 1 / (5000 - i) FROM source)")
        let manager = stage.manager(producer, [NullReceiver()], .buffer(512))
        let failure = copyFail {
            try manager.withCopy { copy in
                let fault = try copy.nextProducerFault()
                #expect(sqlState(fault?.cause) == "22012")
                thrown(.producerFault) { _ = try copy.next() }
            }
        }
        #expect(sqlState(failure?.producerFault) == "22012", "\(String(describing: failure?.producerFault))")
        #expect(producer.session.isIdleAndAnswers)
    }
}
