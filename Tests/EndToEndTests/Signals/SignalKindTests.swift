// Every signal that would end the program: it ends in good order, goes on, or was to be ignored.

import Glibc
import TestKit
import Testing

@Suite struct SignalKindTests {
    /// Whatever ends a process by default, but for faults of its own, and for SIGUSR1.
    static let stopping: [Int32] =
        [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF, SIGXCPU, SIGPOLL, SIGSTKFLT, SIGPWR]
        + [34, 50, 64]

    /// A copy of stdin to a file and a server; the file has its temporary name already.
    private func copying(
        _ place: Place, _ directory: TemporaryDirectory, shell: String = "exec \"$@\"", options: [String] = []
    ) throws -> RunningProgram {
        try directory.write("old\n".utf8, to: "out")
        let words = [try Program.pgcopyPath(), "transfer"] + options + ["-", place.at(), directory.file("out")]
        let running = try Program("sh", ["-c", shell, "sh"] + words).with { $0.input = .pipe }.start()
        running.write("1\tx\n")
        try place.waitForBackend("query LIKE 'COPY%' AND state = 'active'")
        try eventually("the file is opened") { try directory.entries().count == 2 }
        return running
    }

    @Test(arguments: stopping) func `every signal that stops the program stops it in good order`(signal: Int32) throws {
        let place = try Place(Servers.first, Trio.schema)
        let directory = try TemporaryDirectory()
        let (result, time) = try interrupted(copying(place, directory), signal)
        #expect(result.code == 128 + signal && time < .seconds(2), "\(time) \(result)")
        #expect(try directory.entries() == ["out"] && directory.text(of: "out") == "old\n")
        #expect(try place.count() == 0)
        try place.expectNoBackends()
    }

    @Test(arguments: stopping + [SIGUSR1, SIGPIPE, SIGXFSZ])
    func `a signal that was ignored from the beginning stays ignored`(signal: Int32) throws {
        let place = try Place(Servers.first, Trio.schema)
        let directory = try TemporaryDirectory()
        let running = try copying(place, directory, shell: "trap '' \(signal); exec \"$@\"")
        running.signal(signal)
        running.closeInput()
        let result = try running.end()
        #expect(result.code == 0 && !result.errors.contains("(mean "), "\(result)")
        #expect(try place.count() == 1 && directory.text(of: "out") == "1\tx\n")
    }

    @Test func `a limit of the file's size is an error`() throws {
        let trio = try Trio(rows: 1000)
        let directory = try TemporaryDirectory()
        let shell = "ulimit -f 8; exec \"$0\" transfer \"$@\""
        let file = directory.file("out")
        let result = try Program("sh", ["-c", shell, Program.pgcopyPath(), trio.source.at(), file, trio.first.at()])
            .run()
        #expect(result.code == 1, "\(result)")
        #expect(result.errors.contains("\(file): cannot write: File too large"), "\(result)")
        #expect(try directory.entries() == [] && trio.first.count() == 0)
        let out = try Program("sh", ["-c", shell + " >\(file)", Program.pgcopyPath(), trio.source.at(), "-"]).run()
        #expect(out.code == 1 && out.errors.contains("-: cannot write: File too large"), "\(out)")
    }

    @Test(arguments: [SIGQUIT, SIGALRM, SIGUSR1])
    func `a signal ends the other commands, too`(signal: Int32) throws {
        let place = try Place(Servers.first, "")
        let ear = try Program.pgcopy("listen", "-v", "-c", freshChannel(), place.conninfo).start()
        try ear.waitForOutput(containing: "pgcopy: listening\n")
        #expect(try interrupted(ear, signal).0.code == 128 + signal)
        let batch = try Program.pgcopy("exec", "-c", "SELECT pg_sleep(60)", place.conninfo).start()
        try eventually("it sleeps") {
            try place.sql(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'")
                == "1"
        }
        #expect(try interrupted(batch, signal).0.code == 128 + signal)
    }

    @Test(arguments: [("", ""), ("trap '' PIPE XFSZ INT ALRM; ", "INT PIPE ALRM XFSZ")])
    func `a command ignores the signals that the program was to ignore, and no others`(traps: String, ignored: String)
        throws
    {
        let place = try Place(Servers.first, "")
        let channel = freshChannel()
        let words = [
            try Program.pgcopyPath(), "listen", "-v", "-c", channel, "--count=1", "--exec",
            "grep SigIgn /proc/self/status",
            place.conninfo,
        ]
        let running = try Program("sh", ["-c", traps + "exec \"$@\"", "sh"] + words).start()
        try running.waitForOutput(containing: "pgcopy: listening\n")
        try place.cluster.notify(channel, "x", database: place.database)
        let result = try running.end()
        #expect(result.code == 0, "\(result)")
        let mask = try #require(result.output.split(separator: "\n").first { $0.hasPrefix("SigIgn:") })
        let bits = try #require(UInt64(mask.split(separator: "\t")[1], radix: 16))
        let names = [(SIGINT, "INT"), (SIGPIPE, "PIPE"), (SIGALRM, "ALRM"), (SIGXFSZ, "XFSZ")]
        #expect(
            names.filter { bits & 1 << UInt64($0.0 - 1) != 0 }.map(\.1).joined(separator: " ") == ignored, "\(result)")
    }
}
