// The single-connection form, as psycopg's tests pin it. No test here lets real time pass.

import CopyCore
import ErrorKit
import TestKit
import Testing

struct WaitTests {
    /// A listening session whose time is a script's, and one that notifies it.
    private struct Pair {
        let poller = SwitchedPoller()
        let script = ScriptedPoller()
        let session: Session
        let teller: Session
        let channel: String

        init() throws {
            channel = freshChannel()
            session = try openSession(poller: poller)
            teller = try openSession()
            try session.listen([channel])
        }

        /// Sends one that the script lets arrive at a time.
        func send(_ payload: String, at seconds: Double) throws {
            try teller.notify(channel, payload)
            // It is there; the script says when it is seen.
            try awaitArrival(session)
            script.ready(session.connection.socket, .read, at: seconds)
        }

        func wait(timeout: Duration?, stopAfter: Int? = 1) throws -> [String] {
            poller.script = script
            defer { poller.script = nil }
            return try session.wait(timeout: timeout, stopAfter: stopAfter).map(\.payload)
        }
    }

    @Test func `handlers are all called, and can be removed once`() throws {
        let pair = try Pair()
        var first: [Notification] = []
        var second: Set<Notification> = []
        let inbox = pair.session.inbox
        let handler = inbox.addHandler { first.append($0) }
        let other = inbox.addHandler { second.insert($0) }
        try pair.session.notify(pair.channel, "1")
        let expected = Notification(pair.channel, "1", from: pair.session)
        #expect(first == [expected] && second == [expected])
        try inbox.removeHandler(handler)
        try pair.session.notify(pair.channel, "2")
        #expect(first.count == 1 && second.count == 2)
        #expect(throws: PgcopyError.noSuchHandler) { try inbox.removeHandler(handler) }
        #expect(try pair.session.wait(timeout: .zero) == [], "handlers had them")
        try inbox.removeHandler(other)
        try pair.session.notify(pair.channel, "3")
        #expect(try pair.session.wait(timeout: .zero).map(\.payload) == ["3"])
    }

    @Test func `onNotification is given them as they come, in order`() throws {
        let pair = try Pair()
        var got: [String] = []
        pair.session.onNotification = { session, notification in
            #expect(session === pair.session)
            got.append(notification.payload)
        }
        try pair.session.notify((1...5).map { OutgoingNotification(channel: pair.channel, payload: "\($0)") })
        #expect(got == ["1", "2", "3", "4", "5"])
        #expect(pair.session.inbox.isEmpty)
    }

    @Test func `a notification is delivered at once, with the pid of who sent it`() throws {
        let pair = try Pair()
        try pair.teller.notify(pair.channel, "now")
        // The poll is real here: it returns because the socket is readable, for there is no timeout.
        #expect(try pair.session.wait() == [Notification(pair.channel, "now", from: pair.teller)])
    }

    @Test func `a timeout without a notification is as long as it says`() throws {
        let pair = try Pair()
        #expect(try pair.wait(timeout: .milliseconds(500)) == [])
        #expect(pair.script.elapsed == 0.5)
    }

    @Test func `the timeout is the time in all, not from one notification to the next`() throws {
        let pair = try Pair()
        try pair.send("at a quarter", at: 0.25)
        #expect(try pair.wait(timeout: .milliseconds(500), stopAfter: nil) == ["at a quarter"])
        #expect(pair.script.elapsed == 0.5)
    }

    @Test func `timeout zero looks once`() throws {
        let pair = try Pair()
        #expect(try pair.session.wait(timeout: .zero) == [])
        try pair.teller.notify(pair.channel, "1")
        try awaitArrival(pair.session)
        #expect(try pair.session.wait(timeout: .zero).map(\.payload) == ["1"])
        #expect(try pair.session.wait(timeout: .zero) == [])
    }

    @Test func `stopping after two leaves the third for later`() throws {
        let pair = try Pair()
        try pair.send("1", at: 0.1)
        // One at a time: the next is sent when the one before was taken from the socket.
        #expect(try pair.wait(timeout: .seconds(1), stopAfter: 1) == ["1"])
        try pair.send("2", at: 0.2)
        #expect(try pair.wait(timeout: .seconds(1), stopAfter: 1) == ["2"])
        try pair.teller.notify(pair.channel, "3")
        try awaitArrival(pair.session)
        #expect(try pair.wait(timeout: .zero) == [], "the script says that nothing is ready")
        #expect(try pair.session.wait(timeout: .seconds(1), stopAfter: 1).map(\.payload) == ["3"])
        #expect(abs(pair.script.elapsed - 0.2) < 0.001)
    }

    @Test func `waiting goes on until there are enough`() throws {
        let pair = try Pair()
        try pair.session.notify(pair.channel, "1")
        try pair.teller.notify(pair.channel, "2")
        #expect(try pair.session.wait(timeout: .seconds(30), stopAfter: 2).map(\.payload) == ["1", "2"])
    }

    @Test func `two of three that come one by one are given, and the third is there later`() throws {
        let session = try openSession()
        let holder = try openSession()
        let channel = freshChannel()
        try session.listen([channel])
        let cluster = try Servers.source
        // The third waits until it is let go: it cannot come along with the second.
        let lock = session.connection.backendPID
        try holder.run("SELECT pg_advisory_lock(\(lock))")
        let statements = [
            "NOTIFY \"\(channel)\", '1'", "SELECT pg_sleep(0.05)", "NOTIFY \"\(channel)\", '2'",
            "SELECT pg_advisory_lock(\(lock))", "NOTIFY \"\(channel)\", '3'",
        ]
        let teller = try cluster.psqlProgram(statements.flatMap { ["-c", $0] }, conninfo: cluster.conninfo()).start()
        #expect(try session.wait(timeout: .seconds(30), stopAfter: 2).map(\.payload) == ["1", "2"])
        #expect(try session.wait(timeout: .zero) == [])
        try holder.run("SELECT pg_advisory_unlock(\(lock))")
        #expect(try session.wait(timeout: .seconds(30)).map(\.payload) == ["3"])
        try teller.wait().expecting(0)
    }

    @Test func `several that came together are all given though fewer were asked for`() throws {
        let pair = try Pair()
        try pair.teller.notify(["1", "2"].map { OutgoingNotification(channel: pair.channel, payload: $0) })
        try awaitArrival(pair.session)
        #expect(try pair.session.wait(timeout: .seconds(30), stopAfter: 1).map(\.payload) == ["1", "2"])
    }

    @Test func `what came before the wait is not lost, with a query in between`() throws {
        let pair = try Pair()
        try pair.teller.notify(pair.channel, "early")
        try awaitArrival(pair.session)
        #expect(try pair.session.query("SELECT 1").value(0, 0) == "1")
        try pair.teller.notify(pair.channel, "late")
        #expect(try pair.session.wait(timeout: .seconds(30), stopAfter: 2).map(\.payload) == ["early", "late"])
    }

    @Test func `notifications around sleeps of the server and of the client come in order`() throws {
        for byHandler in [true, false] {
            let pair = try Pair()
            var handled: [String] = []
            if byHandler { pair.session.onNotification = { handled.append($1.payload) } }
            try pair.teller.notify(pair.channel, "1")
            try pair.session.run("SELECT pg_sleep(0.01)")
            try pair.teller.notify(pair.channel, "2")
            try awaitArrival(pair.session)
            try pair.teller.notify(pair.channel, "3")
            let waited = try pair.session.wait(
                timeout: byHandler ? .zero : .seconds(30), stopAfter: byHandler ? nil : 3)
            if byHandler {
                try eventually("the third") {
                    _ = try pair.session.wait(timeout: .zero)
                    return handled.count == 3
                }
                #expect(handled == ["1", "2", "3"] && waited == [])
            } else {
                #expect(waited.map(\.payload) == ["1", "2", "3"])
            }
        }
    }

    @Test func `an interruption before, and a timeout, leave the connection valid`() throws {
        let interruption = try #require(Interruption())
        let session = try openSession(poller: SystemPoller(interruption: interruption))
        try session.listen([freshChannel()])
        #expect(try session.wait(timeout: .milliseconds(1)) == [])
        interruption.raise(15)
        #expect(throws: Interrupted(signal: 15)) { try session.wait() }
        #expect(session.connection.isUsable)
        #expect(session.transactionStatus == .idle)
    }

    @Test func `an interruption in the middle keeps what was collected`() throws {
        let pair = try Pair()
        try pair.send("kept", at: 0.1)
        pair.script.interruptedAt = ScriptedPoller.start + 0.2
        #expect(throws: Interrupted.self) { try pair.wait(timeout: .seconds(1), stopAfter: 2) }
        #expect(try pair.session.wait(timeout: .zero).map(\.payload) == ["kept"])
    }

    @Test func `a lost connection gives what it had, then its reason`() throws {
        let cluster = try Servers.source
        let name = freshName("lost in wait")
        let session = try openSession(cluster.conninfo(), label: name)
        let channel = freshChannel()
        try session.listen([channel])
        try cluster.psql("NOTIFY \"\(channel)\", 'last'")
        try awaitArrival(session)
        try cluster.terminateBackends(applicationName: name)
        #expect(try session.wait(stopAfter: nil).map(\.payload) == ["last"])
        let error = thrown(.connectionLost) { try session.wait() }
        #expect(error?.server?.sqlState == "57P01" && error?.code == .connectionLost)
    }

    @Test func `nonsense is refused`() throws {
        let session = try openSession()
        #expect(throws: PgcopyError.invalidTimeout(.seconds(-1))) { try session.wait(timeout: .seconds(-1)) }
        #expect(throws: PgcopyError.invalidCount(0)) { try session.wait(stopAfter: 0) }
    }
}
