// Receivers and producers that fail in the middle.

import CopyCore
import ErrorKit
import Testing

struct ReceiverFaultTests {
    private let trouble = Trouble("no more")

    @Test func `all faults of a cycle come in one error and every receiver was served`() throws {
        let receivers = (0..<4).map { FakeReceiver("r\($0)", descriptor: CInt($0 + 1)) }
        receivers[0].turns = [.fail(Trouble("first"))]
        receivers[2].turns = [.fail(Trouble("third"))]
        let manager = CopyManager(FakeProducer(rows: ["1\n"]), receivers, poller: ScriptedPoller())
        try manager.enter()
        let faults = try manager.nextFaults()
        #expect(described(faults) == ["r0: first", "r2: third"])
        #expect(faults[receivers[2]] as? Trouble == Trouble("third"))
        #expect(faults[receivers[1]] == nil)
        try manager.drop(faults)
        #expect(manager.labels == ["r1", "r3"])
        #expect(receivers.map { $0.called("drain") } == [1, 1, 1, 1])
        try manager.expectRest(Totals(messages: 1, bytes: 2))
        try manager.leave()
        #expect(receivers[1].text == "1\n")
        #expect(receivers[3].text == "1\n")
    }

    @Test func `a dropped receiver is not called again until the copy is left`() throws {
        let lost = FakeReceiver("lost", descriptor: 1, [.take(3), .fail(trouble)])
        let kept = FakeReceiver("kept", descriptor: 2)
        let producer = FakeProducer(rows: numberedRows(50))
        let manager = CopyManager(producer, [lost, kept], settings: .buffer(16), poller: ScriptedPoller())
        var sum = Totals.zero
        var faults = 0
        try manager.withCopy { copy in
            sum += try copy.rest {
                faults += 1
                #expect(described($0) == ["lost: no more"])
                #expect(copy.labels == ["kept"])
            }
        }
        #expect(faults == 1)
        #expect(lost.calls == ["enter", "drain", "drain", "abort", "aborted"])
        #expect(kept.text == numberedRows(50).joined())
        #expect(kept.called("abort") == 0)
        #expect(sum == producer.totals)
        #expect(sum.messages == 50)
        #expect(!manager.isConfirmed(lost))
    }

    @Test func `faults in different cycles leave the sum of the cycles whole`() throws {
        let receivers = (0..<4).map { FakeReceiver("r\($0)", descriptor: CInt($0 + 1)) }
        for index in 0..<3 { receivers[index].failsBeforeByte = index * 20 }
        // One more fails when it is asked to confirm.
        receivers[2].failsBeforeByte = nil
        receivers[2].finishing.acts = [.fail(trouble)]
        let producer = FakeProducer([.rows(numberedRows(10)), .rows(["last"]), .end(messages: 1)])
        let manager = CopyManager(producer, receivers, settings: .buffer(30), poller: ScriptedPoller())
        var sum = Totals.zero
        var faulted: [String] = []
        try manager.withCopy { copy in
            sum += try copy.rest {
                faulted += described($0)
            }
        }
        #expect(faulted == ["r0: r0 at byte 0", "r1: r1 at byte 20", "r2: no more"])
        #expect(sum == producer.totals)
        #expect(receivers[3].text == numberedRows(10).joined() + "last")
    }

    @Test func `an error seen while attending is a fault of that cycle`() throws {
        let poller = ScriptedPoller()
        poller.ready(7, .read, at: 2)
        poller.ready(100, .read, at: 5)
        let told = FakeReceiver("told", descriptor: 7)
        told.attention = Interest(7, .read)
        told.attending = trouble
        let kept = FakeReceiver("kept", descriptor: 8)
        let producer = FakeProducer([.rows(["1\n"]), .block, .rows(["2\n"])])
        let manager = CopyManager(producer, [told, kept], poller: poller)
        try manager.withCopy { copy in
            try copy.expectNext(Totals(messages: 1, bytes: 2))
            let faults = try copy.nextFaults()
            #expect(described(faults) == ["told: no more"])
            // When it was said, not when more data came.
            #expect(poller.elapsed == 2)
            try copy.drop(faults)
            try copy.expectRest(Totals(messages: 1, bytes: 2))
        }
        #expect(kept.text == "1\n2\n")
    }

    @Test func `the only receiver lost leaves nobody and the copy fails so`() throws {
        let receiver = FakeReceiver("only", [.fail(trouble)])
        let producer = FakeProducer(rows: ["1\n"])
        let manager = CopyManager(producer, [receiver], poller: ScriptedPoller())
        try manager.enter()
        try manager.drop(manager.nextFaults())
        #expect(manager.receivers.isEmpty)
        try manager.expectRest(Totals(messages: 1, bytes: 2))
        let failure = try manager.failure()
        #expect(failure.reason == .noReceivers)
        #expect(described(failure.receiverFaults) == ["only: no more"])
        #expect(failure[receiver] as? Trouble == trouble)
        #expect(failure.cause == nil)
        #expect(failure.producerFault == nil)
        #expect(producer.called("realigned") == 1)
        #expect(receiver.called("aborted") == 1)
    }

    @Test func `run says that no receiver is left when the only one is lost`() throws {
        let manager = CopyManager(
            FakeProducer(rows: ["1\n"]), [FakeReceiver("only", [.fail(trouble)])], poller: ScriptedPoller())
        let failure = try copyFailure { try manager.run() }
        #expect(failure.reason == .noReceivers)
        #expect(described(failure.receiverFaults) == ["only: no more"])
        #expect(manager.receivers.isEmpty)
    }

    @Test func `run fails with the faults of one receiver though another is left`() throws {
        let kept = FakeReceiver("kept", descriptor: 2)
        let manager = CopyManager(
            FakeProducer(rows: ["1\n"]), [FakeReceiver("lost", [.fail(trouble)]), kept], poller: ScriptedPoller())
        let failure = try copyFailure { try manager.run() }
        #expect(failure.reason == .incomplete)
        #expect(failure.cause == nil)
        #expect(described(failure.receiverFaults) == ["lost: no more"])
        #expect(kept.called("aborted") == 1)
    }

    @Test func `a fault that is ignored fails the copy`() throws {
        let lost = FakeReceiver("lost", descriptor: 1, [.take(3), .fail(trouble)])
        let kept = FakeReceiver("kept", descriptor: 2)
        let manager = CopyManager(
            FakeProducer(rows: numberedRows(50)), [lost, kept], settings: .buffer(16), poller: ScriptedPoller())
        let failure = try copyFailure {
            try manager.withCopy { copy in while try copy.next() != nil {} }
        }
        #expect(failure.reason == .incomplete && failure.cause == nil)
        #expect(described(failure.receiverFaults) == ["lost: no more"])
        #expect(kept.called("aborted") == 1)
    }

    @Test func `a fault is no longer ignored once its receiver is dropped or put back`() throws {
        let receivers = [
            FakeReceiver("a", descriptor: 1, [.fail(trouble)]), FakeReceiver("b", descriptor: 2, [.fail(trouble)]),
        ]
        let kept = FakeReceiver("kept", descriptor: 3)
        let manager = CopyManager(FakeProducer(rows: ["1\n"]), receivers + [kept], poller: ScriptedPoller())
        try manager.enter()
        #expect(throws: PgcopyError.notFaulted) { try manager.drop(kept) }
        let faults = try manager.nextFaults()
        try manager.drop(receivers[0])
        #expect(faults.count == 2)
        #expect(throws: PgcopyError.faultIgnored) { try manager.next() }
        #expect(throws: PgcopyError.givenUp) { try manager.drop(receivers[0]) }
        try manager.reconcile(receivers[1])
        try manager.expectRest(Totals(messages: 1, bytes: 2))
        try manager.leave()
        #expect(receivers[1].text == "1\n" && receivers[0].text == "")
    }

    @Test func `a fault of another copy is the user's own error`() throws {
        let inner = CopyManager(
            FakeProducer([.fail(trouble)]), [FakeReceiver("inner")], poller: ScriptedPoller())
        try inner.enter()
        let fault = try requireThrown(.producerFault) { try inner.next() }
        let manager = CopyManager(FakeProducer(rows: ["1\n"]), [FakeReceiver("outer")], poller: ScriptedPoller())
        let failure = try copyFailure { try manager.withCopy { _ in throw fault } }
        #expect((failure.cause as? PgcopyError)?.cause as? Trouble == trouble)
        #expect(failure.receiverFaults.isEmpty && failure.producerFault == nil)
    }
}

struct ProducerFaultTests {
    private let trouble = Trouble("disk on fire")

    @Test func `a producer's fault keeps the original error and iteration may go on`() throws {
        let producer = FakeProducer([.rows(["1\n"]), .fail(trouble), .rows(["2\n"])])
        let receiver = FakeReceiver("one")
        let manager = CopyManager(producer, [receiver], poller: ScriptedPoller())
        try manager.withCopy { copy in
            try copy.expectNext(Totals(messages: 1, bytes: 2))
            let fault = try requireThrown(.producerFault) { try copy.next() }
            #expect(fault.cause as? Trouble == trouble)
            #expect(fault.endpoint == copy.producer.label)
            #expect(copy.labels == ["one"])
            try copy.expectRest(Totals(messages: 1, bytes: 2))
        }
        #expect(receiver.text == "1\n2\n")
        #expect(receiver.called("abort") == 0)
    }

    @Test func `a producer's fault nobody trapped is the failure's`() throws {
        let producer = FakeProducer([.rows(["1\n"]), .fail(trouble)])
        let receiver = FakeReceiver("one")
        let manager = CopyManager(producer, [receiver], poller: ScriptedPoller())
        let failure = try copyFailure { try manager.run() }
        #expect(failure.reason == .incomplete)
        #expect(failure.producerFault as? Trouble == trouble)
        #expect(failure.cause == nil)
        #expect(failure.receiverFaults.isEmpty)
        #expect(receiver.called("aborted") == 1)
        #expect(receiver.reason?.contains("disk on fire") == true)
        #expect(receiver.commandTag == nil)
        #expect(producer.called("realigned") == 1)
    }
}
