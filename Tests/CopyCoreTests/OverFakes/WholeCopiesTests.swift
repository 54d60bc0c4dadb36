// Copies that go well, from producers and to receivers that need no server.

import CopyCore
import Testing

struct WholeCopiesTests {
    @Test func `null to null moves nothing and succeeds`() throws {
        let manager = CopyManager(NullProducer(), [NullReceiver()], poller: ScriptedPoller())
        #expect(manager.state == "initialized")
        #expect(try manager.run() == .zero)
        #expect(manager.state == "0 messages transferred")
    }

    @Test func `null to a receiver gives it nothing and has the end confirmed`() throws {
        let receiver = FakeReceiver("one")
        try CopyManager(NullProducer(), [receiver], poller: ScriptedPoller()).run()
        #expect(receiver.calls == ["enter", "finish"])
        #expect(receiver.commandTag == "COPY 0")
    }

    @Test(arguments: [1 << 20, 512, 129, 11, 1]) func `chunks of rows reach a callable in order`(_ size: Int) throws {
        let chunks = (0..<500).map { chunk in
            (0..<20).map { Array("\(chunk * 20 + $0)\trow \($0) of \(chunk)\n".utf8) }
        }
        let producer = IteratorProducer(chunks)
        var rows: [[UInt8]] = []
        let receiver = CallReceiver { rows += $0 }
        let manager = CopyManager(producer, [receiver], settings: .buffer(size), poller: ScriptedPoller())
        try manager.withCopy { copy in
            let sum = try copy.rest()
            #expect(sum == producer.totals)
            #expect(sum.messages == 10_000)
        }
        #expect(rows == chunks.flatMap { $0 })
        #expect(manager.isConfirmed(receiver))
    }

    @Test func `every cycle's rows reach the callable in that cycle`() throws {
        let producer = FakeProducer([.rows(["1\n", "2\n"]), .rows(["3\n"])])
        var given: [[String]] = []
        let receiver = CallReceiver { rows in given.append(rows.map { String(decoding: $0, as: UTF8.self) }) }
        let manager = CopyManager(producer, [receiver], poller: ScriptedPoller())
        try manager.withCopy { copy in
            try copy.expectNext(Totals(messages: 2, bytes: 4))
            #expect(given == [["1\n", "2\n"]])
            try copy.expectNext(Totals(messages: 1, bytes: 2))
            #expect(given == [["1\n", "2\n"], ["3\n"]])
            try copy.expectNext(nil)
        }
    }

    @Test(arguments: [1 << 20, 100, 7]) func `every receiver gets everything, counted once`(_ size: Int) throws {
        let rows = numberedRows(300)
        let producer = FakeProducer(rows: rows)
        let receivers = (1...3).map { FakeReceiver("receiver \($0)", descriptor: CInt($0)) }
        let manager = CopyManager(producer, receivers, settings: .buffer(size), poller: ScriptedPoller())
        try manager.withCopy { copy in
            let bytes = rows.joined().utf8.count
            try copy.expectRest(Totals(messages: 300, bytes: bytes))
        }
        for receiver in receivers {
            #expect(receiver.text == rows.joined())
            #expect(receiver.commandTag == "COPY 300")
            #expect(receiver.called("abort") == 0)
        }
        #expect(producer.called("realign") == 0)
    }

    @Test func `the short way gives the totals`() throws {
        var rows = 0
        let moved = try transfer(
            IteratorProducer([[Array("1\n".utf8)], [Array("22\n".utf8)]]), CallReceiver { rows += $0.count },
            NullReceiver())
        #expect(moved == Totals(messages: 2, bytes: 5))
        #expect(rows == 2)
    }

    @Test(arguments: [1 << 20, 3]) func `a last line without its end is a row where that is allowed`(
        _ size: Int
    ) throws {
        let file = try TestFile("1\tone\n2\ttwo")
        var rules = StreamRules()
        rules.allowsUnterminated = true
        let producer = ByteStreamProducer(file.descriptor, rules: rules, label: "file")
        var rows: [String] = []
        let receiver = CallReceiver { rows += $0.map { String(decoding: $0, as: UTF8.self) } }
        let manager = CopyManager(producer, [receiver], settings: .buffer(size), poller: ScriptedPoller())
        try manager.withCopy { copy in try copy.expectRest(Totals(messages: 2, bytes: 11)) }
        #expect(producer.totals == Totals(messages: 2, bytes: 11))
        #expect(rows == ["1\tone\n", "2\ttwo"])
    }

    @Test func `what only the end completes is in the sum of the cycles`() throws {
        let producer = FakeProducer([.rows(["1\n2"]), .end(messages: 1)])
        let manager = CopyManager(producer, [FakeReceiver("one")], poller: ScriptedPoller())
        try manager.withCopy { copy in try copy.expectRest(Totals(messages: 2, bytes: 3)) }
    }

    @Test func `a row larger than the ring reaches a callable whole`() throws {
        let large = Array(repeating: UInt8(ascii: "x"), count: 5000) + [UInt8(ascii: "\n")]
        let small = Array("1\n".utf8)
        var rows: [[UInt8]] = []
        let manager = CopyManager(
            IteratorProducer([[small, large], [small, large]]), [CallReceiver { rows += $0 }],
            settings: .buffer(64), poller: ScriptedPoller())
        try manager.withCopy { copy in try copy.expectRest(Totals(messages: 4, bytes: 2 * 5003)) }
        #expect(rows == [small, large, small, large])
    }

    @Test func `empty chunks are no end`() throws {
        var rows: [[UInt8]] = []
        let one = Array("1\n".utf8)
        let moved = try transfer(IteratorProducer([[], [one], [], [], [one], []]), CallReceiver { rows += $0 })
        #expect(rows == [one, one])
        #expect(moved.messages == 2)
    }

    @Test func `a producer that waits is polled and goes on when it can`() throws {
        let poller = ScriptedPoller()
        poller.ready(100, .read, at: 3)
        let producer = FakeProducer([.rows(["1\n"]), .block, .rows(["2\n"])])
        let receiver = FakeReceiver("one")
        try CopyManager(producer, [receiver], poller: poller).run()
        #expect(poller.elapsed == 3)
        #expect(receiver.text == "1\n2\n")
    }

    @Test func `entering waits for everybody`() throws {
        let poller = ScriptedPoller()
        poller.always(100, readyAfter: 1)
        poller.always(1, readyAfter: 2)
        poller.always(2, readyAfter: 5)
        let producer = FakeProducer(rows: ["1\n"])
        producer.entering.acts = [.wait]
        let receivers = [FakeReceiver("one", descriptor: 1), FakeReceiver("two", descriptor: 2)]
        receivers[0].entering.acts = [.wait, .wait]
        receivers[1].entering.acts = [.wait]
        try CopyManager(producer, receivers, poller: poller).run()
        // The receivers all at once: after one second the longer of 4 and 5.
        #expect(poller.elapsed == 6)
        #expect(receivers.map(\.text) == ["1\n", "1\n"])
    }

    @Test func `a slow receiver falls behind by the ring and no further`() throws {
        let poller = ScriptedPoller()
        poller.always(1, readyAfter: 1)
        let producer = FakeProducer(rows: numberedRows(100))
        let slow = FakeReceiver("slow", descriptor: 1)
        slow.ever = .takeThenBlock(10)
        let fast = FakeReceiver("fast", descriptor: 2)
        let settings = CopySettings.with {
            $0.buffer = 100
            $0.chunk = 30
        }
        let manager = CopyManager(producer, [slow, fast], settings: settings, poller: poller)
        var furthest = 0
        try manager.withCopy { copy in
            while try copy.next() != nil {
                furthest = max(furthest, copy.backlog(of: slow))
                #expect(copy.backlog(of: slow) == fast.received.count - slow.received.count)
            }
        }
        #expect(furthest > 60 && furthest <= 100)
        #expect(slow.received == fast.received)
        #expect(fast.text == numberedRows(100).joined())
    }
}
