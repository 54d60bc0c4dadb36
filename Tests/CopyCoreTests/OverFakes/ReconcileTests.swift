// Putting a faulted receiver back.

import CopyCore
import Testing

struct ReconcileTests {
    private static let rows = numberedRows(6)
    private static let bytes = rows.joined().utf8.count

    @Test(arguments: 0..<bytes, [7, 64])
    func `a send that fails once at any byte loses and doubles nothing`(_ byte: Int, _ size: Int) throws {
        let producer = FakeProducer(rows: Self.rows)
        let receiver = FakeReceiver("one", descriptor: 1)
        receiver.failsBeforeByte = byte
        let other = FakeReceiver("two", descriptor: 2)
        let manager = CopyManager(producer, [receiver, other], settings: .buffer(size), poller: ScriptedPoller())
        var sum = Totals.zero
        var faults = 0
        try manager.withCopy { copy in
            sum += try copy.rest {
                faults += 1
                #expect(described($0) == ["one: one at byte \(byte)"])
                #expect(copy.labels == ["two"])
                try copy.reconcile(receiver)
                #expect(copy.labels == ["one", "two"])
            }
        }
        #expect(faults == 1)
        #expect(receiver.text == Self.rows.joined())
        #expect(other.text == Self.rows.joined())
        #expect(sum == producer.totals)
        #expect(sum == Totals(messages: 6, bytes: Self.bytes))
        #expect(manager.isConfirmed(receiver))
    }

    @Test func `the only receiver reconciled makes the copy a success`() throws {
        let receiver = FakeReceiver("only")
        receiver.failsBeforeByte = 3
        let manager = CopyManager(FakeProducer(rows: Self.rows), [receiver], poller: ScriptedPoller())
        try manager.withCopy { copy in
            _ = try copy.next()
            _ = try copy.nextFaults()
            #expect(copy.receivers.isEmpty)
            try copy.reconcile(receiver)
            #expect(copy.receivers.count == 1)
            while try copy.next() != nil {}
        }
        #expect(receiver.text == Self.rows.joined())
    }

    @Test func `reconciling sends what is owed before anything else`() throws {
        let receiver = FakeReceiver("one", [.take(2), .fail(Trouble("once"))])
        let manager = CopyManager(FakeProducer(rows: ["1\t2\t3\n"]), [receiver], poller: ScriptedPoller())
        try manager.enter()
        _ = try manager.next()
        _ = try manager.nextFaults()
        #expect(receiver.text == "1\t")
        #expect(manager.backlog(of: receiver) == 4)
        try manager.reconcile(receiver)
        #expect(receiver.text == "1\t2\t3\n")
        #expect(manager.backlog(of: receiver) == 0)
        try manager.expectNext(nil)
        try manager.leave()
    }

    @Test func `a receiver that fails while its end is confirmed can be put back`() throws {
        let receiver = FakeReceiver("one")
        receiver.finishing.acts = [.fail(Trouble("disk full"))]
        let manager = CopyManager(FakeProducer(rows: ["1\n"]), [receiver], poller: ScriptedPoller())
        try manager.withCopy { copy in
            try copy.expectNext(Totals(messages: 1, bytes: 2))
            let faults = try copy.nextFaults()
            #expect(described(faults) == ["one: disk full"])
            try copy.reconcile(receiver)
            try copy.expectNext(nil)
        }
        #expect(receiver.text == "1\n")
        #expect(receiver.called("finish") == 2)
        #expect(manager.isConfirmed(receiver))
    }

    @Test func `a reconcile that fails throws its error and may be tried again`() throws {
        let receiver = FakeReceiver("one", [.fail(Trouble("first")), .fail(Trouble("second"))])
        let other = FakeReceiver("two", descriptor: 2)
        let manager = CopyManager(FakeProducer(rows: ["1\n"]), [receiver, other], poller: ScriptedPoller())
        try manager.withCopy { copy in
            _ = try copy.nextFaults()
            #expect(throws: Trouble("second")) { try copy.reconcile(receiver) }
            #expect(copy.labels == ["two"])
            receiver.attending = Trouble("third")
            #expect(throws: Trouble("third")) { try copy.reconcile(receiver) }
            #expect(copy.labels == ["two"])
            try copy.reconcile(receiver)
            try copy.expectRest(Totals(messages: 1, bytes: 2))
        }
        #expect(receiver.text == "1\n")
    }

    @Test func `a reconcile that failed leaves the receiver out with its latest error`() throws {
        let receiver = FakeReceiver("one", [.fail(Trouble("first")), .fail(Trouble("second"))])
        let manager = CopyManager(FakeProducer(rows: ["1\n"]), [receiver], poller: ScriptedPoller())
        try manager.enter()
        _ = try manager.nextFaults()
        #expect(throws: Trouble("second")) { try manager.reconcile(receiver) }
        try manager.drop(receiver)
        try manager.expectRest(Totals(messages: 1, bytes: 2))
        let failure = try manager.failure()
        #expect(failure.reason == .noReceivers)
        #expect(described(failure.receiverFaults) == ["one: second"])
    }

    @Test func `a receiver put back is no fault of a copy that fails later`() throws {
        let receiver = FakeReceiver("one", [.fail(Trouble("once"))])
        let manager = CopyManager(FakeProducer(rows: ["1\n"]), [receiver], poller: ScriptedPoller())
        try manager.enter()
        _ = try manager.nextFaults()
        try manager.reconcile(receiver)
        let failure = try manager.failure()
        #expect(failure.reason == .incomplete)
        #expect(failure.receiverFaults.isEmpty)
    }

    @Test func `a stranger is refused`() throws {
        let manager = CopyManager(FakeProducer(rows: ["1\n"]), [FakeReceiver("one")], poller: ScriptedPoller())
        try manager.enter()
        let stranger = FakeReceiver("one")
        #expect(throws: PgcopyError.notAReceiver) { try manager.reconcile(stranger) }
        #expect(stranger.calls.isEmpty)
        while try manager.next() != nil {}
        try manager.leave()
    }

    @Test func `a receiver that did not fault is refused`() throws {
        let receiver = FakeReceiver("one")
        let manager = CopyManager(FakeProducer(rows: ["1\n"]), [receiver], poller: ScriptedPoller())
        try manager.enter()
        #expect(throws: PgcopyError.notFaulted) { try manager.reconcile(receiver) }
        _ = try manager.next()
        #expect(throws: PgcopyError.notFaulted) { try manager.reconcile(receiver) }
        while try manager.next() != nil {}
        #expect(throws: PgcopyError.notFaulted) { try manager.reconcile(receiver) }
        try manager.leave()
        #expect(receiver.text == "1\n")
    }

    @Test func `a receiver given up by another next is refused`() throws {
        let receiver = FakeReceiver("one", [.fail(Trouble("once"))])
        let other = FakeReceiver("two", descriptor: 2)
        let producer = FakeProducer([.rows(["1\n"]), .rows(["2\n"])])
        let manager = CopyManager(producer, [receiver, other], poller: ScriptedPoller())
        try manager.enter()
        try manager.drop(manager.nextFaults())
        _ = try manager.next()
        let calls = receiver.calls
        #expect(throws: PgcopyError.givenUp) { try manager.reconcile(receiver) }
        #expect(receiver.calls == calls)
        while try manager.next() != nil {}
        try manager.leave()
        #expect(other.text == "1\n2\n")
        #expect(receiver.called("aborted") == 1)
    }

    @Test func `who never went into the copy cannot be reconciled, and its first error stays`() throws {
        let (slow, fine) = (FakeReceiver("slow"), FakeReceiver("fine", descriptor: 2))
        slow.entering.acts = [.fail(Trouble("first"))]
        let manager = CopyManager(
            FakeProducer(rows: ["1\n"]), [slow, fine], settings: .with { $0.needsEveryReceiver = false },
            poller: ScriptedPoller())
        try manager.withCopy { copy in
            while let event = try copy.next() {
                guard case .faulted = event else { continue }
                #expect(throws: Trouble("first")) { try copy.reconcile(slow) }
                try copy.drop(slow)
            }
        }
        #expect(slow.called("drain") == 0 && fine.text == "1\n")
    }

    @Test func `outside of the copy nothing is reconciled`() throws {
        let receiver = FakeReceiver("one", [.fail(Trouble("once"))])
        let manager = CopyManager(FakeProducer(rows: ["1\n"]), [receiver], poller: ScriptedPoller())
        #expect(throws: PgcopyError.notEntered) { try manager.reconcile(receiver) }
        try manager.enter()
        _ = try manager.nextFaults()
        _ = try manager.failure()
        #expect(throws: PgcopyError.notEntered) { try manager.reconcile(receiver) }
    }
}
