// A snapshot that is held for many runs.

import Glibc
import TestKit
import Testing

@Suite struct `A held snapshot` {
    private func hold(_ place: Place, _ options: String...) throws -> (running: RunningProgram, id: String) {
        let running = try Program.pgcopy(["snapshot"] + options + [place.conninfo]).with { $0.input = .pipe }.start()
        let text = try running.waitForOutput(containing: "\n", on: .output)
        return (running, String(text.dropLast()))
    }

    @Test func `is what all runs in it see, until its input closes`() throws {
        let trio = try Trio(
            "CREATE TABLE a (i int); CREATE TABLE b (i int)",
            source: "INSERT INTO a VALUES (1); INSERT INTO b VALUES (1)")
        let (running, id) = try hold(trio.source, "-t", "?")
        #expect(id.split(separator: "-").count == 3)
        try trio.source.sql("INSERT INTO a VALUES (2); UPDATE b SET i = 5; DELETE FROM b WHERE i = 7")
        try transfer("-t", "?", "--snapshot", id, trio.source.conninfo, trio.first.conninfo).expecting(0)
        try transfer("--snapshot", id, trio.source.at("b"), trio.second.at("b")).expecting(0)
        try transfer("--snapshot", id, "--query", "SELECT i FROM a", trio.source.conninfo, trio.second.at("a"))
            .expecting(0)
        for place in [trio.first, trio.second] { #expect(try place.sql("TABLE a UNION ALL TABLE b") == "1\n1") }
        running.closeInput()
        #expect(try running.wait().code == 0)
        try trio.source.expectNoBackends()
        let late = try transfer("--snapshot", id, trio.source.at("a"), trio.first.at("a"))
        #expect(late.code == 1 && late.errors.contains("the snapshot \"\(id)\" is not there"), "\(late)")
        #expect(try trio.first.count("a") == 1)
    }

    @Test func `keeps its tables as they are; others that changed since are refused`() throws {
        let trio = try Trio(
            "CREATE TABLE a (i int); CREATE TABLE b (i int); CREATE VIEW v AS TABLE b",
            source: "INSERT INTO a VALUES (1); INSERT INTO b VALUES (1)")
        let (running, id) = try hold(trio.source, "-t", "a")
        let refused = try Program(
            "psql", ["-X", "-d", trio.source.conninfo, "-c", "SET lock_timeout = 200; TRUNCATE a"]
        ).run()
        #expect(refused.errors.contains("lock timeout"))
        try trio.source.sql("TRUNCATE b; INSERT INTO b VALUES (9)")
        for source in [trio.source.at("b"), trio.source.at("v")] {
            let result = try transfer("--snapshot", id, source, trio.first.at("b"))
            #expect(result.code == 1 && result.errors.contains("since the snapshot; nothing was copied"), "\(result)")
        }
        let both = try transfer("-t", "?", "--snapshot", id, trio.source.conninfo, trio.first.conninfo)
        #expect(both.code == 1 && both.errors.contains(": b: emptied"), "\(both)")
        try transfer("--snapshot", id, trio.source.at("a"), trio.first.at("a")).expecting(0)
        running.signal(SIGTERM)
        #expect(try running.wait().code == 143)
        #expect(try trio.first.count("b") == 0 && trio.first.count("a") == 1)
    }

    @Test func `ends with its server, and says so`() throws {
        let place = try Place(Servers.first, "CREATE TABLE t (i int)")
        let (running, _) = try hold(place)
        try place.terminateBackends()
        let result = try running.wait()
        #expect(result.code == 1 && result.errors.contains("57P01"), "\(result)")
        // A background job has /dev/null, which is no end.
        let job = try Program.pgcopy(["snapshot", place.conninfo]).start()
        try job.waitForOutput(containing: "-", on: .output)
        #expect(!job.hasEnded)
        job.signal(SIGINT)
        #expect(try job.wait().code == 130)
    }

    @Test func `is refused with what is wrong`() throws {
        let place = try Place(Servers.first, "CREATE TABLE t (i int)")
        let missing = try Program.pgcopy("snapshot", "-t", "none", place.conninfo).run()
        #expect(missing.code == 1 && missing.errors.contains(#"there is no table "none""#), "\(missing)")
        let stream = try transfer("--snapshot=x", "./file", place.at())
        #expect(stream.code == 2 && stream.errors.contains("--snapshot needs a server as the source"), "\(stream)")
        let odd = try transfer("--snapshot=it's", place.at(), "null:")
        #expect(odd.code == 2 && odd.errors.contains(#""it's" is no identifier of a snapshot"#), "\(odd)")
    }
}
