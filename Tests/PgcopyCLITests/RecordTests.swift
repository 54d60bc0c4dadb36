// The records of `--progress json`: each kind, with odd contents, is as the schema that is shipped says.

import Glibc
import TestKit
import Testing

@testable import CopyCore
@testable import CopyModel
@testable import PgcopyCLI

struct `Records` {
    private final class Lines { var all = "" }

    /// What the report makes of events.
    private func told(_ events: [TransferEvent], source: String? = "db#t") -> String {
        let lines = Lines()
        let report = JSONReport(Console { lines.all += $0 }, source: source)
        for event in events { report.receive(event) }
        return lines.all
    }

    private func record(_ event: TransferEvent) throws -> JSONValue { try JSONValue(parsing: told([event])) }

    /// Whatever a name may be: quotes, line ends, what a terminal obeys, no UTF-8, what JSON has to escape.
    private static let odd = [
        "a", "", #"" \ / \" \\n"#, "line\nend\r\n\t", "\u{1B}[2J\u{7}\u{0}\u{7F}\u{9B}",
        "é 🐘 \u{2028}\u{FEFF}\u{10FFFD}",
        RawText.decoding([0x61, 0xFF, 0xFE, 0xC3]), String(repeating: "x", count: 5000),
    ]

    private func message(_ text: String) -> ServerMessage {
        ServerMessage(severity: text, sqlState: "23505", message: text, detail: text, hint: text, context: text)
    }

    private func plan(_ text: String) -> TransferPlan {
        let landing = TransferPlan.Landing(
            label: "d", table: text, isMade: true, isEmptied: false, rows: .max, key: [text, text], statement: text)
        var table = TransferPlan.Table(
            name: text, rows: 0, bytes: .max, format: .binary, reason: text, statement: text, undivided: text,
            landings: [landing])
        table.parts = [TransferPlan.Part(name: text, bytes: 1, statement: text)]
        var plan = TransferPlan(isDryRun: true, tables: [table], streams: 4, defersConstraints: true)
        plan.tables.append(TransferPlan.Table(format: .csv, landings: []))
        plan.locks = [TransferPlan.Locks(label: "d", held: 1, limit: 2)]
        return plan
    }

    private static let stages: [TransferStage] = [
        .preparing([]), .preparing(["a", "b"]), .copying, .waitingForSource, .finishing(["a"]), .settling([]),
        .merging(["a"]), .indexing(["a"]), .committing("a", number: 1, of: 2),
    ]

    private func progress(_ text: String, _ stage: TransferStage, _ number: Int, _ fraction: Double?)
        -> TransferProgress
    {
        let moved = Totals(messages: number, bytes: number)
        let states: [DestinationProgress.State] = [
            .connecting, .preparing, .copying, .stalled, .finishing, .complete, .settling, .merging, .indexing,
            .committing, .committed, .failed,
        ]
        var progress = TransferProgress(
            duration: .seconds(number),
            reading: RateMeter.Reading(
                cycle: moved, cycleDuration: .zero, total: moved, duration: .nanoseconds(1)),
            destinations: states.map {
                DestinationProgress(label: "d", state: $0, taken: number, rate: Double(number), behind: number)
            }, stage: stage)
        progress.streams = [
            StreamProgress(number: 1, table: text, part: text, bytes: number, size: number),
            StreamProgress(number: 2, table: nil, part: nil),
        ]
        progress.tables = number == 0 ? nil : (0, number)
        progress.forecast.fraction = fraction
        progress.forecast.bytes = fraction.map { Double(number) / $0 }
        progress.forecast.remaining = fraction.map { _ in .seconds(86_400_000) }
        return progress
    }

    private func outcome(_ text: String) -> TransferOutcome {
        var outcome = TransferOutcome(
            destinations: [
                .init(label: "a", status: .committed, rows: 2, rowsLeftOut: 1, bytes: .max),
                .init(
                    label: "b", status: .rolledBack, bytes: 10, error: PgcopyError(.server, "", server: message(text)),
                    lingering: .atMost(.seconds(70))),
                .init(label: "c", status: .inDoubt(transaction: "7"), bytes: 0),
                .init(label: "null:", status: .rolledBack, bytes: 0, lingering: .itsOwnSettings),
                .init(label: "d", status: .partlyCommitted, bytes: 0),
            ], totals: Totals(messages: 2, bytes: .max), tables: [.init(name: text, rows: 3)],
            duration: .milliseconds(2500), copyDuration: .nanoseconds(1), error: PgcopyError(.refused, text),
            errorLabel: "a", signal: 15, started: true)
        outcome.destinations[0].upserted = UpsertCounts(inserted: 1, updated: 2)
        outcome.destinations[0].upserted?.unchanged = 3
        outcome.destinations[4].ends.committed = [text]
        outcome.destinations[4].emptied = [text]
        outcome.destinations[4].left = [text]
        return outcome
    }

    private func events(_ text: String) -> [TransferEvent] {
        let timeout = PgcopyError.timeout(after: .seconds(5), awaitingConfirmation: false)
        let holder = LockWait.Holder(pid: 7, program: text, state: text, duration: .seconds(35))
        let stages: [TransferEvent] = Self.stages.flatMap { stage in
            [(0, nil), (1, 0.5), (Int.max, 1e-9)].map { .progress(progress(text, stage, $0, $1)) }
        }
        return [
            .notice(message(text), at: "a"), .statement(text, at: "a"), .stderr(text, at: "a"), .decision(text),
            .warning(text, at: "a"), .planned(plan(text)), .waiting(for: text, at: "a"),
            .drift([Drift(table: text, what: text, source: text, destination: text, label: "a")]),
            .waitingForLock(LockWait(table: text, holder: holder), at: "a"),
            .waitingForLock(LockWait(table: nil, holder: LockWait.Holder(pid: 0)), at: "a"),
            .fault(PgcopyError(.server, "", server: message(text)), at: "a", .dropped),
            .fault(timeout, at: "a", .reconciled(tries: 1, limit: 3)), .fault(timeout, at: "a", .fatal),
        ] + stages
    }

    @Test(arguments: odd) func `are as the schema says, whatever they hold`(text: String) throws {
        let all = told(events(text) + [.finished(outcome(text))])
        #expect(all.split(separator: "\n").count == 13 - 1 + Self.stages.count * 3 + 1)
        #expect(try RecordCheck.faults(of: Array(all.utf8), exitCode: 4) == [])
        #expect(try record(.decision(text))["decision"]?.text == RawText.shown(text))
    }

    @Test func `of each type are there`() throws {
        let types = try told(events("x") + [.finished(outcome("x"))]).split(separator: "\n").map {
            try JSONValue(parsing: String($0))["type"]?.text
        }
        let schema = try JSONValue(parsing: readFile(repository + "/man/pgcopy-records.schema.json"))
        let known = schema["oneOf"]?.elements?.map { $0["$ref"]?.text?.split(separator: "/").last.map(String.init) }
        #expect(Set(types) == Set(try #require(known)))
    }

    @Test func `begin with a version, their type, the time and the run`() throws {
        let lines = Lines()
        let head = RecordHead(run: "0123456789abcdef") { WallTime(milliseconds: 1_764_353_601_007) }
        JSONReport(Console { lines.all += $0 }, source: nil, head: head).receive(.decision("so"))
        #expect(
            lines.all
                == #"{"schema_version":2,"type":"decision","time":"2025-11-28T18:13:21.007Z","run":"0123456789abcdef","decision":"so"}"#
                + "\n")
    }

    @Test func `of two runs have two names`() throws {
        let runs = try (0..<100).map { _ in try record(.decision("so"))["run"] }
        #expect(Set(runs).count == 100)
    }

    @Test(arguments: [
        (0, "1970-01-01T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"),
        (951_827_696_789, "2000-02-29T12:34:56.789Z"),
        (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
    ]) func `tell the time of UTC`(milliseconds: Int, text: String) {
        #expect(WallTime(milliseconds: milliseconds).text == text)
    }

    @Test func `tell the errors of servers and of others by the same members`() throws {
        let duplicate = ServerMessage(
            severity: "ERROR", sqlState: "23505", message: "duplicate key", detail: "Key exists.", hint: "\"none\"")
        let fault = try record(.fault(PgcopyError(.server, "", server: duplicate), at: "a", .dropped))
        #expect(
            try fault["error"]
                == JSONValue(
                    parsing: """
                        {"message": "duplicate key", "severity": "ERROR", "sqlstate": "23505", "detail": "Key exists.",
                        "hint": "\\"none\\"", "context": null}
                        """))
        let other = try record(.fault(PgcopyError(.refused, "no", hint: "so"), at: "a", .dropped))
        #expect(
            try other["error"]
                == JSONValue(
                    parsing: """
                        {"message": "no", "severity": null, "sqlstate": null, "detail": null, "hint": "so", "context": null}
                        """))
    }

    @Test func `of progress tell tables, streams, what is left, each destination's pace`() throws {
        let record = try record(.progress(progress("t", .copying, 1000, 0.25)))
        #expect(record["total_bytes"]?.double == 4000 && record["remaining_seconds"]?.double == 86_400_000)
        #expect(record["tables"]?.double == 1000 && record["tables_done"]?.double == 0)
        #expect(
            try record["streams"]?.elements?.first
                == JSONValue(
                    parsing: #"{"stream": 1, "table": "t", "part": "t", "bytes": 1000, "stored_bytes": 1000}"#))
        #expect(
            try record["destinations"]?.elements?[3]
                == JSONValue(
                    parsing:
                        #"{"destination":"d","state":"stalled","bytes":1000,"bytes_behind":1000,"bytes_per_second":1000.0}"#
                ))
        // Behind the last row nothing is left to be told.
        let late = try self.record(.progress(progress("t", .finishing(["a"]), 1000, 0.25)))
        #expect(late["remaining_seconds"] == .null && late["fraction"] == .null)
    }

    @Test func `hold no number that JSON cannot hold`() {
        for value in [Double.nan, .infinity, -.infinity, .greatestFiniteMagnitude] {
            #expect(JSONText.double(value).text == "null")
        }
        #expect([1e300, 1e16, 1e-9, -0.0005].map { JSONText.double($0).text } == ["1e+300", "1e+16", "0.0", "-0.001"])
    }

    /// Of a wrong record the schema says what is wrong with it.
    @Test(arguments: [
        (#""decision":"so""#, #""decision":"so","more":1"#), (#","decision":"so""#, ""), (#""so""#, "7"),
        (#""so""#, "null"),
        (#""schema_version":2"#, #""schema_version":1"#), (#""type":"decision""#, #""type":"event""#),
        (#""run":""#, #""run":"x"#), ("Z\"", "+00:00\""), ("T", " "), (#""type":"decision","#, ""), ("}", "}}"),
        ("}", ",}"),
        (#""so""#, "\"\u{1}\""), (#""so""#, #""\x""#), (#""so""#, #""\ud800""#), (#""so""#, "01"),
        (#""decision":"so""#, #""decision":"so","decision":"so""#),
    ]) func `that are wrong do not pass`(right: String, wrong: String) throws {
        let text = told([.decision("so")])
        #expect(text.contains(right))
        #expect(try RecordCheck.faults(of: Array(text.utf8), exitCode: nil) == [])
        let changed = text.replacing(right, with: wrong, maxReplacements: 1)
        #expect(try RecordCheck.faults(of: Array(changed.utf8), exitCode: nil) != [])
    }

    @Test func `of a run that end without a summary, or go on behind it, do not pass`() throws {
        func faults(_ text: String, _ code: Int32 = 4) throws -> [String] {
            try RecordCheck.faults(of: Array(text.utf8), exitCode: code)
        }
        let (decision, summary) = (told([.decision("so")]), told([.finished(outcome("x"))]))
        #expect(try faults(summary) == [] && faults(summary, 1) != [] && faults("") != [] && faults(decision) != [])
        #expect(try faults(summary + decision) != [] && faults(summary + summary) != [])
        // Two reports are two runs.
        #expect(try faults(decision + summary) == ["its records are those of several runs"])
        #expect(try faults(String(summary.dropLast())) != [] && faults("pgcopy: no\n" + summary) != [])
    }

    @Test func `are checked by keywords that are known`() throws {
        for text in [
            #"{"typo": "string"}"#, #"{"properties": {"a": {"maxLength": 1}}}"#, ##"{"$ref": "#/$defs/none"}"##,
            #"{"properties": {}, "required": ["a"], "additionalProperties": false}"#, #"{"oneOf": [1]}"#,
        ] {
            #expect(throws: KitError.self) { try JSONSchema(JSONValue(parsing: text)) }
        }
        let schema = try JSONSchema(
            JSONValue(
                parsing: """
                    {"type": "object", "properties": {"i": {"type": "integer", "minimum": 1, "maximum": 3},
                    "l": {"items": {"enum": ["a", 2]}, "minItems": 1}}, "additionalProperties": {"type": "null"}}
                    """))
        for (text, isRight) in [
            (#"{"i": 1.0, "l": ["a", 2e0], "x": null}"#, true), (#"{"i": 1.5}"#, false), (#"{"i": 0}"#, false),
            (#"{"i": 4}"#, false), (#"{"l": []}"#, false), (#"{"l": ["b"]}"#, false), (#"{"x": 1}"#, false),
            ("[]", false),
        ] {
            #expect(try schema.faults(of: JSONValue(parsing: text)).isEmpty == isRight, "\(text)")
        }
    }
}

struct `The last record` {
    /// Runs the program's front end; what it wrote to stderr, and its exit code.
    private func run(_ words: [String]) throws -> (errors: String, code: Int32) {
        let folder = try TemporaryDirectory()
        let descriptor = open(folder.file("err"), O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        let error = TextOutput(blocking: descriptor)
        let code = CLI(output: error, error: error, transfer: { _ in 77 }).run(arguments(words))
        return (try folder.text(of: "err"), code)
    }

    @Test(arguments: [
        ["transfer", "--progress=json"], ["transfer", "--progress", "json", "a"],
        ["transfer", "a", "--prog=json", "--x"],
        ["transfer", "--x", "a", "b", "--progress=json"], ["transfer", "--timeout=x", "--progress=json", "a", "b"],
        ["transfer", "--progress=json", "--progress=plain", "a", "b"], ["tranfser", "--progress=json", "a", "b"],
        ["transfer", "-h", "a", "--progress=json", "b"], ["--progress=json", "transfer", "a", "b"],
        ["transfer", "--progress=json", "--metrics-file=-", "a", "b"],
        ["transfer", "-t", "\u{1B}\n\"", "--progress=json"],
    ]) func `comes where the command line cannot be meant, and nothing beside it`(words: [String]) throws {
        let (errors, code) = try run(words)
        #expect(code == 2)
        #expect(try RecordCheck.faults(of: Array(errors.utf8), exitCode: 2) == [])
        let summary = try JSONValue(parsing: errors)
        #expect(summary["source"] == .null && !(summary["error"]?["message"]?.text ?? "").isEmpty)
    }

    @Test(arguments: [
        ["transfer", "--progress=jsn"], ["transfer", "-t", "--progress=json", "a"],
        ["transfer", "--", "--progress=json"],
        ["exec", "--progress=json"], ["transfer", "--progress=plain"], [],
    ]) func `does not come where records were not asked for`(words: [String]) throws {
        let (errors, code) = try run(words)
        #expect(code == 2 && errors.hasPrefix("pgcopy: "), "\(errors)")
    }
}
