// Whether a server that does not confirm its end is at work: asked while everybody else goes on.

import Testing

@testable import CopyCore

@Suite struct `The question whether a receiver is at work` {
    /// A question whose answer comes by a descriptor.
    private func question(_ descriptor: CInt, _ isAtWork: Bool) -> Inquiry {
        var isAsked = false
        return Inquiry {
            defer { isAsked = true }
            return isAsked ? .answered(isAtWork) : .waiting(Interest(descriptor, .read))
        }
    }

    @Test func `gives it as much time again, and is asked once in that time`() throws {
        let poller = ScriptedPoller()
        let slow = FakeReceiver("slow", descriptor: 1)
        slow.finishing.acts = [.wait]
        slow.inquiring = { question(50, true) }
        poller.always(50, readyAfter: 2)
        poller.ready(1, .read, at: 30)
        let manager = CopyManager(
            FakeProducer(rows: ["1\n"]), [slow], settings: .with { $0.timeout = .seconds(5) }, poller: poller)
        #expect(try manager.run() == Totals(messages: 1, bytes: 2))
        // After 5 s, 12, 19 and 26, each time for 2 s.
        #expect(slow.called("inquire") == 4 && poller.elapsed == 30)
    }

    @Test func `faults it where it is not, and where that cannot be asked`() throws {
        for answer in [false, nil] {
            let poller = ScriptedPoller()
            let slow = FakeReceiver("slow", descriptor: 1)
            slow.finishing.acts = [.hang]
            slow.inquiring = answer.map { answer in { question(50, answer) } }
            poller.always(50, readyAfter: 2)
            let manager = CopyManager(
                FakeProducer(rows: ["1\n"]), [slow], settings: .with { $0.timeout = .seconds(5) }, poller: poller)
            try manager.enter()
            var faults: [String] = []
            while let event = try manager.next() {
                guard case .faulted(let these) = event else { continue }
                faults += described(these)
                try manager.drop(these)
            }
            #expect(faults == ["slow: \(PgcopyError.timeout(after: .seconds(5), awaitingConfirmation: true))"])
            #expect(poller.elapsed == (answer == nil ? 5 : 7))
            _ = try manager.failure()
        }
    }

    // MARK: The producer

    @Test func `gives a producer that is at work as much time again`() throws {
        let poller = ScriptedPoller()
        let producer = FakeProducer([.rows(["1\n"]), .block, .rows(["2\n"])])
        producer.inquiring = { question(50, true) }
        poller.always(50, readyAfter: 2)
        poller.ready(100, .read, at: 30)
        let receiver = FakeReceiver("one")
        let settings = CopySettings.with { $0.timeout = .seconds(5) }
        #expect(try CopyManager(producer, [receiver], settings: settings, poller: poller).run().messages == 2)
        // After 5 s, 12, 19 and 26, each time for 2 s.
        #expect(producer.called("inquire") == 4 && poller.elapsed == 30 && receiver.text == "1\n2\n")
    }

    @Test func `fails the copy of a producer that is not, or cannot be asked`() throws {
        for answer in [false, nil] {
            let poller = ScriptedPoller()
            let producer = FakeProducer([.rows(["1\n"]), .block, .rows(["2\n"])])
            producer.inquiring = answer.map { answer in { question(50, answer) } }
            poller.always(50, readyAfter: 2)
            let manager = CopyManager(
                producer, [FakeReceiver("one")], settings: .with { $0.timeout = .seconds(5) }, poller: poller)
            let failure = try #require(throws: CopyFail.self) { try manager.run() }
            #expect(failure.producerFault as? PgcopyError == .sourceTimeout(after: .seconds(5)))
            #expect(poller.elapsed == (answer == nil ? 5 : 7))
        }
    }

    /// How its rows lie is known then, and receivers are told that.
    @Test func `is asked about a producer that does not go in, and receivers wait for it`() throws {
        for (answer, end) in [(true, 12), (false, 7), (nil, 5)] as [(Bool?, Double)] {
            let poller = ScriptedPoller()
            let producer = FakeProducer(rows: ["1\n"])
            producer.entering.acts = answer == true ? [.wait, .wait, .wait] : [.hang]
            producer.inquiring = answer.map { answer in { question(50, answer) } }
            poller.always(50, readyAfter: 2)
            let receiver = FakeReceiver("one")
            let manager = CopyManager(
                producer, [receiver], settings: .with { $0.timeout = .seconds(5) }, poller: poller)
            if answer == true {
                try manager.enter()
                #expect(poller.elapsed == end && producer.called("inquire") == 1)
                while try manager.next() != nil {}
                try manager.leave()
                #expect(receiver.text == "1\n")
            } else {
                let failure = try #require(throws: CopyFail.self) { try manager.enter() }
                #expect(failure.producerFault as? PgcopyError == .sourceTimeout(after: .seconds(5)))
                #expect(receiver.called("enter") == 0 && poller.elapsed >= end)
            }
        }
    }

    /// While there is no room, or a limit holds it back, it is not read.
    @Test func `is not asked about a producer that is kept waiting`() throws {
        let poller = ScriptedPoller()
        let receiver = FakeReceiver("slow", descriptor: 1)
        receiver.turns = [.block, .block]
        poller.always(1, readyAfter: 4)
        var settings = CopySettings.with { $0.timeout = .seconds(5) }
        settings.buffer = 2
        let full = FakeProducer([.rows(["1\n"]), .rows(["2\n"]), .rows(["3\n"])])
        #expect(try CopyManager(full, [receiver], settings: settings, poller: poller).run().messages == 3)
        #expect(full.called("inquire") == 0 && poller.elapsed >= 8)
        let held = FakeProducer(rows: numberedRows(20))
        settings.buffer = 1 << 20
        settings.rateLimit = 10
        let begun = poller.elapsed
        #expect(try CopyManager(held, [FakeReceiver("two")], settings: settings, poller: poller).run().messages == 20)
        #expect(held.called("inquire") == 0 && poller.elapsed > begun + 10)
    }

    @Test func `is asked about a receiver that does not answer when it is entered`() throws {
        for (answer, end) in [(true, nil), (false, 7), (nil, 5)] as [(Bool?, Double?)] {
            let poller = ScriptedPoller()
            let slow = FakeReceiver("slow", descriptor: 1)
            slow.entering.acts = end == nil ? [.wait, .wait, .wait] : [.hang]
            slow.inquiring = answer.map { answer in { question(50, answer) } }
            poller.always(50, readyAfter: 2)
            let manager = CopyManager(
                FakeProducer(rows: ["1\n"]), [slow], settings: .with { $0.timeout = .seconds(5) }, poller: poller)
            if let end {
                let failure = try #require(throws: CopyFail.self) { try manager.run() }
                #expect(failure[slow] as? PgcopyError == .entryTimeout(after: .seconds(5)))
                #expect(poller.elapsed >= end)
            } else {
                try manager.run()
                // Asked after 5 s; it takes rows 5 s behind the answer.
                #expect(slow.called("inquire") == 1 && poller.elapsed == 12 && slow.text == "1\n")
            }
        }
    }

    /// The answer tells what was; what came meanwhile is newer.
    @Test func `is moot once what was waited for is there`() throws {
        for isEntering in [true, false] {
            let poller = ScriptedPoller()
            let slow = FakeReceiver("slow", descriptor: 1)
            slow.inquiring = { question(50, false) }
            poller.always(50, readyAfter: 2)
            if isEntering {
                slow.entering.acts = [.wait, .wait]
            } else {
                slow.finishing.acts = [.wait]
                poller.ready(1, .read, at: 7)
            }
            let manager = CopyManager(
                FakeProducer(rows: ["1\n"]), [slow], settings: .with { $0.timeout = .seconds(5) }, poller: poller)
            #expect(try manager.run() == Totals(messages: 1, bytes: 2))
            // Asked after 5 s, answered 2 s later.
            #expect(slow.called("inquire") == 1 && poller.elapsed == 7)
        }
    }

    @Test func `keeps no other receiver waiting`() throws {
        let poller = ScriptedPoller()
        let (slow, late) = (FakeReceiver("slow", descriptor: 1), FakeReceiver("late", descriptor: 2))
        slow.finishing.acts = [.wait]
        slow.inquiring = { question(50, true) }
        late.turns = [.takeThenBlock(2), .block]
        poller.ready(1, .read, at: 40)
        // The question is asked from 5 s on, and its answer is far away.
        poller.ready(50, .read, at: 39)
        poller.ready(2, .write, at: 4)
        poller.ready(2, .write, at: 8)
        let manager = CopyManager(
            FakeProducer(rows: ["1\n", "2\n"]), [slow, late], settings: .with { $0.timeout = .seconds(5) },
            poller: poller)
        var confirmedAt: Double?
        try manager.withCopy { copy in
            while try copy.next() != nil {
                if confirmedAt == nil, copy.isConfirmed(late) { confirmedAt = poller.elapsed }
            }
        }
        #expect(late.text == "1\n2\n" && slow.called("inquire") == 1)
        #expect(confirmedAt == nil || confirmedAt! < 39, "\(confirmedAt ?? 0)")
        #expect(late.called("finish") == 1)
    }

    @Test func `is let go when the end is confirmed before it is answered`() throws {
        let poller = ScriptedPoller()
        let slow = FakeReceiver("slow", descriptor: 1)
        slow.finishing.acts = [.wait]
        slow.inquiring = { question(50, false) }
        poller.ready(1, .read, at: 6)
        poller.ready(50, .read, at: 9)
        let manager = CopyManager(
            FakeProducer(rows: ["1\n"]), [slow], settings: .with { $0.timeout = .seconds(5) }, poller: poller)
        #expect(try manager.run() == Totals(messages: 1, bytes: 2))
        #expect(poller.elapsed == 6)
    }
}
