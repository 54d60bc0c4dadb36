// Names that lead to the caller's own stdout: what the shell has open is written, never replaced.

import TestKit
import Testing

@Suite struct InheritedDescriptorTests {
    @Test(arguments: [
        "./so", "./again", "/dev/./stdout", "//dev/stdout", "/dev/fd/1", "/dev/fd/../fd/1", "/proc/self/fd/1",
        "/proc/thread-self/fd/1", "../dev/stdout", "/proc/self/root/dev/stdout",
    ])
    func `keep what stands before and behind`(name: String) throws {
        let trio = try Trio(rows: 1)
        let directory = try TemporaryDirectory()
        // In a folder of the root, so that a path from there is short.
        let script = #"""
            ln -s /dev/stdout so; ln -s ./so again
            [ "$2" = ../dev/stdout ] && dir=/dev || dir=.
            out=$PWD/log
            { echo before; (cd "$dir"; "$0" transfer -q "$1" "$2"); echo behind; } > "$out"
            """#
        let result = try Program("sh", ["-c", script, Program.pgcopyPath(), trio.source.at(), name])
            .with { $0.directory = directory.path }.run()
        #expect(result.code == 0 && result.errors == "", "\(result)")
        let lines = try directory.text(of: "log").split(separator: "\n")
        #expect(lines.count == 3 && lines.first == "before" && lines.last == "behind", "\(lines)")
    }

    @Test(arguments: ["/dev/stdin <&-", "/dev/fd/10 </dev/null", "/dev/fd/3 </dev/null"])
    func `that nobody gave us are no source`(source: String) throws {
        let trio = try Trio(rows: 1)
        let script = "exec \"$0\" transfer -q --into t " + source.replacing(" ", with: " \"$1\" ", maxReplacements: 1)
        let result = try Program("sh", ["-c", script, Program.pgcopyPath(), trio.first.conninfo])
            .with { $0.timeout = .seconds(20) }.run()
        #expect(result.code == 1 && result.errors.contains("Bad file descriptor"), "\(result)")
    }

    @Test func `another user's file keeps its group where that may be kept`() throws {
        let trio = try Trio(rows: 1)
        let directory = try TemporaryDirectory()
        let file = try directory.write("old\n".utf8, to: "out")
        let script = #"""
            chmod 777 .; chgrp 4242 out; chmod 6664 out
            exec setpriv --reuid=65534 --regid=65534 "$3" "$0" transfer -q "$1" "$2"
            """#
        // What nobody may reach is copied out of the way.
        let program = directory.file("pgcopy")
        try Program("cp", [Program.pgcopyPath(), program]).run().expecting(0)
        for (groups, mode) in [("--groups=4242", "2664 4242"), ("--clear-groups", "604 65534")] {
            try Program("sh", ["-c", "rm -f out; echo old > out; chown 0:0 ."]).with { $0.directory = directory.path }
                .run().expecting(0)
            let source = trio.source.cluster.tcpConninfo(database: trio.source.database) + "#t"
            let result = try Program("sh", ["-c", script, program, source, file, groups])
                .with { $0.directory = directory.path }.run()
            #expect(result.code == 0, "\(result)")
            let shown = try Program("stat", ["-c", "%a %g", file]).run().output
            #expect(shown == mode + "\n", "\(groups)")
        }
    }
}
