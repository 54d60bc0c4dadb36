// Wrong orders, and copies that cannot be started.

import CopyCore
import Testing

struct MisuseTests {
    private let producer = FakeProducer(rows: ["1\n"])
    private let receiver = FakeReceiver("one")

    private var manager: CopyManager { CopyManager(producer, [receiver], poller: ScriptedPoller()) }

    @Test func `entering twice is refused and disturbs nothing`() throws {
        let manager = manager
        try manager.enter()
        #expect(throws: PgcopyError.alreadyEntered) { try manager.enter() }
        #expect(receiver.calls == ["enter"])
        while try manager.next() != nil {}
        try manager.leave()
        #expect(throws: PgcopyError.alreadyEntered) { try manager.enter() }
        #expect(receiver.text == "1\n")
    }

    @Test func `nothing is moved before entering nor after leaving`() throws {
        let manager = manager
        #expect(throws: PgcopyError.notEntered) { try manager.next() }
        #expect(throws: PgcopyError.notEntered) { try manager.leave() }
        #expect(producer.calls.isEmpty)
        try manager.run()
        #expect(throws: PgcopyError.notEntered) { try manager.next() }
        #expect(throws: PgcopyError.notEntered) { try manager.leave() }
    }

    @Test func `leaving a failed copy twice is refused and aborts once`() throws {
        let manager = manager
        try manager.enter()
        _ = try manager.failure()
        #expect(throws: PgcopyError.notEntered) { try manager.leave() }
        #expect(receiver.called("abort") == 1)
    }

    @Test func `a producer used twice does not start and says why`() throws {
        try manager.run()
        let other = FakeReceiver("other")
        let failure = try copyFailure { try CopyManager(producer, [other], poller: ScriptedPoller()).run() }
        #expect(failure.reason == .notStarted)
        #expect(failure.producerFault as? PgcopyError == .alreadyUsed)
        #expect(other.called("enter") == 0)
    }

    @Test func `a receiver used twice does not start and says why`() throws {
        try manager.run()
        let other = FakeProducer(rows: ["1\n"])
        let failure = try copyFailure { try CopyManager(other, [receiver], poller: ScriptedPoller()).run() }
        #expect(failure.reason == .notStarted)
        #expect(failure[receiver] as? PgcopyError == .alreadyUsed)
        #expect(other.called("realigned") == 1)
    }

    @Test func `producers and receivers without a server are used once too`() throws {
        let producers: [any Producer] = [
            IteratorProducer([[Array("1\n".utf8)]]), ByteStreamProducer(try TestFile("1\n").descriptor, label: "file"),
        ]
        for producer in producers {
            _ = try producer.enter()
            #expect(throws: PgcopyError.alreadyUsed) { try producer.enter() }
        }
        let file = try TestFile()
        let receivers: [any Receiver] = [CallReceiver { _ in }, ByteStreamReceiver(file.descriptor, label: "file")]
        for receiver in receivers {
            _ = try receiver.enter(.text)
            #expect(throws: PgcopyError.alreadyUsed) { try receiver.enter(.text) }
        }
    }

    @Test func `a receiver that refuses to enter ends the copy before it began`() throws {
        let refusing = FakeReceiver("refusing", descriptor: 2)
        refusing.entering.acts = [.wait, .fail(Trouble("no such table"))]
        let poller = ScriptedPoller()
        poller.always(2, readyAfter: 1)
        let manager = CopyManager(producer, [receiver, refusing], poller: poller)
        let failure = try copyFailure { try manager.enter() }
        #expect(failure.reason == .notStarted)
        #expect(described(failure.receiverFaults) == ["refusing: no such table"])
        #expect(failure.cause == nil)
        #expect(failure.producerFault == nil)
        #expect(receiver.calls == ["enter", "abort", "aborted"])
        #expect(producer.calls == ["enter", "realign", "realigned"])
        #expect(throws: PgcopyError.notEntered) { try manager.next() }
    }

    @Test func `all receivers that refuse are told`() throws {
        let receivers = [FakeReceiver("a", descriptor: 1), FakeReceiver("b", descriptor: 2)]
        for receiver in receivers { receiver.entering.acts = [.fail(Trouble("no"))] }
        let failure = try copyFailure { try CopyManager(producer, receivers, poller: ScriptedPoller()).run() }
        #expect(described(failure.receiverFaults) == ["a: no", "b: no"])
    }

    @Test func `a producer that refuses to enter leaves the receivers alone`() throws {
        producer.entering.acts = [.fail(Trouble("no such table"))]
        let failure = try copyFailure { try manager.withCopy { _ in Issue.record("the body ran") } }
        #expect(failure.reason == .notStarted)
        #expect(failure.producerFault as? Trouble == Trouble("no such table"))
        #expect(receiver.called("enter") == 0)
    }

    @Test func `a failure's text names who failed and why`() throws {
        let lost = FakeReceiver("lost", [.fail(Trouble("gone"))])
        let failure = try copyFailure { try CopyManager(producer, [lost], poller: ScriptedPoller()).run() }
        #expect("\(failure)" == "the copy has no receivers left\nlost: gone")
    }
}
