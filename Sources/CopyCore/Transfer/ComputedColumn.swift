// Columns whose values the source computes (`--set`).

/// A column that is given other values than the table's.
public struct ComputedColumn: Sendable, Hashable {
    /// The table, perhaps with its schema; nil: the only one.
    public var table: SQLName?
    /// The column.
    public var column: String
    /// SQL over the table's columns.
    public var expression: String

    /// Reads `[TABLE.]COLUMN=EXPRESSION`.
    /// - Throws: `PgcopyError` with `.usage`.
    public init(parsing text: String) throws(PgcopyError) {
        var isQuoted = false
        let end = text.utf8.firstIndex { byte in
            if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
            return byte == UInt8(ascii: "=") && !isQuoted
        }
        let expression = end.map { String(text[text.utf8.index(after: $0)...]) } ?? ""
        guard let end, let name = SQLName(String(text[..<end]).trimmed), let column = name.parts.last,
            name.parts.count <= 3, !expression.trimmed.isEmpty
        else {
            throw PgcopyError(
                .usage,
                "\(Echo.quoted(text)) is not [TABLE.]COLUMN=EXPRESSION; a name that is not plain goes in double quotes")
        }
        table = name.parts.count > 1 ? SQLName(Array(name.parts.dropLast())) : nil
        self.column = column
        self.expression = expression
    }

    /// Whether it is about this table.
    func isOf(_ name: SQLName) -> Bool {
        guard let table else { return true }
        return zip(table.parts.reversed(), name.parts.reversed()).allSatisfy(isSameName)
    }

    /// Its name, for a person.
    var shown: String { SQLName((table?.parts ?? []) + [column]).quoted }

    /// One of a table, with the name of the column's type as the server writes it.
    struct Typed: Sendable, Hashable {
        var column: String
        var expression: String
        var type: String
        /// It has values within, whose lengths a cast would cut to; or it is bit, which a cast makes one bit of.
        var isCompound = false

        /// A statement that is none where the expression is several, or of several rows. It is only parsed.
        func check(of table: SQLName) -> String {
            "SELECT FROM \(table.quoted) WHERE CAST(\n\(expression)\nAS pg_catalog.text) IS NULL"
        }

        /// The value, as the column's type, under its name. On lines of its own: a comment at its end must not swallow what follows.
        /// By way of text, values within are refused that are too long, as COPY does.
        var sql: String {
            let value = "(\n\(expression)\n)"
            let source = isCompound ? "CAST(\(value) AS pg_catalog.text)" : value
            return "CAST(\(source) AS \(type)) AS \(quoteIdentifier(column))"
        }
    }

    /// Aggregates, windows, functions that give sets, more than one value where there is a condition: 42803, 42P20, 0A000, 42601.
    static let ofManyRows: Set<String> = ["42803", "42P20", "0A000", "42601"]

    /// What is computed of each table, by its place.
    /// - Parameter types: of the columns of each table that are named.
    static func resolve(
        _ computed: [ComputedColumn], _ tables: [SQLName], _ types: [[Typed]]
    ) throws(PgcopyError) -> [[Typed]] {
        var all: [[Typed]] = tables.map { _ in [] }
        for one in computed {
            if one.table == nil, tables.count > 1 {
                throw PgcopyError(
                    .usage, "--set \(one.shown): of \(tables.count) tables; name one, as TABLE.\(one.shown)=…")
            }
            let places = tables.indices.filter { one.isOf(tables[$0]) }
            guard !places.isEmpty else {
                throw PgcopyError(.usage, "--set \(one.shown): no such table is copied")
            }
            for place in places {
                guard var typed = types[place].first(where: { isSameName($0.column, one.column) }) else {
                    throw PgcopyError(
                        .refused,
                        "--set \(one.shown): \(tables[place].quoted) has no column \(quoteIdentifier(one.column))")
                }
                guard !all[place].contains(where: { isSameName($0.column, one.column) }) else {
                    throw PgcopyError(.usage, "--set \(one.shown): the column is set twice")
                }
                (typed.column, typed.expression) = (one.column, one.expression)
                all[place].append(typed)
            }
        }
        return all
    }
}

extension String {
    /// Without spaces at either end.
    fileprivate var trimmed: String {
        let isSpace = { (scalar: Unicode.Scalar) in scalar.value <= 0x20 }
        let scalars = unicodeScalars.drop(while: isSpace)
        guard let last = scalars.lastIndex(where: { !isSpace($0) }) else { return "" }
        return String(scalars[...last])
    }
}

extension Catalog {
    /// The question for the types of some columns, by their names, of tables by theirs.
    static func columnTypesQuestion(_ tables: [SQLName], columns: [String]) -> PipelineMessage {
        // Without a length, that a cast would cut to: -1, and a domain's is its own.
        .statement(
            """
            SELECT q.place, a.attname, pg_catalog.format_type(b.oid, -1), \
            b.kind OPERATOR(pg_catalog.=) 'c' OR b.oid OPERATOR(pg_catalog.=) ANY ('{1560,1562}') OR e.typtype OPERATOR(pg_catalog.=) ANY ('{c,d}') \
            FROM \(namesTable(tables.count, 1)) q(place, oid) \
            JOIN pg_catalog.pg_attribute a ON a.attrelid OPERATOR(pg_catalog.=) q.oid \
            CROSS JOIN LATERAL (WITH RECURSIVE d(oid, kind, base, element) AS (\
            SELECT t.oid, t.typtype, t.typbasetype, t.typelem FROM pg_catalog.pg_type t \
            WHERE t.oid OPERATOR(pg_catalog.=) a.atttypid UNION ALL \
            SELECT t.oid, t.typtype, t.typbasetype, t.typelem FROM d JOIN pg_catalog.pg_type t ON t.oid OPERATOR(pg_catalog.=) d.base) \
            SELECT d.oid, d.kind, d.element FROM d WHERE d.kind OPERATOR(pg_catalog.<>) 'd') b \
            LEFT JOIN pg_catalog.pg_type e ON e.oid OPERATOR(pg_catalog.=) b.element \
            WHERE a.attnum OPERATOR(pg_catalog.>) 0 AND NOT a.attisdropped \
            AND a.attname OPERATOR(pg_catalog.=) ANY ($2::pg_catalog.name[])
            """, nameParameters([tables.map(\.quoted)]) + [arrayLiteral(columns)])
    }

    /// The answer, by place, without expressions.
    static func columnTypes(_ result: QueryResult, count: Int) -> [[ComputedColumn.Typed]] {
        var types: [[ComputedColumn.Typed]] = Array(repeating: [], count: count)
        for row in 0..<result.rowCount {
            guard let place = result.value(row, 0).flatMap({ Int($0) }) else { continue }
            types[place - 1].append(
                ComputedColumn.Typed(
                    column: result.name(row, 1) ?? "", expression: "", type: result.name(row, 2) ?? "",
                    isCompound: result.value(row, 3) == "t"))
        }
        return types
    }
}
