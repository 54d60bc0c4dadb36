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
        #expect(lines.split(separator: "\n").map { String($0) }.last == "one\tNOT RUN")
        #expect(messages.text == "pgcopy: one: statement 1, line 7: gone\n")
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
