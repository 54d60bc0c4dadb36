// Rows that are inserted, or update those of the same key: through a staging table.

/// What tells which row is updated.
public enum UpsertKey: Sendable, Hashable {
    /// The primary key of each table.
    case primary
    /// These columns, which a unique index is of.
    case columns([String])
}

/// A unique index of a table that ON CONFLICT can go by.
struct UniqueIndex: Sendable, Equatable {
    struct Column: Sendable, Hashable {
        var name: String
        /// As SQL, where it is not the column's own.
        var collation: String?
        /// What is equal is the same: not 1 month and 30 days.
        var isExact = true
    }

    var isPrimary: Bool
    /// Nulls are equal to each other (NULLS NOT DISTINCT).
    var nullsAreEqual = false
    var columns: [Column]

    var names: [String] { columns.map(\.name) }

    func isOf(_ names: [String]) -> Bool {
        columns.count == names.count
            && names.allSatisfy { name in columns.contains { isSameName($0.name, name) } }
    }

    /// The unique indexes of the key that was asked for, by all of which ON CONFLICT goes; none: the table has no such index.
    static func key(_ wanted: UpsertKey, among indexes: [UniqueIndex]) -> [UniqueIndex] {
        let names: [String]? =
            switch wanted {
            case .primary: indexes.first(where: \.isPrimary)?.names
            case .columns(let names): names
            }
        return names.map { names in indexes.filter { $0.isOf(names) } } ?? []
    }
}

/// The statements by which one table's rows come through a staging table; pure.
struct Upsert: Sendable, Equatable {
    var table: SQLName
    var columns: [String]
    /// Of the same columns, at least one.
    var indexes: [UniqueIndex]
    /// The staging table, of the session's own.
    var stage: SQLName

    var key: [String] { indexes[0].names }

    private func list(_ names: [String]) -> String { names.map(quoteIdentifier).joined(separator: ", ") }

    /// A table of the same columns and types, and without anything that rows could break.
    var creation: String {
        "CREATE TEMPORARY TABLE \(stage.quoted) ON COMMIT DROP AS SELECT \(list(columns)) FROM \(table.quoted) WITH NO DATA"
    }

    /// Each asks for a key that came twice, as text; without a row: there is none.
    var doublesQuestions: [String] {
        let questions = indexes.map { index in
            let filled = index.names.map { "\(quoteIdentifier($0)) IS NOT NULL" }.joined(separator: " AND ")
            let terms = index.columns.map { quoteIdentifier($0.name) + ($0.collation.map { " COLLATE \($0)" } ?? "") }
            let shown = key.map { "COALESCE(pg_catalog.min(\(quoteIdentifier($0))::pg_catalog.text), 'NULL')" }.joined(
                separator: ", ")
            return "SELECT pg_catalog.concat_ws(', ', \(shown)) FROM \(stage.quoted) "
                + (index.nullsAreEqual ? "" : "WHERE \(filled) ")
                + "GROUP BY \(terms.joined(separator: ", ")) HAVING pg_catalog.count(*) OPERATOR(pg_catalog.>) 1 LIMIT 1"
        }
        return Array(Set(questions)).sorted()
    }

    /// Moves the rows to the table, and gives how many were inserted and how many updated.
    ///
    /// Each row says by a setting of the transaction what becomes of it: the statement's own count is of both, and no system
    /// column tells them apart in a partitioned table. In the order of their keys, for two that go through the same ones in
    /// different orders would wait for each other. OFFSET: what is set for each row is set behind the sort, not before.
    /// OVERRIDING: identities keep the values that came.
    var merging: String {
        func mark(_ fate: String) -> String {
            "pg_catalog.set_config('pgcopy.upsert', '\(fate)', true) IS NOT NULL"
        }
        // A key that is equal and not the same is to be what came.
        let kept = indexes[0].columns.filter(\.isExact)
        let rest = columns.filter { column in !kept.contains { isSameName($0.name, column) } }
        let values = rest.map { "\(quoteIdentifier($0)) = EXCLUDED.\(quoteIdentifier($0))" }.joined(separator: ", ")
        let conflict = rest.isEmpty ? "NOTHING" : "UPDATE SET \(values) WHERE \(mark("updated"))"
        func count(_ fate: String) -> String {
            "pg_catalog.count(*) FILTER (WHERE r.fate OPERATOR(pg_catalog.=) '\(fate)')"
        }
        return """
            WITH pgcopy_rows AS (INSERT INTO \(table.quoted) AS t (\(list(columns))) OVERRIDING SYSTEM VALUE \
            SELECT \(list(columns)) FROM (SELECT \(list(columns)) FROM \(stage.quoted) ORDER BY \(list(key)) OFFSET 0) s \
            WHERE \(mark("inserted")) ON CONFLICT (\(list(key))) DO \(conflict) \
            RETURNING pg_catalog.current_setting('pgcopy.upsert') AS fate) \
            SELECT \(count("inserted")), \(count("updated")) FROM pgcopy_rows r
            """
    }

    /// What the server says to all of it before rows flow: rights, rules, tables that know no conflicts.
    var rehearsal: String { "EXPLAIN (COSTS off) \(merging)" }
}

/// What became of the rows that were upserted.
public struct UpsertCounts: Sendable, Hashable {
    /// Their keys were new.
    public var inserted = 0
    /// They replaced what was there.
    public var updated = 0
    /// They changed nothing: rows of nothing but a key that was there, and what a trigger took out.
    public var unchanged = 0

    /// Rows that landed.
    var landed: Int { inserted + updated }

    /// - Parameter result: what `Upsert.merging` gives.
    init(_ result: QueryResult) {
        func number(_ column: Int) -> Int { result.value(0, column).flatMap { Int($0) } ?? 0 }
        self.init(inserted: number(0), updated: number(1))
    }

    init(inserted: Int = 0, updated: Int = 0) { (self.inserted, self.updated) = (inserted, updated) }

    static func + (one: UpsertCounts, other: UpsertCounts) -> UpsertCounts {
        UpsertCounts(inserted: one.inserted + other.inserted, updated: one.updated + other.updated)
    }
}

extension Catalog {
    /// The question for the unique indexes of tables that ON CONFLICT can go by.
    static func uniqueIndexesQuestion(_ tables: [Lookup.Found]) -> PipelineMessage {
        .statement(
            """
            SELECT t.place, i.indexrelid, i.indisprimary, a.attname, \
            pg_catalog.to_jsonb(i) OPERATOR(pg_catalog.->>) 'indnullsnotdistinct', \
            (SELECT pg_catalog.format('%I.%I', n.nspname, c.collname) FROM pg_catalog.pg_collation c \
            JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.collnamespace \
            WHERE c.oid OPERATOR(pg_catalog.=) l.oid AND l.oid OPERATOR(pg_catalog.<>) a.attcollation), \
            a.attidentity OPERATOR(pg_catalog.<>) '' OR EXISTS (SELECT FROM pg_catalog.pg_opclass o \
            JOIN pg_catalog.pg_amproc p ON p.amprocfamily OPERATOR(pg_catalog.=) o.opcfamily \
            AND p.amproclefttype OPERATOR(pg_catalog.=) o.opcintype AND p.amprocnum OPERATOR(pg_catalog.=) 4 \
            LEFT JOIN pg_catalog.pg_collation c ON c.oid OPERATOR(pg_catalog.=) l.oid \
            WHERE o.oid OPERATOR(pg_catalog.=) m.oid AND (p.amproc OPERATOR(pg_catalog.=) 'pg_catalog.btequalimage'::pg_catalog.regproc \
            OR p.amproc OPERATOR(pg_catalog.=) 'pg_catalog.btvarstrequalimage'::pg_catalog.regproc AND c.collisdeterministic)) \
            FROM pg_catalog.unnest($1::pg_catalog.oid[]) WITH ORDINALITY t(oid, place) \
            JOIN pg_catalog.pg_index i ON i.indrelid OPERATOR(pg_catalog.=) t.oid \
            CROSS JOIN LATERAL pg_catalog.unnest(i.indkey::pg_catalog.int2[]) WITH ORDINALITY k(number, place) \
            JOIN LATERAL pg_catalog.unnest(i.indcollation::pg_catalog.oid[]) WITH ORDINALITY l(oid, place) \
            ON l.place OPERATOR(pg_catalog.=) k.place \
            JOIN LATERAL pg_catalog.unnest(i.indclass::pg_catalog.oid[]) WITH ORDINALITY m(oid, place) \
            ON m.place OPERATOR(pg_catalog.=) k.place \
            JOIN pg_catalog.pg_attribute a ON a.attrelid OPERATOR(pg_catalog.=) t.oid \
            AND a.attnum OPERATOR(pg_catalog.=) k.number \
            WHERE i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL \
            AND k.place OPERATOR(pg_catalog.<=) i.indnkeyatts::pg_catalog.int8 \
            ORDER BY t.place, i.indexrelid, k.place
            """, [arrayLiteral(tables.map(\.oid))])
    }

    /// The answer, by place.
    static func uniqueIndexes(_ result: QueryResult, count: Int) -> [[UniqueIndex]] {
        var indexes: [[UniqueIndex]] = Array(repeating: [], count: count)
        var last = ""
        for row in 0..<result.rowCount {
            guard let place = result.value(row, 0).flatMap({ Int($0) }), let oid = result.value(row, 1) else {
                continue
            }
            if oid != last {
                indexes[place - 1].append(
                    UniqueIndex(
                        isPrimary: result.value(row, 2) == "t", nullsAreEqual: result.value(row, 4) == "true",
                        columns: []))
                last = oid
            }
            let index = indexes[place - 1].count - 1
            indexes[place - 1][index].columns.append(
                UniqueIndex.Column(
                    name: result.name(row, 3) ?? "", collation: result.name(row, 5),
                    isExact: result.value(row, 6) == "t"))
        }
        return indexes
    }
}
