// The text of COPY statements.

/// Makes COPY statements; pure.
enum CopyStatement {
    /// Reads a table's columns; nil: no list, for a table without columns.
    static func out(
        _ table: TableShape, columns: [String], condition: String?, options: CopyOptions
    ) -> String {
        let plain =
            table.kind == "r" && condition == nil && options.selection == nil
            && !columns.contains { table.column($0)?.isGenerated ?? false }
        if plain {
            return "COPY \(table.name.quoted)\(list(columns)) TO STDOUT WITH \(options.sql)"
        }
        // COPY reads no views, foreign or partitioned tables by itself. ONLY: an ordinary table without its children.
        let only = table.kind == "r" ? "ONLY " : ""
        let selection = (options.selection ?? columns.map(quoteIdentifier)).joined(separator: ", ")
        var select = "SELECT \(selection) FROM \(only)\(table.name.quoted)"
        // On lines of its own: a comment at the end of the condition must not swallow what follows.
        if let condition { select += " WHERE (\n\(condition)\n)" }
        return "COPY (\(select)) TO STDOUT WITH \(options.sql)"
    }

    /// Reads a query's rows.
    static func out(query: String, options: CopyOptions) -> String {
        guard let selection = options.selection else { return "COPY (\n\(query)\n) TO STDOUT WITH \(options.sql)" }
        return """
            COPY (SELECT \(selection.joined(separator: ", ")) FROM (
            \(query)
            ) AS rows) TO STDOUT WITH \(options.sql)
            """
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
