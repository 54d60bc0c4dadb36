// Listening on servers that go away and come back.

import CopyCore
import ErrorKit
import TestKit
import Testing

struct ListenerTests {
    private func link(_ conninfo: String) throws -> ServerLink {
        try ServerLink(Endpoint(parsing: Array(conninfo.utf8)))
    }

    private func listener(_ conninfos: [String], _ channel: String, reconnects: Bool) throws -> Listener {
        let listener = try Listener(
            [channel], reconnects: reconnects, connector: LinkConnector(poller: SystemPoller()))
        try listener.open(conninfos.map(link), seed: 1)
        return listener
    }

    /// What is told, up to the first event that is as wanted.
    private func events(_ listener: Listener, until isLast: (String) -> Bool) throws -> [String] {
        var told: [String] = []
        while let event = try listener.next() {
            switch event {
            case .notifications(_, let notifications): told += notifications.map(\.payload)
            case .lost: told.append("lost")
            case .retrying(_, _, let delay):
                #expect(delay > .zero && delay <= .seconds(30))
                told.append("retrying")
            case .gap: told.append("gap")
            case .idle: continue
            case .notice, .statement, .listening, .commandFailed, .deserted:
                Issue.record("\(event) is none of a listener's")
            }
            if let last = told.last, isLast(last) { return told }
        }
        return told + ["end"]
    }

    @Test func `a reset connection comes back, listens again, and tells of the gap`() throws {
        let proxy = try FaultProxy(to: Servers.source)
        let channel = freshChannel()
        let steady = try Servers.source.conninfo()
        let listener = try listener([proxy.conninfo(), steady], channel, reconnects: true)
        let teller = try openSession()
        try teller.notify(channel, "before")
        #expect(try events(listener) { _ in true } == ["before"])
        #expect(try events(listener) { _ in true } == ["before"])
        for round in 1...3 {
            proxy.resetConnections()
            #expect(try events(listener) { $0 == "gap" } == ["lost", "gap"])
            try teller.notify(channel, "after \(round)")
            #expect(try events(listener) { _ in true } == ["after \(round)"])
            #expect(try events(listener) { _ in true } == ["after \(round)"])
        }
        listener.close()
        #expect(try listener.next() == nil)
        proxy.stop()
    }

    @Test func `while nobody answers the others go on, and it is tried again`() throws {
        let proxy = try FaultProxy(to: Servers.source)
        let channel = freshChannel()
        let steady = try Servers.source.conninfo()
        let listener = try listener([proxy.conninfo(), steady], channel, reconnects: true)
        let teller = try openSession()
        proxy.refuseNewConnections()
        proxy.resetConnections()
        #expect(try events(listener) { $0 == "retrying" } == ["lost", "retrying"])
        try teller.notify(channel, "to the steady one")
        #expect(try events(listener) { $0 != "retrying" }.last == "to the steady one")
        try proxy.acceptNewConnections()
        #expect(try events(listener) { $0 == "gap" }.last == "gap")
        proxy.stop()
    }

    @Test func `without reconnecting the loop ends when none is left`() throws {
        let proxy = try FaultProxy(to: Servers.source)
        let listener = try listener([proxy.conninfo(), proxy.conninfo()], freshChannel(), reconnects: false)
        proxy.resetConnections()
        #expect(try events(listener) { _ in false } == ["lost", "lost", "end"])
        proxy.stop()
    }

    @Test func `a deadline gives an idle event, a past one only what is pending`() throws {
        let channel = freshChannel()
        let listener = try listener([Servers.source.conninfo()], channel, reconnects: false)
        let past = Instant(nanoseconds: 0)
        guard case .idle = try listener.next(until: past) else {
            Issue.record("not idle")
            return
        }
        let teller = try openSession()
        try teller.notify(channel, "pending")
        try eventually("it is pending") {
            if case .notifications(_, let got) = try listener.next(until: past) {
                got.map(\.payload) == ["pending"]
            } else {
                false
            }
        }
    }

    @Test func `every server that cannot be reached, or refuses, is named, and none is left open`() throws {
        let cluster = try Servers.source
        let database = try cluster.createDatabase()
        let connector = LinkConnector(poller: SystemPoller())
        let listener = try Listener(["c"], reconnects: true, connector: connector)
        let good = cluster.conninfo(database: database)
        let bad = cluster.conninfo(database: "nosuch")
        let failure = thrown(.unreachable) {
            try listener.open([link(good), link(bad), link(bad)], seed: 1)
        }
        #expect(failure?.causes.count == 2)
        #expect(failure?.causes.allSatisfy { "\($0)".contains("nosuch") } == true)
        let long = String(repeating: "x", count: 64)
        let other = try Listener([long], reconnects: true, connector: connector)
        #expect(throws: PgcopyError.channelTooLong(long, bytes: 64)) { try other.open([link(good)], seed: 1) }
        try eventually("no session is left") {
            try cluster.psql("SELECT count(*) FROM pg_stat_activity WHERE datname = '\(database)'") == "0"
        }
    }

    @Test func `only servers are listened on`() throws {
        for text in ["-", "null:", "file:x", "./x", "db#table"] {
            thrown(.usage) { try ServerLink(Endpoint(parsing: Array(text.utf8))) }
        }
        #expect(
            try ServerLink(Endpoint(parsing: Array("postgresql://u:secret@h/db".utf8))).label == "h/db")
    }
}
