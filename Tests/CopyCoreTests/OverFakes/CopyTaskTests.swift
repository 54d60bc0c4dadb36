// A copy as a task beside others: no call of it waits, and what it does is what a copy does by itself.

import Testing

@testable import CopyCore

@Suite struct `A copy as a task` {
    /// One way a copy may go: who takes part and what happens to them.
    struct Course: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let make: @Sendable (ScriptedPoller) -> (CopySettings, FakeProducer, [FakeReceiver])

        init(
            _ name: String, _ make: @escaping @Sendable (ScriptedPoller) -> (CopySettings, FakeProducer, [FakeReceiver])
        ) {
            testDescription = name
            self.make = make
        }
    }

    private static func receivers(_ count: Int) -> [FakeReceiver] {
        (0..<count).map { FakeReceiver("r\($0)", descriptor: CInt($0 + 1)) }
    }

    static let courses = [
        Course("nobody waits") { _ in (.buffer(16), FakeProducer(rows: numberedRows(40)), receivers(2)) },
        Course("everybody waits") { poller in
            let producer = FakeProducer([.rows(numberedRows(5)), .block, .rows(numberedRows(20)), .block])
            producer.entering.acts = [.wait]
            let others = receivers(3)
            others[0].turns = [.takeThenBlock(4), .block, .take(1)]
            others[1].finishing.acts = [.wait, .wait]
            others[2].entering.acts = [.wait]
            for descriptor in [CInt(100), 1, 2, 3] { poller.always(descriptor, readyAfter: Double(descriptor % 7) + 1) }
            return (.buffer(32), producer, others)
        },
        Course("one fails and is dropped") { _ in
            let others = receivers(3)
            others[1].failsBeforeByte = 20
            return (.buffer(16), FakeProducer(rows: numberedRows(30)), others)
        },
        Course("one does not go in") { poller in
            let others = receivers(3)
            others[1].entering.acts = [.wait, .fail(Trouble("no such table"))]
            others[2].aborting.acts = [.wait]
            poller.always(2, readyAfter: 2)
            poller.always(3, readyAfter: 3)
            return (.with { _ in }, FakeProducer(rows: ["1\n"]), others)
        },
        Course("one does not go in, and the others go on") { _ in
            let others = receivers(2)
            others[0].entering.acts = [.fail(Trouble("no such table"))]
            return (.with { $0.needsEveryReceiver = false }, FakeProducer(rows: numberedRows(9)), others)
        },
        Course("the producer fails") { poller in
            let others = receivers(2)
            others[0].aborting.acts = [.wait]
            poller.always(1, readyAfter: 1)
            return (.with { _ in }, FakeProducer([.rows(["1\n"]), .fail(Trouble("gone"))]), others)
        },
        Course("nobody answers when all is undone") { _ in
            let producer = FakeProducer([.rows(["1\n"]), .fail(Trouble("gone"))])
            producer.realigning.acts = [.hang]
            let others = receivers(1)
            others[0].aborting.acts = [.hang]
            return (.with { $0.grace = .seconds(4) }, producer, others)
        },
        Course("one takes nothing for too long") { poller in
            let others = receivers(2)
            others[0].ever = .block
            return (.with { $0.timeout = .seconds(7) }, FakeProducer(rows: numberedRows(9)), others)
        },
        Course("rows are long in coming, and few a second") { poller in
            poller.always(100, readyAfter: 10)
            return (
                .with {
                    $0.idleInterval = .seconds(3)
                    $0.rateLimit = 20
                    $0.buffer = 16
                    $0.chunk = 16
                }, FakeProducer([.block, .rows(numberedRows(10))]), receivers(1)
            )
        },
    ]

    /// All there is to see of a copy from outside.
    private func story(
        _ producer: FakeProducer, _ receivers: [FakeReceiver], _ events: [String], _ failure: CopyFail?,
        _ poller: ScriptedPoller
    ) -> [String] {
        [producer.calls.joined(separator: " ")] + receivers.map { $0.calls.joined(separator: " ") + ": " + $0.text }
            + receivers.map { "\($0.reason ?? "-")" } + events + ["\(failure.map { "\($0)" } ?? "done")"]
            + ["\(poller.elapsed)"]
    }

    private func handle(_ event: CopyEvent, _ copy: CopyManager, _ events: inout [String]) throws {
        switch event {
        case .moved(let moved): events.append("\(moved)")
        case .idle: events.append("idle")
        case .faulted(let faults):
            events.append("\(described(faults))")
            for fault in faults { try copy.drop(fault.receiver) }
        }
    }

    @Test(arguments: courses) func `goes as a copy by itself does`(course: Course) throws {
        let poller = ScriptedPoller()
        let (settings, producer, receivers) = course.make(poller)
        var events: [String] = []
        var failure: CopyFail?
        do {
            try CopyManager(producer, receivers, settings: settings, poller: poller).withCopy { copy in
                while let event = try copy.next() { try handle(event, copy, &events) }
            }
        } catch let error as CopyFail {
            failure = error
        }
        let expected = story(producer, receivers, events, failure, poller)

        let other = ScriptedPoller()
        let (_, itsProducer, itsReceivers) = course.make(other)
        events = []
        let task = CopyTask(CopyManager(itsProducer, itsReceivers, settings: settings, poller: other)) {
            [self] event, copy in try handle(event, copy, &events)
        }
        #expect(try other.run([task]))
        #expect(task.isOver)
        #expect(story(itsProducer, itsReceivers, events, task.failure, other) == expected)
    }

    @Test func `a fault that nobody takes care of fails it`() throws {
        let poller = ScriptedPoller()
        let receiver = FakeReceiver("r", [.fail(Trouble("no"))])
        let task = CopyTask(CopyManager(FakeProducer(rows: ["1\n"]), [receiver], poller: poller)) { _, _ in }
        try poller.run([task])
        #expect(task.failure.map { described($0.receiverFaults) } == ["r: no"])
        #expect(receiver.called("abort") == 1)
    }

    @Test func `what its owner throws ends it and is the cause`() throws {
        let poller = ScriptedPoller()
        let receiver = FakeReceiver("r")
        let task = CopyTask(CopyManager(FakeProducer(rows: ["1\n"]), [receiver], poller: poller)) { _, _ in
            throw Trouble("enough")
        }
        try poller.run([task])
        #expect(task.failure?.cause as? Trouble == Trouble("enough"))
        #expect(receiver.reason == "pgcopy: enough")
    }

    @Test func `it can be stopped before its first step and behind its last`() throws {
        let poller = ScriptedPoller()
        let (producer, receiver) = (FakeProducer(rows: ["1\n"]), FakeReceiver("r"))
        let early = CopyTask(CopyManager(producer, [receiver], poller: poller)) { _, _ in }
        early.stop(Trouble("enough"))
        try poller.run([early])
        #expect(early.failure?.reason == .notStarted && early.failure?.cause as? Trouble == Trouble("enough"))
        let late = CopyTask(CopyManager(FakeProducer(rows: ["1\n"]), [FakeReceiver("r")], poller: poller)) { _, _ in }
        try poller.run([late])
        late.stop(Trouble("enough"))
        #expect(late.isOver && late.failure == nil)
    }
}
