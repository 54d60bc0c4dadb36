// Questions to a server's catalogs.

/// Asks the catalogs, in terms no search_path can change.
enum Catalog {
    /// The question for tables that are locked already, and whether each is what the name that was asked for stands for.
    static func tablesQuestion(_ tables: [Lookup.Found]) -> PipelineMessage {
        // Of many tables the locks are looked through once.
        let isLocked =
            tables.count == 1
            ? """
            EXISTS (SELECT FROM pg_catalog.pg_lock_status() l \
            WHERE \(isOwnLock("l")) AND l.relation OPERATOR(pg_catalog.=) c.oid AND l.granted)
            """
            : """
            c.oid OPERATOR(pg_catalog.=) ANY (SELECT l.relation FROM pg_catalog.pg_lock_status() l \
            WHERE \(isOwnLock("l")) AND l.granted)
            """
        return .statement(
            """
            SELECT q.place, c.relkind, c.relname, c.oid, (SELECT pg_catalog.concat(n.xmin, ' ', n.xmax, ' ', n.nspname) \
            FROM pg_catalog.pg_namespace n WHERE n.oid OPERATOR(pg_catalog.=) c.relnamespace), \
            \(isLocked), \
            \(ancestors("c")), q.asked OPERATOR(pg_catalog.=) c.oid \
            FROM \(namesTable(tables.count, 2)) q(place, oid, asked) \
            JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) q.oid
            """, nameParameters([tables.map(\.name.quoted), tables.map(\.asked.quoted)]))
    }

    /// A table of places, from 1 on, and of the OIDs that so many lists of names stand for. One name is a parameter of its
    /// own: that costs a new backend less.
    static func namesTable(_ count: Int, _ lists: Int) -> String {
        if count == 1 { return "(VALUES (1, \((1...lists).map(oid(ofName:)).joined(separator: ", "))))" }
        let names = (1...lists).map { "n\($0)" }
        let oids = names.map { "pg_catalog.to_regclass(n.\($0))::pg_catalog.oid" }
        let arrays = (1...lists).map { "$\($0)::pg_catalog.text[]" }
        // OFFSET 0: each name is looked up once.
        return """
            (SELECT n.place, \(oids.joined(separator: ", ")) FROM ROWS FROM (\
            \(arrays.map { "pg_catalog.unnest(\($0))" }.joined(separator: ", "))) \
            WITH ORDINALITY n(\((names + ["place"]).joined(separator: ", "))) OFFSET 0)
            """
    }

    /// The parameters of `namesTable`.
    static func nameParameters(_ lists: [[String]]) -> [String] {
        lists.map { $0.count == 1 ? $0[0] : arrayLiteral($0) }
    }

    /// The question for their columns.
    static func columnsQuestion(_ tables: [Lookup.Found], for version: ServerVersion) -> PipelineMessage {
        let generated = version.hasGeneratedColumns ? "a.attgenerated" : "''"
        let areKnown = tables.allSatisfy { !$0.oid.isEmpty }
        let known =
            tables.count == 1
            ? "(VALUES (1, $1::pg_catalog.oid))"
            : "(SELECT n.place, n.oid FROM pg_catalog.unnest($1::pg_catalog.oid[]) WITH ORDINALITY n(oid, place))"
        return .statement(
            """
            SELECT q.place, a.attrelid, a.attnum, a.attname, a.atttypid, \(generated) \
            FROM \(areKnown ? known : namesTable(tables.count, 1)) q(place, oid) \
            JOIN pg_catalog.pg_attribute a ON a.attrelid OPERATOR(pg_catalog.=) q.oid \
            WHERE a.attnum OPERATOR(pg_catalog.>) 0 AND NOT a.attisdropped
            """, nameParameters([tables.map { areKnown ? $0.oid : $0.name.quoted }]))
    }

    /// The cast is part of it: to compare an OID with a regclass a server has to look through all operators of that name.
    static func oid(ofName parameter: Int) -> String { "pg_catalog.to_regclass($\(parameter))::pg_catalog.oid" }

    /// The question for the types with these OIDs and every type inside them; a composite has a row for each attribute.
    /// Nobody can lock a type. So each row bears who has written what the catalogs say of its attributes and labels, and
    /// whether that was replaced since the snapshot: values are written by what is said now.
    static func typesQuestion(_ oids: [UInt32], for version: ServerVersion) -> PipelineMessage {
        .statement(
            types(from: "SELECT pg_catalog.unnest($1::pg_catalog.oid[])", version),
            [arrayLiteral(oids.map(String.init))])
    }

    /// The question for the types of users in all columns of what this transaction has locked, and these.
    static func lockedTypesQuestion(and oids: [UInt32], for version: ServerVersion) -> PipelineMessage {
        .statement(
            types(
                from: """
                    SELECT a.atttypid FROM pg_catalog.pg_locks l \
                    JOIN pg_catalog.pg_attribute a ON a.attrelid OPERATOR(pg_catalog.=) l.relation WHERE \(isOwnLock("l")) \
                    AND a.atttypid OPERATOR(pg_catalog.>=) '\(LockedRelations.firstOfUsers)'::pg_catalog.oid \
                    UNION SELECT pg_catalog.unnest($1::pg_catalog.oid[])
                    """, version), [arrayLiteral(oids.map(String.init))])
    }

    /// OFFSET 0: the planner, who expects thousands of types, would read all of pg_attribute.
    private static func types(from first: String, _ version: ServerVersion) -> String {
        let multirange = version.hasMultiranges ? " OR g.rngmultitypid OPERATOR(pg_catalog.=) t.oid" : ""
        let subtype = """
            SELECT g.rngsubtype FROM pg_catalog.pg_range g \
            WHERE g.rngtypid OPERATOR(pg_catalog.=) t.oid\(multirange)
            """
        return """
            WITH RECURSIVE reach(oid) AS (\(first) UNION \
            SELECT m.member FROM reach r JOIN pg_catalog.pg_type t ON t.oid OPERATOR(pg_catalog.=) r.oid \
            CROSS JOIN LATERAL (SELECT t.typelem UNION ALL SELECT t.typbasetype UNION ALL \
            \(subtype) UNION ALL \
            SELECT a.atttypid FROM pg_catalog.pg_attribute a WHERE a.attrelid OPERATOR(pg_catalog.=) t.typrelid \
            AND a.attnum OPERATOR(pg_catalog.>) 0 AND NOT a.attisdropped) m(member)) \
            SELECT t.oid, n.nspname, t.typname, t.typtype, \
            CASE WHEN t.typlen OPERATOR(pg_catalog.=) '-1' THEN t.typelem ELSE 0 END, t.typbasetype, \
            (\(subtype)), a.atttypid, a.attname, a.xmin, ARRAY(SELECT pg_catalog.concat(e.oid, ':', e.xmin) \
            FROM pg_catalog.pg_enum e WHERE e.enumtypid OPERATOR(pg_catalog.=) t.oid), \
            EXISTS (SELECT FROM (SELECT a.xmax UNION ALL SELECT e.xmax FROM pg_catalog.pg_enum e \
            WHERE e.enumtypid OPERATOR(pg_catalog.=) t.oid UNION ALL SELECT c.xmax FROM pg_catalog.pg_class c \
            WHERE c.oid OPERATOR(pg_catalog.=) t.typrelid AND c.relkind OPERATOR(pg_catalog.=) 'c') w(x) \
            WHERE \(wasWritten("w.x"))) \
            FROM reach r JOIN pg_catalog.pg_type t ON t.oid OPERATOR(pg_catalog.=) r.oid \
            JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) t.typnamespace \
            LEFT JOIN LATERAL (SELECT a.atttypid, a.attname, a.attnum, a.xmin, a.xmax FROM pg_catalog.pg_attribute a \
            WHERE a.attrelid OPERATOR(pg_catalog.=) t.typrelid AND a.attnum OPERATOR(pg_catalog.>) 0 \
            AND NOT a.attisdropped OFFSET 0) a ON true ORDER BY a.attnum
            """
    }

    /// The types that are the answer.
    static func types(_ result: QueryResult) -> TypeGraph {
        var graph = TypeGraph()
        for row in 0..<result.rowCount {
            func number(_ column: Int) -> UInt32 { result.value(row, column).flatMap(UInt32.init) ?? 0 }
            var node =
                graph.nodes[number(0)]
                ?? TypeGraph.Node(
                    schema: result.name(row, 1) ?? "", name: result.name(row, 2) ?? "",
                    kind: result.value(row, 3)?.first ?? "p", element: number(4), base: number(5), subtype: number(6))
            if let name = result.name(row, 8) {
                node.attributes.append(TypeGraph.Attribute(name: name, type: number(7)))
            }
            graph.nodes[number(0)] = node
        }
        return graph
    }

    /// What was said of them, and by whom.
    static func typeVersions(_ result: QueryResult) -> TypeVersions {
        var versions = TypeVersions()
        for row in 0..<result.rowCount {
            let name = SQLName([result.name(row, 1) ?? "", result.name(row, 2) ?? ""]).quoted
            versions.note(
                name, attribute: result.name(row, 8), version: result.value(row, 9) ?? "",
                labels: oids(result.value(row, 10)), isReplaced: result.value(row, 11) == "t")
        }
        return versions
    }

    /// The question whether tables hold rows, an array; whether it has a page, or lies elsewhere, where they may not be read.
    /// - Parameter condition: that a row meets; the user's own SQL.
    static func rowsQuestion(_ tables: [Lookup.Found], where condition: String? = nil) -> PipelineMessage {
        guard let condition else {
            return .statement("SELECT ARRAY[\(tables.map(holdsRows).joined(separator: ", "))]")
        }
        let rows = tables.map { "EXISTS (\(CopyStatement.select("", $0.only + $0.name.quoted, where: condition)))" }
        return .statement("SELECT ARRAY[\(rows.joined(separator: ", "))]")
    }

    /// The answer, in the order of the tables.
    static func holdRows(_ result: QueryResult) -> [Bool] {
        (result.value(0, 0) ?? "").compactMap { ["t": true, "f": false][$0] }
    }

    private static func holdsRows(_ table: Lookup.Found) -> String {
        if table.isReadable { return "EXISTS (SELECT FROM \(table.only)\(table.name.quoted))" }
        let oid = "\(quoteLiteral(table.oid))::pg_catalog.oid"
        let tree = "pg_catalog.pg_partition_tree(\(oid)::pg_catalog.regclass) p"
        return """
            (pg_catalog.pg_relation_size(\(oid)) OPERATOR(pg_catalog.>) 0 OR EXISTS (SELECT FROM \(tree) \
            WHERE p.isleaf AND pg_catalog.pg_relation_size(p.relid) OPERATOR(pg_catalog.>) 0) \
            OR EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.relkind OPERATOR(pg_catalog.=) 'f' \
            AND (c.oid OPERATOR(pg_catalog.=) \(oid) \
            OR c.oid OPERATOR(pg_catalog.=) ANY (ARRAY(SELECT p.relid::pg_catalog.oid FROM \(tree))))))
            """
    }

    /// Takes the user's schemas out of the transaction's reach, as pg_dump does.
    static let secureSearchPath = PipelineMessage.statement("SELECT pg_catalog.set_config('search_path', '', true)")
}
