// What a run is going to do, for people and programs.

/// The plan of a transfer as it is told: which rows go where, and how.
public struct TransferPlan: Sendable, Hashable {
    /// One table, or the rows of a query, a file, a stream.
    public struct Table: Sendable, Hashable {
        /// As `sales.orders`; nil: rows are of no one table.
        public var name: String?
        /// About how many rows it has; nil: not known.
        public var rows: Int?
        /// How many bytes it takes on the source's disk, with its TOAST table; nil: not known.
        public var bytes: Int?
        /// COPY's format.
        public var format: CopyFormat
        /// Why that one, where it was left open.
        public var reason: String?
        /// The statement that reads it; nil: no server gives the rows.
        public var statement: String?
        /// Where it lands on servers.
        public var landings: [Landing]
    }

    /// A table of a destination.
    public struct Landing: Sendable, Hashable {
        /// The destination.
        public var label: String
        /// As `sales.orders`.
        public var table: String
        /// It is emptied before.
        public var isEmptied: Bool
        /// About how many rows it holds; nil: not known.
        public var rows: Int?
        /// The statement that loads it.
        public var statement: String
    }

    /// It is only told.
    public var isDryRun: Bool
    /// In the order in which their rows flow.
    public var tables: [Table]
    /// Foreign keys go in a circle: they are checked behind the last row.
    public var defersConstraints: Bool

    /// About how many rows all of them have; nil where one is not known.
    public var rows: Int? { Self.sum(tables.map(\.rows)) }
    /// About how many bytes all of them take; nil where one is not known.
    public var bytes: Int? { Self.sum(tables.map(\.bytes)) }

    private static func sum(_ numbers: [Int?]) -> Int? {
        let known = numbers.compactMap { $0 }
        return known.count == numbers.count ? known.reduce(0, +) : nil
    }
}

/// About how large a table is.
struct TableSize: Sendable, Hashable {
    /// Nil: nobody has counted yet.
    var rows: Int?
    var bytes: Int
}

extension Catalog {
    /// The question how large tables are that are locked already, with their partitions and TOAST tables: no lock is waited for.
    static func sizesQuestion(_ tables: [Lookup.Found]) -> PipelineMessage {
        let (members, parameters) = members(tables)
        return .statement(
            """
            WITH m(place, oid) AS MATERIALIZED (\(members)) SELECT m.place, \
            pg_catalog.sum(CASE WHEN c.reltuples OPERATOR(pg_catalog.<) 0 OR c.relpages OPERATOR(pg_catalog.=) 0 \
            AND pg_catalog.pg_relation_size(c.oid) OPERATOR(pg_catalog.>) 0 THEN NULL ELSE c.reltuples END)::pg_catalog.int8, \
            pg_catalog.sum(pg_catalog.pg_table_size(c.oid))::pg_catalog.int8, \
            pg_catalog.bool_and(c.reltuples OPERATOR(pg_catalog.>=) 0 AND (c.relpages OPERATOR(pg_catalog.>) 0 \
            OR pg_catalog.pg_relation_size(c.oid) OPERATOR(pg_catalog.=) 0)) \
            FROM m JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) m.oid \
            WHERE c.relkind OPERATOR(pg_catalog.=) ANY ('{r,m}') GROUP BY m.place
            """, parameters)
    }

    /// The answer, by place; nil: it has no size of its own, as a view.
    static func sizes(_ result: QueryResult, count: Int) -> [TableSize?] {
        var sizes: [TableSize?] = Array(repeating: nil, count: count)
        for row in 0..<result.rowCount {
            func number(_ column: Int) -> Int? { result.value(row, column).flatMap { Int($0) } }
            guard let place = number(0), let bytes = number(2) else { continue }
            sizes[place - 1] = TableSize(rows: result.value(row, 3) == "t" ? number(1) : nil, bytes: bytes)
        }
        return sizes
    }
}
