// What stands in the way of emptying a destination's tables.

/// What a destination's tables that are to be emptied hang on.
struct Obstacles: Sendable {
    /// A foreign key of a table outside of the run.
    struct Reference: Sendable {
        /// The table that it refers to, and the one that refers.
        var table: SQLName
        var child: SQLName
        var constraint: String
        /// What it does to rows whose parents are deleted; nil: nothing.
        var action: String?
    }

    var references: [Reference] = []
    /// Rules that do something else instead of deleting, and triggers that may keep rows, each with its table.
    var rules: [(table: SQLName, name: String)] = []
    var triggers: [(table: SQLName, name: String)] = []

    /// Why the tables cannot be emptied so; nil: they can.
    /// - Parameter disablesTriggers: foreign keys do nothing where rows are deleted.
    func refusal(of empties: Emptying, disablesTriggers: Bool) -> PgcopyError? {
        var lines: [String] = []
        var hint: String?
        for reference in references {
            let what =
                "\(reference.table.quoted) is referred to by the foreign key "
                + "\(quoteIdentifier(reference.constraint)) of \(reference.child.quoted), which is not copied"
            switch empties {
            case .truncate:
                lines.append("\(what): TRUNCATE takes both or none")
                hint = "copy it as well, or --delete, which such a key allows where nothing refers to a row"
            case .delete where !disablesTriggers:
                guard let action = reference.action else { continue }
                lines.append("\(what): ON DELETE \(action) would change rows there")
                hint = "copy it as well, or --disable-triggers, which leaves it as it is"
            case .delete: continue
            }
        }
        if empties == .delete {
            for rule in rules {
                lines.append(
                    "\(rule.table.quoted) has the rule \(quoteIdentifier(rule.name)), which does something else instead of DELETE"
                )
            }
        }
        guard !lines.isEmpty else { return nil }
        return PgcopyError(.refused, lines.joined(separator: "\n"), hint: hint)
    }
}

extension Catalog {
    /// The question what stands in the way of emptying tables, those of a run at one destination, with their partitions.
    static func obstaclesQuestion(_ tables: [Lookup.Found]) -> PipelineMessage {
        let (members, parameters) = members(tables)
        let named = """
            JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) m.oid \
            JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
            """
        return .statement(
            """
            WITH RECURSIVE m(place, oid) AS (\(members)), \
            all_oids(list) AS (SELECT pg_catalog.array_agg(m.oid) FROM m) \
            SELECT DISTINCT 'k', n.nspname, c.relname, k.conname, cn.nspname, cc.relname, k.confdeltype FROM m \(named) \
            JOIN pg_catalog.pg_constraint k ON k.confrelid OPERATOR(pg_catalog.=) m.oid \
            AND k.contype OPERATOR(pg_catalog.=) 'f' \
            JOIN pg_catalog.pg_class cc ON cc.oid OPERATOR(pg_catalog.=) k.conrelid \
            JOIN pg_catalog.pg_namespace cn ON cn.oid OPERATOR(pg_catalog.=) cc.relnamespace \
            JOIN all_oids a ON NOT k.conrelid OPERATOR(pg_catalog.=) ANY (a.list) \
            UNION ALL SELECT 'r', n.nspname, c.relname, r.rulename, NULL, NULL, NULL FROM m \(named) \
            JOIN pg_catalog.pg_rewrite r ON r.ev_class OPERATOR(pg_catalog.=) m.oid \
            WHERE r.ev_type OPERATOR(pg_catalog.=) '4' AND r.is_instead AND \(isEnabled("r.ev_enabled")) \
            UNION ALL SELECT 't', n.nspname, c.relname, t.tgname, NULL, NULL, NULL FROM m \(named) \
            JOIN pg_catalog.pg_trigger t ON t.tgrelid OPERATOR(pg_catalog.=) m.oid \
            WHERE NOT t.tgisinternal AND \(isEnabled("t.tgenabled")) \
            AND (t.tgtype::pg_catalog.int4 OPERATOR(pg_catalog.&) \(rowBeforeDelete)) \
            OPERATOR(pg_catalog.=) \(rowBeforeDelete) ORDER BY 1, 2, 3, 4, 5, 6
            """, parameters)
    }

    /// Bits of pg_trigger.tgtype: for each row, before it, of DELETE.
    private static let rowBeforeDelete = 1 | 2 | 8

    /// A condition: a trigger or rule does something in this session.
    private static func isEnabled(_ column: String) -> String {
        """
        \(column) OPERATOR(pg_catalog.=) ANY (CASE pg_catalog.current_setting('session_replication_role') \
        WHEN 'replica' THEN '{R,A}'::pg_catalog.char[] ELSE '{O,A}'::pg_catalog.char[] END)
        """
    }

    /// The answer.
    static func obstacles(_ result: QueryResult) -> Obstacles {
        var obstacles = Obstacles()
        for row in 0..<result.rowCount {
            func name(_ column: Int) -> String { result.name(row, column) ?? "" }
            let table = SQLName([name(1), name(2)])
            switch result.value(row, 0) {
            case "k":
                let actions = ["c": "CASCADE", "n": "SET NULL", "d": "SET DEFAULT"]
                obstacles.references.append(
                    Obstacles.Reference(
                        table: table, child: SQLName([name(4), name(5)]), constraint: name(3),
                        action: actions[result.value(row, 6) ?? ""]))
            case "r": obstacles.rules.append((table, name(3)))
            default: obstacles.triggers.append((table, name(3)))
            }
        }
        return obstacles
    }
}
