// Many notifications, many connections, and one of them dying again and again.

import CopyCore
import TestKit
import Testing

struct ManyTests {
    @Test(arguments: [false, true])
    func `a flood of 100,000 arrives complete and in order`(_ tls: Bool) throws {
        let conninfo = tls ? try Servers.tls.tcpConninfo() : try Servers.source.conninfo()
        let session = try openSession(conninfo)
        let teller = try openSession(conninfo)
        let channel = freshChannel()
        try session.listen([channel])
        let manager = try NotificationManager([session])
        let count = 100_000
        var expected = 1
        var events = 0
        for batch in 0..<10 {
            try teller.notify(
                (1...count / 10).map {
                    OutgoingNotification(channel: channel, payload: "\(batch * count / 10 + $0)")
                })
            // The socket overflows: the server goes on when we read.
            while expected <= (batch + 1) * count / 10, let event = try manager.next() {
                guard case .notifications(_, let notifications) = event else { continue }
                events += 1
                for notification in notifications {
                    try #require(notification.payload == "\(expected)")
                    expected += 1
                }
            }
        }
        #expect(expected == count + 1)
        #expect(events < count / 10, "picked up together, given together")
        try manager.setTimeout(.zero)
        #expect(try manager.next() == nil)
    }

    @Test func `200 connections, one killed again and again, and nothing is lost from the living`() throws {
        let cluster = try Cluster(ClusterOptions(settings: ["max_connections = 230"]))
        let sessions = try (0..<200).map { try openSession(cluster.conninfo(), label: "number \($0)") }
        for session in sessions { try session.listen(["all"]) }
        let teller = try openSession(cluster.conninfo())
        let manager = try NotificationManager(sessions)
        var losses: [String] = []
        manager.onLost = { session, _ in losses.append(session.label) }
        var received: [String: [String]] = [:]
        var rng = Seeded(42)
        var dead: [String] = []
        for round in 1...20 {
            let victim = manager.connections.all[rng.next(in: 0..<manager.connections.count)]
            try teller.notify((1...5).map { OutgoingNotification(channel: "all", payload: "\(round).\($0)") })
            let killed = try teller.query(
                "SELECT pg_terminate_backend($1::int, 10000)", ["\(victim.connection.backendPID)"])
            try #require(killed.value(0, 0) == "t")
            dead.append(victim.label)
            try teller.notify("all", "\(round).after")
            // Until every living one has the last of this round.
            let living = sessions.map(\.label).filter { !dead.contains($0) }
            while living.contains(where: { received[$0]?.last != "\(round).after" }) {
                guard case .notifications(let session, let notifications) = try manager.next() else { break }
                received[session.label, default: []] += notifications.map(\.payload)
            }
        }
        // The last victim's end may not have been looked at yet.
        try manager.setTimeout(.zero)
        while try manager.next() != nil {}
        #expect(losses.sorted() == dead.sorted())
        #expect(manager.garbage.count == 20 && manager.connections.count == 180)
        let everything = (1...20).flatMap { round in (1...5).map { "\(round).\($0)" } + ["\(round).after"] }
        for session in manager.connections { #expect(received[session.label] == everything, "\(session.label)") }
        for (round, label) in zip(1..., dead) {
            let before = Array(everything.prefix((round - 1) * 6))
            #expect(received[label]?.starts(with: before) ?? before.isEmpty, "\(label)")
        }
    }
}
