// Commands run for notifications: nothing of a payload is ever a shell's to parse.

import CopyCore
import Glibc
import TestKit
import Testing

struct NotificationCommandTests {
    private let directory = Result { try TemporaryDirectory() }

    init() { signal(SIGPIPE, SIG_IGN) }

    private func run(_ command: String, _ notification: Notification) throws -> PgcopyError? {
        try NotificationCommand(Array(command.utf8)).run(notification, poller: SystemPoller())
    }

    private func note(_ payload: String, channel: String = "c") -> Notification {
        Notification(channel: channel, payload: payload, pid: 4711)
    }

    @Test(arguments: [
        "", "plain", "'", "\"", "$(touch pwned)", "`touch pwned`", "; touch pwned", "a\nb\n", "\n", "&& touch pwned",
        "| touch pwned", "> pwned", "\\", "%s%n", "${HOME}", "*", "-n", "tab\there", "🦆 é", "a'b\"c$d`e\\f;g|h",
    ])
    func `a payload comes as it is, on stdin and in the environment`(_ payload: String) throws {
        let directory = try self.directory.get()
        let path = directory.path
        let command =
            "cd '\(path)' && cat > input && printf %s \"$PGCOPY_CHANNEL\" > channel "
            + "&& printf %s \"$PGCOPY_PAYLOAD\" > payload && printf %s \"$PGCOPY_PID\" > pid"
        #expect(try run(command, note(payload, channel: "ch " + payload)) == nil)
        #expect(try directory.text(of: "input") == payload)
        #expect(try directory.text(of: "payload") == payload)
        #expect(try directory.text(of: "channel") == "ch " + payload)
        #expect(try directory.text(of: "pid") == "4711")
        #expect(try directory.entries() == ["channel", "input", "payload", "pid"])
    }

    @Test func `the command may be a pipeline`() throws {
        let directory = try self.directory.get()
        #expect(try run("tr a-z A-Z | sed s/B/x/ > '\(directory.path)/out'", note("abc")) == nil)
        #expect(try directory.text(of: "out") == "AxC")
    }

    @Test func `how a command failed is told`() throws {
        #expect(try run("exit 7", note("x")) == .commandExited(7))
        #expect(try run("kill -9 $$", note("x")) == .commandSignalled(9))
        #expect(try run("no_such_command_anywhere 2> /dev/null", note("x")) == .commandExited(127))
        #expect(try run("true", note("x")) == nil)
    }

    @Test func `an input larger than a pipe arrives whole, or is not read and does no harm`() throws {
        let directory = try self.directory.get()
        let big = String(repeating: "0123456789", count: 10_000)
        #expect(try run("cat > '\(directory.path)/big'", note(big)) == nil)
        #expect(try directory.text(of: "big") == big)
        #expect(try run("exec true", note(big)) == nil)
        #expect(try run("exec 0<&-; exit 5", note(big)) == .commandExited(5))
        // More than the system takes in an environment.
        let failure = try #require(try run("true", note(String(repeating: "x", count: 1 << 20))), "it ran")
        #expect(failure.code == .command && (failure.cause as? PgcopyError)?.errno == E2BIG)
    }

    @Test func `the environment is the program's own, a variable of the same name replaced`() throws {
        let directory = try self.directory.get()
        setenv("PGCOPY_PID", "of somebody else", 1)
        setenv("NOTIFICATION_COMMAND_TEST", "inherited", 1)
        defer {
            unsetenv("PGCOPY_PID")
            unsetenv("NOTIFICATION_COMMAND_TEST")
        }
        let out = directory.path + "/env"
        #expect(try run("env | grep -E '^(PGCOPY_PID|NOTIFICATION_COMMAND_TEST)=' | sort > '\(out)'", note("x")) == nil)
        #expect(try directory.text(of: "env") == "NOTIFICATION_COMMAND_TEST=inherited\nPGCOPY_PID=4711\n")
    }

    @Test func `a broken pipe ends the command's own writers, as in any shell`() throws {
        // With SIGPIPE ignored, `yes` would complain and exit with 1.
        let directory = try self.directory.get()
        let out = directory.path + "/status"
        #expect(try run("{ yes; echo $? > '\(out)'; } 2> /dev/null | head -n 1 > /dev/null", note("x")) == nil)
        #expect(try directory.text(of: "status") == "141\n")
    }

    @Test func `a signal is passed on, and the command is not waited for beyond that`() throws {
        let directory = try self.directory.get()
        let interruption = try #require(Interruption())
        interruption.raise(SIGTERM)
        let script =
            "trap 'echo caught > \"\(directory.path)/caught\"; exit 0' TERM; : > '\(directory.path)/ready'; "
            + "while :; do sleep 0.01; done"
        #expect(throws: Interrupted(signal: SIGTERM)) {
            try NotificationCommand(Array(script.utf8)).run(
                note("x"), poller: LatePoller(interruption) { directory.exists("ready") })
        }
        #expect(try directory.text(of: "caught") == "caught\n")
    }

    @Test(arguments: [("heeds", "echo caught > DIR/caught; exit 0"), ("ignores", "")])
    func `a command whose time is over is ended, one that ignores it too`(name: String, onTerm: String) throws {
        let directory = try self.directory.get()
        let poller = SystemPoller()
        let script =
            "trap '\(onTerm.replacing("DIR", with: directory.path))' TERM; echo $$ > '\(directory.path)/\(name)'; "
            + "while :; do sleep 0.01; done"
        let started = poller.now
        let failure = try NotificationCommand(Array(script.utf8)).run(note("x"), until: started + 0.5, poller: poller)
        #expect(failure == .commandTimedOut)
        #expect((0.5..<4).contains(poller.now.seconds(since: started)))
        #expect(directory.exists("caught") == !onTerm.isEmpty)
        let pid = try #require(try pid_t(directory.text(of: name).dropLast()))
        try eventually("somebody waited for it") { kill(pid, 0) == -1 && errno == ESRCH }
    }

    @Test func `a command that ends in time is told as without a deadline`() throws {
        let poller = SystemPoller()
        let command = NotificationCommand(Array("exit 7".utf8))
        #expect(try command.run(note("x"), until: poller.now + 30, poller: poller) == .commandExited(7))
    }

    @Test func `a command that was interrupted becomes no zombie, one that ignored the signal included`() throws {
        let directory = try self.directory.get()
        for (name, onTerm) in [("heeds", "exit 0"), ("ignores", "")] {
            let interruption = try #require(Interruption())
            interruption.raise(SIGTERM)
            let script =
                "trap '\(onTerm)' TERM; echo $$ > '\(directory.path)/\(name)'; "
                + "while ! [ -e '\(directory.path)/over' ]; do sleep 0.01; done"
            #expect(throws: Interrupted(signal: SIGTERM)) {
                try NotificationCommand(Array(script.utf8)).run(
                    note("x"),
                    poller: LatePoller(interruption) { (try? directory.text(of: name))?.hasSuffix("\n") == true })
            }
            if onTerm.isEmpty { try directory.write([], to: "over") }
            let pid = try #require(try pid_t(directory.text(of: name).dropLast()))
            try eventually("somebody waited for it") { kill(pid, 0) == -1 && errno == ESRCH }
        }
    }
}

/// Is interrupted only once the command is ready for it.
private final class LatePoller: Poller {
    private let calm = SystemPoller()
    private let interrupted: SystemPoller
    private let isTime: () -> Bool

    init(_ interruption: Interruption, _ isTime: @escaping () -> Bool) {
        interrupted = SystemPoller(interruption: interruption)
        self.isTime = isTime
    }

    var now: Instant { calm.now }

    func poll(_ entries: inout [PollEntry], until deadline: Instant?, interruptible: Bool) throws(Interrupted) {
        while interruptible, !isTime() {
            try calm.poll(&entries, until: now + 0.01, interruptible: false)
            if entries.contains(where: { !$0.ready.isEmpty }) { return }
        }
        try interrupted.poll(&entries, until: deadline, interruptible: interruptible)
    }
}
