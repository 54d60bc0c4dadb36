// The report of `exec`, without a process.

import Testing

@testable import CopyCore
@testable import CopyModel
@testable import PgcopyCLI

struct `The report of exec` {
    private final class Messages {
        var text = ""
    }

    private let messages = Messages()
    private let output: TextOutput
    private let report: ExecReport

    init() throws {
        output = TextOutput(blocking: -1)
        report = ExecReport(
            ["one", "two"], output, Console { [messages] in messages.text += $0 }, .normal)
    }

    private func report(_ format: ExecFormat, tellsTime: Bool = false) -> ExecReport {
        ExecReport(
            ["one", "two"], output, Console { [messages] in messages.text += $0 }, .normal, format: format,
            tellsTime: tellsTime)
    }

    private var lines: String { String(decoding: output.pending, as: UTF8.self) }

    private func statement(_ sql: String, _ number: Int = 1) -> BatchStatement {
        BatchStatement(SQLStatement(bytes: Array(sql.utf8), line: 7, isCopy: false), number: number)
    }

    @Test func `a statement that failed is a line with its SQLSTATE, and told in full`() {
        let server = ServerMessage(severity: "ERROR", sqlState: "23505", message: "twice\tthere", detail: "really")
        report.receive(.ended(statement("INSERT"), .failure(PgcopyError(server, connectionLost: false)), at: 1))
        #expect(lines == "two\tERROR\t23505\ttwice\\tthere\n")
        #expect(
            messages.text == """
                pgcopy: two: statement 1, line 7: ERROR: twice\tthere (SQLSTATE 23505)
                pgcopy: two:   DETAIL: really

                """)
    }

    @Test func `what did not run is said, and what a loss ended is told once`() {
        let lost = PgcopyError(.connectionLost, "gone")
        report.receive(.ended(statement("A"), .failure(lost), at: 0))
        report.receive(.ended(statement("B", 2), .failure(lost), at: 0))
        report.receive(.ended(statement("C", 3), .failure(PgcopyError.aborted(by: nil)), at: 0))
        report.receive(.ended(statement("D", 4), .failure(PgcopyError.aborted(by: nil)), at: 0))
        #expect(!lines.contains("NOT RUN"))
        report.receive(.over(at: 0))
        #expect(lines.split(separator: "\n").map { String($0) }.last == "one\tNOT RUN\t2\t3")
        #expect(messages.text == "pgcopy: one: statement 1, line 7: gone\n")
    }

    @Test func `what did not run is a line for each synchronization point, and told on stderr where rows are alone`() {
        let report = report(.csv)
        for (number, count) in [(2, 1), (12, 1200)] {
            for place in 0..<count {
                report.receive(.ended(statement("A", number + place), .failure(PgcopyError.aborted(by: nil)), at: 1))
            }
            report.receive(.answered(number...number + count, after: .zero, at: 1))
        }
        report.receive(.over(at: 1))
        #expect(lines == "")
        #expect(
            messages.text == """
                pgcopy: two: 1 statement was not run, from statement 2, line 7 on
                pgcopy: two: 1,200 statements were not run, from statement 12, line 7 on

                """)
    }

    @Test func `time is told where it is asked for, beside the rows`() {
        report.receive(.answered(1...3, after: .milliseconds(5), at: 0))
        #expect(messages.text == "")
        let timed = report(.aligned, tellsTime: true)
        timed.receive(.answered(1...3, after: .microseconds(1_234_567), at: 0))
        timed.receive(.answered(4...4, after: .microseconds(9), at: 0))
        #expect(
            messages.text
                == "pgcopy: one: statements 1 to 3 took 1234.567 ms\npgcopy: one: statement 4 took 0.009 ms\n")
        #expect(lines == "")
        report(.json, tellsTime: true).receive(.answered(1...3, after: .microseconds(1_234_567), at: 1))
        #expect(lines == #"{"type":"batch","connection":"two","from":1,"to":3,"milliseconds":1234.567}"# + "\n")
    }

    @Test func `in json everything is a record`() {
        let report = report(.json)
        let server = ServerMessage(severity: "ERROR", sqlState: "23505", message: "a \"b\"", detail: "so", hint: nil)
        report.receive(.ended(statement("A", 2), .failure(PgcopyError(server, connectionLost: false)), at: 0))
        report.receive(.ended(statement("B", 3), .failure(PgcopyError.aborted(by: nil)), at: 0))
        report.receive(.stopped(behind: 3, at: 0))
        report.receive(.commitFailed(PgcopyError(.server, "late"), behind: 5, at: 1))
        report.receive(.leftOpen(at: 1))
        report.receive(.inDoubt(6...8, at: 1))
        #expect(
            lines == #"""
                {"type":"error","connection":"one","statement":2,"line":7,"error":{"message":"a \"b\"",\#
                "severity":"ERROR","sqlstate":"23505","detail":"so","hint":null,"context":null}}
                {"type":"not_run","connection":"one","statement":3,"count":1}
                {"type":"stopped","connection":"one","statement":3}
                {"type":"error","connection":"two","commit_behind":5,"error":{"message":"late",\#
                "severity":null,"sqlstate":null,"detail":null,"hint":null,"context":null}}
                {"type":"error","connection":"two","error":{\#
                "message":"the last transaction was not ended: everything in it is rolled back",\#
                "severity":null,"sqlstate":null,"detail":null,"hint":null,"context":null}}
                {"type":"in_doubt","connection":"two","from":6,"to":8}

                """#)
        #expect(messages.text.contains("one: stopped by the error: nothing behind statement 3 is sent\n"))
    }

    @Test func `doubt and what is committed decide the exit code, and are told with their statements`() {
        report.receive(.inDoubt(3...5, at: 0))
        #expect(report.isInDoubt && !report.hasCommitted)
        report.receive(.committed(through: 2, at: 1))
        #expect(report.hasCommitted)
        #expect(messages.text.contains("one: statements 3 to 5 may have been committed"))
        #expect(messages.text.contains("two: what was sent up to statement 2 is committed"))
        report.receive(.leftOpen(at: 1))
        #expect(messages.text.contains("two: ERROR: the last transaction was not ended"))
        report.receive(.commitFailed(PgcopyError(.server, "deferred"), behind: 4, at: 0))
        #expect(messages.text.hasSuffix("pgcopy: one: commit behind statement 4: deferred\n"))
    }
}
