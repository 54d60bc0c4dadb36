// What both reports make of each event, without a process.

import Testing

@testable import CopyCore
@testable import CopyModel
@testable import PgcopyCLI

struct `Reports` {
    private final class Lines { var all: [String] = [] }

    private func plain(_ events: TransferEvent..., tellsCommits: Bool = true) -> [String] {
        let lines = Lines()
        let report = PlainReport(Console { lines.all.append($0) }, tellsCommits: tellsCommits)
        for event in events { report.receive(event) }
        return lines.all
    }

    private func json(_ event: TransferEvent) -> String {
        let lines = Lines()
        JSONReport(Console { lines.all.append($0) }, source: "db#t", head: RecordHead(run: "r", now: { .epoch }))
            .receive(event)
        return lines.all.joined().replacing(Self.head, with: "", maxReplacements: 1)
    }

    /// What follows is the type's own.
    private static let head = #""time":"1970-01-01T00:00:00.000Z","run":"r","#

    private let duplicate = ServerMessage(
        severity: "ERROR", sqlState: "23505", message: "duplicate key", detail: "Key (i)=(1) exists.", hint: "\"none\"",
        context: "COPY t, line 1")

    private var outcome: TransferOutcome {
        TransferOutcome(
            destinations: [
                .init(label: "a", status: .committed, rows: 2, bytes: 2048),
                .init(
                    label: "b", status: .rolledBack, bytes: 10, error: PgcopyError(.server, "", server: duplicate),
                    lingering: .atMost(.seconds(70))),
                .init(label: "c", status: .inDoubt(transaction: "7"), bytes: 0),
                .init(label: "null:", status: .rolledBack, bytes: 0, lingering: .itsOwnSettings),
            ], totals: Totals(messages: 2, bytes: 2048), duration: .milliseconds(2500), copyDuration: .seconds(2),
            signal: 15, started: true)
    }

    private var progress: TransferProgress {
        TransferProgress(
            duration: .seconds(3),
            reading: RateMeter.Reading(
                cycle: Totals(messages: 1, bytes: 1024), cycleDuration: .milliseconds(500),
                total: Totals(messages: 3, bytes: 4096),
                duration: .seconds(2)),
            destinations: [
                DestinationProgress(label: "a", behind: 0),
                DestinationProgress(label: "b", behind: 7),
                DestinationProgress(label: "c", state: .failed, behind: 0),
            ])
    }

    @Test func `plain lines bear the program's name and the endpoint's`() {
        #expect(
            plain(
                .notice(duplicate, at: "a"), .statement("SELECT 1", at: "null:"), .decision("format text: so"),
                .waiting(for: "the pipe's reader", at: "/p"))
                == [
                    "pgcopy: a: ERROR: duplicate key\n", "pgcopy: a:   DETAIL: Key (i)=(1) exists.\n",
                    "pgcopy: a:   HINT: \"none\"\n", "pgcopy: null: SELECT 1\n", "pgcopy: format text: so\n",
                    "pgcopy: /p: waiting for the pipe's reader\n",
                ])
        #expect(
            plain(.progress(progress)) == [
                "pgcopy: 00:00:03 4.0 KiB, 3 rows, 2.0 KiB/s (mean 2.0); b is 7 B behind\n"
            ])
    }

    /// What a terminal would obey is spelled as JSON spells it, before the console does it in its own way.
    @Test func `json stays json whatever a program writes`() {
        let line = json(.stderr("a\u{7F}b\u{87}c\u{1B}[1m\u{2028}\"", at: "p"))
        #expect(
            line == #"{"schema_version":2,"type":"stderr","endpoint":"p","line":"a\u007fb\u0087c\u001b[1m"# + "\u{2028}"
                + #"\""}"# + "\n"
        )
        #expect(plain(.stderr("a\u{7F}b", at: "p")) == [#"pgcopy: p: a\u{7F}b"# + "\n"])
    }

    private var wait: LockWait {
        LockWait(
            table: "public.t",
            holder: LockWait.Holder(pid: 7, program: "psql", state: "idle in transaction", duration: .seconds(35)))
    }

    @Test func `a wait for a lock says who holds it, as far as that may be seen`() {
        let held = "pgcopy: a: waiting for a lock on public.t, held by pid 7"
        #expect(plain(.waitingForLock(wait, at: "a")) == [held + " (psql, idle in transaction for 35 s)\n"])
        #expect(
            json(.waitingForLock(wait, at: "a")).hasSuffix(
                #""lock":{"table":"public.t","pid":7,"application":"psql","state":"idle in transaction","state_seconds":35}}"#
                    + "\n"))
        var hidden = wait
        hidden.holder = LockWait.Holder(pid: 7)
        #expect(plain(.waitingForLock(hidden, at: "a")) == [held + ", hidden\n"])
        #expect(json(.waitingForLock(hidden, at: "a")).contains(#""application":null,"state":null"#))
        hidden.table = nil
        hidden.holder.pid = 0
        let prepared = "pgcopy: a: waiting for a lock, held by a prepared transaction\n"
        #expect(plain(.waitingForLock(hidden, at: "a")) == [prepared])
    }

    /// The same at another stage, with nobody behind.
    private func progress(_ stage: TransferStage, moved: Bool = false) -> TransferProgress {
        var progress = self.progress
        progress.stage = stage
        progress.destinations = [DestinationProgress(label: "a", behind: 0)]
        if !moved { progress.reading.cycle = .zero }
        return progress
    }

    @Test(arguments: [
        (TransferStage.waitingForSource, "; waiting for the source", #""phase":"copying","waiting_for":["db#t"]"#),
        (.finishing(["a", "b"]), "; waiting for a, b to finish", #""phase":"finishing","waiting_for":["a","b"]"#),
        (.settling(["a"]), "; last checks at a", #""phase":"settling","waiting_for":["a"]"#),
        (.settling([]), "; last checks", #""phase":"settling","waiting_for":[]"#),
        (
            .committing("a", number: 2, of: 3), "; committing 2 of 3: a",
            #""phase":"committing","waiting_for":["a"],"commit":2,"commits":3"#
        ),
    ])
    func `who is waited for is named instead of a rate`(stage: TransferStage, plain end: String, json members: String) {
        #expect(plain(.progress(progress(stage))) == ["pgcopy: 00:00:03 4.0 KiB, 3 rows\(end)\n"])
        #expect(json(.progress(progress(stage))).hasSuffix(",\(members)}\n"))
    }

    @Test func `only who is behind is named, and nobody where nobody is`() {
        let rates = "pgcopy: 00:00:03 4.0 KiB, 3 rows, 2.0 KiB/s (mean 2.0)"
        #expect(plain(.progress(progress(.copying, moved: true))) == [rates + "\n"])
        #expect(plain(.progress(progress(.waitingForSource, moved: true))) == [rates + "\n"])
        // Who is out keeps nobody waiting.
        var stalled = progress(.waitingForSource)
        stalled.destinations.append(DestinationProgress(label: "c", state: .failed, behind: 0))
        #expect(plain(.progress(stalled)) == ["pgcopy: 00:00:03 4.0 KiB, 3 rows; waiting for the source\n"])
        var late = progress(.finishing(["a"]))
        late.destinations[0].behind = 7
        #expect(
            plain(.progress(late)) == ["pgcopy: 00:00:03 4.0 KiB, 3 rows; waiting for a to finish; a is 7 B behind\n"])
    }

    @Test func `plain faults say what is done about them`() {
        let timeout = PgcopyError.timeout(after: .seconds(5), awaitingConfirmation: false)
        #expect(
            plain(.fault(timeout, at: "a", .reconciled(tries: 1, limit: 3)))
                == ["pgcopy: a: \(timeout); reconciled, try 1 of 3\n"])
        #expect(
            plain(.fault(PgcopyError(.server, "", server: duplicate), at: "a", .dropped))
                == ["pgcopy: a: ERROR: duplicate key (SQLSTATE 23505); dropped, the others go on\n"]
                + ["DETAIL: Key (i)=(1) exists.", "HINT: \"none\"", "CONTEXT: COPY t, line 1"].map {
                    "pgcopy: a:   \($0)\n"
                })
    }

    @Test func `the plain summary has each error once and a line for each destination`() {
        let lines = plain(.finished(outcome))
        #expect(
            lines == [
                "pgcopy: b: ERROR: duplicate key (SQLSTATE 23505)\n", "pgcopy: b:   DETAIL: Key (i)=(1) exists.\n",
                "pgcopy: b:   HINT: \"none\"\n", "pgcopy: b:   CONTEXT: COPY t, line 1\n",
                "pgcopy: \(SignalName.sentence(15))\n",
                "pgcopy: a: committed, 2 rows, 2.0 KiB in 2.5 s, 1.0 KiB/s while copying\n",
                "pgcopy: b: rolled back after 10 B; where the link is dead its server holds the table's locks until it notices, 70 s at the most\n",
                "pgcopy: c: in doubt: it may have committed; ask its server with SELECT pg_xact_status('7')\n",
                "pgcopy: null: rolled back after 0 B; where the link is dead its server holds the table's locks until it notices, see its tcp_user_timeout and tcp_keepalives_idle\n",
            ])
        let quiet = plain(.finished(outcome), tellsCommits: false)
        #expect(quiet == lines.filter { !$0.contains("committed, 2 rows") })
        // What was told when it was dropped is not told again.
        let error = PgcopyError(.server, "", server: duplicate)
        #expect(plain(.fault(error, at: "b", .dropped), .finished(outcome)).dropFirst(4) == lines.dropFirst(4))
        #expect(plain(.fault(Interrupted(signal: 2), at: "b", .dropped), .finished(outcome)).suffix(9) == lines[...])
        var unstarted = outcome
        unstarted.started = false
        for place in [0, 1, 3] { unstarted.destinations[place].status = .notStarted }
        // Before the copy only what a table was emptied by can be in doubt.
        #expect(
            plain(.finished(unstarted)) == Array(lines.prefix(5)) + [
                "pgcopy: a: not started\n", "pgcopy: b: not started\n", lines[7], "pgcopy: null: not started\n",
            ])
        // That says the exit code: nothing was.
        unstarted.isUsageError = true
        #expect(plain(.finished(unstarted)) == Array(lines.prefix(5)) + [lines[7]])
    }

    @Test func `tables in doubt are named beside those that were rolled back`() {
        var ended = outcome
        ended.destinations[2].ends.inDoubt = ["t1"]
        ended.destinations[2].ends.rolledBack = ["t2"]
        #expect(json(.finished(ended)).contains(#""doubtful_tables":["t1"],"rolled_back_tables":["t2"]"#))
        #expect(plain(.finished(ended)).contains { $0.contains("; in doubt: t1; rolled back: t2") })
        // One transaction is all that there is.
        ended.destinations[2].ends.rolledBack = []
        #expect(!json(.finished(ended)).contains("doubtful_tables"))
    }

    @Test func `what files took is written, what nobody took is discarded`() {
        var ended = outcome
        ended.destinations = [(TransferOutcome.Taker.file, "./f"), (.nothing, "null:")].map { taker, label in
            TransferOutcome.Destination(label: label, taker: taker, status: .committed, rows: 2, bytes: 2048)
        }
        let lines = plain(.finished(ended)).suffix(2)
        #expect(lines.first == "pgcopy: ./f: written, 2 rows, 2.0 KiB in 2.5 s, 1.0 KiB/s while copying\n")
        #expect(lines.last?.hasPrefix("pgcopy: null: discarded, 2 rows") ?? false)
        let record = json(.finished(ended))
        #expect(record.contains(#""status":"written""#) && record.contains(#""status":"discarded""#))
    }

    @Test func `json has one object a line for each event`() {
        let error =
            #"{"message":"duplicate key","severity":"ERROR","sqlstate":"23505","detail":"Key (i)=(1) exists.","hint":"\"none\"","context":"COPY t, line 1"}"#
        func record(_ type: String, _ members: String) -> String {
            #"{"schema_version":2,"type":"\#(type)",\#(members)}"# + "\n"
        }
        #expect(json(.notice(duplicate, at: "a")) == record("notice", #""endpoint":"a","message":\#(error)"#))
        #expect(
            json(.statement("SELECT '\n'", at: "a"))
                == record("statement", #""endpoint":"a","statement":"SELECT '\n'""#))
        #expect(json(.waiting(for: "x", at: "a")) == record("waiting", #""endpoint":"a","for":"x""#))
        #expect(
            json(.progress(progress))
                == record(
                    "progress",
                    #""seconds":3.0,"remaining_seconds":null,"copy_seconds":2.0,"rows":3,"bytes":4096,"total_bytes":null,"fraction":null,"bytes_per_second":2048.0,"cycle":{"seconds":0.5,"rows":1,"bytes":1024,"bytes_per_second":2048.0},"tables":null,"tables_done":null,"streams":[],"destinations":[{"destination":"a","state":"copying","bytes":0,"bytes_behind":0,"bytes_per_second":0.0},{"destination":"b","state":"copying","bytes":0,"bytes_behind":7,"bytes_per_second":0.0},{"destination":"c","state":"failed","bytes":0,"bytes_behind":0,"bytes_per_second":0.0}],"phase":"copying","waiting_for":[]"#
                ))
        let fault = PgcopyError(.server, "", server: duplicate)
        #expect(
            json(.fault(fault, at: "a", .dropped))
                == record("fault", #""destination":"a","error":\#(error),"reaction":"dropped""#))
        #expect(
            json(.fault(fault, at: "a", .reconciled(tries: 1, limit: 3)))
                == record("reconciled", #""destination":"a","error":\#(error),"try":1,"tries":3"#))
        #expect(
            json(.finished(outcome))
                == record(
                    "summary",
                    #""exit_code":4,"signal":15,"error":null,"error_endpoint":null,"source":"db#t","rows":2,"bytes":2048,"seconds":2.5,"copy_seconds":2.0,"destinations":[{"destination":"a","status":"committed","rows":2,"bytes":2048,"bytes_per_second":1024.0,"error":null},{"destination":"b","status":"rolled back","rows":null,"bytes":10,"bytes_per_second":5.0,"error":\#(error),"locks_may_last_seconds":70},{"destination":"c","status":"in doubt","transaction":"7","rows":null,"bytes":0,"bytes_per_second":0.0,"error":null},{"destination":"null:","status":"rolled back","rows":null,"bytes":0,"bytes_per_second":0.0,"error":null,"locks_may_last_seconds":null}],"tables":[]"#
                ))
    }

    @Test(arguments: [Verbosity.quiet, .normal, .verbose]) func `the filter passes on what the options ask for`(
        verbosity: Verbosity
    ) {
        final class Taker: EventSink {
            var kinds: [String] = []
            func receive(_ event: TransferEvent) { kinds.append("\(event)".prefix { $0 != "(" }.description) }
        }
        func passed(_ event: TransferEvent) -> Bool {
            let taker = Taker()
            ReportFilter(verbosity, taker).receive(event)
            return taker.kinds.count == 1
        }
        let error = PgcopyError(.refused, "x")
        #expect(passed(.statement("", at: "")) == (verbosity == .verbose))
        #expect(passed(.decision("")) == (verbosity == .verbose))
        #expect(passed(.notice(duplicate, at: "")) == (verbosity != .quiet))
        #expect(passed(.waiting(for: "", at: "")) == (verbosity != .quiet))
        #expect(passed(.fault(error, at: "", .reconciled(tries: 1, limit: 1))) == (verbosity != .quiet))
        #expect(passed(.fault(error, at: "", .dropped)) && !passed(.fault(error, at: "", .fatal)))
        #expect(passed(.progress(progress)) && passed(.finished(outcome)))
        var head = outcome
        head.destinations = [
            .init(label: "-", status: .rolledBack, bytes: 0, error: PgcopyError.system("cannot write", 32))
        ]
        #expect(!passed(.finished(head)))
    }
}

struct `Units for people` {
    @Test(
        arguments: [
            (0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1536, "1.5 KiB"), (1024 * 1023.96, "1.0 MiB"),
            (1024 * 1024 * 1023.9, "1023.9 MiB"), (pow2(40), "1.0 TiB"), (pow2(50) * 3, "3072.0 TiB"),
        ] as [(Double, String)]) func `bytes go up by 1024, and never show 1024`(count: Double, text: String)
    {
        #expect(Units.bytes(count) == text)
    }

    @Test func `rows know their plural, seconds a tenth`() {
        #expect([0, 1, 2].map(Units.rows) == ["0 rows", "1 row", "2 rows"])
        #expect([0, 40, 60, 59_960].map { Units.seconds(.milliseconds($0)) } == ["0.0 s", "0.0 s", "0.1 s", "60.0 s"])
        #expect(Units.rate(2048) == "2.0 KiB/s")
    }

    @Test func `thousands stand apart, times have two units at most`() {
        #expect(
            [0, 7, 123, 1000, 12_345, 184_220_100, -1000].map(Units.thousands)
                == ["0", "7", "123", "1,000", "12,345", "184,220,100", "-1,000"])
        #expect([0, 250, 86_400 * 4 + 61].map { Units.clock(.seconds($0)) } == ["00:00:00", "00:04:10", "96:01:01"])
        #expect(
            [-5, 0, 42, 358, 3600, 7500, 86_400 * 3 + 4 * 3600].map { Units.left(.seconds($0)) }
                == ["0:00", "0:00", "0:42", "5:58", "1 h 00 min", "2 h 05 min", "3 d 4 h"])
        #expect(Units.pair("20.6 GiB", " of ~", "50.0 GiB") == "20.6 of ~50.0 GiB")
        #expect(Units.pair("999.0 MiB", " of ~", "50.0 GiB") == "999.0 MiB of ~50.0 GiB")
    }
}

struct `A forecast in plain lines` {
    @Test func `stands in each line, number under number`() {
        let lines = Lines()
        let report = PlainReport(Console { lines.all.append($0) }, tellsCommits: true)
        for (rows, bytes) in [(100, 5_000), (950, 2_000_000)] {
            let reading = RateMeter.Reading(
                cycle: Totals(messages: rows, bytes: bytes), cycleDuration: .seconds(1),
                total: Totals(messages: rows, bytes: bytes), duration: .seconds(2))
            var progress = TransferProgress(duration: .seconds(250), reading: reading, destinations: [])
            let table = Forecast.Table(rows: 1000, bytes: 50_000, moved: reading.total)
            progress.forecast = Forecast([table], moved: bytes)
            progress.forecast.estimate(reading)
            report.receive(.progress(progress))
        }
        #expect(
            lines.all == [
                "pgcopy: 00:04:10 10% 4.9 of ~48.8 KiB, 100 rows, 4.9 KiB/s (mean 2.4), ETA 0:12\n",
                "pgcopy: 00:04:10 95%  1.9 of ~2.0 MiB, 950 rows, 1.9 MiB/s (mean 976.6 KiB/s), ETA 0:00\n",
            ])
    }

    private final class Lines { var all: [String] = [] }
}

private func pow2(_ exponent: Int) -> Double { Double(1 << exponent) }

struct `JSON text` {
    @Test func `escapes what JSON must, and no more`() {
        #expect(JSONText.string("a\"b\\c\n\r\t\u{1}ü🦆").text == #""a\"b\\c\n\r\t\u0001ü🦆""#)
        #expect(
            JSONText.object([("a", .null), ("b", .array([.bool(true), .int(-1), .double(1.23456)]))]).text
                == #"{"a":null,"b":[true,-1,1.235]}"#)
        #expect(JSONText.double(.infinity).text == "null" && JSONText.optional(nil as Int?).text == "null")
    }
}
