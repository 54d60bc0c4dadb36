// stdin, stdout, pipes.

import Glibc
import TestKit
import Testing

@Suite struct StreamTests {
    /// A shell script in which $0 is the program.
    private func shell(_ script: String, _ arguments: String...) throws -> ProgramResult {
        expectNoSecrets(try Program("sh", ["-c", script, try Program.pgcopyPath()] + arguments).run())
    }

    @Test func `a stdout that is closed is told, where there is something to write`() throws {
        let source = try Place(Servers.source, Trio.schema + ";" + Trio.fill(3))
        for words in [
            "transfer '\(source.at())' -", "exec -c 'SELECT 1' '\(source.conninfo)'", "transfer null: -",
            "listen --timeout=0 -c c '\(source.conninfo)'",
        ] {
            let result = try shell("\"$0\" \(words) >&-")
            #expect(result.code == 1 && result.errors.contains("stdout is closed"), "\(result)")
        }
        let quiet = try shell("\"$0\" exec -q -c 'SET work_mem = 64' '\(source.conninfo)' >&-")
        #expect(quiet.code == 0 && quiet.errors == "", "\(quiet)")
    }

    @Test func `what printf writes goes into a table`() throws {
        let place = try Place(Servers.first, "CREATE TABLE t (a int, b text)")
        let result = try shell(#"printf '1\tone\n2\ttwo\n' | "$0" transfer - "$1""#, place.at())
        #expect(result.code == 0, "\(result)")
        #expect(result.errors.contains("committed, 2 rows"), "\(result)")
        #expect(try place.sql("SELECT a, b FROM t ORDER BY a") == "1|one\n2|two")
    }

    @Test(arguments: ["text", "csv", "binary"])
    func `a file that goes through gzip and a table comes out the same`(format: String) throws {
        let trio = try Trio(
            "CREATE TABLE t (i int, s text, d float8)",
            source: """
                INSERT INTO t SELECT i, CASE i % 5 WHEN 0 THEN NULL WHEN 1 THEN '' WHEN 2 THEN E'a\\t"b"\\n\\\\.' ELSE 'é' || i END,
                i / 7.0 FROM generate_series(1, 20000) i
                """)
        let directory = try TemporaryDirectory()
        let (before, after) = (directory.file("before"), directory.file("after"))
        #expect(try transfer("--format", format, trio.source.at(), before).code == 0)
        let result = try shell(
            #"gzip -c "$2" | gzip -dc | "$0" transfer --format="$1" - "$3" && "$0" transfer --format="$1" "$3" "$4""#,
            format, before, trio.first.at(), after)
        #expect(result.code == 0, "\(result)")
        let bytes = try directory.contents(of: "before")
        #expect(bytes.count > 300_000)
        #expect(try directory.contents(of: "after") == bytes)
        #expect(try trio.first.digest() == trio.source.digest())
    }

    @Test func `an empty stdin is no rows`() throws {
        let place = try Place(Servers.first, Trio.schema)
        let result = try transfer("-", place.at()) { $0.input = .bytes([]) }
        #expect(result.code == 0, "\(result)")
        #expect(result.errors.contains("committed, 0 rows"), "\(result)")
        #expect(try transfer("-", place.at()).code == 0)
        #expect(try transfer("null:", place.at(), "null:").code == 0)
        #expect(try place.count() == 0)
    }

    @Test func `a binary stream that is cut commits nothing`() throws {
        let trio = try Trio(rows: 1000)
        let directory = try TemporaryDirectory()
        #expect(try transfer("--format=binary", trio.source.at(), directory.file("rows")).code == 0)
        let bytes = try directory.contents(of: "rows")
        for count in [0, 10, 19, bytes.count / 2, bytes.count - 2] {
            let result = try transfer("--format=binary", "-", trio.first.at()) {
                $0.input = .bytes(Array(bytes[..<count]))
            }
            #expect(result.code == 1, "\(count): \(result)")
            if count > 11 { #expect(result.errors.contains("pgcopy: -: "), "\(result)") }
            #expect(try trio.first.count() == 0)
        }
    }

    @Test func `stdout is the rows and nothing else`() throws {
        let trio = try Trio(rows: 5000)
        let result = try transfer("-v", trio.source.at(), "-")
        #expect(result.code == 0, "\(result)")
        #expect(result.output.hasPrefix("0000000001\txxx"))
        #expect(result.standardOutput.count == 500_000)
        let both = try transfer(trio.source.at(), "-", trio.first.at())
        #expect(both.code == 0, "\(both)")
        #expect(both.standardOutput == result.standardOutput)
        #expect(try trio.first.digest() == trio.source.digest())
    }

    @Test func `head ends it quietly`() throws {
        let source = try Place(Servers.source)
        // In the list of columns: in FROM the server would count to the end first.
        let query = "SELECT generate_series(1, 100000000), repeat('x', 100)"
        let script = #"{ "$0" transfer --query "$1" "$2" -; echo "code $?" >&2; } | head -n 2"#
        let result = try shell(script, query, source.conninfo)
        #expect(result.output.split(separator: "\n").count == 2, "\(result)")
        #expect(result.errors == "code 1\n", "\(result)")
        try source.expectNoBackends()
    }

    @Test func `a reader that leaves is noticed while the source thinks`() throws {
        let source = try Place(Servers.source)
        let query =
            "SELECT repeat('x', 20000) || pg_sleep(CASE i WHEN 9 THEN 60 ELSE 0 END) FROM generate_series(1, 9) i"
        let running = try start("--query", query, source.conninfo, "-")
        try running.waitForOutput(containing: "x", on: .output)
        try source.waitForBackend("wait_event = 'PgSleep'")
        running.closeOutput()
        let result = try running.end()
        #expect(result.code == 1, "\(result)")
        #expect(result.duration < .seconds(30) && result.errors.isEmpty, "\(result)")
        try source.expectNoBackends()
    }

    @Test func `a reader that leaves rolls back the server beside it`() throws {
        let trio = try Trio(rows: 200_000)
        let running = try start(trio.source.at(), "-", trio.first.at())
        running.pauseOutput()
        try trio.first.waitForBackend("query LIKE 'COPY%'")
        running.closeOutput()
        let result = try running.end()
        #expect(result.code == 1, "\(result)")
        #expect(try trio.first.count() == 0)
        #expect(result.errors.contains("rolled back"), "\(result)")
        try trio.expectNoBackends()
    }

    /// All of it fits into the pipe, and is read by nobody.
    @Test func `a reader that leaves while the others settle is noticed`() throws {
        let trio = try Trio(rows: 10)
        try trio.first.sql(gated())
        let holder = try Holder(trio.first, Holder.gate)
        let running = try start(trio.source.at(), "-", trio.first.at())
        try trio.first.waitForBackend("query LIKE 'SET CONSTRAINTS%' AND wait_event_type = 'Lock'")
        running.closeOutput()
        try holder.release()
        let result = try running.end()
        #expect(result.code == 1, "\(result)")
        #expect(try trio.first.count() == 0)
    }

    @Test func `a reader that leaves is dropped with --keep-going`() throws {
        let trio = try Trio(rows: 100_000)
        let running = try start("--keep-going", trio.source.at(), "-", trio.first.at())
        running.pauseOutput()
        try trio.first.waitForBackend("query LIKE 'COPY%'")
        running.closeOutput()
        let result = try running.end()
        #expect(result.code == 3, "\(result)")
        #expect(try trio.first.digest() == trio.source.digest())
    }

    @Test func `a reader that is stuck is a fault at the timeout`() throws {
        let trio = try Trio(rows: 20_000)
        let running = try start("--timeout=1", trio.source.at(), "-")
        running.pauseOutput()
        let result = try running.end()
        #expect(result.code == 1, "\(result)")
        #expect(result.errors.contains("took no data for 1"), "\(result)")
        #expect(result.duration < .seconds(8), "\(result)")
        try trio.expectNoBackends()
    }

    @Test func `named pipes work both ways`() throws {
        let trio = try Trio(rows: 20_000)
        let directory = try TemporaryDirectory()
        let pipe = directory.file("pipe")
        try #require(mkfifo(pipe, 0o600) == 0)
        let writing = try start(trio.source.at(), pipe)
        let reading = try start(pipe, trio.first.at())
        let written = try writing.end()
        let read = try reading.end()
        #expect(written.code == 0, "\(written)")
        #expect(read.code == 0, "\(read)")
        #expect(try trio.first.digest() == trio.source.digest())
        #expect(try directory.entries() == ["pipe"])
    }

    @Test func `a pipeline of two programs carries every row`() throws {
        let trio = try Trio(rows: 30_000)
        let result = try shell(
            #""$0" transfer -q "$1" - | "$0" transfer -q - "$2" "$3""#, trio.source.at(), trio.first.at(),
            trio.second.at())
        #expect(result.code == 0 && result.errors.isEmpty, "\(result)")
        #expect(try trio.second.digest() == trio.source.digest())
    }

    @Test func `a stdin that is shared stays blocking`() throws {
        let place = try Place(Servers.first, "CREATE TABLE t (a int)")
        // The flag is the open file's: the other program would get EAGAIN.
        let script =
            #"(sleep 0.3; echo 7) | { printf '1\n' | "$0" transfer -q - "$1"; "$0" transfer -q /dev/null "$1"; cat; }"#
        let result = try shell(script, place.at())
        #expect(result.output == "7\n", "\(result)")
        #expect(try place.count() == 1)
    }

    @Test func `standard streams that are closed do no harm`() throws {
        let trio = try Trio(rows: 100)
        let result = try shell(#""$0" transfer "$1" "$2" <&- >&- 2>&-"#, trio.source.at(), trio.first.at())
        #expect(result.code == 0, "\(result)")
        #expect(try trio.first.digest() == trio.source.digest())
    }
}
