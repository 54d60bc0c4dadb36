// The options of `listen` and `notify`: what is read, and what is refused.

import CopyCore
import Testing

@testable import PgcopyCLI

@Suite("Front end: listen and notify")
struct FrontEndNotifyOptionsTests {
    private func listen(_ words: String...) throws -> ListenOptions {
        try ListenOptions(invocation(["listen"] + words + ["db"]))
    }

    private func notify(_ words: String...) throws -> [OutgoingNotification] {
        try NotifyOptions(invocation(["notify"] + words + ["db"])).notifications
    }

    private func note(_ channel: String, _ payload: String = "") -> OutgoingNotification {
        OutgoingNotification(channel: channel, payload: payload)
    }

    @Test func `only a channel has to be given to listen`() throws {
        let options = try listen("-c", "jobs")
        #expect(options.channels == ["jobs"] && options.connections == [Argument("db")])
        #expect(options.timeout == nil && options.count == nil && options.exec == nil)
        #expect(options.format == .text && !options.reconnect)
        #expect(options.passwordPrompt == .automatic && options.verbosity == .normal)
    }

    @Test func `every option of listen is read`() throws {
        let options = try listen(
            "-ca", "--channel=B c", "--timeout", "0", "--count=12", "--format=json", "--exec", "cat | wc",
            "--reconnect",
            "-qw")
        #expect(options.channels == ["a", "B c"])
        #expect(options.timeout == .zero && options.count == 12 && options.format == .json)
        #expect(options.exec == Argument("cat | wc") && options.reconnect)
        #expect(options.passwordPrompt == .never && options.verbosity == .quiet)
        #expect(try listen("-c", "a", "-W", "-v", "--timeout=1.5").timeout == .milliseconds(1500))
    }

    @Test func `a name is taken as it is, in double quotes as SQL reads it`() throws {
        let names = try listen("-c", "UPPER", "-c", "a=b", "-c", "a\"b", "-c", "\"x\"\"y = z\"", "-c", "*").channels
        #expect(names == ["UPPER", "a=b", "a\"b", "x\"y = z", "*"])
        #expect(usageError(["listen", "-c", "", "db"])?.contains("needs a name") == true)
        for bad in ["\"", "\"open", "\"\"", "\"a\"b", "\"a\"=b", "\"a\"\""] {
            #expect(usageError(["listen", "-c", bad, "db"]) != nil, "\(bad)")
        }
    }

    @Test func `a payload is what follows the first equals sign`() throws {
        #expect(
            try notify("-c", "a", "-c", "b=", "-c", "c=x=y", "-c", "B=\"q\"") == [
                note("a"), note("b"), note("c", "x=y"), note("B", "\"q\""),
            ])
        #expect(
            try notify("-c", "\"odd=name\"=payload", "-c", "\"odd\"\"=\"", "-c", "\"=\"==") == [
                note("odd=name", "payload"), note("odd\"="), note("=", "="),
            ])
        for bad in ["=payload", "\"\"=x", "\"open=x", "\"a\"x=y", ""] {
            #expect(usageError(["notify", "-c", bad, "db"]) != nil, "\(bad)")
        }
    }

    @Test(arguments: [
        (["listen", "db"], "--channel"), (["notify", "db"], "--channel"), (["listen", "-c", "a"], "CONNECTION"),
        (["notify", "-c", "a"], "CONNECTION"), (["listen", "-c", "a", "--count=0", "db"], "--count"),
        (["listen", "-c", "a", "--count=1.5", "db"], "--count"),
        (["listen", "-c", "a", "--timeout=-1", "db"], "--timeout"),
        (["listen", "-c", "a", "--timeout=soon", "db"], "--timeout"),
        (["listen", "-c", "a", "--timeout=nan", "db"], "--timeout"),
        (["listen", "-c", "a", "--timeout=inf", "db"], "--timeout"),
        (["listen", "-c", "a", "--timeout=1e9", "db"], "--timeout"),
        (["listen", "-c", "a", "--timeout=99999999999", "db"], "--timeout"),
        (["listen", "-c", "a", "--format=csv", "db"], "--format"),
        (["listen", "-c", "a", "--exec=", "db"], "--exec"), (["listen", "-c", "a", "-qv", "db"], "--verbose"),
        (["notify", "-c", "a", "--exec=x", "db"], "--exec"), (["listen", "-c", "a", "-wW", "db"], "--password"),
    ])
    func `what makes no sense is a usage error that names it`(_ words: [String], _ named: String) {
        #expect(usageError(words)?.contains(named) == true, "\(usageError(words) ?? "none")")
    }

    @Test func `bytes that are no UTF-8 are no channel, but may be a command`() throws {
        let bad = Argument(bytes: [0x61, 0xFF])
        let given: [Argument] = [Argument("listen"), Argument("-c"), bad, Argument("db")]
        guard case .run(let invocation) = try Parser.parse(given) else {
            Issue.record("\(given) is no run")
            return
        }
        #expect(throws: UsageError.self) { try ListenOptions(invocation) }
        let command = [Argument("listen"), Argument("-cx"), Argument("--exec"), bad, Argument("db")]
        guard case .run(let good) = try Parser.parse(command) else {
            Issue.record("\(command) is no run")
            return
        }
        #expect(try ListenOptions(good).exec == bad)
    }

    @Test func `exit codes tell what was sent`() {
        let lost = PgcopyError(.connectionLost, "lost")
        #expect(ExitCode.of(Broadcast.Outcome(statuses: [.committed, .committed])) == 0)
        #expect(ExitCode.of(Broadcast.Outcome(statuses: [.rolledBack(lost), .rolledBack(nil)])) == 1)
        #expect(ExitCode.of(Broadcast.Outcome(statuses: [.committed, .rolledBack(lost)])) == 3)
        #expect(ExitCode.of(Broadcast.Outcome(statuses: [.committed, .inDoubt(lost), .rolledBack(nil)])) == 4)
        #expect(ExitCode.of(Broadcast.Outcome(statuses: [.rolledBack(nil)], signal: 15)) == 143)
        // What is sent cannot be called back.
        #expect(ExitCode.of(Broadcast.Outcome(statuses: [.committed, .rolledBack(nil)], signal: 2)) == 3)
    }

    @Test func `a text line is what COPY would write, and no notification looks like a gap`() {
        let text = ListenRecord(format: .text)
        let nasty = Notification(channel: "a\tb", payload: "\\N\n\r\u{8}\u{B}\u{C}é", pid: 7)
        #expect(text.line(nasty, at: "db\\") == "db\\\\\ta\\tb\t\\\\N\\n\\r\\b\\v\\fé\t7\n")
        #expect(text.gap(at: "d\tb") == "d\\tb\t\\N\tgap\t\\N\n")
        let imitation = Notification(channel: "\\N", payload: "gap", pid: 7)
        #expect(text.line(imitation, at: "db") == "db\t\\\\N\tgap\t7\n")
        let json = ListenRecord(format: .json)
        #expect(
            json.line(nasty, at: "db\"") == #"{"connection":"db\"","channel":"a\tb","#
                + #""payload":"\\N\n\r\u0008\u000b\u000cé","pid":7}"# + "\n")
        #expect(json.gap(at: "db") == #"{"type":"gap","connection":"db"}"# + "\n")
    }
}
