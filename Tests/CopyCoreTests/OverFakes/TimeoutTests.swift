// Receivers that make no progress, in scripted time.

import Testing

@testable import CopyCore

struct TimeoutTests {
    private static let settings = CopySettings.with { $0.timeout = .seconds(10) }

    @Test func `a stuck receiver faults at its deadline and not before`() throws {
        let poller = ScriptedPoller()
        let receiver = FakeReceiver("stuck")
        receiver.ever = .block
        let manager = CopyManager(FakeProducer(rows: ["1\n"]), [receiver], settings: Self.settings, poller: poller)
        try manager.enter()
        poller.pass(3)
        try manager.expectNext(Totals(messages: 1, bytes: 2))
        #expect(poller.elapsed == 3)
        let faults = try manager.nextFaults()
        #expect(poller.elapsed == 13)
        #expect(faults[receiver] as? PgcopyError == .timeout(after: .seconds(10), awaitingConfirmation: false))
        #expect(manager.receivers.isEmpty)
        _ = try manager.failure()
    }

    @Test func `without a timeout a receiver may be stuck for days`() throws {
        let poller = ScriptedPoller()
        poller.always(1, readyAfter: 1_000_000)
        let receiver = FakeReceiver("slow", [.block, .block])
        try CopyManager(FakeProducer(rows: ["1\n"]), [receiver], poller: poller).run()
        #expect(poller.elapsed == 2_000_000)
        #expect(receiver.text == "1\n")
    }

    @Test func `a single byte of progress gives the full time again`() throws {
        let poller = ScriptedPoller()
        poller.always(1, readyAfter: 9)
        let receiver = FakeReceiver("slow")
        receiver.ever = .takeThenBlock(1)
        let producer = FakeProducer(rows: ["1\t2\t3\n"])
        try CopyManager(producer, [receiver], settings: Self.settings, poller: poller).run()
        #expect(receiver.text == "1\t2\t3\n")
        // Five waits between six bytes, one for the last to be sent.
        #expect(poller.elapsed == 54)
    }

    @Test func `a source that waits is no receiver's timeout`() throws {
        let poller = ScriptedPoller()
        poller.ready(100, .read, at: 500)
        let receiver = FakeReceiver("one")
        receiver.attention = Interest(1, .read)
        let producer = FakeProducer([.rows(["1\n"]), .block, .rows(["2\n"])])
        producer.inquiring = { Inquiry { .answered(true) } }
        try CopyManager(producer, [receiver], settings: Self.settings, poller: poller).run()
        #expect(poller.elapsed == 500)
        #expect(receiver.text == "1\n2\n")
    }

    @Test func `a message of the server is no progress`() throws {
        let poller = ScriptedPoller()
        poller.ready(1, .read, at: 4)
        let receiver = NoticingReceiver()
        let manager = CopyManager(FakeProducer(rows: ["1\n"]), [receiver], settings: Self.settings, poller: poller)
        try manager.enter()
        _ = try manager.next()
        let faults = try manager.nextFaults()
        #expect(receiver.attended == 1)
        #expect(faults[receiver]?.has(.timeout) == true)
        #expect(poller.elapsed == 10)
        _ = try manager.failure()
    }

    @Test func `taking data is progress for a receiver that was stuck before it came`() throws {
        let poller = ScriptedPoller()
        poller.ready(1, .read, at: 4)
        poller.ready(100, .read, at: 8)
        let receiver = NoticingReceiver()
        receiver.taking = 1
        let producer = FakeProducer([.block, .rows(["1\n"])])
        let manager = CopyManager(producer, [receiver], settings: Self.settings, poller: poller)
        try manager.enter()
        try manager.expectNext(Totals(messages: 1, bytes: 2))
        _ = try manager.nextFaults()
        #expect(poller.elapsed == 18)
        _ = try manager.failure()
    }

    @Test func `only the stuck one of two faults and the other is exact`() throws {
        let poller = ScriptedPoller()
        poller.always(2, readyAfter: 4)
        let stuck = FakeReceiver("stuck", descriptor: 1, [.take(3)])
        stuck.ever = .block
        let slow = FakeReceiver("slow", descriptor: 2)
        slow.ever = .takeThenBlock(20)
        let producer = FakeProducer(rows: numberedRows(40))
        let settings = CopySettings.with {
            $0.timeout = .seconds(10)
            $0.buffer = 50
            $0.chunk = 50
        }
        let manager = CopyManager(producer, [stuck, slow], settings: settings, poller: poller)
        var sum = Totals.zero
        var faults: [String] = []
        try manager.withCopy { copy in
            sum += try copy.rest {
                faults += $0.map { "\($0.receiver.label) at \(poller.elapsed)" }
            }
        }
        #expect(faults == ["stuck at 10.0"])
        #expect(slow.text == numberedRows(40).joined())
        #expect(sum == producer.totals)
    }

    @Test func `two stuck since the same moment are one fault`() throws {
        let poller = ScriptedPoller()
        let receivers = [FakeReceiver("a", descriptor: 1), FakeReceiver("b", descriptor: 2)]
        for receiver in receivers { receiver.ever = .block }
        let manager = CopyManager(FakeProducer(rows: ["1\n"]), receivers, settings: Self.settings, poller: poller)
        try manager.enter()
        _ = try manager.next()
        let faults = try manager.nextFaults()
        #expect(faults.map(\.receiver.label) == ["a", "b"])
        #expect(try manager.failure().reason == .noReceivers)
    }

    @Test func `a receiver reconciled has the full time again`() throws {
        let poller = ScriptedPoller()
        let receiver = FakeReceiver("stuck")
        receiver.ever = .block
        let manager = CopyManager(FakeProducer(rows: ["1\n"]), [receiver], settings: Self.settings, poller: poller)
        try manager.enter()
        _ = try manager.next()
        _ = try manager.nextFaults()
        #expect(poller.elapsed == 10)
        poller.pass(7)
        try manager.reconcile(receiver)
        let faults = try manager.nextFaults()
        #expect(faults[receiver]?.has(.timeout) == true)
        #expect(poller.elapsed == 27)
        poller.ready(1, .write, at: 30)
        try manager.reconcile(receiver)
        receiver.ever = nil
        try manager.expectNext(nil)
        try manager.leave()
        #expect(receiver.text == "1\n")
        #expect(poller.elapsed == 30)
    }

    @Test func `a server that says something while its confirmation is awaited has the full time again`() throws {
        let poller = ScriptedPoller()
        poller.always(1, readyAfter: 6)
        let receiver = FakeReceiver("talking")
        receiver.finishing.acts = [.wait, .wait, .wait]
        try CopyManager(FakeProducer(rows: ["1\n"]), [receiver], settings: Self.settings, poller: poller).run()
        #expect(poller.elapsed == 18)
    }

    @Test func `a timeout while the confirmation is awaited says so`() throws {
        let poller = ScriptedPoller()
        let receiver = FakeReceiver("silent")
        receiver.finishing.acts = [.hang]
        let manager = CopyManager(FakeProducer(rows: ["1\n"]), [receiver], settings: Self.settings, poller: poller)
        try manager.enter()
        try manager.expectNext(Totals(messages: 1, bytes: 2))
        let faults = try manager.nextFaults()
        #expect(faults[receiver] as? PgcopyError == .timeout(after: .seconds(10), awaitingConfirmation: true))
        #expect(poller.elapsed == 10)
        // Reconciled, it is waited for as long again.
        try manager.reconcile(receiver)
        _ = try manager.nextFaults()
        #expect(poller.elapsed == 20)
        try manager.reconcile(receiver)
        receiver.finishing.acts = []
        try manager.expectNext(nil)
        try manager.leave()
    }
}

/// Takes next to nothing, and keeps what blocks it whatever its server says.
private final class NoticingReceiver: Receiver {
    let label = "noticing"
    let commandTag: String? = nil
    let attention: Interest? = Interest(1, [.read, .write])
    private(set) var attended = 0
    var taking = 0

    func enter(_ layout: RowLayout) -> Step { .done }
    func attend(_ ready: Readiness) -> Interest? {
        attended += 1
        return attention
    }
    func drain(_ bytes: RawSpan) -> Drained {
        defer { taking = 0 }
        return Drained(taken: taking, blocked: attention)
    }
    func finish() -> Step { .done }
    func abort(_ reason: String) -> Step { .done }
    func abandon() {}
}
