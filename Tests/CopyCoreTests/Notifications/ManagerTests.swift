// The manager's own promises: timeouts, sets that change, connections that die.

import CopyCore
import ErrorKit
import TestKit
import Testing

struct ManagerTests {
    private let channel = "manager tests"

    @Test func `a timeout below zero is refused and changes nothing`() throws {
        #expect(throws: PgcopyError.invalidTimeout(.seconds(-1))) { try NotificationManager(timeout: .seconds(-1)) }
        let manager = try NotificationManager(timeout: .seconds(2))
        #expect(throws: PgcopyError.invalidTimeout(.milliseconds(-500))) { try manager.setTimeout(.milliseconds(-500)) }
        #expect(manager.timeout == .seconds(2))
    }

    @Test func `without connections the loop ends at once`() throws {
        #expect(try NotificationManager(timeout: .seconds(5), poller: ScriptedPoller()).next() == nil)
        #expect(try NotificationManager(timeout: nil, poller: ScriptedPoller()).next() == nil)
    }

    @Test func `the timeout may change between events`() throws {
        let session = try openSession()
        let script = ScriptedPoller()
        let manager = try NotificationManager([session], timeout: .seconds(3), poller: script)
        #expect(try manager.next()?.isIdle == true)
        #expect(script.elapsed == 3)
        try manager.setTimeout(.milliseconds(500))
        #expect(try manager.next()?.isIdle == true)
        #expect(script.elapsed == 3.5)
        script.pass(0.25)
        #expect(try manager.next()?.isIdle == true)
        #expect(script.elapsed == 4, "the time of the loop's user counts too")
        try manager.setTimeout(.zero)
        #expect(try manager.next() == nil)
        #expect(script.elapsed == 4)
    }

    @Test func `no idle event comes while notifications wait, however late it is`() throws {
        let session = try openSession()
        let channel = freshChannel()
        try session.listen([channel])
        let teller = try openSession()
        let script = ScriptedPoller()
        let manager = try NotificationManager([session], timeout: .seconds(1), poller: script)
        try teller.notify(channel, "in the socket")
        try awaitArrival(session)
        script.ready(session.connection.socket, .read, at: 0)
        script.pass(10)
        #expect(try manager.payloads() == ["in the socket"])
        #expect(try manager.next()?.isIdle == true)
        #expect(script.elapsed == 10)
    }

    @Test func `what is picked up together is one event`() throws {
        let session = try openSession()
        let channel = freshChannel()
        try session.listen([channel])
        let teller = try openSession()
        try teller.notify((1...50).map { OutgoingNotification(channel: channel, payload: "\($0)") })
        try awaitArrival(session)
        let manager = try NotificationManager([session], timeout: .zero)
        #expect(try manager.payloads() == (1...50).map(String.init))
        #expect(try manager.next() == nil)
    }

    @Test func `nothing is lost when the loop is left after an event`() throws {
        let sessions = try (1...3).map { _ in try openSession() }
        let channel = freshChannel()
        for session in sessions { try session.listen([channel]) }
        let teller = try openSession()
        try teller.notify(channel, "1")
        for session in sessions { try awaitArrival(session) }
        // Left after the first event: the two others were read already.
        let manager = try NotificationManager(sessions)
        #expect(try manager.payloads() == ["1"])
        #expect(sessions.filter { !$0.inbox.isEmpty }.count == 2)
        // By the same manager, by another one, or by the session alone.
        #expect(try manager.payloads() == ["1"])
        let left = try #require(sessions.first { !$0.inbox.isEmpty })
        #expect(try left.wait(timeout: .zero).map(\.payload) == ["1"])
        try manager.setTimeout(.zero)
        #expect(try manager.next() == nil)
    }

    @Test func `connections come and go inside the loop`() throws {
        let channel = freshChannel()
        let one = try openSession()
        let other = try openSession()
        for session in [one, other] { try session.listen([channel]) }
        let teller = try openSession()
        let manager = try NotificationManager([one])
        try teller.notify(channel, "first")
        #expect(try manager.payloads() == ["first"])
        manager.connections.insert(other)
        manager.connections.insert(other)
        #expect(manager.connections.count == 2)
        #expect(try manager.payloads() == ["first"], "the new one's")
        manager.connections.remove(one)
        try teller.notify(channel, "second")
        #expect(try manager.payloads() == ["second"])
        manager.connections.removeAll()
        #expect(try manager.next() == nil)
        // What came for the one that was taken out stays with it.
        #expect(try one.wait(timeout: .seconds(30)).map(\.payload) == ["second"])
    }

    @Test func `every connection gets a turn, even when one is notified all the time`() throws {
        let busy = try openSession()
        let calm = try openSession()
        let channel = freshChannel()
        for session in [busy, calm] { try session.listen([channel]) }
        let manager = try NotificationManager([busy, calm])
        try busy.notify(channel, "0")
        try awaitArrival(calm)
        var seen: [String] = []
        for turn in 1...4 {
            guard case .notifications(let session, _) = try manager.next() else { break }
            seen.append(session === busy ? "busy" : "calm")
            // Received together with the statement: always there, before anything is polled.
            try busy.notify(channel, "\(turn)")
            try awaitArrival(calm)
        }
        #expect(seen.contains("calm"), "\(seen)")
    }

    @Test func `a connection that dies is garbage once what it had received is delivered`() throws {
        let cluster = try Servers.source
        let name = freshName("doomed")
        let doomed = try openSession(cluster.conninfo(), label: name)
        let healthy = try openSession()
        let channel = freshChannel()
        for session in [doomed, healthy] { try session.listen([channel]) }
        let manager = try NotificationManager([doomed, healthy])
        var losses: [PgcopyError] = []
        manager.onLost = { session, error in
            #expect(session === doomed)
            losses.append(error)
        }
        try cluster.psql("NOTIFY \"\(channel)\", 'last'")
        try awaitArrival(doomed)
        #expect(try cluster.terminateBackends(applicationName: name) == 1)
        try cluster.waitForBackends(applicationName: name, count: 0)
        for _ in 1...2 { #expect(try manager.payloads() == ["last"]) }
        #expect(losses.isEmpty || manager.garbage.contains(doomed))
        try cluster.psql("NOTIFY \"\(channel)\", 'to the living'")
        #expect(try manager.payloads() == ["to the living"])
        #expect(manager.garbage.all.count == 1 && manager.garbage.contains(doomed))
        #expect(!manager.connections.contains(doomed))
        #expect(losses.map(\.server?.sqlState) == ["57P01"], "the server's own last words")
        #expect(losses.map(\.code) == [.connectionLost])

        manager.garbage.remove(doomed)
        let repaired = try openSession()
        try repaired.listen([channel])
        manager.connections.insert(repaired)
        try cluster.psql("NOTIFY \"\(channel)\", 'to the repaired'")
        for _ in 1...2 { #expect(try manager.payloads() == ["to the repaired"]) }
    }

    @Test func `an interruption ends the wait and loses nothing`() throws {
        let session = try openSession()
        let channel = freshChannel()
        try session.listen([channel])
        let interruption = try #require(Interruption())
        let manager = try NotificationManager([session], poller: SystemPoller(interruption: interruption))
        interruption.raise(2)
        #expect(throws: Interrupted(signal: 2)) { try manager.next() }
        try session.notify(channel, "after it")
        #expect(try manager.payloads() == ["after it"])
        #expect(throws: Interrupted(signal: 2)) { try manager.next() }
        #expect(manager.connections.contains(session))
    }

    @Test func `something else that is waited for gives an idle event`() throws {
        let session = try openSession()
        let script = ScriptedPoller()
        let manager = try NotificationManager([session], poller: script)
        let pipe = try TestPipe()
        script.ready(pipe.readEnd, .read, at: 2)
        #expect(try manager.next { [Interest(pipe.readEnd, .read)] }?.isIdle == true)
        #expect(script.elapsed == 2)
        let alarm = script.now + 3
        #expect(try manager.next { [Interest(-1, [], alarm: alarm)] }?.isIdle == true)
        #expect(script.elapsed == 5)
    }

    @Test func `a connection at other work is left alone`() throws {
        let session = try openSession()
        let producer = StatementProducer(session, "COPY (SELECT generate_series(1, 100000)) TO STDOUT")
        let copy = CopyManager(producer, [NullReceiver()])
        let script = ScriptedPoller()
        let manager = try NotificationManager([session], poller: script)
        #expect(throws: CopyFail.self) {
            try copy.withCopy { copy in
                _ = try copy.next()
                #expect(throws: PgcopyError.busy) { try manager.next() }
                #expect(throws: PgcopyError.busy) { try session.wait() }
                #expect(try session.wait(timeout: .zero) == [])
                try manager.setTimeout(.zero)
                #expect(try manager.next() == nil)
                try manager.setTimeout(.seconds(1))
                #expect(try manager.next()?.isIdle == true)
            }
        }
        #expect(try session.query("SELECT 1").value(0, 0) == "1")
    }
}

extension NotificationEvent {
    var isIdle: Bool { if case .idle = self { true } else { false } }
}
