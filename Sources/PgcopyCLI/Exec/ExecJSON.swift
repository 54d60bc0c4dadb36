// Results of a batch as JSON, an object a line.

internal import CopyCore

/// Writes records: `row`, `done`, `error`, `not_run`, `batch`, `stopped`, `in_doubt`.
final class ExecJSON: ExecWriter {
    private let output: TextOutput
    private let tellsTags: Bool
    private let labels: [String]
    /// What the rows of each session's result are written with.
    private var rows: [ExecJSONRow?]

    init(_ labels: [String], _ output: TextOutput, tellsTags: Bool) {
        self.labels = labels
        self.output = output
        self.tellsTags = tellsTags
        rows = labels.map { _ in nil }
    }

    func rows(_ result: QueryResult, of statement: BatchStatement, at session: Int) {
        if rows[session]?.statement != statement.number {
            rows[session] = ExecJSONRow(
                connection: labels[session], statement: statement.number,
                columns: (0..<result.columnCount).map { (result.columnName($0), result.columnType($0)) })
        }
        for row in 0..<result.rowCount { rows[session]?.append(result.values(row), to: &output.pending) }
    }

    func done(_ result: QueryResult, of statement: BatchStatement, at session: Int) {
        rows[session] = nil
        if tellsTags {
            write("done", session, [("statement", .int(statement.number)), ("tag", .string(result.commandTag))])
        }
    }

    func failed(_ failure: ExecFailure, at session: Int) {
        rows[session] = nil
        let place: [(String, JSONText)] =
            switch failure.place {
            case .statement(let statement): [("statement", .int(statement.number)), ("line", .int(statement.line))]
            case .commit(let statement): [("commit_behind", .int(statement))]
            case .end: []
            }
        write("error", session, place + [("error", .error(failure.error))])
    }

    func notRun(_ count: Int, from first: BatchStatement, at session: Int) -> Bool {
        write("not_run", session, [("statement", .int(first.number)), ("count", .int(count))])
        return true
    }

    func took(_ duration: Duration, _ statements: ClosedRange<Int>, at session: Int) -> Bool {
        write("batch", session, range(statements) + [("milliseconds", .double(duration.seconds * 1000))])
        return true
    }

    func stopped(behind statement: Int, at session: Int) {
        write("stopped", session, [("statement", .int(statement))])
    }

    func inDoubt(_ statements: ClosedRange<Int>, at session: Int) { write("in_doubt", session, range(statements)) }

    private func range(_ statements: ClosedRange<Int>) -> [(String, JSONText)] {
        [("from", .int(statements.lowerBound)), ("to", .int(statements.upperBound))]
    }

    private func write(_ type: String, _ session: Int, _ members: [(String, JSONText)]) {
        let record = JSONText.object([("type", .string(type)), ("connection", .string(labels[session]))] + members)
        output.pending += Array(record.text.utf8)
        output.pending.append(UInt8(ascii: "\n"))
    }
}
