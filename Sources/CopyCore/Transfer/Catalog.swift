// Questions to a server's catalogs.

/// Asks the catalogs, in terms no search_path can change.
enum Catalog {
    /// The question for a table that is locked already, and whether it is what the name that was asked for stands for.
    static func tableQuestion(_ found: Lookup.Found, for version: ServerVersion) -> PipelineMessage {
        let generated = version.hasGeneratedColumns ? "a.attgenerated" : "''"
        // OFFSET 0: once, not for each column.
        let sql = """
            SELECT c.relkind, c.nspname, c.relname, a.attname, a.atttypid, \(generated), c.oid, c.version, c.locked, c.parents, c.asked \
            FROM (SELECT c.oid, \
            pg_catalog.to_regclass($2)::pg_catalog.oid OPERATOR(pg_catalog.=) c.oid AS asked, c.relkind, c.relname, n.nspname, pg_catalog.concat(n.xmin, ' ', n.xmax) AS version, \
            EXISTS (SELECT 1 FROM pg_catalog.pg_locks l WHERE l.pid OPERATOR(pg_catalog.=) pg_catalog.pg_backend_pid() \
            AND l.locktype OPERATOR(pg_catalog.=) 'relation' AND l.database OPERATOR(pg_catalog.=) \
            CASE WHEN c.relisshared THEN '0' ELSE d.oid END AND l.relation OPERATOR(pg_catalog.=) c.oid \
            AND l.granted) AS locked, \
            ARRAY(SELECT p.relid::pg_catalog.oid FROM pg_catalog.pg_partition_ancestors(c.oid) p) AS parents \
            FROM pg_catalog.pg_class c \
            JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace \
            JOIN pg_catalog.pg_database d ON d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database() \
            WHERE c.oid OPERATOR(pg_catalog.=) pg_catalog.to_regclass($1) OFFSET 0) c \
            LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid OPERATOR(pg_catalog.=) c.oid \
            AND a.attnum OPERATOR(pg_catalog.>) 0 AND NOT a.attisdropped ORDER BY a.attnum
            """
        return .statement(sql, [found.name.quoted, found.asked.quoted])
    }

    /// The table that is the answer; nil when there is none.
    static func table(_ result: QueryResult) -> TableShape? {
        guard result.rowCount > 0 else { return nil }
        func text(_ row: Int, _ column: Int) -> String { result.name(row, column) ?? "" }
        return TableShape(
            name: SQLName([text(0, 1), text(0, 2)]),
            kind: text(0, 0).first ?? "r",
            oid: text(0, 6), isLocked: text(0, 8) == "t", isAsked: text(0, 10) == "t",
            columns: (0..<result.rowCount).compactMap { row in
                result.name(row, 3).map {
                    TableShape.Column(name: $0, type: UInt32(text(row, 4)) ?? 0, isGenerated: !text(row, 5).isEmpty)
                }
            }, schemaVersion: text(0, 7), parents: oids(text(0, 9))
        )
    }

    /// The question for the types with these OIDs and every type inside them; a composite has a row for each attribute.
    /// Nobody can lock a type. So each row bears who has written what the catalogs say of its attributes and labels, and
    /// whether that was replaced since the snapshot: values are written by what is said now.
    static func typesQuestion(_ oids: [UInt32], for version: ServerVersion) -> PipelineMessage {
        let list = "{" + oids.map(String.init).joined(separator: ",") + "}"
        return .statement(types(from: "SELECT pg_catalog.unnest($1::pg_catalog.oid[])", version), [list])
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
                    """, version), ["{" + oids.map(String.init).joined(separator: ",") + "}"])
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
        var graph = TypeGraph(nodes: [:])
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

    /// The question whether a table holds rows; whether it has a page, or lies elsewhere, where they
    /// may not be read.
    static func rowsQuestion(_ table: Lookup.Found) -> PipelineMessage {
        if table.isReadable {
            return .statement("SELECT EXISTS (SELECT FROM \(table.only)\(table.name.quoted))")
        }
        return .statement(
            """
            SELECT pg_catalog.pg_relation_size($1::pg_catalog.oid) OPERATOR(pg_catalog.>) 0 OR EXISTS (SELECT FROM \
            pg_catalog.pg_partition_tree($1::pg_catalog.oid::pg_catalog.regclass) p \
            WHERE p.isleaf AND pg_catalog.pg_relation_size(p.relid) OPERATOR(pg_catalog.>) 0) \
            OR EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.relkind OPERATOR(pg_catalog.=) 'f' \
            AND (c.oid OPERATOR(pg_catalog.=) $1::pg_catalog.oid OR c.oid OPERATOR(pg_catalog.=) ANY (ARRAY(SELECT \
            p.relid::pg_catalog.oid FROM pg_catalog.pg_partition_tree($1::pg_catalog.oid::pg_catalog.regclass) p))))
            """, [table.oid])
    }

    /// Takes the user's schemas out of the transaction's reach, as pg_dump does.
    static let secureSearchPath = PipelineMessage.statement("SELECT pg_catalog.set_config('search_path', '', true)")
}
