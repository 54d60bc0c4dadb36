// The text of COPY statements.

/// Makes COPY statements; pure. Those of many tables are kept: added up they take the room of their bytes, interpolated
/// twice that.
enum CopyStatement {
    /// Reads a table's columns; nil: no list, for a table without columns.
    /// - Parameters:
    ///   - pinsNames: as in `out(query:)`; only with a condition.
    ///   - piece: what of it is read; nil: all of it.
    static func out(
        _ table: TableShape, columns: [String], condition: String?, computed: [ComputedColumn.Typed] = [],
        pinsNames: Bool,
        options: CopyOptions, piece: Division.Piece? = nil
    ) -> String {
        let plain =
            table.kind == "r" && condition == nil && computed.isEmpty && options.selection == nil && piece?.range == nil
            && !columns.contains { table.column($0)?.isGenerated ?? false }
        if plain {
            return "COPY " + table.name.quoted + list(columns) + " TO STDOUT WITH " + options.sql
        }
        // COPY reads no views, foreign or partitioned tables by itself. ONLY: an ordinary table without its children.
        let selection = (options.selection ?? columns.map(quoteIdentifier)).joined(separator: ", ")
        let pieces: [Division.Piece?] = piece.map { [$0] + $0.also } ?? [nil]
        let select = pieces.map { piece in
            // Under the name that conditions and expressions have for it.
            let relation =
                piece?.leaf.map { "ONLY \($0.quoted) AS \(quoteIdentifier(table.name.parts.last ?? ""))" } ?? table.only
                + table.name.quoted
            let range = piece?.range.map { (condition == nil ? " WHERE " : " AND ") + $0.condition }
            guard !computed.isEmpty else { return Self.select(selection, relation, where: condition) + (range ?? "") }
            let values = columns.map { name in
                computed.first { isSameName($0.column, name) }?.sql ?? quoteIdentifier(name)
            }
            let rows = Self.select(values.joined(separator: ", "), relation, where: condition) + (range ?? "")
            return options.selection == nil ? rows : "SELECT \(selection) FROM (\n\(rows)\n) AS t"
        }.joined(separator: " UNION ALL ")
        return "COPY (\(pinsNames ? withPinnedNames(select, options) : select)) TO STDOUT WITH \(options.sql)"
    }

    /// Rows of a table.
    static func select(_ selection: String, _ table: String, where condition: String?) -> String {
        // On lines of its own: a comment at the end of the condition must not swallow what follows.
        "SELECT \(selection) FROM \(table)" + (condition.map { " WHERE (\n\($0)\n)" } ?? "")
    }

    /// Reads a query's rows.
    /// - Parameters:
    ///   - columns: other names for its columns.
    ///   - pinsNames: among the values are names (reg*), which destinations read under an empty search_path.
    static func out(query: String, columns: [String]? = nil, pinsNames: Bool, options: CopyOptions) -> String {
        var query = query
        // A header line shows the other names, a selection goes by them.
        if options.selection != nil || options.header && columns != nil {
            let selection = options.selection?.joined(separator: ", ") ?? "*"
            query = "SELECT \(selection) FROM (\n\(query)\n) AS q\(list(columns ?? []))"
        }
        if pinsNames { query = withPinnedNames(query, options) }
        return "COPY (\n\(query)\n) TO STDOUT WITH \(options.sql)"
    }

    /// The user's SQL runs to its end under the user's search_path; then that is emptied, and only then the first row
    /// is written: count(*) has to see them all before set_config is called.
    private static func withPinnedNames(_ query: String, _ options: CopyOptions) -> String {
        guard options.format != .binary else { return query }
        return """
            WITH pgcopy_rows AS MATERIALIZED (
            \(query)
            ) SELECT r.* FROM pgcopy_rows r CROSS JOIN (SELECT pg_catalog.set_config('search_path', '', true) \
            FROM (SELECT pg_catalog.count(*) FROM pgcopy_rows) n) p
            """
    }

    /// Loads a table's columns; nil: no list, all that can be loaded.
    static func `in`(_ table: TableShape, columns: [String]?, options: CopyOptions) -> String {
        "COPY " + table.name.quoted + list(columns ?? []) + " FROM STDIN WITH " + options.sql
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
