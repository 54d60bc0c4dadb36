// Rows of a batch as comma separated values, and nothing else.

internal import CopyCore

/// Writes a header line for each result of one connection. The rows of several mix: then the connection is the first column, and a
/// header line stands wherever the columns change.
final class ExecCSV: ExecWriter {
    private let output: TextOutput
    /// Each as the first value of a line; nil: there is one connection.
    private let labels: [[UInt8]]?
    /// The statement, and of several connections which one's, whose columns were looked at last.
    private var headed = (statement: 0, session: 0)
    private var header: [[UInt8]]?

    init(_ labels: [String], _ output: TextOutput) {
        self.output = output
        self.labels = labels.count > 1 ? labels.map { Array($0.utf8) } : nil
    }

    func rows(_ result: QueryResult, of statement: BatchStatement, at session: Int) {
        writeHeader(result, statement, session)
        for row in 0..<result.rowCount { line(labels?[session], result.values(row)) }
    }

    func done(_ result: QueryResult, of statement: BatchStatement, at session: Int) {
        if result.hasRows { writeHeader(result, statement, session) }
    }

    private func writeHeader(_ result: QueryResult, _ statement: BatchStatement, _ session: Int) {
        guard headed != (statement.number, session) else { return }
        headed = (statement.number, session)
        let names = result.columnNames
        if labels != nil {
            guard header != names else { return }
            header = names
        }
        line(labels == nil ? nil : Array("connection".utf8), names)
    }

    private func line(_ label: [UInt8]?, _ values: [[UInt8]?]) {
        CSVRow.append((label.map { [$0] } ?? []) + values, to: &output.pending)
    }
}
