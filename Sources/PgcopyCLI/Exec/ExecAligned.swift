// Results of a batch as tables for a person.

internal import CopyCore

/// Writes a table for each result and the tags of other statements. Where there are several connections, a line says whose what
/// follows is.
final class ExecAligned: ExecWriter {
    private let output: TextOutput
    private let labels: [String]
    private let tellsTags: Bool
    /// The results under way.
    private var tables: [(statement: Int, table: RowTable)?]
    /// Whose the last line is.
    private var last: Int?
    /// Bytes of a result that wait for its widths.
    private let limit: Int

    init(_ labels: [String], _ output: TextOutput, tellsTags: Bool) {
        self.labels = labels
        self.output = output
        self.tellsTags = tellsTags
        tables = labels.map { _ in nil }
        limit = Batch.share(labels.count)
    }

    func rows(_ result: QueryResult, of statement: BatchStatement, at session: Int) {
        var table = takeTable(result, statement, session)
        for row in 0..<result.rowCount {
            if table.isFlowing, last != session {
                begin(session)
                table.writeHead(to: &output.pending)
            }
            table.add(result.values(row), to: &output.pending)
            if !table.isFlowing, table.size >= limit {
                begin(session)
                table.flow(to: &output.pending)
            }
        }
        tables[session] = (statement.number, table)
    }

    func done(_ result: QueryResult, of statement: BatchStatement, at session: Int) {
        if result.hasRows {
            var table = takeTable(result, statement, session)
            begin(session)
            table.end(isWhole: true, to: &output.pending)
        }
        let tag = result.commandTag
        // The number of rows says it all, but of those that were written.
        guard tellsTags, !tag.isEmpty, !result.hasRows || Self.writingTags.contains(where: tag.hasPrefix) else {
            return
        }
        begin(session)
        output.pending += "\(tag)\n".utf8
    }

    private static let writingTags = ["INSERT", "UPDATE", "DELETE", "MERGE"]

    func failed(_ failure: ExecFailure, at session: Int) { endTable(session) }

    func end(_ session: Int) { endTable(session) }

    /// Out of its place, so that there is one of it.
    private func takeTable(_ result: QueryResult, _ statement: BatchStatement, _ session: Int) -> RowTable {
        defer { tables[session] = nil }
        if let (number, table) = tables[session], number == statement.number { return table }
        return RowTable(
            zip(result.columnNames, 0...).map { name, column in
                RowTable.Column(name: name, isNumeric: Self.numericTypes.contains(result.columnType(column)))
            })
    }

    /// What came before it failed.
    private func endTable(_ session: Int) {
        guard var table = tables[session]?.table else { return }
        tables[session] = nil
        begin(session)
        table.end(isWhole: false, to: &output.pending)
    }

    private func begin(_ session: Int) {
        defer { last = session }
        if labels.count > 1, last != session { output.pending += "==> \(Echo.printable(labels[session])) <==\n".utf8 }
    }

    /// Those that psql puts to the right: int8, int2, int4, oid, xid, cid, float4, float8, money, numeric, xid8.
    private static let numericTypes: Set<UInt32> = [20, 21, 23, 26, 28, 29, 700, 701, 790, 1700, 5069]
}
