// How large tables are, and where they can be cut.

/// About how large a table is.
struct TableSize: Sendable, Hashable {
    /// Nil: nobody has counted yet.
    var rows: Int?
    /// Of its heap and its TOAST table, and those of its partitions.
    var bytes: Int
    /// Of a heap; nil: it lies otherwise, or in partitions.
    var blocks: Int?
}

extension Catalog {
    /// The question how large tables are that are locked already, with their partitions and TOAST tables: no lock is waited for.
    static func sizesQuestion(_ tables: [Lookup.Found]) -> PipelineMessage {
        let (members, parameters) = members(tables)
        // Where it has pages of which none was counted, nobody has counted yet.
        let isCounted =
            "(c.reltuples OPERATOR(pg_catalog.>=) 0 AND (c.relpages OPERATOR(pg_catalog.>) 0 OR s.heap OPERATOR(pg_catalog.=) 0))"
        return .statement(
            """
            WITH RECURSIVE m(place, oid) AS (\(members)) SELECT m.place, \
            pg_catalog.sum(c.reltuples) FILTER (WHERE \(isCounted))::pg_catalog.int8, \
            pg_catalog.sum(s.heap OPERATOR(pg_catalog.+) \(toast("c")))::pg_catalog.int8, \
            pg_catalog.bool_and(\(isCounted)), \
            CASE WHEN pg_catalog.count(*) OPERATOR(pg_catalog.=) 1 AND pg_catalog.bool_and(\(isHeap("c"))) \
            THEN pg_catalog.sum(\(blocks("s.heap")))::pg_catalog.int8 END \
            FROM m JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) m.oid \
            CROSS JOIN LATERAL (SELECT pg_catalog.pg_relation_size(c.oid) heap OFFSET 0) s \
            WHERE c.relkind OPERATOR(pg_catalog.=) ANY ('{r,m}') GROUP BY m.place
            """, parameters)
    }

    /// The answer, by place; nil: it has no size of its own, as a view.
    static func sizes(_ result: QueryResult, count: Int) -> [TableSize?] {
        var sizes: [TableSize?] = Array(repeating: nil, count: count)
        for row in 0..<result.rowCount {
            func number(_ column: Int) -> Int? { result.value(row, column).flatMap { Int($0) } }
            guard let place = number(0), let bytes = number(2) else { continue }
            sizes[place - 1] = TableSize(
                rows: result.value(row, 3) == "t" ? number(1) : nil, bytes: bytes, blocks: number(4))
        }
        return sizes
    }

    /// A condition: ctid says where its rows lie. Every heap's access method is that of initdb, whatever it is called.
    static func isHeap(_ table: String) -> String { "\(table).relam OPERATOR(pg_catalog.=) '2'::pg_catalog.oid" }

    /// Of its heap and its TOAST data: pg_table_size would open the index of that as well, which takes ten times as long, and count
    /// maps that are larger than a small table.
    private static func bytes(_ table: String) -> String {
        "(pg_catalog.pg_relation_size(\(table).oid) OPERATOR(pg_catalog.+) \(toast(table)))"
    }

    private static func toast(_ table: String) -> String {
        """
        CASE WHEN \(table).reltoastrelid OPERATOR(pg_catalog.=) '0'::pg_catalog.oid THEN '0'::pg_catalog.int8 \
        ELSE pg_catalog.pg_relation_size(\(table).reltoastrelid) END
        """
    }

    private static func blocks(_ bytes: String) -> String {
        "(\(bytes) OPERATOR(pg_catalog./) pg_catalog.current_setting('block_size')::pg_catalog.int8)"
    }

    /// The names of a table's columns, in their order.
    private static func columns(_ table: String) -> String {
        """
        (SELECT pg_catalog.array_agg(a.attname ORDER BY a.attnum) FROM pg_catalog.pg_attribute a \
        WHERE a.attrelid OPERATOR(pg_catalog.=) \(table) AND a.attnum OPERATOR(pg_catalog.>) 0 AND NOT a.attisdropped)
        """
    }

    /// The question for the partitions of locked tables that hold rows themselves, in no order.
    static func leavesQuestion(_ tables: [Lookup.Found]) -> PipelineMessage {
        .statement(
            """
            SELECT t.place, n.nspname, c.relname, \(bytes("c")), \
            CASE WHEN \(isHeap("c")) THEN \(blocks("pg_catalog.pg_relation_size(c.oid)")) END, \
            pg_catalog.has_table_privilege(c.oid, 'SELECT'), c.relkind OPERATOR(pg_catalog.=) 'f', \
            \(columns("c.oid")) OPERATOR(pg_catalog.<>) \(columns("t.oid")) \
            FROM pg_catalog.unnest($1::pg_catalog.oid[]) WITH ORDINALITY t(oid, place) \
            CROSS JOIN LATERAL pg_catalog.pg_partition_tree(t.oid) p \
            JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) p.relid::pg_catalog.oid \
            JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace WHERE p.isleaf
            """, [arrayLiteral(tables.map(\.oid))])
    }

    /// The answer, by place.
    static func leaves(_ result: QueryResult, count: Int) -> [[Division.Leaf]] {
        var leaves: [[Division.Leaf]] = Array(repeating: [], count: count)
        for row in 0..<result.rowCount {
            func number(_ column: Int) -> Int? { result.value(row, column).flatMap { Int($0) } }
            guard let place = number(0), let schema = result.name(row, 1), let name = result.name(row, 2) else {
                continue
            }
            leaves[place - 1].append(
                Division.Leaf(
                    name: SQLName([schema, name]), bytes: number(3) ?? 0, blocks: number(4),
                    isReadable: result.value(row, 5) == "t", isForeign: result.value(row, 6) == "t",
                    hasOtherOrder: result.value(row, 7) == "t"))
        }
        return leaves
    }

    /// The question for the primary keys of tables, and between which values of their first column there are as many rows.
    static func keysQuestion(_ tables: [Lookup.Found]) -> PipelineMessage {
        .statement(
            """
            SELECT t.place, a.attname, a.atttypid, k.number, CASE WHEN k.number OPERATOR(pg_catalog.=) 1 \
            AND a.atttypid OPERATOR(pg_catalog.=) ANY ('{20,21,23}'::pg_catalog.oid[]) \
            THEN (SELECT s.histogram_bounds::pg_catalog.text FROM pg_catalog.pg_stats s \
            WHERE s.schemaname OPERATOR(pg_catalog.=) n.nspname AND s.tablename OPERATOR(pg_catalog.=) c.relname \
            AND s.attname OPERATOR(pg_catalog.=) a.attname ORDER BY s.inherited DESC LIMIT 1) END \
            FROM pg_catalog.unnest($1::pg_catalog.oid[]) WITH ORDINALITY t(oid, place) \
            JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) t.oid \
            JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace \
            JOIN pg_catalog.pg_constraint p ON p.conrelid OPERATOR(pg_catalog.=) t.oid AND p.contype OPERATOR(pg_catalog.=) 'p' \
            CROSS JOIN LATERAL pg_catalog.unnest(p.conkey) WITH ORDINALITY k(attnum, number) \
            JOIN pg_catalog.pg_attribute a ON a.attrelid OPERATOR(pg_catalog.=) t.oid \
            AND a.attnum OPERATOR(pg_catalog.=) k.attnum
            """, [arrayLiteral(tables.map(\.oid))])
    }

    /// The key of a table.
    struct PrimaryKey: Sendable {
        var columns: [(name: String, type: UInt32)] = []
        /// Of its first column; none: it is no integer, or nobody has looked yet.
        var bounds: [Int] = []
    }

    /// The answer, by place.
    static func keys(_ result: QueryResult, count: Int) -> [PrimaryKey] {
        var keys: [[(number: Int, name: String, type: UInt32)]] = Array(repeating: [], count: count)
        var bounds: [[Int]] = Array(repeating: [], count: count)
        for row in 0..<result.rowCount {
            func number(_ column: Int) -> Int? { result.value(row, column).flatMap { Int($0) } }
            guard let place = number(0), let name = result.name(row, 1), let type = number(2), let number = number(3)
            else { continue }
            keys[place - 1].append((number, name, UInt32(type)))
            if let list = result.value(row, 4) {
                bounds[place - 1] = list.split { "{,}".contains($0) }.compactMap { Int($0) }
            }
        }
        return zip(keys, bounds).map { key, bounds in
            PrimaryKey(columns: key.sorted { $0.number < $1.number }.map { ($0.name, $0.type) }, bounds: bounds)
        }
    }
}
