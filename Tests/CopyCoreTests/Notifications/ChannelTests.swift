// LISTEN, UNLISTEN and NOTIFY: names, payloads, all or none.

import CopyCore
import ErrorKit
import TestKit
import Testing

struct ChannelTests {
    private func notes(_ pairs: (String, String)...) -> [OutgoingNotification] {
        pairs.map { OutgoingNotification(channel: $0.0, payload: $0.1) }
    }

    @Test func `listening, twice and no more, is what the server says`() throws {
        let session = try openSession()
        #expect(try session.listeningChannels() == [])
        try session.listen(["a", "b"])
        #expect(try session.listeningChannels() == ["a", "b"])
        try session.listen(["b", "a", "a"])
        #expect(try session.listeningChannels() == ["a", "b"])
        try session.unlisten(["a", "never listened on"])
        #expect(try session.listeningChannels() == ["b"])
        try session.listen([])
        try session.unlisten([])
        #expect(try session.listeningChannels() == ["b"])
        try session.listen(["c", "d"])
        try session.unlistenAll()
        #expect(try session.listeningChannels() == [])
    }

    @Test func `listening twice delivers once, and after unlisten nothing comes`() throws {
        let session = try openSession()
        let channel = freshChannel()
        try session.listen([channel])
        try session.listen([channel])
        try session.notify(channel, "p")
        #expect(try session.wait(timeout: .zero) == [Notification(channel, "p", from: session)])
        try session.unlisten([channel])
        try session.notify(channel, "q")
        #expect(try session.wait(timeout: .zero) == [])
    }

    @Test(arguments: ["", String(repeating: "x", count: 64), "zero\0byte"])
    func `one bad name and none is listened on`(_ bad: String) throws {
        let session = try openSession()
        thrown(.usage) { try session.listen(["good", bad]) }
        #expect(try session.listeningChannels() == [])
        try session.listen(["good"])
        thrown(.usage) { try session.unlisten(["good", bad]) }
        #expect(try session.listeningChannels() == ["good"])
    }

    @Test(arguments: [
        "UPPER lower", "a.b", "quo\"te", "\"", "'", "sel;ect", "select", "*", "$1", "back\\slash", "tab\tnew\nline",
        "$(rm)", "🦆", "é", "-", "--", " ", "%s", String(repeating: "é", count: 31) + "x",
    ])
    func `any name works`(_ name: String) throws {
        let session = try openSession(Servers.source.conninfo(database: oddDatabase.get()))
        try session.listen([name])
        #expect(try session.listeningChannels() == [name])
        try session.notify(name, "payload of " + name)
        #expect(try session.wait(timeout: .zero) == [Notification(name, "payload of " + name, from: session)])
        try session.unlisten([name])
        #expect(try session.listeningChannels() == [])
    }

    private let oddDatabase = Result { try Servers.source.createDatabase() }

    @Test func `the length of a name counts in the server's encoding`() throws {
        let cluster = try Servers.source
        let session = try openSession(cluster.conninfo(database: cluster.createDatabase(encoding: "LATIN1")))
        try session.run("SET client_encoding = 'UTF8'")
        // 120 bytes in UTF-8, 60 there.
        let name = String(repeating: "é", count: 60)
        try session.listen([name])
        try session.notify(name, String(repeating: "ü", count: 7999))
        let got = try session.wait(timeout: .zero)
        #expect(got.map(\.channel) == [name] && got[0].payload.count == 7999)
        #expect(throws: PgcopyError.channelTooLong(name + "éééé", bytes: 64)) {
            try session.listen([name + "éééé"])
        }
        #expect(throws: PgcopyError.payloadTooLong(channel: "c", bytes: 8000)) {
            try session.notify("c", String(repeating: "ü", count: 8000))
        }
    }

    @Test func `payloads arrive, in the order they were given`() throws {
        let session = try openSession()
        try session.listen(["foo of payloads", "bar of payloads"])
        let sent = notes(
            ("foo of payloads", "bar"), ("bar of payloads", ""), ("foo of payloads", "barred"),
            ("bar of payloads", "{\"a\\\\\",NULL,}"), ("foo of payloads", "NULL"), ("foo of payloads", "  x  "))
        try session.notify(sent)
        let got = try session.wait(timeout: .zero)
        #expect(got.map { OutgoingNotification(channel: $0.channel, payload: $0.payload) } == sent)
        #expect(Set(got.map(\.pid)) == [session.connection.backendPID])
    }

    @Test func `the longest payload arrives, and one byte more is refused before anything is sent`() throws {
        let session = try openSession()
        let channel = freshChannel()
        try session.listen([channel])
        let longest = String(repeating: "x", count: 7999)
        try session.notify(channel, longest)
        #expect(try session.wait(timeout: .zero).map(\.payload) == [longest])
        var statements = 0
        session.onStatement = { _, _ in statements += 1 }
        let error = thrown(.usage) {
            try session.notify(notes((channel, "fine"), (channel, longest + "x")))
        }
        #expect(error?.description.contains("8000 bytes") == true)
        thrown(.usage) { try session.notify(notes((channel, "fine"), ("", "no"))) }
        thrown(.usage) { try session.notify(notes((channel, "a\0b"))) }
        #expect(statements == 0)
        #expect(try session.wait(timeout: .zero) == [])
    }

    @Test func `what is notified in a transaction comes with its commit, or not at all`() throws {
        let session = try openSession()
        let channel = freshChannel()
        try session.listen([channel])
        try session.run("BEGIN")
        try session.notify(channel, "rolled back")
        try session.run("ROLLBACK")
        try session.run("BEGIN")
        try session.notify(channel, "committed")
        #expect(try session.wait(timeout: .zero) == [])
        try session.run("COMMIT")
        #expect(try session.wait(timeout: .zero).map(\.payload) == ["committed"])
    }
}
