// `.ci/within`: what it ends, and what it leaves alone.

import Glibc
import TestKit
import Testing

@Suite struct WithinTests {
    /// The script, beside the package's other files.
    private static let script = #filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 } + "/.ci/within"

    private func within(_ seconds: Int, _ shell: String, in directory: TemporaryDirectory) -> Program {
        Program(Self.script, ["\(seconds)", "sh", "-c", shell]).with { $0.directory = directory.path }
    }

    /// It has ended; a zombie that nobody waited for has, too.
    private func hasEnded(_ pid: String) throws -> Bool {
        let line = (try? readFile("/proc/\(pid)/stat")).map { String(decoding: $0, as: UTF8.self) } ?? ") Z"
        return line.split(separator: ")").last.map { $0.hasPrefix(" Z") } ?? true
    }

    @Test func `ends whoever hangs, in a group, a session, or without parents of his own`() throws {
        let directory = try TemporaryDirectory()
        // A shell with job control gives each job a group, as `swift test` does with its tests.
        let hang = """
            set -m
            sh -c 'trap "" TERM; echo $$ >group; while :; do sleep 1; done' &
            set +m
            setsid sh -c 'echo $$ >session; while :; do sleep 1; done' &
            setsid -f sh -c 'echo $$ >orphan; while :; do sleep 1; done'
            until [ -s group ] && [ -s session ] && [ -s orphan ]; do sleep 0.1; done
            echo all hang
            while :; do sleep 1; done
            """
        // Long enough for all to be there; whoever is not makes the test fail, not pass.
        let result = try within(5, hang, in: directory).run()
        #expect(result.code == 128 + SIGTERM, "\(result)")
        #expect(result.output == "all hang\n" && result.errors.contains("not finished after 5 seconds"), "\(result)")
        for who in ["group", "session", "orphan"] {
            let pid = try directory.text(of: who).split(separator: "\n").joined()
            try #require(!pid.isEmpty)
            #expect(try hasEnded(pid), "\(who): \(result)")
            // Not for ever, where the test fails.
            if let number = Int32(pid) { kill(number, SIGKILL) }
        }
    }

    @Test func `gives the command's status, and ends when told to`() throws {
        let directory = try TemporaryDirectory()
        #expect(try within(60, "exit 7", in: directory).run().code == 7)
        let running = try within(60, "echo $$ >pid; while :; do sleep 1; done", in: directory).start()
        try eventually("it runs") { (try? directory.text(of: "pid").hasSuffix("\n")) ?? false }
        running.signal(SIGTERM)
        #expect(try running.wait().code == 128 + SIGTERM)
        #expect(try hasEnded(directory.text(of: "pid").split(separator: "\n").joined()))
    }
}
