// Programs as the source and as destinations.

import Glibc
import TestKit
import Testing

@Suite struct `A program as the source` {
    private let directory: TemporaryDirectory
    private let trio: Trio

    init() throws {
        directory = try TemporaryDirectory()
        trio = try Trio(rows: 2000)
    }

    /// A file of all rows.
    private func rows() throws -> String {
        let file = directory.file("rows")
        try transfer("-q", trio.source.at(), file).expecting(0)
        return file
    }

    /// Copies what a command gives.
    private func copy(_ command: String, _ options: String...) throws -> ProgramResult {
        let before = try leftovers()
        let result = try transfer(options + ["program:\(command)", trio.first.at(), trio.second.at()])
        #expect(try leftovers() == before, "\(result)")
        return result
    }

    /// Processes whose command line holds this test's folder.
    private func leftovers() throws -> [String] { try processes(naming: directory.path) }

    @Test func `is copied where it exits with 0`() throws {
        let file = try rows()
        let result = try copy("gzip -c \(file) | gzip -dc")
        #expect(result.code == 0, "\(result)")
        #expect(try trio.first.digest() == trio.source.digest())
        #expect(try trio.second.count() == 2000)
    }

    @Test(arguments: [
        ("cat FILE; exit 3", "the program exited with status 3"),
        ("cat FILE; kill -9 $$", "the program was ended by signal 9"),
        // However late: its stdout has ended long before.
        ("cat FILE; exec >&-; sleep 0.5; exit 1", "the program exited with status 1"),
        ("nosuchcommand", "the program exited with status 127"),
        // How it ended is the better reason than how its rows did.
        ("head -c 150 FILE; exit 4", "the program exited with status 4"),
        ("head -c 150 FILE", "the data ends inside row 2"),
        ("cat FILE; exit 0 | false; set -e; false", "the program exited with status 1"),
    ])
    func `commits nothing where it fails, however late`(command: String, reason: String) throws {
        let file = try rows()
        let result = try copy(command.replacing("FILE", with: file))
        #expect(result.code == 1 && result.errors.contains(reason), "\(result)")
        try trio.expectNothingCommitted("\(result)")
        try trio.expectNoBackends()
    }

    @Test func `that has failed is not waited for although something it started keeps its stdout`() throws {
        let mark = directory.file("mark")
        let result = try copy("(exec sh -c 'sleep 600; : \(mark)') & exit 1")
        #expect(result.code == 1 && result.errors.contains("status 1"), "\(result)")
        #expect(result.duration < .seconds(20))
        try trio.expectNothingCommitted("\(result)")
    }

    @Test func `that has ended well gives all that what it started still writes`() throws {
        let file = try rows()
        let result = try copy("head -n 1000 \(file); (sleep 1.5; tail -n 1000 \(file)) & exit 0")
        #expect(result.code == 0, "\(result)")
        #expect(result.errors.contains("waiting for what the program has started"), "\(result)")
        #expect(try trio.first.digest() == trio.source.digest())
    }

    @Test func `that writes for ever is ended by a signal, with all it has started`() throws {
        let mark = directory.file("mark")
        let running = try start("program:sh -c 'yes a b | sed \"s/ /\\t/; s,^,\(mark),\"'", trio.first.at())
        try trio.first.waitForBackend("query LIKE 'COPY%' AND state = 'active'")
        #expect(try !leftovers().isEmpty)
        let (result, _) = try interrupted(running, SIGINT)
        #expect(result.code == 130, "\(result)")
        #expect(try leftovers() == [])
        try trio.expectNothingCommitted("\(result)")
    }

    @Test func `tells what it writes to its stderr, line by line, with its name`() throws {
        let result = try copy(#"printf 'one\ntwo' >&2; exit 1"#)
        #expect(result.errors.contains("program:printf …: one\n"), "\(result)")
        #expect(result.errors.contains("program:printf …: two\n"), "\(result)")
        // More than a pipe holds, and nobody stands still.
        let file = try rows()
        let loud = try copy("seq 100000 >&2; cat \(file)")
        #expect(loud.code == 0 && loud.errors.contains("program:seq …: 100000\n"), "\(loud.status)")
        let json = try copy("echo said >&2; exit 1", "--progress=json")
        #expect(
            json.errors.contains(#""type":"stderr""#)
                && json.errors.contains(#","endpoint":"program:echo …","line":"said"}"#), "\(json)")
    }

    @Test func `reads our stdin`() throws {
        let file = try rows()
        let result = try transfer("program:cat", trio.first.at()) { $0.input = .file(file) }
        #expect(result.code == 0, "\(result)")
        #expect(try trio.first.digest() == trio.source.digest())
    }

    @Test func `begins with a header line where that is asked for`() throws {
        let place = try Place(Servers.first, "CREATE TABLE h (a int, b text)")
        let good = try transfer("--format=csv", "--header", #"program:printf 'b,a\nx,1\n'"#, place.at("h"))
        #expect(good.code == 0, "\(good)")
        #expect(try place.sql("SELECT a, b FROM h") == "1|x")
        let failed = try transfer("--format=csv", "--header", "program:printf b; exit 6", place.at("h"))
        #expect(failed.code == 1 && failed.errors.contains("status 6"), "\(failed)")
        #expect(!failed.errors.contains("ends"), "\(failed)")
    }

    @Test func `is named by who refuses compressed data`() throws {
        let file = try rows()
        try Program("gzip", [file]).run().expecting(0)
        let refused = try transfer(file + ".gz", trio.first.at())
        #expect(refused.errors.contains("HINT: program:'zcat \(file).gz' reads it"), "\(refused)")
        let stdin = try transfer("-", trio.first.at()) { $0.input = .file(file + ".gz") }
        #expect(stdin.errors.contains("HINT: program:zcat reads it"), "\(stdin)")
        try transfer("program:zcat \(file).gz", trio.first.at()).expecting(0)
        #expect(try trio.first.count() == 2000)
    }

    @Test func `without a command is refused`() throws {
        for empty in ["program:", "program: "] {
            let result = try transfer(empty, trio.first.at())
            #expect(result.code == 2 && result.errors.contains("names no command"), "\(result)")
        }
    }
}

@Suite struct `A program as a destination` {
    private let directory: TemporaryDirectory
    private let trio: Trio

    init() throws {
        directory = try TemporaryDirectory()
        trio = try Trio(rows: 20_000)
    }

    /// Copies to a command, and to a server behind it.
    private func copy(_ command: String, _ options: String...) throws -> ProgramResult {
        let result = try transfer(options + [trio.source.at(), "program:\(command)", trio.first.at()])
        #expect(try processes(naming: directory.path) == [], "\(result)")
        return result
    }

    @Test func `has all rows before it is told to have committed`() throws {
        let file = directory.file("rows.gz")
        let result = try copy("gzip > \(file)")
        #expect(
            result.code == 0 && result.errors.contains("program:gzip > \(file): written, 20,000 rows"), "\(result)")
        try transfer("program:zcat \(file)", trio.second.at()).expecting(0)
        #expect(try trio.second.digest() == trio.source.digest())
    }

    @Test(arguments: [
        ("cat > FILE; exit 5", "the program exited with status 5"),
        ("exit 1", "the program exited with status 1"),
        ("head -n 1 > FILE", "the program ended before its input did"),
        ("exec <&-; sleep 0.1; exit 7", "the program exited with status 7"),
        ("exec <&-; sleep 600; : FILE", "the program closed its stdin before all rows were written"),
        ("head -c 100000 > FILE; kill -9 $$", "the program was ended by signal 9"),
    ])
    func `that fails rolls the servers back`(command: String, reason: String) throws {
        let result = try copy(command.replacing("FILE", with: directory.file("out")))
        #expect(result.code == 1 && result.errors.contains(reason), "\(result)")
        #expect(result.duration < .seconds(20))
        #expect(try trio.first.count() == 0)
        try trio.expectNoBackends()
    }

    @Test func `that fails is dropped where the others are to go on`() throws {
        let result = try copy("head -c 1000 >/dev/null; exit 2", "--keep-going")
        #expect(result.code == 3 && result.errors.contains("status 2; dropped, the others go on"), "\(result)")
        #expect(try trio.first.count() == 20_000)
    }

    /// `sort` gives what it has when its input ends, and cannot tell why it did.
    @Test func `never sees a clean end of a run that fails`() throws {
        let file = directory.file("sorted")
        try trio.source.sql("ALTER TABLE t ADD n int; UPDATE t SET n = 1; UPDATE t SET n = 0 WHERE id = '0000019999'")
        for side in [trio.first, trio.second] { try side.sql("ALTER TABLE t ADD n int CHECK (n > 0)") }
        let result = try copy("sort > \(file); echo done > \(file).done")
        #expect(result.code == 1 && result.errors.contains("violates check constraint"), "\(result)")
        #expect(try directory.contents(of: "sorted") == [] && !directory.exists("sorted.done"), "\(result)")
    }

    @Test func `that ignores SIGTERM is ended all the same`() throws {
        let file = directory.file("out")
        let result = try copy("trap '' TERM; cat > \(file); sleep 600; : \(file)", "--expect-rows=1")
        #expect(result.code == 1 && result.duration < .seconds(20), "\(result)")
    }

    @Test func `is ended by a signal while it takes nothing, which is told`() throws {
        let file = directory.file("stuck")
        try trio.source.sql(Trio.fill(20_000))
        let running = try start(trio.source.at(), "program:sleep 600; : \(file)", trio.first.at())
        try running.waitForOutput(containing: "program:sleep …: waiting for the program to take rows", on: .errors)
        let (result, _) = try interrupted(running, SIGTERM)
        #expect(result.code == 143, "\(result)")
        #expect(try processes(naming: directory.path) == [])
        #expect(try trio.first.count() == 0)
    }

    @Test func `that takes nothing times out`() throws {
        try trio.source.sql(Trio.fill(20_000))
        let result = try copy("sleep 600; : \(directory.file("stuck"))", "--timeout=1")
        #expect(
            result.code == 1 && result.errors.contains("program:sleep …: socket timeout: took no data for 1.0 s"),
            "\(result)")
        #expect(try trio.first.count() == 0)
    }

    @Test func `whose end a signal cuts short is in doubt`() throws {
        let file = directory.file("end")
        let running = try start(trio.source.at(), "program:cat > \(file); sleep 613", trio.first.at())
        try eventually("it has all") { (try? directory.contents(of: "end"))?.count == 2_000_000 }
        try eventually("its input has ended") { try processes(naming: "^sleep 613").count > 0 }
        let (result, _) = try interrupted(running, SIGINT)
        #expect(result.code == 4 && result.errors.contains("in doubt"), "\(result)")
        #expect(try trio.first.count() == 0)
    }

    @Test func `shows no password`() throws {
        let result = try copy("PGPASSWORD=\(secret) cat >/dev/null; exit 1")
        #expect(result.code == 1 && result.errors.contains("program:…: the program exited with status 1"), "\(result)")
        let mail = try copy("curl -u me:\(secret) -T - https://example.invalid; exit 1")
        #expect(mail.errors.contains("program:curl …: "), "\(mail)")
    }

    @Test func `several are fed beside each other`() throws {
        let files = (1...3).map { directory.file("out\($0)") }
        let programs = files.map { "program:sleep 0.2; cat > \($0)" }
        try transfer([trio.source.at()] + programs).expecting(0)
        for number in 1...3 { #expect(try directory.contents(of: "out\(number)").count == 2_000_000) }
    }
}

@Suite struct `A program that is to be ended` {
    private let directory: TemporaryDirectory
    private let trio: Trio

    init() throws {
        directory = try TemporaryDirectory()
        trio = try Trio(rows: 2000)
    }

    private func leftovers() throws -> [String] { try processes(naming: directory.path) }

    /// Whatever it has started, in whatever group, by whatever way the run fails.
    @Test(
        arguments: [
            "timeout 600 sh -c 'cat > MARK; mv MARK DONE'", "setsid -w sh -c 'cat > MARK; mv MARK DONE'; true",
            "trap '' TERM; sleep 4; cat > MARK; mv MARK DONE",
            "exec 3<&0; (trap '' TERM; cat > MARK; mv MARK DONE) <&3 & sleep 600",
            "exec 3<&0; setsid sh -c 'trap \"\" TERM; cat > MARK; mv MARK DONE' <&3 & sleep 600",
        ], [["--expect-rows=1"], ["--keep-going", "--timeout=0.5"]])
    func `is ended with all of it, and sees no end of its input`(command: String, options: [String]) throws {
        let command = command.replacing("MARK", with: directory.file("mark")).replacing(
            "DONE", with: directory.file("done"))
        // One that takes nothing is dropped, the others go on.
        let isDropped = options.count > 1
        let program =
            isDropped
            ? "program:sleep 600 < /dev/null & exec 3<&0; \(command.replacing("cat >", with: "sleep 2; cat >"))"
            : "program:\(command)"
        let big = "select repeat('x', 1000) from generate_series(1, 2000)"
        let result = try transfer(options + ["--query", big, trio.source.conninfo, program, "null:"])
        #expect(result.code == (isDropped ? 3 : 1), "\(result)")
        #expect(!directory.exists("done"), "\(result)")
        try eventually("nothing is left") { try leftovers().isEmpty }
        #expect(!directory.exists("done"))
    }

    @Test func `has its second, whoever of it ends first`() throws {
        try trio.source.sql("TRUNCATE t; INSERT INTO t VALUES ('some', 'rows'), ('and', 'more')")
        let mark = directory.file("cleaned")
        let slow = "sh -c 'trap \"sleep 0.6; echo > \(mark); exit\" TERM; while :; do sleep 0.1; done'"
        let result = try transfer("--expect-rows=1", trio.source.at(), "program:cd .; \(slow); exit")
        #expect(result.code == 1 && directory.exists("cleaned"), "\(result)")
    }

    /// What cannot be ended reads on, and takes our end for the end of the rows: that is no rollback.
    @Test func `but escapes leaves a doubt`() throws {
        // A double fork: its parent is gone, and it leads a session of its own, before anybody looks.
        let gone = directory.file("gone")
        let away = "setsid -f sh -c ': > \(gone).1; sleep 5; : \(directory.path)'; : > \(gone).2; sleep 600"
        let rows = "until test -e \(gone).1 -a -e \(gone).2; do sleep 0.01; done; printf 'some\\trows\\nand\\tmore\\n'"
        let result = try transfer("--expect-rows=1", "program:\(rows)", "program:\(away)")
        #expect(result.code == 4 && result.errors.contains("could not be ended and reads on"), "\(result)")
        _ = try Program("pkill", ["-f", directory.path]).run()
    }

    @Test(arguments: [
        ("true", 1), ("exec <&-; exit 0", 1), ("exec <&-; sleep 1", 1), ("head -c 10 > /dev/null", 1),
        ("cat > /dev/null", 0),
        ("head -n 1 > /dev/null", 0),
    ])
    func `by itself has to have read all of it`(command: String, code: Int32) throws {
        try trio.source.sql("TRUNCATE t; INSERT INTO t VALUES ('some', 'rows'), ('and', 'more')")
        for _ in 0..<10 {
            let result = try transfer(trio.source.at(), "program:\(command)")
            #expect(result.code == code, "\(result)")
        }
    }

    @Test func `is waited for whatever its parent thinks of children`() throws {
        let words = ["-e", "$SIG{CHLD} = 'IGNORE'; exec @ARGV", try Program.pgcopyPath(), "transfer"]
        let mark = directory.file("rows")
        let result = try Program("perl", words + [trio.source.at(), "program:cat > \(mark)", trio.first.at()]).run()
        #expect(result.code == 0 && directory.exists("rows"), "\(result)")
        #expect(try trio.first.count() == 2000)
    }

    @Test func `and cannot be watched is not run`() throws {
        let mark = directory.file("done")
        let limited = "ulimit -v 36000; exec \"$@\""
        let program = "program:cat > \(mark).t; mv \(mark).t \(mark)"
        let result = try Program(
            "sh", ["-c", limited, "sh", try Program.releasePath(), "transfer", "program:sleep 0.2; seq 3", program]
        ).run()
        #expect(result.code != 0 && !directory.exists("done"), "\(result)")
    }

    @Test(arguments: 20...26) func `with no descriptor left is ended all the same`(limit: Int) throws {
        let (one, two) = (directory.file("one"), directory.file("two"))
        let result = try Program(
            "sh",
            [
                "-c", "ulimit -n \(limit); exec \"$@\"", "sh", try Program.pgcopyPath(), "transfer", "--expect-rows=5",
                trio.source.at(), "program:trap '' TERM; sleep 1.2; cat > \(one).t; mv \(one).t \(one)",
                "program:sleep 1; cat > \(two).t; mv \(two).t \(two)", directory.file("three"),
            ]
        ).run()
        #expect(result.code != 0, "\(result)")
        try eventually("nothing is left") { try leftovers().isEmpty }
        #expect(!directory.exists("one") && !directory.exists("two"), "\(result)")
    }

    @Test func `takes long while a server goes away commits nothing on the others`() throws {
        let mark = directory.file("began")
        let slow = "cat > /dev/null; echo > \(mark); sleep 2"
        let running = try start(
            "--progress=plain", trio.source.at(), "program:\(slow)", trio.first.at(), trio.second.at())
        try eventually("it has all rows") { directory.exists("began") }
        try trio.first.terminateBackends()
        let result = try running.end()
        #expect(result.code == 3 && result.errors.contains("57P01") && !result.errors.contains("in doubt"), "\(result)")
        #expect(try trio.second.count() == 0)
    }

    @Test func `are told apart, and what it shows as progress is its last state`() throws {
        let result = try transfer(
            trio.source.at(), "program:cat > /dev/null; exit 1",
            "program:cat /dev/null; printf '1%%\\r2%%\\r3%%\\n' >&2; cat > /dev/null")
        #expect(result.errors.contains("program:cat … (2): 3%\n"), "\(result)")
        #expect(!result.errors.contains("2%"), "\(result)")
    }
}
