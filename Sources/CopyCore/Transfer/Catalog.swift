// Questions to a server's catalogs.

/// Asks the catalogs, in terms no search_path can change.
enum Catalog {
    /// Finds a table the way the session's own search_path does; nil when there is none.
    static func table(_ name: SQLName, _ session: Session, within seconds: Double?) throws -> TableShape? {
        guard name.parts.count <= 2 else {
            throw TransferRefusal(
                "\(name.quoted) names a database; the connection does that, a table is [SCHEMA.]TABLE",
                isUsageError: true)
        }
        let generated = session.connection.serverVersion >= 120_000 ? "a.attgenerated" : "''"
        let sql = """
            SELECT c.relkind, n.nspname, c.relname, a.attname, a.atttypid, \(generated), c.oid, d.oid, \
            EXTRACT(epoch FROM pg_catalog.pg_postmaster_start_time()) \
            FROM pg_catalog.pg_class c \
            JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace \
            JOIN pg_catalog.pg_database d ON d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database() \
            LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid OPERATOR(pg_catalog.=) c.oid \
            AND a.attnum OPERATOR(pg_catalog.>) 0 AND NOT a.attisdropped \
            WHERE c.oid OPERATOR(pg_catalog.=) pg_catalog.to_regclass($1) ORDER BY a.attnum
            """
        let result = try session.query(sql, [name.quoted], within: seconds)
        guard result.rowCount > 0 else { return nil }
        func text(_ row: Int, _ column: Int) -> String { result.value(row, column) ?? "" }
        return TableShape(
            name: SQLName([text(0, 1), text(0, 2)]),
            kind: text(0, 0).first ?? "r",
            identity: .init(clusterStart: text(0, 8), database: text(0, 7), table: text(0, 6)),
            columns: (0..<result.rowCount).compactMap { row in
                result.value(row, 3).map {
                    TableShape.Column(name: $0, type: UInt32(text(row, 4)) ?? 0, isGenerated: !text(row, 5).isEmpty)
                }
            }
        )
    }

    /// The types with these OIDs and every type inside them.
    static func types(_ oids: [UInt32], _ session: Session, within seconds: Double?) throws -> TypeGraph {
        let sql = """
            WITH RECURSIVE reach(oid) AS (SELECT pg_catalog.unnest($1::pg_catalog.oid[]) UNION \
            SELECT m.member FROM reach r JOIN pg_catalog.pg_type t ON t.oid OPERATOR(pg_catalog.=) r.oid \
            CROSS JOIN LATERAL (SELECT t.typelem UNION ALL SELECT t.typbasetype UNION ALL \
            SELECT g.rngsubtype FROM pg_catalog.pg_range g WHERE g.rngtypid OPERATOR(pg_catalog.=) t.oid UNION ALL \
            SELECT a.atttypid FROM pg_catalog.pg_attribute a WHERE a.attrelid OPERATOR(pg_catalog.=) t.typrelid \
            AND a.attnum OPERATOR(pg_catalog.>) 0 AND NOT a.attisdropped) m(member)) \
            SELECT t.oid, n.nspname, t.typname, t.typtype, \
            CASE WHEN t.typlen OPERATOR(pg_catalog.=) '-1' THEN t.typelem ELSE 0 END, t.typbasetype, \
            (SELECT g.rngsubtype FROM pg_catalog.pg_range g WHERE g.rngtypid OPERATOR(pg_catalog.=) t.oid), \
            (SELECT pg_catalog.string_agg(a.atttypid::pg_catalog.text, ',' ORDER BY a.attnum) \
            FROM pg_catalog.pg_attribute a WHERE a.attrelid OPERATOR(pg_catalog.=) t.typrelid \
            AND a.attnum OPERATOR(pg_catalog.>) 0 AND NOT a.attisdropped) \
            FROM reach r JOIN pg_catalog.pg_type t ON t.oid OPERATOR(pg_catalog.=) r.oid \
            JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) t.typnamespace
            """
        let list = "{" + oids.map(String.init).joined(separator: ",") + "}"
        let result = try session.query(sql, [list], within: seconds)
        var graph = TypeGraph(nodes: [:])
        for row in 0..<result.rowCount {
            func number(_ column: Int) -> UInt32 { result.value(row, column).flatMap(UInt32.init) ?? 0 }
            graph.nodes[number(0)] = TypeGraph.Node(
                schema: result.value(row, 1) ?? "", name: result.value(row, 2) ?? "",
                kind: result.value(row, 3)?.first ?? "p", element: number(4), base: number(5), subtype: number(6),
                members: (result.value(row, 7) ?? "").split(separator: ",").compactMap { UInt32($0) })
        }
        return graph
    }

    /// When the session's cluster was started: tells clusters apart, as in `TableShape.Identity`.
    static func clusterStart(_ session: Session) throws -> String? {
        try session.query("SELECT EXTRACT(epoch FROM pg_catalog.pg_postmaster_start_time())").value(0, 0)
    }

    /// Whether the session's own locks are what another backend of its cluster waits for.
    static func blocks(_ session: Session, _ pid: Int32) throws -> Bool {
        let sql = "SELECT pg_catalog.pg_backend_pid() OPERATOR(pg_catalog.=) ANY (pg_catalog.pg_blocking_pids($1))"
        return try session.query(sql, ["\(pid)"]).value(0, 0) == "t"
    }

    /// Takes the user's schemas out of the session's reach, as pg_dump does.
    static func secureSearchPath(_ session: Session, within seconds: Double?) throws {
        try session.run("SELECT pg_catalog.set_config('search_path', '', false)", within: seconds)
    }
}
