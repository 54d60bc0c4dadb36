// Limits of speed and reports of a copy that stands still, in scripted time.

import CopyCore
import Testing

struct RateAndIdleTests {
    @Test func `a limited copy moves as much as its rate allows`() throws {
        let poller = ScriptedPoller()
        let producer = FakeProducer(rows: Array(repeating: "123456789\n", count: 1000))
        let receiver = FakeReceiver("one")
        let settings = CopySettings.with { $0.rateLimit = 1000 }
        let manager = CopyManager(producer, [receiver], settings: settings, poller: poller)
        try manager.withCopy { copy in
            while try copy.next() != nil {
                #expect(Double(receiver.received.count) <= poller.elapsed * 1000 + 100)
            }
        }
        #expect(receiver.received.count == 10_000)
        #expect(poller.elapsed > 9.8 && poller.elapsed < 10.2)
    }

    @Test func `one byte a second is kept`() throws {
        let poller = ScriptedPoller()
        let settings = CopySettings.with { $0.rateLimit = 1 }
        let receiver = FakeReceiver("one")
        let manager = CopyManager(FakeProducer(rows: ["123\n"]), [receiver], settings: settings, poller: poller)
        try manager.run()
        #expect(receiver.text == "123\n")
        // Four bytes, and one more look for the end.
        #expect(poller.elapsed > 3.99 && poller.elapsed < 5.01)
    }

    @Test func `a limited copy does not spin while its source has nothing`() throws {
        let poller = ScriptedPoller()
        poller.ready(100, .read, at: 60)
        let settings = CopySettings.with { $0.rateLimit = 1000 }
        let producer = FakeProducer([.block, .rows(["1\n"])])
        let receiver = FakeReceiver("one")
        try CopyManager(producer, [receiver], settings: settings, poller: poller).run()
        #expect(receiver.text == "1\n")
        #expect(poller.polls < 20)
    }

    @Test func `a limited copy does not spin while its ring is full`() throws {
        let poller = ScriptedPoller()
        poller.ready(1, .write, at: 60)
        let settings = CopySettings.with {
            $0.rateLimit = 1000
            $0.buffer = 4
        }
        let receiver = FakeReceiver("one", [.block])
        try CopyManager(FakeProducer(rows: ["123\n"]), [receiver], settings: settings, poller: poller).run()
        #expect(receiver.text == "123\n")
        #expect(poller.polls < 20)
    }

    @Test func `a copy that stands still reports nothing moved at every interval`() throws {
        let poller = ScriptedPoller()
        poller.ready(100, .read, at: 3.5)
        let producer = FakeProducer([.rows(["1\n"]), .block, .rows(["2\n"])])
        let settings = CopySettings.with { $0.idleInterval = .seconds(1) }
        let manager = CopyManager(producer, [FakeReceiver("one")], settings: settings, poller: poller)
        try manager.withCopy { copy in
            try copy.expectNext(Totals(messages: 1, bytes: 2))
            for second in 1...3 {
                try copy.expectNext(.zero)
                #expect(poller.elapsed == Double(second))
            }
            try copy.expectNext(Totals(messages: 1, bytes: 2))
            #expect(poller.elapsed == 3.5)
            try copy.expectNext(nil)
        }
    }

    @Test func `reports of standing still do not put a timeout off`() throws {
        let poller = ScriptedPoller()
        let receiver = FakeReceiver("stuck")
        receiver.ever = .block
        let settings = CopySettings.with {
            $0.idleInterval = .seconds(1)
            $0.timeout = .milliseconds(2500)
        }
        let manager = CopyManager(FakeProducer(rows: ["1\n"]), [receiver], settings: settings, poller: poller)
        try manager.enter()
        try manager.expectNext(Totals(messages: 1, bytes: 2))
        try manager.expectNext(.zero)
        try manager.expectNext(.zero)
        _ = try manager.nextFaults()
        #expect(poller.elapsed == 2.5)
        _ = try manager.failure()
    }

    @Test func `standing still while the confirmation is awaited is reported too`() throws {
        let poller = ScriptedPoller()
        poller.ready(1, .read, at: 2.5)
        let receiver = FakeReceiver("one")
        receiver.finishing.acts = [.wait]
        let settings = CopySettings.with { $0.idleInterval = .seconds(1) }
        let manager = CopyManager(NullProducer(), [receiver], settings: settings, poller: poller)
        try manager.withCopy { copy in
            try copy.expectNext(.zero)
            try copy.expectNext(.zero)
            try copy.expectNext(nil)
        }
        #expect(poller.elapsed == 2.5)
    }

    @Test func `a source that has not consented within the interval keeps no receiver waiting`() throws {
        let poller = ScriptedPoller()
        let producer = FakeProducer([.rows(["1\n"])])
        producer.entering.acts = [.hang]
        let receiver = FakeReceiver("one")
        let settings = CopySettings.with { $0.idleInterval = .seconds(2) }
        let manager = CopyManager(producer, [receiver], settings: settings, poller: poller)
        try manager.enter()
        #expect(poller.elapsed == 2)
        #expect(receiver.called("enter") == 1)
        try manager.expectRest(Totals(messages: 1, bytes: 2))
        try manager.leave()
    }

    @Test func `without an interval a source's consent is waited for`() throws {
        let poller = ScriptedPoller()
        poller.ready(100, .read, at: 3600)
        let producer = FakeProducer([.rows(["1\n"])])
        producer.entering.acts = [.wait]
        let receiver = FakeReceiver("one")
        let manager = CopyManager(producer, [receiver], poller: poller)
        try manager.enter()
        #expect(poller.elapsed == 3600 && producer.called("enter") == 2)
        try manager.expectRest(Totals(messages: 1, bytes: 2))
        try manager.leave()
    }

    @Test func `without an interval nothing is reported before something moves`() throws {
        let poller = ScriptedPoller()
        poller.ready(100, .read, at: 3600)
        let producer = FakeProducer([.block, .rows(["1\n"])])
        let manager = CopyManager(producer, [FakeReceiver("one")], poller: poller)
        try manager.withCopy { copy in
            try copy.expectNext(Totals(messages: 1, bytes: 2))
            try copy.expectNext(nil)
        }
        #expect(poller.elapsed == 3600)
    }
}
