// `listen --exec`: commands get notifications as data, never as text of a shell.

import Foundation
import Glibc
import TestKit
import Testing

struct ListenExecTests {
    private let cluster: Cluster
    private let channel = freshChannel()
    private let directory: TemporaryDirectory

    init() throws {
        cluster = try Servers.source
        directory = try TemporaryDirectory()
    }

    private let nasty = [
        "plain", "", "it's", "\"quoted\"", "two\nlines\n", "$(touch pwned)", "`touch pwned`", "; touch pwned;",
        "a && b | c",
        "*", "\\", "-n", "%s", "${PATH}", "tab\tand\rreturn", "🦆 é", "' ; touch pwned ; '",
    ]

    @Test func `nasty payloads and channels come as they are, in order`() throws {
        let odd = "$(touch pwned) '`\"; \(channel)"
        let command =
            "{ printf '%s|' \"$PGCOPY_CHANNEL\" \"$PGCOPY_PAYLOAD\"; cat; printf '|%s\\0' \"$PGCOPY_PID\"; } >> log"
        let running = try Program.listening(
            "-c", odd, "--count=\(nasty.count)", "--exec", command, cluster.conninfo()
        ) { $0.directory = directory.path }
        try Program.pgcopy(
            ["notify"] + nasty.flatMap { ["-c", "\"\(odd.replacing("\"", with: "\"\""))\"=\($0)"] } + [
                cluster.conninfo()
            ]
        ).run().expecting(0)
        let result = try running.wait().expecting(0)
        let entries = try directory.text(of: "log").split(separator: "\0").map(String.init)
        let pid = try #require(result.records.first?.last)
        #expect(entries == nasty.map { "\(odd)|\($0)|\($0)|\(pid)" })
        #expect(try directory.entries() == ["log"], "nothing was run by a shell")
        #expect(result.records.count == nasty.count)
    }

    @Test func `a command that does not read, or fails, is no reason to stop`() throws {
        let command =
            "case $PGCOPY_PAYLOAD in fail) exit 7;; killed) kill -KILL $$;; big*) exec true;; *) cat > last;; esac"
        let running = try Program.listening(
            "-c", channel, "--count=5", "--exec", command, cluster.conninfo()
        ) { $0.directory = directory.path }
        try cluster.notify(channel, "fail", "killed", "big" + String(repeating: "x", count: 7000), "good")
        try running.waitForOutput(containing: "\tgood\t", on: .output)
        try cluster.notify(channel, "last one")
        let result = try running.wait()
        #expect(result.code == 3, "\(result)")
        #expect(result.errors.contains("exited with code 7") && result.errors.contains("ended by signal 9"))
        #expect(result.errors.components(separatedBy: "the command").count == 3)
        #expect(try directory.text(of: "last") == "last one")
        #expect(result.records.map { $0[2] }.last == "last one")
    }

    @Test func `the command's output and the lines keep their order, and it may be a pipeline`() throws {
        let running = try Program.listening(
            "-c", channel, "--count=3", "--exec", "tr a-z A-Z | sed 's/^/  /'; echo", cluster.conninfo())
        try cluster.notify(channel, "one", "two", "three")
        let lines = try running.wait().expecting(0).output.split(separator: "\n").map {
            $0.hasPrefix("  ") ? String($0) : $0.split(separator: "\t")[2] + ""
        }
        #expect(lines == ["one", "  ONE", "two", "  TWO", "three", "  THREE"])
    }

    @Test func `a signal ends a command that runs, and listening`() throws {
        let running = try Program.listening(
            "-c", channel, "--exec",
            "trap 'echo stopped > stopped; exit' TERM; echo begun > begun; while :; do sleep 0.01; done",
            cluster.conninfo()
        ) { $0.directory = directory.path }
        try cluster.notify(channel, "x")
        try eventually("it runs") { directory.exists("begun") }
        let started = ContinuousClock.now
        running.signal(SIGTERM)
        let result = try running.wait()
        #expect(result.code == 143, "\(result)")
        #expect(ContinuousClock.now - started < .seconds(2))
        #expect(directory.exists("stopped"))
    }

    @Test func `a command that ignores signals does not keep it`() throws {
        let running = try Program.listening(
            "-c", channel, "--exec", "trap '' TERM; echo $$ > begun; exec sleep 30 < /dev/null > /dev/null 2>&1",
            cluster.conninfo()
        ) { $0.directory = directory.path }
        try cluster.notify(channel, "x")
        try eventually("it runs") { (try? directory.text(of: "begun"))?.hasSuffix("\n") == true }
        let started = ContinuousClock.now
        running.signal(SIGTERM)
        let result = try running.wait()
        #expect(result.code == 143, "\(result)")
        #expect(ContinuousClock.now - started < .seconds(2))
        let pid = try #require(try Int32(directory.text(of: "begun").dropLast()))
        kill(pid, SIGKILL)
    }

    @Test(arguments: ["exec sleep 30", "trap '' TERM; while :; do sleep 0.01; done"])
    func `the time of --timeout is over while a command runs, too`(command: String) throws {
        let running = try Program.listening(
            "-c", channel, "--timeout=2", "--exec", "echo $PGCOPY_PAYLOAD >> begun; \(command)", cluster.conninfo()
        ) { $0.directory = directory.path }
        let started = ContinuousClock.now
        try cluster.notify(channel, "one", "two")
        let result = try running.wait()
        // A second for each of two signals.
        #expect((.seconds(1)..<(.seconds(10))).contains(ContinuousClock.now - started), "\(result)")
        #expect(result.code == 3, "\(result)")
        #expect(result.errors.hasSuffix("\(channel): the command was ended: its time was over\n"), "\(result)")
        #expect(try directory.text(of: "begun") == "one\n" && result.records.map { $0[2] } == ["one"], "\(result)")
    }

    @Test func `SIGCHLD ignored by the caller does not hide a failure`() throws {
        let script = "trap '' CHLD; exec \"$1\" listen -v -c '\(channel)' --count=1 --exec 'exit 9' \"$2\""
        let running = try Program("bash", ["-c", script, "bash", Program.pgcopyPath(), cluster.conninfo()]).start()
        try running.waitForOutput(containing: "pgcopy: listening\n")
        try cluster.notify(channel, "x")
        let result = try running.wait()
        #expect(result.code == 3 && result.errors.contains("code 9"), "\(result)")
    }

    /// Of a command that is ended after two seconds, and whose child has written its number.
    private func expectChildEnds(of command: String) throws {
        let running = try Program.listening(
            "-c", channel, "--timeout=2", "--exec", command, cluster.conninfo()
        ) { $0.directory = directory.path }
        try cluster.notify(channel, "x")
        #expect(try running.wait().code == 3)
        let child = try #require(pid_t(try directory.text(of: "child").filter { $0 != "\n" }))
        try eventually("the command's child is gone") { kill(child, 0) != 0 }
    }

    @Test func `what a command started ends with it when its time is over`() throws {
        let command = "sh -c 'echo $$ > child; exec sleep 300'; true"
        try expectChildEnds(of: command)
    }

    @Test func `a command may use the terminal where no time is set`() throws {
        let command = "read a < /dev/tty; echo \"got $a\" > log"
        let running = try Program.listening("-c", channel, "--count=1", "--exec", command, cluster.conninfo()) {
            $0.directory = directory.path
            $0.terminal = .controlling
        }
        try cluster.notify(channel, "x")
        running.type("hello\n")
        try running.wait().expecting(0)
        #expect(try directory.text(of: "log") == "got hello\n")
    }

    @Test func `a command that the terminal stops is ended`() throws {
        let command = "read a < /dev/tty; echo \"got $a\" > log"
        let running = try Program.listening(
            "-c", channel, "--count=1", "--timeout=50", "--exec", command, cluster.conninfo()
        ) {
            $0.directory = directory.path
            $0.terminal = .controlling
        }
        try cluster.notify(channel, "x")
        let result = try running.wait()
        #expect(result.code == 3 && result.errors.contains("it uses the terminal"), "\(result)")
        #expect(result.duration < .seconds(30), "\(result)")
        #expect(!directory.exists("log"))
    }

    @Test func `what ignores the first signal ends with its shell`() throws {
        let command = "sh -c 'trap \"\" TERM; echo $$ > child; while :; do sleep 0.1; done'; true"
        try expectChildEnds(of: command)
    }
}
