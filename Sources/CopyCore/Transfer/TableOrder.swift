// In which order tables are loaded, so that each row finds those it refers to.

/// Orders tables by their foreign keys; pure.
enum TableOrder {
    /// A foreign key of a table.
    struct Reference: Sendable, Equatable {
        /// The table that it refers to, by its place.
        var parent: Int
        var constraint: String
        /// It can be checked at the end.
        var isDeferrable: Bool
    }

    /// Tables that refer to each other in a circle, of which none can be first.
    struct Cycle: Error, Equatable {
        var tables: [Int]
        var constraints: [String]
    }

    /// The places of all tables, those first that others refer to, else as they were given; and whether constraints are to be
    /// deferred for it.
    /// - Parameter references: those of each table.
    static func sorted(_ references: [[Reference]]) throws(Cycle) -> (order: [Int], defers: Bool) {
        let all = references.enumerated().map { place, list in list.filter { $0.parent != place } }
        let order = sort(all.map { $0.map(\.parent) })
        if order.count == references.count { return (order, false) }
        let firm = all.map { $0.filter { !$0.isDeferrable } }
        let firmOrder = sort(firm.map { $0.map(\.parent) })
        guard firmOrder.count < references.count else { return (firmOrder, true) }
        // Those that only wait for others of the circle are none of it.
        var left = Set(references.indices).subtracting(firmOrder)
        while let outer = left.first(where: { one in
            !left.contains { other in firm[other].contains { $0.parent == one } }
        }) {
            left.remove(outer)
        }
        let tables = left.sorted()
        let constraints = tables.flatMap { table in
            firm[table].filter { left.contains($0.parent) }.map(\.constraint)
        }
        throw Cycle(tables: tables, constraints: constraints)
    }

    /// Those that can come in an order.
    private static func sort(_ parents: [[Int]]) -> [Int] {
        var missing = parents.map { Set($0).count }
        var children: [[Int]] = Array(repeating: [], count: parents.count)
        for (child, list) in parents.enumerated() { for parent in Set(list) { children[parent].append(child) } }
        var order: [Int] = []
        // As they were given: whoever is free is taken in turn.
        var free = parents.indices.filter { missing[$0] == 0 }
        var next = 0
        while next < free.count {
            let place = free[next]
            next += 1
            order.append(place)
            for child in children[place].sorted() {
                missing[child] -= 1
                if missing[child] == 0 { free.append(child) }
            }
        }
        return order
    }
}

extension Catalog {
    /// The question for the foreign keys among tables, those of their partitions included: who refers to whom, himself
    /// perhaps, by places.
    static func referencesQuestion(_ tables: [Lookup.Found]) -> PipelineMessage {
        let (members, parameters) = members(tables)
        return .statement(
            """
            WITH RECURSIVE m(place, oid) AS (\(members)) \
            SELECT DISTINCT c.place, f.place, k.conname, k.condeferrable FROM pg_catalog.pg_constraint k \
            JOIN m c ON c.oid OPERATOR(pg_catalog.=) k.conrelid JOIN m f ON f.oid OPERATOR(pg_catalog.=) k.confrelid \
            WHERE k.contype OPERATOR(pg_catalog.=) 'f'
            """, parameters)
    }

    /// A recursive query, `m`, for tables by their places, from 1 on, with their partitions, and its parameters. It locks none of
    /// them, as pg_partition_tree would: another stream may have it for itself.
    static func members(_ tables: [Lookup.Found]) -> (query: String, parameters: [String]) {
        let trees = """
             UNION ALL SELECT m.place, i.inhrelid FROM m JOIN pg_catalog.pg_inherits i \
            ON i.inhparent OPERATOR(pg_catalog.=) m.oid JOIN pg_catalog.pg_class c \
            ON c.oid OPERATOR(pg_catalog.=) i.inhrelid AND c.relispartition
            """
        if let table = tables.first, tables.count == 1, table.oid.isEmpty {
            return ("SELECT 1, pg_catalog.to_regclass($1)::pg_catalog.oid", [table.name.quoted])
        }
        let query = """
            SELECT t.place::pg_catalog.int4, t.oid FROM pg_catalog.unnest($1::pg_catalog.oid[]) \
            WITH ORDINALITY t(oid, place)\(tables.contains { $0.kind == "p" } ? trees : "")
            """
        return (query, [arrayLiteral(tables.map(\.oid))])
    }

    /// The answer, by the table that refers.
    static func references(_ result: QueryResult, count: Int) -> [[TableOrder.Reference]] {
        var references: [[TableOrder.Reference]] = Array(repeating: [], count: count)
        for row in 0..<result.rowCount {
            func place(_ column: Int) -> Int { (result.value(row, column).flatMap { Int($0) } ?? 1) - 1 }
            references[place(0)].append(
                TableOrder.Reference(
                    parent: place(1), constraint: result.name(row, 2) ?? "", isDeferrable: result.value(row, 3) == "t"))
        }
        return references
    }
}
