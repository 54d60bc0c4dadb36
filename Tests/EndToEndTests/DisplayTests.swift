// The display on a real terminal, of real runs.

import Glibc
import TestKit
import Testing

@Suite struct DisplayTests {
    /// A terminal as most people have it.
    private static func onTerminal(_ program: inout Program) {
        program.terminal = .all
        program.environment["TERM"] = "xterm-256color"
        program.environment["LC_ALL"] = "C.UTF-8"
    }

    private func screen(_ running: RunningProgram, columns: Int = 80, rows: Int = 24) -> Screen {
        var screen = Screen(columns: columns, rows: rows)
        screen.feed(running.text(.screen))
        return screen
    }

    /// Waits until the screen is so, and gives it.
    @discardableResult
    private func wait(
        _ running: RunningProgram, _ what: String, columns: Int = 80, _ condition: (Screen) -> Bool
    ) throws -> Screen {
        try eventually(what) { condition(screen(running, columns: columns)) }
        return screen(running, columns: columns)
    }

    @Test func `waits, failures and the end are seen, and messages stay above`() throws {
        let trio = try Trio(rows: 200_000)
        try trio.first.sql("\(gated("t", ""))")
        try trio.second.sql("ALTER TABLE t ADD CHECK (id <> '0000100000')")
        let gate = try Holder(trio.first, Holder.gate)
        let lock = try Holder(trio.first, "LOCK TABLE t")
        let running = try start(
            "--keep-going", trio.source.at(), trio.first.at(), trio.second.at(), "null:"
        ) {
            Self.onTerminal(&$0)
            // No line is wrapped.
            $0.terminalSize = (200, 24)
        }
        let waiting = try wait(running, "a wait for a lock", columns: 200) { $0.text.contains("held by pid") }
        #expect(waiting.lines[0] == "preparing" && waiting.text.contains("null:  "), "\(waiting.text)")
        try lock.release()
        let failed = try wait(running, "a failure", columns: 200) {
            $0.lines.contains { $0.contains("  failed: ERROR: new row for relation") }
        }
        let message = try #require(failed.lines.first)
        #expect(message.hasPrefix("pgcopy: ") && failed.text.contains("dropped, the others go on"), "\(failed.text)")
        #expect(failed.lines.contains { $0.hasPrefix("null:  ") }, "\(failed.text)")
        try wait(running, "the first one's rows", columns: 200) {
            $0.text.contains("finishing") || $0.text.contains("copying")
        }
        try gate.release()
        let result = try running.end()
        #expect(result.code == 3, "\(result)")
        let end = screen(running, columns: 200)
        #expect(end.unknown == [] && end.showsCursor && end.column == 0 && end.progress == "")
        #expect(end.history.first == message, "\(end.history)")
        #expect(!end.history.contains { $0.contains("━") || $0.contains("preparing") }, "\(end.history)")
        #expect(end.history.contains { $0.contains("committed, 200,000 rows") }, "\(end.history)")
    }

    @Test func `the terminal is the shell's behind ^Z, and follows the window`() throws {
        let trio = try Trio(rows: 200_000)
        let proxy = try FaultProxy(to: trio.second.cluster)
        proxy.arm(.stall, direction: .toServer, at: .copyBytes(1_000_000))
        // As a shell with jobs does it: what stops gets the terminal back.
        var shell = Program(
            "bash",
            [
                "-c", #"set -m; "$@"; echo "back in the shell"; fg >/dev/null"#, "bash", try Program.pgcopyPath(),
                "transfer",
            ]
                + [trio.source.at(), trio.first.at(), trio.second.through(proxy)])
        Self.onTerminal(&shell)
        shell.environment["TERM_PROGRAM"] = "ghostty"
        let running = try shell.start()
        let stalled = try wait(running, "a stall") { $0.text.contains("stalled, ") && $0.progress.hasPrefix("4;") }
        #expect(stalled.lines.count == 4 && stalled.lines[0].contains("━"), "\(stalled.text)")
        running.type("\u{1A}")
        // What was there stays, and below it all is shown again.
        let again = try wait(running, "the display again") {
            $0.history.count >= 9 && $0.history.last?.contains("stalled, ") ?? false
        }
        let stop = running.text(.screen).split(separator: "back in the shell", maxSplits: 1)[0]
        #expect(stop.contains("\u{1B}]9;4;0;0") && again.progress.hasPrefix("4;") && again.showsCursor)
        #expect(again.history[0].contains("━") && again.history[3].contains("stalled, "), "\(again.history)")
        #expect(again.history.suffix(5).first == "back in the shell", "\(again.history)")
        let before = running.text(.screen)
        running.resize(columns: 40, rows: 10)
        try running.waitForOutput("lines of that width", on: .screen) { $0.utf8.count > before.utf8.count + 100 }
        var small = Screen(columns: 80, rows: 24)
        small.feed(before)
        small.resize(columns: 40, rows: 10)
        small.feed(String(running.text(.screen).unicodeScalars.dropFirst(before.unicodeScalars.count)))
        #expect(small.lines.suffix(4).allSatisfy { $0.count < 40 }, "\(small.text)")
        running.type("\u{3}")
        let result = try running.end()
        #expect(result.code == 130, "\(result)")
        small.feed(String(running.text(.screen).unicodeScalars.dropFirst(before.unicodeScalars.count)))
        #expect(small.progress == "0;0" && small.showsCursor)
        #expect(small.history.contains("pgcopy: interrupted (SIGINT)"), "\(small.history)")
    }

    @Test func `who asks for a password has the terminal`() throws {
        let place = try Place(Servers.tls, Trio.schema)
        try place.sql(Trio.fill(10))
        let from = place.cluster.tcpConninfo(database: place.database, withPassword: false) + "#t"
        let running = try start(from, "null:", change: Self.onTerminal)
        try running.waitForOutput(containing: "Password for", on: .screen)
        let asked = screen(running)
        #expect(asked.lines[0].hasPrefix("Password for") && !asked.text.contains("preparing"), "\(asked.text)")
        running.type(Cluster.password + "\n")
        let result = try running.end()
        #expect(result.code == 0, "\(result)")
        let lines = screen(running).history
        #expect(lines.first?.hasPrefix("Password for") ?? false && lines.last?.contains("10 rows") ?? false, "\(lines)")
    }

    /// What a log is to have, and what rows would be mixed with.
    @Test func `no display where nobody could read it`() throws {
        let place = try Place(Servers.first, Trio.schema)
        try place.sql(Trio.fill(10))
        let settings: [(environment: [String: String], arguments: [String])] = [
            (["TERM": "dumb"], []), (["CI": "true"], []), ([:], ["--progress=plain"]), ([:], ["-q"]),
            ([:], ["--progress=json"]),
        ]
        for (environment, arguments) in settings {
            let result = try transfer(["--interval=0", place.at(), "null:"] + arguments) {
                Self.onTerminal(&$0)
                $0.environment.merge(environment) { $1 }
            }
            #expect(result.code == 0 && !result.screenText.contains("\u{1B}"), "\(environment): \(result)")
        }
        let rows = try transfer("--interval=0", place.at(), "-", change: Self.onTerminal)
        #expect(rows.code == 0 && !rows.screenText.contains("\u{1B}"), "\(rows)")
        // Where it is wanted all the same, also into a file.
        let forced = try transfer("--progress=bar", place.at(), "null:")
        #expect(forced.code == 0 && !forced.errors.contains("?25l"), "\(forced)")
    }
}
