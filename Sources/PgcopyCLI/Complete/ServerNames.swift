// Names that a server has, for who types them.

internal import CopyCore

/// Asks a server that needs no password typed for it.
struct ServerNames {
    private let poller = SystemPoller()

    /// More are of no help.
    private static let limit = 1000

    /// Tables and schemas that a name may go on with, as they are typed.
    func tables(_ prefix: NamePrefix, at conninfo: String) -> [String] {
        let tables =
            "FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace"
            + " WHERE c.relkind OPERATOR(pg_catalog.=) ANY ('{r,p,v,m,f}') AND \(Self.begins("c.relname", prefix.name))"
        if let schema = prefix.schema {
            return ask(
                "SELECT n.nspname, c.relname \(tables) AND n.nspname OPERATOR(pg_catalog.=) \(quoteLiteral(schema))"
                    + " ORDER BY 2 LIMIT \(Self.limit)", conninfo
            ).map { NamePrefix.typed($0[0]) + "." + prefix.typed($0[1]) }
        }
        // One question: there is a second for all.
        let sql =
            "(SELECT 'table', c.relname \(tables) AND pg_catalog.pg_table_is_visible(c.oid)"
            + " AND \(Self.isOfUsers(prefix.name)) ORDER BY 2 LIMIT \(Self.limit))"
            + " UNION ALL (SELECT 'schema', \(Self.schemas(prefix)))"
        return ask(sql, conninfo).map { prefix.typed($0[1]) + ($0[0] == "schema" ? "." : "") }
    }

    /// Schemas that a name may be.
    func schemas(_ prefix: NamePrefix, at conninfo: String) -> [String] {
        ask("SELECT " + Self.schemas(prefix), conninfo).map { prefix.typed($0[0]) }
    }

    private static func schemas(_ prefix: NamePrefix) -> String {
        "n.nspname FROM pg_catalog.pg_namespace n WHERE \(begins("n.nspname", prefix.name))"
            + " AND \(isOfUsers(prefix.name)) ORDER BY n.nspname LIMIT \(limit)"
    }

    /// Databases of the server that is meant where only a name is given.
    func databases(_ prefix: String) -> [String] {
        let sql =
            "SELECT d.datname FROM pg_catalog.pg_database d WHERE d.datallowconn AND \(Self.begins("d.datname", prefix))"
            + " AND pg_catalog.has_database_privilege(d.oid, 'CONNECT') ORDER BY 1 LIMIT \(Self.limit)"
        for database in ["postgres", "template1"] {
            let names = ask(sql, database)
            if !names.isEmpty { return names.map { $0[0] } }
        }
        return []
    }

    private static func begins(_ column: String, _ text: String) -> String {
        text.isEmpty
            ? "true"
            : "pg_catalog.left(\(column)::pg_catalog.text, \(text.unicodeScalars.count)) OPERATOR(pg_catalog.=) \(quoteLiteral(text))"
    }

    /// Those of the server itself only where they are typed.
    private static func isOfUsers(_ text: String) -> String {
        text.hasPrefix("pg_") || text.hasPrefix("inf")
            ? "true"
            : "n.nspname OPERATOR(pg_catalog.!~) '^pg_' AND n.nspname OPERATOR(pg_catalog.<>) 'information_schema'"
    }

    /// The rows of an answer, in which everything is a name; none where anything is in the way.
    private func ask(_ sql: String, _ conninfo: String) -> [[String]] {
        guard let endpoint = try? Endpoint(parsing: Array(conninfo.utf8)),
            let link = ServerLink(server: endpoint, overrides: [("client_encoding", "UTF8")])
        else { return [] }
        var links = [link]
        var connector = LinkConnector(poller: poller)
        connector.advises = false
        guard let session = try? connector.open(&links).first else { return [] }
        defer { session.close() }
        session.onNotice = { _, _ in }
        // Who waits is gone within a second: the server is not to go on. Of a pooler's session nothing may stay.
        let block = "BEGIN READ ONLY; SET LOCAL statement_timeout = 900; SET LOCAL lock_timeout = 900; \(sql); COMMIT"
        guard let results = try? session.run(block), let answer = results.first(where: { $0.columnCount > 0 }) else {
            return []
        }
        return (0..<answer.rowCount).map { row in (0..<answer.columnCount).map { answer.name(row, $0) ?? "" } }
    }
}
