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
        #expect(json.errors.contains(#""event":"stderr","endpoint":"program:echo …","line":"said""#), "\(json)")
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
            result.code == 0 && result.errors.contains("program:gzip > \(file): committed, 20000 rows"), "\(result)")
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

/// Processes whose command line holds this text.
private func processes(naming text: String) throws -> [String] {
    let result = try Program("pgrep", ["-fa", text]).run()
    return result.output.split(separator: "\n").map(String.init).filter { !$0.contains("pgrep") }
}
