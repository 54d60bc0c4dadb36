// The same notifications on many servers.

import CopyCore
import TestKit
import Testing

struct BroadcastTests {
    private func notes(_ channel: String, _ payloads: String...) -> [OutgoingNotification] {
        payloads.map { OutgoingNotification(channel: channel, payload: $0) }
    }

    @Test func `every server gets them, in one transaction each`() throws {
        let servers = try [Servers.first, Servers.second]
        let channel = freshChannel()
        let ears = try servers.map { try openSession($0.conninfo()) }
        for ear in ears { try ear.listen([channel]) }
        let sessions = try servers.map { try openSession($0.conninfo()) }
        let outcome = try Broadcast.send(notes(channel, "1", "2", "3"), on: sessions)
        #expect(outcome.statuses.map(\.word) == ["committed", "committed"])
        #expect(outcome.signal == nil)
        for (ear, session) in zip(ears, sessions) {
            try awaitArrival(ear)
            #expect(
                try ear.wait(timeout: .seconds(30)) == ["1", "2", "3"].map { Notification(channel, $0, from: session) })
            #expect(session.transactionStatus == .idle)
        }
    }

    @Test func `what one server would not take is sent nowhere`() throws {
        let channel = freshChannel()
        let cluster = try Servers.source
        let ear = try openSession()
        try ear.listen([channel])
        // "ü" has two bytes here and one there.
        let sessions = try [
            openSession(cluster.conninfo(database: cluster.createDatabase(encoding: "LATIN1"))), openSession(),
        ]
        try sessions[0].run("SET client_encoding = 'UTF8'")
        #expect(throws: PgcopyError.payloadTooLong(channel: channel, bytes: 8002)) {
            try Broadcast.send(notes(channel, "fine", String(repeating: "ü", count: 4001)), on: sessions)
        }
        #expect(try sessions.map { try $0.query("SELECT 1").value(0, 0) } == ["1", "1"])
        // The server's refusal, told by it alone: no such character there.
        let outcome = try Broadcast.send(notes(channel, "fine", "🦆"), on: sessions.reversed())
        #expect(outcome.statuses.map(\.word) == ["rolled back", "rolled back: 22P05"])
        sessions[1].close()
        #expect(try ear.wait(timeout: .zero) == [])
    }

    @Test func `a lost connection rolls the others back, a lost answer is in doubt`() throws {
        let channel = freshChannel()
        let proxy = try FaultProxy(to: Servers.source)
        let ear = try openSession()
        try ear.listen([channel])
        let lost = try [openSession(), openSession(proxy.conninfo())]
        proxy.arm(.reset, at: .beforeQuery("pg_notify"))
        let none = try Broadcast.send(notes(channel, "never"), on: lost)
        #expect(none.statuses.map(\.word) == ["rolled back", "rolled back: lost"])
        lost[0].close()

        let unanswered = try [openSession(), openSession(proxy.conninfo()), openSession()]
        proxy.arm(.reset, at: .answer(to: "COMMIT"), on: .all)
        let some = try Broadcast.send(notes(channel, "some"), on: unanswered)
        #expect(some.statuses.map(\.word) == ["committed", "in doubt", "rolled back"])
        #expect(try ear.wait(timeout: .seconds(30), stopAfter: 2).map(\.payload) == ["some", "some"])
        proxy.stop()
    }

    @Test func `a signal before the first commit sends nothing`() throws {
        let interruption = try #require(Interruption())
        let session = try openSession(poller: SystemPoller(interruption: interruption))
        interruption.raise(15)
        let outcome = try Broadcast.send(notes(freshChannel(), "no"), on: [session])
        #expect(outcome.signal == 15)
        #expect(outcome.statuses.map(\.word) == ["rolled back"])
    }
}

extension Broadcast.Status {
    fileprivate var word: String {
        switch self {
        case .committed: "committed"
        case .rolledBack(nil): "rolled back"
        case .rolledBack(let error?):
            "rolled back: " + ((error as? PgcopyError)?.server?.sqlState ?? "lost")
        case .inDoubt: "in doubt"
        }
    }
}
