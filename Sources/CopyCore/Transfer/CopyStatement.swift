// The text of COPY statements.

/// Makes COPY statements; pure.
enum CopyStatement {
    /// Reads a table's columns; nil: no list, for a table without columns.
    static func out(
        _ table: TableShape, columns: [String], condition: String?, options: CopyOptions
    ) -> String {
        let plain =
            table.kind == "r" && condition == nil && !columns.contains { table.column($0)?.isGenerated ?? false }
        if plain {
            return "COPY \(table.name.quoted)\(list(columns)) TO STDOUT WITH \(options.sql)"
        }
        // COPY reads no views, foreign or partitioned tables by itself. ONLY: an ordinary table without its children.
        let only = table.kind == "r" ? "ONLY " : ""
        var select = "SELECT \(columns.map(quoteIdentifier).joined(separator: ", ")) FROM \(only)\(table.name.quoted)"
        // On lines of its own: a comment at the end of the condition must not swallow what follows.
        if let condition { select += " WHERE (\n\(condition)\n)" }
        return "COPY (\(select)) TO STDOUT WITH \(options.sql)"
    }

    /// Reads a query's rows, its columns under other names where a header line shows them.
    static func out(query: String, columns: [String]? = nil, options: CopyOptions) -> String {
        guard options.header, let columns else { return "COPY (\n\(query)\n) TO STDOUT WITH \(options.sql)" }
        return "COPY (SELECT * FROM (\n\(query)\n) AS q\(list(columns))) TO STDOUT WITH \(options.sql)"
    }

    /// Loads a table's columns; nil: no list, all that can be loaded.
    static func `in`(_ table: TableShape, columns: [String]?, options: CopyOptions) -> String {
        "COPY \(table.name.quoted)\(list(columns ?? [])) FROM STDIN WITH \(options.sql)"
    }

    private static func list(_ columns: [String]) -> String {
        columns.isEmpty ? "" : " (" + columns.map(quoteIdentifier).joined(separator: ", ") + ")"
    }

    /// A query as people type it, without the semicolon at its end and what follows that. Two statements are
    /// the server's to refuse.
    static func trimmed(_ query: String) -> String {
        let statements = StatementSplitter.split(query)
        guard statements.count < 2 else { return query }
        return String(decoding: statements.first?.bytes ?? [], as: UTF8.self)
    }
}
