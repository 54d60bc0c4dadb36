// Role: the tables that are copied: their columns and what fills them.

/// A table, as a value.
struct SampleTable: Cargo {
    /// Its name, plain.
    let name: String
    /// What it stands for, for the page.
    let kind: String
    /// What stands in the parentheses of CREATE TABLE.
    let columns: String
    /// The columns that are stored as they are, not compressed.
    var external: [String] = []
    /// The expressions of a row; `g` counts from 1.
    let row: String
    /// How many.
    let rows: Int

    /// About 25 bytes a row.
    static func narrow(_ rows: Int) -> SampleTable {
        SampleTable(
            name: "narrow", kind: "three integers", columns: "id int, a int, b int",
            row: "g, g * 7 % 10000019, g * 31 % 1000003", rows: rows
        )
    }

    /// A dozen columns of mixed types, about 250 bytes a row.
    static func wide(_ rows: Int) -> SampleTable {
        SampleTable(
            name: "wide", kind: "twelve columns of mixed types",
            columns: """
                id bigint, customer int, quantity smallint, price numeric(12, 2), placed timestamptz, token uuid,
                name text, note text, active bool, weight float8, born date, extra jsonb
                """,
            row: """
                g, g % 100003, g % 500, (g % 1000000) / 100.0, timestamptz '2024-01-01' + g * interval '1.234567 s',
                md5(g::text)::uuid, 'customer number ' || g,
                CASE WHEN g % 10 > 0 THEN 'a note of some length about order ' || g || ', delivered by hand' END,
                g % 3 = 0, g / 7.0, date '1950-01-01' + g % 20000,
                jsonb_build_object('kind', g % 7, 'tags', jsonb_build_array('red', 'blue'), 'ok', g % 2 = 0)
                """,
            rows: rows
        )
    }

    /// Rows of 10 MB, half text, half bytes, not compressed.
    static func huge(_ rows: Int) -> SampleTable {
        SampleTable(
            name: "huge", kind: "rows of 5 MB of text and 5 MB of bytea",
            columns: "id int, body text, data bytea", external: ["body", "data"],
            row: "g, repeat('a line of text, ', 312500), decode(repeat('0123456789abcdef', 625000), 'hex')", rows: rows
        )
    }

    /// About 97 bytes a row in text format, for counting instructions.
    static func counted(_ rows: Int) -> SampleTable {
        SampleTable(
            name: "counted", kind: "a number and 90 bytes of text", columns: "id int, body text",
            row: "g, repeat('ninebytes', 10)", rows: rows
        )
    }

    /// So many bytes of text a row.
    static func giant(rows: Int, bytes: Int) -> SampleTable {
        SampleTable(
            name: "giant", kind: "giant rows", columns: "id int, body text", external: ["body"],
            row: "g, repeat('x', \(bytes))", rows: rows
        )
    }

    /// The same columns, another name, other rows.
    func named(_ name: String, rows: Int? = nil) -> SampleTable {
        SampleTable(name: name, kind: kind, columns: columns, external: external, row: row, rows: rows ?? self.rows)
    }

    var creation: String {
        let settings = external.map { "ALTER TABLE \(name) ALTER \($0) SET STORAGE EXTERNAL;" }
        return "CREATE TABLE \(name) (\(columns));" + settings.joined()
    }

    var filling: String { "INSERT INTO \(name) SELECT \(row) FROM generate_series(1, \(rows)) g;" }
    var settling: String { "VACUUM (FREEZE, ANALYZE) \(name);" }
    var emptying: String { "TRUNCATE \(name);" }
    var dropping: String { "DROP TABLE \(name);" }
    var counting: String { "SELECT count(*) FROM \(name)" }
}
