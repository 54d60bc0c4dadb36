// What the model asserts of its manager (notifyman), over real servers.

import CopyCore
import TestKit
import Testing

struct ManagerModelTests {
    @Test func `two connections that notify each other get events of their own channel only`() throws {
        let one = try openSession()
        let other = try openSession()
        let channel = freshChannel()
        try one.listen([channel + "1"])
        try other.listen([channel + "2"])
        let manager = try NotificationManager([one, other])
        try one.notify(channel + "2")
        try other.notify(channel + "1", "with payload")
        var got: [ObjectIdentifier: [Notification]] = [:]
        while let event = try manager.next() {
            guard case .notifications(let session, let notifications) = event else { continue }
            got[ObjectIdentifier(session), default: []] += notifications
            manager.connections.remove(session)
        }
        #expect(got[ObjectIdentifier(one)] == [Notification(channel + "1", "with payload", from: other)])
        #expect(got[ObjectIdentifier(other)] == [Notification(channel + "2", "", from: one)])
    }

    @Test func `idle events come at the timeout, and what is notified while handling one is delivered`() throws {
        let session = try openSession()
        let channel = freshChannel()
        try session.listen([channel])
        let script = ScriptedPoller()
        let manager = try NotificationManager([session], timeout: .milliseconds(100), poller: script)
        var idles = 0
        var received: [Notification] = []
        while received.count < 4, let event = try manager.next() {
            switch event {
            case .idle:
                idles += 1
                try session.notify(channel, "\(idles)")
            case .notifications(let from, let notifications):
                #expect(from === session)
                received += notifications
            }
        }
        #expect(received == (1...4).map { Notification(channel, "\($0)", from: session) })
        #expect(idles == 4)
        #expect(abs(script.elapsed - 0.4) < 0.001)
    }

    @Test func `timeout zero gives what is pending, then ends, again and again`() throws {
        let session = try openSession()
        let channel = freshChannel()
        try session.listen([channel])
        let manager = try NotificationManager([session], timeout: .zero)
        #expect(try manager.next() == nil)
        for turn in 1...3 {
            try session.notify(channel, "\(turn)")
            #expect(try manager.payloads() == ["\(turn)"])
            #expect(try manager.next() == nil)
            #expect(try manager.next() == nil)
        }
        #expect(manager.connections.contains(session))
    }

    @Test func `waiting without a timeout gets what others send meanwhile, until it is told to close`() throws {
        let cluster = try Servers.source
        let session = try openSession()
        let channel = freshChannel()
        try session.listen([channel, "close " + channel])
        let teller = try cluster.psqlProgram(
            [
                "-Atc", "SELECT pg_backend_pid()", "-c", "SELECT pg_sleep(0.05)", "-c", "NOTIFY \"\(channel)\"",
                "-c", "SELECT pg_sleep(0.05)", "-c", "NOTIFY \"close \(channel)\"",
            ], conninfo: cluster.conninfo()
        ).start()
        var heard: [Notification] = []
        while heard.last?.channel != "close " + channel { heard += try session.wait() }
        let pid = try #require(try Int32(teller.wait().output.prefix { $0 != "\n" }))
        #expect(
            heard == [channel, "close " + channel].map { Notification(channel: $0, payload: "", pid: pid) })
    }

    @Test func `the loop ends by itself after the connection was closed in it`() throws {
        let session = try openSession()
        let channel = freshChannel()
        try session.listen([channel])
        try session.notify(channel)
        let manager = try NotificationManager([session])
        var events = 0
        while try manager.next() != nil {
            events += 1
            session.close()
        }
        #expect(events == 1)
        #expect(manager.connections.isEmpty)
        #expect(manager.garbage.all.map(\.label) == [session.label])
    }

    @Test func `what was collected before a close is delivered after it`() throws {
        let session = try openSession()
        let channel = freshChannel()
        try session.listen([channel])
        let manager = try NotificationManager([session], timeout: .milliseconds(200), poller: ScriptedPoller())
        var received: [String] = []
        while let event = try manager.next() {
            switch event {
            case .idle:
                try session.notify(channel, "before the close")
                session.close()
            case .notifications(_, let notifications): received += notifications.map(\.payload)
            }
        }
        #expect(received == ["before the close"])
        #expect(!session.connection.isUsable)
        #expect(manager.garbage.contains(session))
    }

    @Test func `notifications during a COPY are fetched inside its loop`() throws {
        for transport in TransportChoice.allCases {
            let session = try openSession()
            let teller = try openSession()
            let channel = freshChannel()
            try session.listen([channel])
            var settings = CopySettings()
            settings.chunk = 64
            // The server gives them out when the transaction begins.
            try teller.notify(channel, "during")
            let producer = StatementProducer(
                session, "COPY (SELECT generate_series(1, 1000)) TO STDOUT", transport: transport)
            let manager = CopyManager(producer, [NullReceiver()], settings: settings)
            var inside: [Notification] = []
            try manager.withCopy { copy in
                while try copy.next() != nil { inside += try session.wait(timeout: .zero) }
            }
            inside += try session.wait(timeout: .seconds(30))
            #expect(inside == [Notification(channel, "during", from: teller)])
            #expect(producer.totals.messages == 1000)
        }
    }
}
