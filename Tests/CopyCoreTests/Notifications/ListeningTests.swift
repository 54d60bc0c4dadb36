// What happens while one listens, as values.

import CopyCore
import Glibc
import TestKit
import Testing

@Suite struct `Listening to the end` {
    /// Writes a word for each event on the output.
    private final class Words: ListenerSink {
        let output: TextOutput
        var told: [String] = []
        var onGap: () -> Void = {}

        init(_ output: TextOutput) { self.output = output }

        func receive(_ event: ListenerEvent) {
            let before = told.count
            switch event {
            case .notice(let label, let notice): told.append("\(label): \(notice.severity)")
            case .statement(let label, let sql): told.append("\(label): \(sql)")
            case .listening: told.append("listening")
            case .notifications(_, let notifications): told += notifications.map(\.payload)
            case .commandFailed(_, let notification, let failure): told.append("\(notification.payload): \(failure)")
            case .lost(_, let error, let isReopened):
                told.append("lost \((error as? PgcopyError)?.code.rawValue ?? ""), \(isReopened)")
            case .retrying: told.append("retrying")
            case .gap: told.append("gap")
            case .deserted: told.append("deserted")
            case .idle: told.append("idle")
            }
            if case .gap = event { onGap() }
            for word in told[before...] { output.pending += Array("\(word)\n".utf8) }
        }
    }

    private let channel = freshChannel()
    private let file: TemporaryDirectory
    private let descriptor: CInt
    private let poller = PatientPoller()
    private let words: Words

    init() throws {
        signal(SIGPIPE, SIG_IGN)
        file = try TemporaryDirectory()
        descriptor = open(file.file("output"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        words = try Words(TextOutput(descriptor))
    }

    private func listening(
        _ conninfos: String..., reconnects: Bool = false, command: String? = nil
    ) throws -> Listening {
        let listening = try Listening(
            [channel], reconnects: reconnects, connector: LinkConnector(poller: poller),
            command: command.map { NotificationCommand(Array($0.utf8)) }, output: words.output, sink: words)
        try listening.open(conninfos.map { try ServerLink(Endpoint(parsing: Array($0.utf8))) }, seed: 1)
        return listening
    }

    /// What was told from the moment on when it listened; all of it was written.
    private func tell() throws -> [String] {
        close(descriptor)
        #expect(try file.text(of: "output") == words.told.map { $0 + "\n" }.joined())
        return Array(words.told.drop { $0 != "listening" }.dropFirst())
    }

    @Test func `it ends with the number, and what else was there is nobody's`() throws {
        let conninfo = try Servers.source.conninfo()
        let listening = try listening(conninfo)
        #expect(words.told.last == "listening")
        #expect(words.told.contains("\(label(of: conninfo)): LISTEN \"\(channel)\""))
        let teller = try openSession()
        try teller.notify(["1", "2", "3"].map { OutgoingNotification(channel: channel, payload: $0) })
        #expect(try listening.run(until: nil, count: 2) == .complete)
        listening.close()
        #expect(try tell() == ["1", "2"])
    }

    @Test func `each command's failure stands behind its notification`() throws {
        let listening = try listening(Servers.source.conninfo(), command: "read a; test \"$a\" != bad")
        let teller = try openSession()
        try teller.notify(["good", "bad", "better"].map { OutgoingNotification(channel: channel, payload: $0) })
        #expect(try listening.run(until: nil, count: 3) == .commandsFailed)
        listening.close()
        #expect(try tell() == ["good", "bad", "bad: the command exited with code 1", "better"])
    }

    @Test func `a loss, the way back and the end are told in their order`() throws {
        let proxy = try FaultProxy(to: Servers.source)
        let listening = try listening(proxy.conninfo(), reconnects: true)
        let teller = try openSession()
        words.onGap = { [channel] in #expect(throws: Never.self) { try teller.notify(channel, "back") } }
        proxy.resetConnections()
        #expect(try listening.run(until: nil, count: 1) == .complete)
        listening.close()
        let told = try tell().filter { !$0.contains("LISTEN") }
        #expect(told == ["lost connectionLost, true", "gap", "back"])
        proxy.stop()
    }

    @Test func `where none comes back it is over`() throws {
        let proxy = try FaultProxy(to: Servers.source)
        let listening = try listening(proxy.conninfo(), proxy.conninfo())
        proxy.resetConnections()
        #expect(try listening.run(until: nil) == .deserted)
        #expect(try tell() == ["lost connectionLost, false", "lost connectionLost, false", "deserted"])
        proxy.stop()
    }

    @Test func `a time that is over ends it, but what is pending is taken where that was asked for`() throws {
        let listening = try listening(Servers.source.conninfo())
        #expect(try listening.run(until: poller.now) == .complete)
        let teller = try openSession()
        try teller.notify(["1", "2"].map { OutgoingNotification(channel: channel, payload: $0) })
        try eventually("both are pending") {
            try listening.run(until: poller.now, onlyPending: true) == .complete && words.told.last == "2"
        }
        listening.close()
        #expect(try tell() == ["1", "2"])
    }

    @Test func `a reader that left ends it`() throws {
        var ends: [CInt] = [-1, -1]
        try #require(pipe(&ends) == 0)
        defer { close(ends[1]) }
        let output = try TextOutput(ends[1])
        let listening = try Listening(
            [channel], reconnects: false, connector: LinkConnector(poller: poller), output: output, sink: Words(output))
        try listening.open([ServerLink(Endpoint(parsing: Array(Servers.source.conninfo().utf8)))], seed: 1)
        close(ends[0])
        let error = #expect(throws: PgcopyError.self) { try listening.run(until: nil) }
        #expect(error?.isBrokenPipe == true)
        listening.close()
    }
}
