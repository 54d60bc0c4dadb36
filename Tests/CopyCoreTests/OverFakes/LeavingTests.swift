// The ways out of a copy: everybody is realigned on each of them.

import CopyCore
import Testing

struct LeavingTests {
    private struct UserError: Error, CustomStringConvertible { let description = "changed my mind" }

    private let producer = FakeProducer([.rows(["1\n"]), .rows(["2\n"])])
    private let receivers = [FakeReceiver("one", descriptor: 1), FakeReceiver("two", descriptor: 2)]
    private let poller = ScriptedPoller()

    private func manager(_ settings: CopySettings = CopySettings()) -> CopyManager {
        CopyManager(producer, receivers, settings: settings, poller: poller)
    }

    private func expectRealigned(sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(producer.called("realigned") == 1, sourceLocation: sourceLocation)
        for receiver in receivers {
            #expect(receiver.called("aborted") == 1, sourceLocation: sourceLocation)
            #expect(receiver.reason?.isEmpty == false, sourceLocation: sourceLocation)
            #expect(receiver.commandTag == nil, sourceLocation: sourceLocation)
        }
    }

    @Test func `leaving before the end fails the copy and realigns everybody`() throws {
        let manager = manager()
        let failure = try copyFailure { try manager.withCopy { copy in _ = try copy.next() } }
        #expect(failure.reason == .incomplete)
        #expect(failure.cause == nil)
        #expect(failure.producerFault == nil)
        #expect(failure.receiverFaults.isEmpty)
        expectRealigned()
    }

    @Test func `everything moved but not run to the end is no success`() throws {
        let failure = try copyFailure {
            try manager().withCopy { copy in
                _ = try copy.next()
                _ = try copy.next()
            }
        }
        #expect(failure.reason == .incomplete)
        expectRealigned()
    }

    @Test func `the user's own error before the first cycle is the cause`() throws {
        let failure = try copyFailure { try manager().withCopy { _ in throw UserError() } }
        #expect(failure.cause is UserError)
        #expect(failure.reason == .incomplete)
        #expect(producer.called("fill") == 0)
        expectRealigned()
    }

    @Test func `the user's own error in the middle is the cause and the receivers' reason`() throws {
        let failure = try copyFailure {
            try manager().withCopy { copy in
                _ = try copy.next()
                throw UserError()
            }
        }
        #expect(failure.cause is UserError)
        #expect(receivers[1].reason?.contains("changed my mind") == true)
        expectRealigned()
    }

    @Test func `the user's own error after the end fails the copy and leaves the confirmed alone`() throws {
        let failure = try copyFailure {
            try manager().withCopy { copy in
                while try copy.next() != nil {}
                throw UserError()
            }
        }
        #expect(failure.cause is UserError)
        #expect(receivers.map { $0.called("abort") } == [0, 0])
        #expect(receivers.map(\.commandTag) == ["COPY 2", "COPY 2"])
    }

    @Test func `leaving a complete copy with a cause fails it too`() throws {
        let manager = manager()
        try manager.enter()
        try manager.expectRest(Totals(messages: 2, bytes: 4))
        let failure = try manager.failure(leaving: UserError())
        #expect(failure.cause is UserError && failure.reason == .incomplete)
        #expect(failure.receiverFaults.isEmpty && failure.producerFault == nil)
        #expect(receivers.map { $0.called("abort") } == [0, 0])
    }

    @Test func `a trapped fault thrown on as another error is the cause beside the faults`() throws {
        receivers[0].turns = [.fail(Trouble("gone"))]
        let failure = try copyFailure {
            try manager().withCopy { copy in
                if case .faulted = try copy.next() { throw UserError() }
            }
        }
        #expect(failure.cause is UserError)
        #expect(described(failure.receiverFaults) == ["one: gone"])
        expectRealigned()
    }

    @Test func `one receiver's trouble on the way out does not keep the others from it`() throws {
        receivers[0].aborting.acts = [.wait, .fail(Trouble("broken"))]
        receivers[1].aborting.acts = [.wait, .wait]
        producer.realigning.acts = [.fail(Trouble("no cancel"))]
        poller.always(1, readyAfter: 1)
        poller.always(2, readyAfter: 1)
        let failure = try copyFailure { try manager().withCopy { copy in _ = try copy.next() } }
        #expect(described(failure.receiverFaults) == ["one: broken"])
        #expect(failure.producerFault as? Trouble == Trouble("no cancel"))
        #expect(receivers[1].called("aborted") == 1)
        #expect(receivers.map { $0.called("abandon") } == [0, 0])
        #expect(poller.elapsed == 2)
    }

    @Test func `who never realigns is abandoned at the timeout and reported`() throws {
        receivers[0].aborting.acts = [.hang]
        receivers[1].aborting.acts = [.wait]
        poller.always(2, readyAfter: 3)
        producer.realigning.acts = [.hang]
        let settings = CopySettings.with { $0.grace = .seconds(4) }
        let failure = try copyFailure { try manager(settings).withCopy { copy in _ = try copy.next() } }
        #expect(poller.elapsed == 4)
        #expect(failure[receivers[0]]?.has(.unanswered) == true)
        #expect(failure[receivers[1]] == nil)
        #expect(failure.producerFault?.has(.unanswered) == true)
        #expect(producer.called("abandon") == 1)
        #expect(receivers.map { $0.called("abandon") } == [1, 0])
        #expect(receivers[1].called("aborted") == 1)
    }

    @Test func `who keeps being ready without ever realigning is abandoned all the same`() throws {
        // A source that goes on sending although it was told to stop: there is always more to read.
        producer.realigning.acts = [.hang]
        poller.always(100, readyAfter: 0)
        producer.whileRealigning = { [poller] in poller.pass(0.25) }
        receivers[1].aborting.acts = [.hang]
        let settings = CopySettings.with { $0.grace = .seconds(4) }
        let failure = try copyFailure { try manager(settings).withCopy { copy in _ = try copy.next() } }
        #expect(poller.elapsed == 4)
        #expect(failure.producerFault?.has(.unanswered) == true)
        #expect(failure[receivers[1]]?.has(.unanswered) == true)
        #expect(producer.called("abandon") == 1)
        #expect(receivers.map { $0.called("abandon") } == [0, 1])
    }

    @Test func `a fault during the copy is not replaced by trouble on the way out`() throws {
        receivers[0].turns = [.fail(Trouble("first"))]
        receivers[0].aborting.acts = [.fail(Trouble("second"))]
        let failure = try copyFailure { try manager().run() }
        #expect(described(failure.receiverFaults) == ["one: first"])
    }

    @Test func `a success aborts nobody but the lost ones`() throws {
        receivers[0].turns = [.fail(Trouble("gone"))]
        try manager().withCopy { copy in
            try copy.drop(copy.nextFaults())
            while try copy.next() != nil {}
        }
        #expect(receivers.map { $0.called("aborted") } == [1, 0])
        #expect(receivers[1].commandTag == "COPY 2")
        #expect(producer.called("realign") == 0)
    }

    @Test func `a copy without receivers fails so`() throws {
        let failure = try copyFailure { try CopyManager(producer, [], poller: poller).run() }
        #expect(failure.reason == .noReceivers)
        #expect(producer.called("realigned") == 1)
    }

    @Test func `the scope gives what its body gives`() throws {
        let rows = try manager().withCopy { copy in
            while try copy.next() != nil {}
            return copy.producer.totals.messages
        }
        #expect(rows == 2)
    }

    // MARK: Interruption

    @Test func `an interruption in the middle is thrown and everybody is realigned`() throws {
        producer.turns = [.rows(["1\n"]), .block]
        receivers[0].aborting.acts = [.wait]
        poller.always(1, readyAfter: 2)
        poller.interruptedAt = ScriptedPoller.start + 5
        let manager = manager()
        let failure = try copyFailure {
            try manager.withCopy { copy in
                _ = try copy.next()
                let interrupted = try #require(throws: Interrupted.self) { try copy.next() }
                #expect(interrupted.signal == 2)
                throw interrupted
            }
        }
        #expect(failure.cause as? Interrupted == Interrupted(signal: 2))
        #expect(failure.reason == .incomplete)
        // The cleaning up was not cut short by the signal that is still there.
        #expect(poller.elapsed == 7)
        expectRealigned()
    }

    @Test func `run fails with the interruption as its cause`() throws {
        producer.turns = [.block]
        poller.interruptedAt = ScriptedPoller.start + 5
        let failure = try copyFailure { try manager().run() }
        #expect(failure.cause is Interrupted)
        expectRealigned()
    }

    @Test func `an interruption while entering realigns everybody`() throws {
        receivers[1].entering.acts = [.hang]
        poller.interruptedAt = ScriptedPoller.start + 5
        let failure = try copyFailure { try manager().run() }
        #expect(failure.reason == .notStarted)
        #expect(failure.cause is Interrupted)
        expectRealigned()
    }
}
