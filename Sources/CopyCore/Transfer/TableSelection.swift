// Which tables of the source are copied, where that is not one name.

/// Tables by pg_dump's patterns.
public struct TableSelection: Sendable, Equatable {
    let tables: [NamePattern]
    let excludedTables: [NamePattern]
    let schemas: [NamePattern]
    let excludedSchemas: [NamePattern]
    let isAll: Bool

    /// A selection by patterns as pg_dump reads them: `public.*`, `'"Odd Name"'`.
    /// - Parameters:
    ///   - tables: these, whatever is said of schemas.
    ///   - schemas: all tables in these, where no tables are named.
    ///   - all: all tables of the database, where neither is named.
    /// - Throws: `PgcopyError` with `.usage` where one is no pattern.
    public init(
        tables: [String] = [], excluding excludedTables: [String] = [], schemas: [String] = [],
        excludingSchemas excludedSchemas: [String] = [], all: Bool = false
    ) throws(PgcopyError) {
        self.tables = try Self.patterns(tables, atMost: 2)
        self.excludedTables = try Self.patterns(excludedTables, atMost: 2)
        self.schemas = try Self.patterns(schemas, atMost: 1)
        self.excludedSchemas = try Self.patterns(excludedSchemas, atMost: 1)
        isAll = all
        guard !all || tables.isEmpty && schemas.isEmpty else {
            throw PgcopyError(.usage, "all tables are wanted, and some of them: one or the other")
        }
        guard all || !tables.isEmpty || !schemas.isEmpty else {
            throw PgcopyError(
                .usage, "nothing is selected that something could be left out of; name tables, schemas, or all")
        }
    }

    private static func patterns(_ texts: [String], atMost limit: Int) throws(PgcopyError) -> [NamePattern] {
        var patterns: [NamePattern] = []
        for text in texts {
            // A connection that slipped into its place could hold a password, which an error would show.
            guard !Self.mayBeConnection(text), let pattern = NamePattern(text, atMost: limit) else {
                throw PgcopyError(
                    .usage,
                    "\(Echo.quoted(text)) is not a pattern for \(limit == 1 ? "a schema" : "[SCHEMA.]TABLE"); "
                        + "a name that is not plain goes in double quotes")
            }
            patterns.append(pattern)
        }
        return patterns
    }

    /// Outside of quotes there is what no plain name holds, and a connection does.
    private static func mayBeConnection(_ text: String) -> Bool {
        var isQuoted = false
        return text.utf8.contains { byte in
            if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
            return !isQuoted && "=@:/".utf8.contains(byte)
        }
    }

    /// Something that a pattern matches.
    struct Match: Sendable {
        enum List: Character, Sendable { case table = "t", excludedTable = "T", schema = "n", excludedSchema = "N" }
        var list: List
        /// Among the patterns of its list.
        var place: Int
        var schema: String
        /// Empty: it is a schema that holds none.
        var table: String
        var kind: Character
        var oid: String
        /// Of a partition, the tables that hold its rows as well.
        var parents: Set<String> = []
        /// Of a partitioned table, those that hold its rows in the end.
        var leaves: Set<String> = []
        /// It belongs to an extension.
        var isExtensions = false
        /// It is unlogged, and this server is a standby.
        var isUnreadable = false
    }

    /// A table that is copied.
    struct Selected: Sendable, Equatable {
        var oid: String
        /// Its schema and name.
        var name: SQLName
        /// What its namesake at a destination is looked up by: as it was asked for, where that is one name.
        var asked: SQLName
    }

    /// The tables to copy, by name. Rows of partitions go through the table they are of, where that is selected, too.
    /// - Throws: everything that matches nothing, or cannot be copied.
    func resolve(_ matches: [Match]) throws(PgcopyError) -> [Selected] {
        var wrong: [String] = []
        var unmatched: [(line: Int, Lack.Unmatched)] = []
        let wanted = tables.isEmpty ? Match.List.schema : .table
        for (list, patterns, what) in [
            (Match.List.table, tables, "table"), (.schema, tables.isEmpty ? schemas : [], "schema"),
        ] {
            for (place, pattern) in patterns.enumerated()
            where !matches.contains(where: { $0.list == list && $0.place == place && isAccepted($0, pattern) }) {
                let passedOver = matches.filter { $0.list == list && $0.place == place }
                if passedOver.isEmpty {
                    unmatched.append((wrong.count, Self.sought(pattern, isSchema: list == .schema)))
                }
                wrong.append(told(pattern, what, passedOver))
            }
        }
        let leftOut = Set(matches.filter { $0.list == .excludedTable }.map(\.oid))
        let closed = Set(matches.filter { $0.list == .excludedSchema }.map(\.schema))
        var selected: [String: (match: Match, asked: SQLName, isExact: Bool)] = [:]
        for match in matches where match.list == wanted && !match.table.isEmpty && !leftOut.contains(match.oid) {
            if wanted == .schema, closed.contains(match.schema) { continue }
            let pattern = wanted == .table ? tables[match.place] : nil
            guard isAccepted(match, pattern) else { continue }
            let exact = pattern?.literals
            let name = SQLName([match.schema, match.table])
            if exact != nil, match.isUnreadable {
                wrong.append(PgcopyError.unlogged(name))
                continue
            }
            guard exact != nil || selected[match.oid] == nil else { continue }
            selected[match.oid] = (match, exact.map { SQLName($0) } ?? name, exact != nil)
        }
        // Rows of a partition that is left out cannot go through the table they are of: the others go by themselves.
        let excluded = matches.filter {
            $0.list == .excludedTable || wanted == .schema && $0.list == .excludedSchema && !$0.oid.isEmpty
        }
        let parted = Set(excluded.flatMap(\.parents))
        let excludedLeaves = Set(excluded.flatMap { $0.leaves.union([$0.oid]) })
        for (oid, entry) in selected where parted.contains(oid) {
            let others = selected.values.filter { $0.match.parents.contains(oid) && !parted.contains($0.match.oid) }
            let covered = Set(others.flatMap { $0.match.leaves.union([$0.match.oid]) })
            guard !entry.isExact, !others.isEmpty, entry.match.leaves.isSubset(of: covered.union(excludedLeaves)) else {
                wrong.append(
                    "\(SQLName([entry.match.schema, entry.match.table]).quoted) has a partition that is left out, "
                        + "and its rows are read as one; name the partitions that are wanted instead of it")
                continue
            }
            selected[oid] = nil
        }
        let chosen = Set(selected.keys)
        let tables = selected.values.filter { $0.match.parents.isDisjoint(with: chosen) }
            .map { Selected(oid: $0.match.oid, name: SQLName([$0.match.schema, $0.match.table]), asked: $0.asked) }
            .sorted { $0.name.parts.lexicographicallyPrecedes($1.name.parts) }
        if tables.isEmpty, wrong.isEmpty { wrong.append("no table is left to copy") }
        guard wrong.isEmpty else {
            throw PgcopyError(.refused, wrong.joined(separator: "\n"), detail: Lack.patterns(unmatched))
        }
        return tables
    }

    /// Ordinary and partitioned tables; anything else, and what belongs to the server or to an extension, only by its name.
    private func isAccepted(_ match: Match, _ pattern: NamePattern?) -> Bool {
        guard !match.table.isEmpty else { return true }
        if pattern?.literals != nil { return "rpvmf".contains(match.kind) }
        return "rp".contains(match.kind) && !match.isExtensions && !match.isUnreadable && !Self.isSystems(match.schema)
    }

    static func isSystems(_ schema: String) -> Bool { schema.hasPrefix("pg_") || schema == "information_schema" }

    /// What is looked for by a pattern that matches nothing.
    private static func sought(_ pattern: NamePattern, isSchema: Bool) -> Lack.Unmatched {
        if isSchema { return .schema(pattern.literals?.first ?? pattern.text) }
        if let names = pattern.literals { return .table(SQLName(names)) }
        let table = pattern.text.split(separator: ".").last ?? ""
        return .beginning(String(table.prefix { !"*?[(".contains($0) }))
    }

    private func told(_ pattern: NamePattern, _ what: String, _ passedOver: [Match]) -> String {
        if let match = passedOver.first {
            let name = SQLName([match.schema, match.table]).quoted
            let kinds: [Character: String] = [
                "v": "a view", "m": "a materialized view", "f": "a foreign table", "S": "a sequence", "i": "an index",
                "I": "an index", "t": "a TOAST table", "c": "a composite type",
            ]
            if pattern.literals != nil { return "\(name) is \(kinds[match.kind] ?? "no table")" }
            if match.isUnreadable {
                return
                    "no table matches \(Echo.quoted(pattern.text)) but what is unlogged, of which a standby has no rows"
            }
            return
                "no table matches \(Echo.quoted(pattern.text)); what is no table, or is the server's or an extension's own, "
                + "is copied by its exact name, as \(name)"
        }
        return pattern.literals == nil
            ? "no \(what) matches \(Echo.quoted(pattern.text))"
            : "there is no \(what) \(pattern.literals.map { SQLName($0).quoted } ?? "")"
    }
}

extension TableSelection {
    /// What it stands for on a server, asked in a transaction that stays open.
    /// - Parameter run: sends the part and awaits its answers.
    func tables(
        on session: Session, timeout: Duration?, run: (PipelinePart) throws -> Void = { try PipelineRound.run([$0]) }
    ) throws -> [Selected] {
        let part = PipelinePart(session, timeout: timeout, isVital: true)
        part.beginAnew("BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY")
        let matches = part.ask(Catalog.selectionQuestion(self))
        try run(part)
        return try resolve(Catalog.matches(try matches.get()))
    }
}

extension Catalog {
    /// The question what matches a selection, by the session's own search_path where a pattern names no schema.
    static func selectionQuestion(_ selection: TableSelection) -> PipelineMessage {
        func condition(_ column: String, _ part: NamePattern.Part) -> String {
            guard let expression = part.expression else { return "true" }
            return #"\#(column) OPERATOR(pg_catalog.~) \#(quoteLiteral(expression)) COLLATE pg_catalog."default""#
        }
        var lists: [String] = []
        for (list, patterns) in [("t", selection.tables), ("T", selection.excludedTables)] {
            for (place, pattern) in patterns.enumerated() {
                let schema =
                    pattern.parts.count == 2
                    ? condition("n.nspname", pattern.parts[0]) : "pg_catalog.pg_table_is_visible(c.oid)"
                // A name may be that of something else, which is told.
                let kinds = pattern.literals == nil ? "AND c.relkind OPERATOR(pg_catalog.=) ANY ('{r,p,v,m,f}')" : ""
                lists.append(
                    """
                    SELECT '\(list)', \(place), n.oid, c.oid FROM pg_catalog.pg_class c \
                    JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace \
                    WHERE \(schema) AND \(condition("c.relname", pattern.parts[pattern.parts.count - 1])) \(kinds)
                    """)
            }
        }
        let all = selection.isAll ? [NamePattern.Part.any] : []
        let wanted = selection.tables.isEmpty ? selection.schemas.map { $0.parts[0] } + all : []
        for (list, parts) in [("n", wanted), ("N", selection.excludedSchemas.map { $0.parts[0] })] {
            for (place, part) in parts.enumerated() {
                lists.append(
                    """
                    SELECT '\(list)', \(place), n.oid, c.oid FROM pg_catalog.pg_namespace n LEFT JOIN pg_catalog.pg_class c \
                    ON c.relnamespace OPERATOR(pg_catalog.=) n.oid AND c.relkind OPERATOR(pg_catalog.=) ANY ('{r,p}') \
                    WHERE \(condition("n.nspname", part))
                    """)
            }
        }
        return .statement(
            """
            SELECT m.list, m.place, n.nspname, c.relname, c.relkind, c.oid, \(ancestors("c")), \
            CASE WHEN c.relkind OPERATOR(pg_catalog.=) 'p' THEN ARRAY(SELECT t.relid::pg_catalog.oid \
            FROM pg_catalog.pg_partition_tree(c.oid) t WHERE t.isleaf) END, EXISTS (SELECT \
            FROM pg_catalog.pg_depend d WHERE d.classid OPERATOR(pg_catalog.=) '1259'::pg_catalog.oid \
            AND d.objid OPERATOR(pg_catalog.=) c.oid AND d.deptype OPERATOR(pg_catalog.=) 'e'), \
            c.relpersistence OPERATOR(pg_catalog.=) 'u' AND pg_catalog.pg_is_in_recovery() \
            FROM (\(lists.joined(separator: " UNION ALL "))) m(list, place, schema, oid) \
            JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) m.schema \
            LEFT JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) m.oid \
            WHERE c.relpersistence IS NULL OR c.relpersistence OPERATOR(pg_catalog.<>) 't'
            """)
    }

    /// The matches that are the answer.
    static func matches(_ result: QueryResult) -> [TableSelection.Match] {
        (0..<result.rowCount).compactMap { row in
            guard let list = result.value(row, 0)?.first.flatMap(TableSelection.Match.List.init),
                let place = result.value(row, 1).flatMap({ Int($0) })
            else { return nil }
            let oid = result.value(row, 5) ?? ""
            return TableSelection.Match(
                list: list, place: place, schema: result.name(row, 2) ?? "", table: result.name(row, 3) ?? "",
                kind: result.value(row, 4)?.first ?? "r", oid: oid,
                parents: oids(result.value(row, 6)).subtracting([oid]), leaves: oids(result.value(row, 7)),
                isExtensions: result.value(row, 8) == "t", isUnreadable: result.value(row, 9) == "t")
        }
    }
}
