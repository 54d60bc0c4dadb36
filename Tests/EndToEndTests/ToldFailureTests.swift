// What ends a run is told, whatever else has failed before.

import TestKit
import Testing

@Suite struct ToldFailureTests {
    @Test func `a source that fails is told beside a destination that was dropped`() throws {
        let trio = try Trio(rows: 3)
        for (source, word) in [
            (["--query", "SELECT 1/0 AS id, '' AS what", trio.source.conninfo], "division by zero"),
            (["--format=csv", "./nothing-here"], "No such file"),
        ] {
            let places = [trio.first.at("nothing"), trio.second.at()]
            let result = try transfer(["--keep-going"] + source + places)
            #expect(result.code == 1 && result.errors.contains(word), "\(result)")
            let json = try transfer(["--keep-going", "--progress=json"] + source + places)
            let summary = try JSONValue(parsing: String(#require(json.errors.split(separator: "\n").last)))
            #expect(summary["error"]?["message"]?.text?.contains(word) ?? false, "\(json)")
        }
    }

    @Test func `where none is left each has told why, and nothing more is said`() throws {
        let trio = try Trio(rows: 3)
        let result = try transfer("--keep-going", trio.source.at(), trio.first.at("nothing"))
        #expect(result.code == 1 && !result.errors.contains("no destination is left"), "\(result)")
    }

    @Test func `a request that has to be put otherwise names the help`() throws {
        let trio = try Trio(rows: 3)
        for words in [[trio.source.conninfo, trio.first.at()], ["--header", trio.source.at(), trio.first.at()]] {
            let result = try transfer(words)
            #expect(result.code == 2 && result.errors.hasSuffix("Try \"pgcopy transfer --help\".\n"), "\(result)")
        }
        let missing = try transfer(trio.source.at("nothing"), trio.first.at())
        #expect(missing.code == 1 && !missing.errors.contains("--help"), "\(missing)")
    }

    @Test func `missing columns of both sides are told at once`() throws {
        let trio = try Trio(rows: 3)
        try trio.first.sql("ALTER TABLE t RENAME id TO other")
        let result = try transfer("--columns=nowhere", trio.source.at(), trio.first.at())
        for place in [trio.source, trio.first] {
            #expect(result.errors.contains("\(place.label()): ") && result.code == 1, "\(result)")
        }
    }

    /// The others may take hours.
    @Test func `a file that is dropped is gone at once`() throws {
        let trio = try Trio(rows: 30_000)
        let directory = try TemporaryDirectory()
        let pipe = try directory.pipe()
        let shell = "ulimit -f 8; exec \"$0\" transfer --keep-going \"$@\""
        let running = try Program(
            "sh", ["-c", shell, Program.pgcopyPath(), trio.source.at(), directory.file("out"), pipe]
        ).start()
        let reader = try Program("sh", ["-c", "exec 3<\"$0\"; exec sleep 100", pipe]).start()
        try trio.source.waitForBackend("query LIKE 'COPY%'")
        try eventually("the temporary file is gone") { try directory.entries() == ["pipe"] }
        running.signal(15)
        #expect(try running.end().code == 143)
        reader.signal(9)
        _ = try reader.wait()
    }

    /// A pinned setting: whoever is connected first waits for the others.
    @Test func `no idle_session_timeout ends who waits for others to connect`() throws {
        let trio = try Trio(rows: 3)
        try trio.source.sql("ALTER DATABASE \(trio.source.database) SET idle_session_timeout = '900ms'")
        let proxy = try FaultProxy(to: trio.first.cluster)
        proxy.arm(.stall(for: .seconds(2)), direction: .toServer, at: .now)
        try transfer(trio.source.at(), trio.first.through(proxy)).expecting(0)
        #expect(proxy.faultCount == 1)
        #expect(try trio.first.count() == 3)
        proxy.stop()
    }
}
