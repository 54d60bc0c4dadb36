// The report of `listen`, without a process.

import Testing

@testable import CopyCore
@testable import PgcopyCLI

struct `The report of listen` {
    private final class Messages {
        var text = ""
    }

    /// What it writes on stdout and on stderr.
    private func told(
        _ event: ListenerEvent, as format: ListenFormat = .text, _ verbosity: Verbosity = .normal
    ) -> [String] {
        let messages = Messages()
        let output = TextOutput(blocking: -1)
        let report = ListenReport(format, output, Console { messages.text += $0 }, verbosity)
        report.receive(event)
        return [RawText.shown(String(decoding: output.pending, as: UTF8.self)), messages.text]
    }

    private static let verbosities = [Verbosity.quiet, .normal, .verbose]
    private let notification = Notification(channel: "c\t1", payload: "say \"é\"", pid: 7)
    private let ended = ServerMessage(
        severity: "FATAL", sqlState: "57P01", message: "terminating", detail: "so\nit is", hint: "wait")

    @Test(arguments: verbosities)
    func `notifications are a line each, in their order`(verbosity: Verbosity) {
        let other = Notification(channel: "d", payload: "", pid: 8)
        let event = ListenerEvent.notifications(label: "db", [notification, other])
        #expect(told(event, verbosity) == ["db\tc\\t1\tsay \"é\"\t7\ndb\td\t\t8\n", ""])
        #expect(
            told(event, as: .json, verbosity) == [
                #"{"connection":"db","channel":"c\t1","payload":"say \"é\"","pid":7}"# + "\n"
                    + #"{"connection":"db","channel":"d","payload":"","pid":8}"# + "\n", "",
            ])
    }

    @Test func `bytes that are no UTF-8 go as they came`() {
        let output = TextOutput(blocking: -1)
        let report = ListenReport(.text, output, Console { _ in Issue.record("nothing is to be told") }, .verbose)
        let payload = RawText.decoding([0x61, 0xFF])
        report.receive(.notifications(label: "db", [Notification(channel: "c", payload: payload, pid: 7)]))
        #expect(output.pending == Array("db\tc\ta".utf8) + [0xFF] + Array("\t7\n".utf8))
    }

    @Test func `a gap is a line, and told unless quiet`() {
        let line = "db\t\\N\tgap\t\\N\n"
        let message = "pgcopy: db: listening again\n"
        #expect(told(.gap(label: "db"), .quiet) == [line, ""])
        #expect(told(.gap(label: "db")) == [line, message])
        #expect(told(.gap(label: "db"), .verbose) == [line, message])
        #expect(told(.gap(label: "db"), as: .json) == [#"{"type":"gap","connection":"db"}"# + "\n", message])
    }

    @Test(arguments: verbosities, [ListenFormat.text, .json])
    func `a connection's loss and each try are told, whatever is asked for`(verbosity: Verbosity, format: ListenFormat)
    {
        let said = PgcopyError(ended, connectionLost: true)
        let words = """
            pgcopy: db: FATAL: terminating (SQLSTATE 57P01)
            pgcopy: db:   DETAIL: so
            pgcopy: db:   it is
            pgcopy: db:   HINT: wait

            """
        #expect(
            told(.lost(label: "db", said, isReopened: false), as: format, verbosity)
                == ["", words + "pgcopy: db: the connection is lost\n"])
        #expect(
            told(.lost(label: "db", said, isReopened: true), as: format, verbosity)
                == ["", words + "pgcopy: db: the connection is lost; it is opened again\n"])
        // An error that bears the endpoint does not name it once more.
        let refused = PgcopyError(.unreachable, "refused\n\tIs it running?", endpoint: "db")
        #expect(
            told(.retrying(label: "db", refused, delay: .milliseconds(1260)), as: format, verbosity) == [
                "",
                """
                pgcopy: db: refused
                pgcopy: db:   Is it running?
                pgcopy: db: the next try comes in 1.3 s

                """,
            ])
        #expect(told(.deserted, as: format, verbosity) == ["", "pgcopy: no connection is left\n"])
    }

    @Test(arguments: verbosities, [ListenFormat.text, .json])
    func `a command that failed is told with its channel, whatever is asked for`(
        verbosity: Verbosity, format: ListenFormat
    ) {
        #expect(
            told(.commandFailed(label: "db", notification, .commandExited(7)), as: format, verbosity)
                == ["", "pgcopy: db: channel c\\t1: the command exited with code 7\n"])
    }

    @Test func `that it listens, and statements, are told where everything is`() {
        for verbosity in Self.verbosities {
            let isTold = verbosity == .verbose
            #expect(told(.listening, verbosity) == ["", isTold ? "pgcopy: listening\n" : ""])
            #expect(
                told(.statement(label: "db", "LISTEN c"), verbosity) == ["", isTold ? "pgcopy: db: LISTEN c\n" : ""])
        }
    }

    @Test func `notices are told unless quiet, a server's last words only with the loss`() {
        let notice = ServerMessage(severity: "WARNING", sqlState: "01000", message: "mind", hint: "the gap")
        let lines = "pgcopy: db: WARNING: mind\npgcopy: db:   HINT: the gap\n"
        for verbosity in Self.verbosities {
            #expect(told(.notice(label: "db", notice), verbosity) == ["", verbosity == .quiet ? "" : lines])
            #expect(told(.notice(label: "db", ended), verbosity) == ["", ""])
            var panic = ended
            panic.severity = "PANIC"
            #expect(told(.notice(label: "db", panic), verbosity) == ["", ""])
        }
    }

    @Test func `an idle moment is none of its business`() {
        #expect(told(.idle, .verbose) == ["", ""])
    }

    @Test func `the exit code tells how it ended`() {
        #expect(ExitCode.of(Listening.Outcome.complete) == 0)
        #expect(ExitCode.of(Listening.Outcome.commandsFailed) == 3)
        #expect(ExitCode.of(Listening.Outcome.deserted) == 1)
    }
}
