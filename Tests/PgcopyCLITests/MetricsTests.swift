// `--metrics-file`: what it says of a run, and how it is written.

import Glibc
import TestKit
import Testing

@testable import CopyCore
@testable import CopyModel
@testable import PgcopyCLI

struct `Metrics` {
    private let begun = WallTime(milliseconds: 1_764_353_601_007)

    private func later(_ seconds: Int) -> WallTime { WallTime(milliseconds: begun.milliseconds + seconds * 1000) }

    private func metrics(
        file: String = "orders.prom", source: String = "db#t", before: String? = nil
    ) -> RunMetrics { RunMetrics(file: file, source: source, begun: begun, before: before) }

    private func check(_ metrics: RunMetrics, after seconds: Int = 60) throws -> MetricsCheck {
        try MetricsCheck(Array(metrics.text(at: later(seconds)).utf8))
    }

    private func progress(_ labels: [String]) -> TransferEvent {
        let moved = Totals(messages: 3, bytes: 4096)
        var progress = TransferProgress(
            duration: .seconds(3),
            reading: RateMeter.Reading(cycle: moved, cycleDuration: .zero, total: moved, duration: .seconds(2)),
            destinations: labels.map { DestinationProgress(label: $0, state: .copying, taken: 4000, behind: 96) })
        progress.destinations[labels.count - 1].state = .failed
        progress.tables = (1, 2)
        progress.forecast.bytes = 8192
        progress.forecast.remaining = .milliseconds(4500)
        return .progress(progress)
    }

    private func outcome(_ ends: (label: String, status: TransferOutcome.Status)...) -> TransferEvent {
        .finished(
            TransferOutcome(
                destinations: ends.map { .init(label: $0.label, status: $0.status, rows: 3, bytes: 4096) },
                totals: Totals(messages: 3, bytes: 4096), duration: .milliseconds(2500), copyDuration: .seconds(2),
                started: true))
    }

    @Test func `say that it runs, how far it is, and nothing of what is not known`() throws {
        var metrics = metrics()
        let first = try check(metrics, after: 2)
        #expect(first.value("pgcopy_running") == 1 && first.value("pgcopy_duration_seconds") == 2)
        #expect(first.value("pgcopy_start_timestamp_seconds") == 1_764_353_601.007)
        for name in ["exit_code", "end_timestamp_seconds", "last_success_timestamp_seconds", "remaining_seconds"] {
            #expect(!metrics.text(at: begun).contains("pgcopy_" + name))
        }
        let tables = [TransferPlan.Table(format: .text, landings: []), TransferPlan.Table(format: .csv, landings: [])]
        metrics.note(.planned(TransferPlan(isDryRun: false, tables: tables, defersConstraints: false)), at: later(2))
        #expect(try check(metrics).value("pgcopy_tables_done") == nil)
        metrics.note(progress(["a", "b"]), at: later(3))
        let then = try check(metrics)
        #expect(then.value("pgcopy_rows") == 3 && then.value("pgcopy_bytes") == 4096)
        #expect(then.value("pgcopy_expected_bytes") == 8192 && then.value("pgcopy_remaining_seconds") == 4.5)
        #expect(then.value("pgcopy_tables") == 2 && then.value("pgcopy_tables_done") == 1)
        #expect(then.value("pgcopy_destination_bytes", #"destination="a""#) == 4000)
        #expect(then.value("pgcopy_destination_behind_bytes", #"destination="b""#) == 96)
        #expect(then.value("pgcopy_destination_active", #"destination="a""#) == 1)
        #expect(then.value("pgcopy_destination_active", #"destination="b""#) == 0)
        metrics.note(outcome(("a", .committed), ("b", .committed)), at: later(9))
        #expect(try check(metrics).value("pgcopy_tables_done") == 2)
    }

    @Test func `say how it ended, for all and for each`() throws {
        var metrics = metrics()
        metrics.note(progress(["a", "b"]), at: later(3))
        metrics.note(outcome(("a", .committed), ("b", .rolledBack)), at: later(9))
        let end = try check(metrics)
        #expect(end.value("pgcopy_running") == 0 && end.value("pgcopy_exit_code") == 3)
        #expect(end.value("pgcopy_end_timestamp_seconds") == later(9).seconds)
        #expect(
            end.value("pgcopy_duration_seconds") == 2.5 && end.value("pgcopy_last_success_timestamp_seconds") == nil)
        #expect(end.value("pgcopy_destination_committed", #"destination="a""#) == 1)
        #expect(end.value("pgcopy_destination_committed", #"destination="b""#) == 0)
        #expect(end.value("pgcopy_destination_last_commit_timestamp_seconds") == later(9).seconds)
        #expect(end.value("pgcopy_destination_rows") == 3)
        for name in ["remaining_seconds", "expected_bytes", "destination_active", "destination_behind_bytes"] {
            #expect(!metrics.text(at: begun).contains("pgcopy_" + name))
        }
    }

    /// An alert on what is too long ago must not end because a run began, or failed.
    @Test func `keep when it last went well, whatever became of the runs behind`() throws {
        var good = metrics()
        good.note(outcome(("a", .committed), ("b}\" 7\n", .committed)), at: later(9))
        let text = good.text(at: later(9))
        let success = later(9).seconds
        var next = metrics(before: text)
        #expect(try check(next).value("pgcopy_last_success_timestamp_seconds") == success)
        #expect(try check(next).values.count { $0.key.contains("last_commit") && $0.value == success } == 2)
        next.note(outcome(("a", .committed), ("b}\" 7\n", .rolledBack)), at: later(99))
        let end = try check(next)
        #expect(end.value("pgcopy_last_success_timestamp_seconds") == success)
        let commits = end.values.filter { $0.key.contains("last_commit") }
        #expect(Set(commits.values) == [success, later(99).seconds])
        // One that is no destination any more is forgotten, and so is what is another's.
        var other = metrics(before: next.text(at: later(99)))
        other.noteEnd(2, at: later(100))
        #expect(try check(other).values.count { $0.key.contains("last_commit") } == 2)
        other.note(outcome(("c", .rolledBack)), at: later(101))
        #expect(try check(other).values.count { $0.key.contains("last_commit") } == 0)
        #expect(!metrics(file: "other.prom", before: text).text(at: begun).contains("last_"))
        // Whoever refuses a request may not know the whole of its source's label.
        var refused = metrics(source: "db", before: text)
        refused.noteEnd(2, at: later(100))
        #expect(try check(refused).value("pgcopy_last_success_timestamp_seconds", #"source="db#t""#) == success)
        refused.note(outcome(("a", .committed)), at: later(101))
        #expect(try check(refused).value("pgcopy_last_success_timestamp_seconds") == later(101).seconds)
    }

    @Test(arguments: [
        "pgcopy_last_success_timestamp_seconds{file=\"orders.prom\",source=\"db#t\"} NaN\n", "\u{0}}{ 1\n", "}\n",
        "pgcopy_last_success_timestamp_seconds{\n", "pgcopy_last_success_timestamp_seconds 1\n",
        "pgcopy_last_success_timestamp_seconds{file=\"orders.prom\",source=\"db#t\"}\n",
        "pgcopy_last_success_timestamp_seconds{file=\"orders.prom\",source=\"db#t\"} 1 2\n",
        "pgcopy_last_success_timestamp_seconds{file=\"orders.prom\",source=\"db#t\"}1",
    ]) func `take nothing of a file that says nothing`(before: String) throws {
        #expect(try check(metrics(before: before)).value("pgcopy_last_success_timestamp_seconds") == nil)
    }

    @Test(arguments: [
        #"a"b\c"#, "a\nb", "\\n", "\"", "\u{1B}[1m\r\u{0}\u{2028}", "é 🐘", RawText.decoding([0x61, 0xFF]), "", "} 7",
        "a,b=\"c",
    ]) func `escape labels as the format wants it`(label: String) throws {
        var metrics = metrics(file: label, source: label)
        metrics.note(progress([label, label, "x"]), at: later(3))
        let shown = RawText.shown(label)
        let check = try check(metrics)
        #expect(check.value("pgcopy_running", #"{file="\#(shown)",source="\#(shown)"}"#) == 1)
        #expect(
            check.values[#"pgcopy_destination_bytes{destination="\#(shown)",file="\#(shown)",source="\#(shown)"}"#]
                == 4000)
        // Two that are called alike are two.
        #expect(
            check.values[#"pgcopy_destination_bytes{destination="\#(shown) (2)",file="\#(shown)",source="\#(shown)"}"#]
                == 4000)
    }

    @Test func `hold no number that is none`() {
        #expect(Metric.Sample("", Double.nan) == nil && Metric.Sample("", Double.infinity) == nil)
        #expect(Metric.Sample("", 1e300)?.value == "1e+300" && Metric.Sample("", Int.max).value == "\(Int.max)")
    }

    @Test func `pass promtool`() throws {
        var metrics = metrics(source: "a\"b\\c\nd")
        metrics.note(progress(["a\"b\\c\nd", "b"]), at: later(3))
        var end = metrics
        end.note(outcome(("a", .committed), ("b", .rolledBack)), at: later(9))
        for text in [metrics.text(at: later(3)), end.text(at: later(9))] {
            let result = try Program("promtool", ["check", "metrics"]).with { $0.input = .bytes(Array(text.utf8)) }
                .run()
            #expect(result.code == 0 && result.output == "" && result.errors == "", "\(result)")
        }
    }

    @Test(arguments: [
        "a{} 1\n", "# TYPE pgcopy_a gauge\npgcopy_a 1\n", "# HELP pgcopy_a A.\n# TYPE pgcopy_a gauge\npgcopy_a 1",
        "# HELP pgcopy_a A.\n# TYPE pgcopy_a gauge\npgcopy_a 1\npgcopy_a 2\n",
        "# HELP pgcopy_a A.\n# TYPE pgcopy_a gauge\npgcopy_a{b=\"\\x\"} 1\n",
        "# HELP pgcopy_a A.\n# TYPE pgcopy_a gauge\npgcopy_a{b=\"c\"d\"} 1\n",
        "# HELP pgcopy_a A.\n# TYPE pgcopy_a gauge\npgcopy_a 1 1764353601007\n",
        "# HELP pgcopy_a A.\n# TYPE pgcopy_a gauge\npgcopy_a NaN\n",
        "# HELP pgcopy_a A.\n# TYPE pgcopy_a counter\npgcopy_a 1\n",
        "# HELP pgcopy_a_ms A.\n# TYPE pgcopy_a_ms gauge\npgcopy_a_ms 1\n",
        "# HELP pgcopy_a A.\n# TYPE pgcopy_a gauge\n",
    ]) func `that are wrong do not pass`(text: String) {
        #expect(throws: KitError.self) { try MetricsCheck(Array(text.utf8)) }
    }
}

struct `A metrics file` {
    private func file(_ path: String, interval: Duration = .seconds(1)) throws -> MetricsFile {
        try MetricsFile(Path(Array(path.utf8)), source: "db#t", interval: interval)
    }

    private func progress(_ milliseconds: Int) -> TransferEvent {
        .progress(
            TransferProgress(
                duration: .milliseconds(milliseconds),
                reading: RateMeter.Reading(
                    cycle: .zero, cycleDuration: .zero, total: Totals(messages: milliseconds, bytes: 0), duration: .zero
                ),
                destinations: []))
    }

    private func rows(_ folder: TemporaryDirectory) throws -> Double? {
        try MetricsCheck(readFile(folder.file("a.prom"))).value("pgcopy_rows")
    }

    @Test func `is replaced by each report, and leaves nothing beside it`() throws {
        let folder = try TemporaryDirectory()
        let metrics = try file(folder.file("a.prom"))
        #expect(try folder.entries().isEmpty)
        try metrics.begin()
        // A display draws ten times as often.
        for (time, written) in [(1000, 1000), (1100, 1000), (1950, 1950), (2800, 1950), (3000, 3000)] as [(Int, Double)]
        {
            metrics.receive(progress(time))
            #expect(try rows(folder) == written)
        }
        #expect(try folder.entries() == ["a.prom"])
        metrics.refuse(exitCode: 2)
        #expect(try MetricsCheck(readFile(folder.file("a.prom"))).value("pgcopy_exit_code") == 2)
    }

    @Test func `is written once a second where each cycle is a report`() throws {
        let folder = try TemporaryDirectory()
        let metrics = try file(folder.file("a.prom"), interval: .zero)
        for (time, written) in [(1000, 1000), (1500, 1000), (1999, 1000), (2000, 2000)] as [(Int, Double)] {
            metrics.receive(progress(time))
            #expect(try rows(folder) == written)
        }
    }

    @Test func `is followed through a link, and keeps its mode`() throws {
        let folder = try TemporaryDirectory()
        try folder.write("old\n".utf8, to: "real.prom")
        try #require(symlink("real.prom", folder.file("a.prom")) == 0 && chmod(folder.file("real.prom"), 0o640) == 0)
        try file(folder.file("a.prom")).begin()
        #expect(try folder.text(of: "real.prom").contains(#"{file="a.prom",source="db#t"}"#))
        var status = stat()
        #expect(lstat(folder.file("a.prom"), &status) == 0 && status.st_mode & S_IFMT == S_IFLNK)
        #expect(lstat(folder.file("real.prom"), &status) == 0 && status.st_mode & 0o777 == 0o640)
    }

    @Test func `that can no more be written is told once, and written again when it can`() throws {
        let folder = try TemporaryDirectory()
        try #require(mkdir(folder.file("in"), 0o700) == 0)
        let metrics = try file(folder.file("in/a.prom"))
        var told: [String] = []
        metrics.onFailure = { told.append($0) }
        try #require(rename(folder.file("in"), folder.file("out")) == 0)
        metrics.receive(progress(1000))
        metrics.receive(progress(2000))
        #expect(told == ["the metrics file was not written: the folder \(folder.file("in")) does not exist"])
        try #require(rename(folder.file("out"), folder.file("in")) == 0)
        metrics.receive(progress(3000))
        #expect(try folder.text(of: "in/a.prom").contains("pgcopy_rows{"))
    }
}
