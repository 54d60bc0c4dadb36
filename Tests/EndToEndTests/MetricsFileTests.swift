// `--metrics-file` of real runs: while they run, at their end, and where it cannot be written.

import Glibc
import TestKit
import Testing

@Suite struct `A metrics file of a run` {
    private func metrics(_ path: String) throws -> MetricsCheck { try MetricsCheck(readFile(path)) }

    @Test func `tells of each destination, while it runs and behind a failure`() throws {
        let trio = try Trio(rows: 20_000)
        try trio.source.sql("ANALYZE t")
        try trio.second.sql("CREATE TABLE u (LIKE t, CHECK (id <> '0000019999'))")
        let folder = try TemporaryDirectory()
        let path = folder.file("orders.prom")
        let options = ["-q", "--metrics-file", path, "--interval=0.1", "--format=text"]
        let running = try program(options + ["--rate-limit=1M", trio.source.at(), trio.first.at(), trio.second.at()])
            .start()
        try eventually("something is left") {
            // Once it is there it is whole, whenever it is read.
            try access(path, F_OK) == 0 && metrics(path).value("pgcopy_remaining_seconds") ?? 0 > 0
        }
        let half = try metrics(path)
        #expect(half.value("pgcopy_running") == 1 && half.value("pgcopy_exit_code") == nil)
        #expect(half.values.count { $0.key.hasPrefix("pgcopy_destination_bytes{") && $0.value > 0 } == 2)
        try running.end().expecting(0)
        let good = try metrics(path)
        #expect(good.value("pgcopy_running") == 0 && good.value("pgcopy_exit_code") == 0)
        #expect(good.value("pgcopy_rows") == 20_000 && good.value("pgcopy_bytes") == 2_000_000)
        let success = try #require(good.value("pgcopy_last_success_timestamp_seconds"))
        #expect(success == good.value("pgcopy_end_timestamp_seconds"))

        let failed = try transfer(
            options + ["--keep-going", trio.source.at(), trio.first.at(), trio.second.at("u")])
        #expect(failed.code == 3, "\(failed)")
        let end = try metrics(path)
        #expect(end.value("pgcopy_exit_code") == 3 && end.value("pgcopy_last_success_timestamp_seconds") == success)
        #expect(end.value("pgcopy_destination_committed", "#t\",file=") == 1)
        #expect(end.value("pgcopy_destination_committed", "#u\",file=") == 0)
        #expect(try folder.entries() == ["orders.prom"])
    }

    @Test func `tells of a signal, of what was refused, and of SIGKILL that it runs`() throws {
        let place = try Place(Servers.first, Trio.schema)
        let folder = try TemporaryDirectory()
        let path = folder.file("a.prom")
        for (signal, code) in [(SIGTERM, 143.0), (SIGKILL, nil)] {
            let running = try start("--progress=json", "--metrics-file", path, "-", place.at()) { $0.input = .pipe }
            try place.waitForBackend("query LIKE 'COPY%' AND state = 'active'")
            let (_, _) = try interrupted(running, signal)
            #expect(try metrics(path).value("pgcopy_exit_code") == code)
            #expect(try metrics(path).value("pgcopy_running") == (code == nil ? 1 : 0))
        }
        let refused = try transfer("--progress=json", "--metrics-file", path, "--into=a*", "-", place.at())
        #expect(refused.code == 2 && refused.errors.contains("is a pattern"), "\(refused)")
        #expect(try metrics(path).value("pgcopy_exit_code") == 2)
    }

    @Test func `that cannot be written is refused before anything is read`() throws {
        let place = try Place(Servers.first, Trio.schema)
        let folder = try TemporaryDirectory()
        let (pipe, rows) = (try folder.pipe(), try folder.write("1\tx\n".utf8, to: "rows"))
        for (path, words) in [
            (folder.path, "Is a directory"), (pipe, "cannot be replaced"), ("/dev/full", "cannot be replaced"),
            ("/dev/stdout", "cannot be replaced"),
            (folder.file("no/a.prom"), "the folder \(folder.file("no")) does not exist"),
            ("/proc/a.prom", "/proc/a.prom: "),
            (folder.file("../\(folder.path.split(separator: "/").last ?? "")/rows"), "is the file of \(rows)"),
        ] {
            for options in [[], ["--dry-run"], ["--progress=json"]] {
                let result = try transfer(options + ["--metrics-file", path, rows, place.at()])
                #expect(result.code == 2 && result.errors.contains(words), "\(result)")
            }
        }
        #expect(try folder.text(of: "rows") == "1\tx\n" && place.count() == 0)
        // What is only told writes none.
        let path = folder.file("a.prom")
        try transfer("--dry-run", "--metrics-file", path, rows, place.at()).expecting(0)
        #expect(try folder.entries().sorted() == ["pipe", "rows"])
    }

    /// The disk is full once it has begun: rows are worth more than what is said of them.
    @Test func `that cannot be written any more is a warning, and the run goes on`() throws {
        let place = try Place(Servers.first, Trio.schema)
        let folder = try TemporaryDirectory()
        let path = folder.file("in/a.prom")
        try #require(mkdir(folder.file("in"), 0o700) == 0)
        let running = try start("--progress=json", "--metrics-file", path, "--interval=0.1", "-", place.at()) {
            $0.input = .pipe
        }
        running.write("1\tx\n")
        try place.waitForBackend("query LIKE 'COPY%' AND state = 'active'")
        try #require(rename(folder.file("in"), folder.file("out")) == 0)
        try running.waitForOutput(containing: "the metrics file was not written: ")
        running.closeInput()
        let result = try running.end()
        #expect(result.code == 0 && result.errors.split(separator: "metrics file was not").count == 2, "\(result)")
        #expect(try place.count() == 1)
    }
}
