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
    var isPrimary: Bool
    var columns: [String]

    /// The columns of the key that was asked for; nil: the table has no such index.
    static func key(_ wanted: UpsertKey, among indexes: [UniqueIndex]) -> [String]? {
        switch wanted {
        case .primary: indexes.first(where: \.isPrimary)?.columns
        case .columns(let names):
            indexes.first { index in
                index.columns.count == names.count
                    && names.allSatisfy { name in index.columns.contains { isSameName($0, name) } }
            }?.columns
        }
    }
}

/// The statements by which one table's rows come through a staging table; pure.
struct Upsert: Sendable, Equatable {
    var table: SQLName
    var kind: Character
    var columns: [String]
    var key: [String]
    /// The staging table, of the session's own.
    var stage: SQLName

    private func list(_ names: [String], prefix: String = "") -> String {
        names.map { prefix + quoteIdentifier($0) }.joined(separator: ", ")
    }

    /// A table of the same columns and types, and without anything that rows could break.
    var creation: String {
        "CREATE TEMPORARY TABLE \(stage.quoted) ON COMMIT DROP AS SELECT \(list(columns)) FROM \(table.quoted) WITH NO DATA"
    }

    /// Asks for a key that came twice, as text; without a row: there is none.
    var doublesQuestion: String {
        "SELECT pg_catalog.concat_ws(', ', \(list(key))) FROM \(stage.quoted) "
            + "WHERE \(key.map { "\(quoteIdentifier($0)) IS NOT NULL" }.joined(separator: " AND ")) "
            + "GROUP BY \(list(key)) HAVING pg_catalog.count(*) OPERATOR(pg_catalog.>) 1 LIMIT 1"
    }

    /// Moves the rows to the table. OVERRIDING: identities keep the values that came.
    private var insertion: String {
        let rest = columns.filter { column in !key.contains { isSameName($0, column) } }
        let values = rest.map { "\(quoteIdentifier($0)) = EXCLUDED.\(quoteIdentifier($0))" }
        return
            "INSERT INTO \(table.quoted) AS t (\(list(columns))) OVERRIDING SYSTEM VALUE SELECT \(list(columns)) FROM \(stage.quoted) "
            + "ON CONFLICT (\(list(key))) DO "
            + (rest.isEmpty ? "NOTHING" : "UPDATE SET \(values.joined(separator: ", "))")
    }

    /// What the server says to all of it before rows flow: rights, rules, tables that know no conflicts.
    var rehearsal: String { "EXPLAIN (COSTS off) \(insertion)" }

    /// The statements that move the rows, of which the last gives how many were inserted and how many updated.
    ///
    /// A row that was there has been locked before, which its new version still bears in xmax. Partitioned tables do not tell
    /// that: there the rows are counted, and locked, before.
    var merging: [String] {
        guard kind == "p" else {
            return [
                """
                WITH pgcopy_rows AS (\(insertion) RETURNING xmax::pg_catalog.text OPERATOR(pg_catalog.=) '0' AS is_new) \
                SELECT pg_catalog.count(*) FILTER (WHERE r.is_new), pg_catalog.count(*) FILTER (WHERE NOT r.is_new) FROM pgcopy_rows r
                """
            ]
        }
        let isSame = key.map { "t.\(quoteIdentifier($0)) = s.\(quoteIdentifier($0))" }.joined(separator: " AND ")
        let there = """
            SELECT pg_catalog.count(*) FROM (SELECT FROM \(table.quoted) t JOIN \(stage.quoted) s ON \(isSame) FOR UPDATE OF t) l
            """
        return [there, insertion]
    }

    /// How many rows were inserted and updated.
    func counts(_ results: [QueryResult]) -> UpsertCounts {
        func number(_ column: Int) -> Int { results.first?.value(0, column).flatMap { Int($0) } ?? 0 }
        guard kind == "p" else { return UpsertCounts(inserted: number(0), updated: number(1)) }
        let all = rowCount(ofTag: results.last?.commandTag) ?? 0
        let updated = columns.count == key.count ? 0 : min(all, number(0))
        return UpsertCounts(inserted: all - updated, updated: updated)
    }
}

/// What became of the rows that were upserted.
public struct UpsertCounts: Sendable, Hashable {
    /// Their keys were new.
    public var inserted = 0
    /// They replaced what was there.
    public var updated = 0

    static func + (one: UpsertCounts, other: UpsertCounts) -> UpsertCounts {
        UpsertCounts(inserted: one.inserted + other.inserted, updated: one.updated + other.updated)
    }
}

extension Catalog {
    /// The question for the unique indexes of tables that ON CONFLICT can go by.
    static func uniqueIndexesQuestion(_ tables: [Lookup.Found]) -> PipelineMessage {
        .statement(
            """
            SELECT t.place, i.indexrelid, i.indisprimary, a.attname \
            FROM pg_catalog.unnest($1::pg_catalog.oid[]) WITH ORDINALITY t(oid, place) \
            JOIN pg_catalog.pg_index i ON i.indrelid OPERATOR(pg_catalog.=) t.oid \
            CROSS JOIN LATERAL pg_catalog.unnest(i.indkey::pg_catalog.int2[]) WITH ORDINALITY k(number, place) \
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
                indexes[place - 1].append(UniqueIndex(isPrimary: result.value(row, 2) == "t", columns: []))
                last = oid
            }
            let index = indexes[place - 1].count - 1
            indexes[place - 1][index].columns.append(result.name(row, 3) ?? "")
        }
        return indexes
    }
}
