// Who may do what with a table that somebody may not, and what gives it to him.

/// What a server says of tables that a role was refused.
struct RightsAdvice: Sendable {
    /// One of them.
    struct Table: Sendable {
        var name: SQLName
        var owner: String
        /// The role may look into its schema.
        var seesSchema: Bool
        /// Policies choose among its rows for this role.
        var hasPolicy: Bool
        /// Its owner is bound by them as well.
        var isForced: Bool
        /// SELECT, INSERT: on all columns.
        var mayRead: Bool
        var mayLoad: Bool
    }

    var role: String
    var tables: [Table]

    /// What helps.
    func hint(_ error: PgcopyError, isSource: Bool) -> String? {
        let name = SQLName([role]).plain
        let blind = Set(tables.filter { !$0.seesSchema }.map { SQLName([$0.name.parts[0]]).plain }).sorted()
        if !blind.isEmpty { return "GRANT USAGE ON SCHEMA \(blind.joined(separator: ", ")) TO \(name)" }
        if case .rights(let rights) = error.lack {
            // Those of the same tables in one.
            var lists: [(tables: String, rights: [String])] = []
            for (right, names) in rights {
                if let place = lists.firstIndex(where: { $0.tables == list(names) }) {
                    lists[place].rights.append(right)
                } else {
                    lists.append((list(names), [right]))
                }
            }
            let grants = lists.map { "GRANT \($0.rights.joined(separator: ", ")) ON \($0.tables) TO \(name)" }
            return grants.joined(separator: "; ") + owners(rights.flatMap(\.tables))
        }
        let hidden = tables.filter(\.hasPolicy)
        if !hidden.isEmpty {
            let owners = Set(hidden.filter { !$0.isForced }.map { SQLName([$0.owner]).plain }).sorted()
            let who = owners.isEmpty ? "" : "the owner, \(owners.joined(separator: ", ")), or "
            return isSource
                ? "its policies hide rows from \(name): connect as \(who)a role with BYPASSRLS"
                : "its policies check rows of \(name): connect as \(who)a role with BYPASSRLS"
        }
        let lacking = tables.filter { isSource ? !$0.mayRead : !$0.mayLoad }.map(\.name)
        guard !lacking.isEmpty else { return nil }
        return "GRANT \(isSource ? "SELECT" : "INSERT") ON \(list(lacking)) TO \(name)" + owners(lacking)
    }

    private func list(_ names: [SQLName]) -> String { names.map(\.plain).joined(separator: ", ") }

    /// Who may grant.
    private func owners(_ names: [SQLName]) -> String {
        let owners = Set(tables.filter { table in names.contains(table.name) }.map { SQLName([$0.owner]).plain })
            .sorted()
        return owners.isEmpty ? "" : ", by the owner, \(owners.joined(separator: ", "))"
    }
}

extension Catalog {
    /// The question who owns tables, and what the role may do with them; without their schemas' leave, too.
    static func rightsQuestion(_ names: [SQLName]) -> PipelineMessage {
        .statement(
            """
            SELECT current_user, n.nspname, c.relname, pg_catalog.pg_get_userbyid(c.relowner), \
            pg_catalog.has_schema_privilege(n.oid, 'USAGE'), pg_catalog.row_security_active(c.oid), c.relforcerowsecurity, \
            pg_catalog.has_table_privilege(c.oid, 'SELECT'), pg_catalog.has_table_privilege(c.oid, 'INSERT') \
            FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.text[]), pg_catalog.unnest($2::pg_catalog.text[])) q(schema, name) \
            JOIN pg_catalog.pg_class c ON c.relname::pg_catalog.text OPERATOR(pg_catalog.=) q.name \
            JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace \
            WHERE CASE WHEN q.schema OPERATOR(pg_catalog.=) '' THEN pg_catalog.pg_table_is_visible(c.oid) \
            ELSE n.nspname::pg_catalog.text OPERATOR(pg_catalog.=) q.schema END
            """,
            [
                arrayLiteral(names.map { $0.parts.count == 2 ? $0.parts[0] : "" }),
                arrayLiteral(names.map { $0.parts.last ?? "" }),
            ])
    }

    /// The answer.
    static func rights(_ result: QueryResult) -> RightsAdvice {
        let tables = (0..<result.rowCount).map { row in
            func isTrue(_ column: Int) -> Bool { result.value(row, column) == "t" }
            return RightsAdvice.Table(
                name: SQLName([result.name(row, 1) ?? "", result.name(row, 2) ?? ""]), owner: result.name(row, 3) ?? "",
                seesSchema: isTrue(4), hasPolicy: isTrue(5), isForced: isTrue(6), mayRead: isTrue(7), mayLoad: isTrue(8)
            )
        }
        return RightsAdvice(role: result.rowCount > 0 ? result.name(0, 0) ?? "" : "", tables: tables)
    }
}
