// Tables, as the answers about them come.

/// Makes tables of the answers to `Catalog.tablesQuestion` and `Catalog.columnsQuestion`, in this order.
///
/// Rows are taken over as they come: what libpq would keep of all columns of many tables is by far the most that a run needs.
final class TableReader {
    /// One for each that was asked for; nil: there is none.
    private(set) var tables: [TableShape?]
    private let names: SharedNames

    init(count: Int, names: SharedNames) {
        tables = Array(repeating: nil, count: count)
        self.names = names
    }

    /// Behind planning nobody asks for them.
    func forgetColumns() { for place in tables.indices { tables[place]?.columns = [] } }

    func takeTable(_ result: QueryResult, _ row: Int) {
        func text(_ column: Int) -> String { result.name(row, column) ?? "" }
        let schema = text(4).split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
        guard let place = Int(text(0)), schema.count == 3 else { return }
        tables[place - 1] = TableShape(
            name: SQLName([String(schema[2]), text(2)]), kind: text(1).first ?? "r", oid: text(3),
            isLocked: text(5) == "t", isAsked: text(7) == "t", columns: [],
            schemaVersion: schema.prefix(2).joined(separator: " "), parents: Catalog.oids(text(6)))
    }

    func takeColumn(_ result: QueryResult, _ row: Int) {
        func number(_ column: Int) -> Int? { result.value(row, column).flatMap { Int($0) } }
        guard let place = number(0), tables[place - 1]?.oid == result.value(row, 1), let name = result.name(row, 3)
        else { return }
        tables[place - 1]?.insert(
            TableShape.Column(
                name: names.shared(name), type: number(4).flatMap(UInt32.init) ?? 0,
                number: number(2).flatMap(Int16.init) ?? 0,
                isGenerated: result.value(row, 5) != ""))
    }
}

extension TableShape {
    /// Puts a column where it belongs. Mostly they come in their order; an ORDER BY would cost the server as much as one of
    /// these questions.
    mutating func insert(_ column: Column) {
        let behind = columns.lastIndex { $0.number < column.number }
        columns.insert(column, at: behind.map { $0 + 1 } ?? 0)
    }
}

/// Of equal names one: tables often have columns of the same names, and the servers of a run have the same tables.
final class SharedNames {
    private var known: Set<Name> = []

    func shared(_ name: String) -> String {
        // Shorter ones have no memory of their own.
        name.utf8.count > 15 ? known.insert(Name(text: name)).memberAfterInsert.text : name
    }

    /// Equal byte by byte, as `isSameName`.
    private struct Name: Hashable {
        let text: String

        static func == (one: Self, other: Self) -> Bool { isSameName(one.text, other.text) }

        func hash(into hasher: inout Hasher) { for byte in text.utf8 { hasher.combine(byte) } }
    }
}
