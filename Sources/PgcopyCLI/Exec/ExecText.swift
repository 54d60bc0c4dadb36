// Results of a batch as fields between tabs.

internal import CopyCore

/// Writes a line per row and statement; see the manual for their shapes.
final class ExecText: ExecWriter {
    private let output: TextOutput
    private let tellsTags: Bool
    /// The labels as the first field of a line, its tab included.
    private let fields: [[UInt8]]

    init(_ labels: [String], _ output: TextOutput, tellsTags: Bool) {
        self.output = output
        self.tellsTags = tellsTags
        fields = labels.map { label in
            var field: [UInt8] = []
            TextRow.append(value: label, to: &field)
            return field + [Self.tab]
        }
    }

    private static let tab = UInt8(ascii: "\t")

    func rows(_ result: QueryResult, of statement: BatchStatement, at session: Int) {
        for row in 0..<result.rowCount {
            output.pending += fields[session]
            for column in 0..<result.columnCount {
                output.pending.append(Self.tab)
                result.withValue(row, column) { TextRow.append(value: $0, to: &output.pending) }
            }
            output.pending.append(UInt8(ascii: "\n"))
        }
    }

    func done(_ result: QueryResult, of statement: BatchStatement, at session: Int) {
        if tellsTags { line(session, result.commandTag) }
    }

    func failed(_ failure: ExecFailure, at session: Int) {
        line(session, "ERROR", failure.sqlState, failure.message)
    }

    func notRun(_ count: Int, from first: BatchStatement, at session: Int) -> Bool {
        line(session, "NOT RUN", "\(count)", "\(first.number)")
        return true
    }

    private func line(_ session: Int, _ values: String...) {
        output.pending += fields[session]
        for (index, value) in values.enumerated() {
            if index > 0 { output.pending.append(Self.tab) }
            TextRow.append(value: value, to: &output.pending)
        }
        output.pending.append(UInt8(ascii: "\n"))
    }
}
