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
