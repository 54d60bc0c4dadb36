// Role: many tables of one kind in a schema of their own.

import TestKit

/// A schema, as a value.
struct SampleSchema: Cargo {
    /// Its name, plain.
    let name: String
    /// How many tables: `table_1` and on.
    let tables: Int
    /// What stands in the parentheses of CREATE TABLE.
    let columns: String
    /// The expressions of a row; `g` counts from 1.
    let row: String
    /// How many each table has.
    let rowsOfEach: Int

    /// So many tables of 100 rows of 50 bytes.
    static func small(_ tables: Int) -> SampleSchema {
        SampleSchema(
            name: "tables_\(tables)", tables: tables, columns: "id int, placed timestamptz, note text",
            row: "g, timestamptz '2024-01-01' + g * interval '1.234567 s', 'order number ' || g", rowsOfEach: 100)
    }

    /// So many tables of thirty columns with long names, ten rows each.
    static func broad(_ tables: Int) -> SampleSchema {
        let kinds = (1...30).map { [("int", "g"), ("text", "'x'"), ("timestamptz", "now()")][$0 % 3] }
        let columns = kinds.enumerated().map { "some_longer_column_name_\($0 + 1) \($1.0)" }
        return SampleSchema(
            name: "broad", tables: tables, columns: columns.joined(separator: ", "),
            row: kinds.map(\.1).joined(separator: ", "), rowsOfEach: 10)
    }

    var rows: Int { tables * rowsOfEach }
    var creation: String { "CREATE SCHEMA \(name);" + each("CREATE TABLE \(name).table_{t} (\(columns))") }
    var filling: String {
        each("INSERT INTO \(name).table_{t} SELECT \(row) FROM generate_series(1, \(rowsOfEach)) g")
    }
    var settling: String { "VACUUM (FREEZE, ANALYZE);" }
    var emptying: String {
        "DO $$ BEGIN EXECUTE (SELECT 'TRUNCATE ' || string_agg('\(name).' || tablename, ', ') "
            + "FROM pg_tables WHERE schemaname = '\(name)'); END $$;"
    }
    var dropping: String { "SET client_min_messages = warning; DROP SCHEMA \(name) CASCADE;" }
    var counting: String { Self.counting(name) }

    /// Counts the rows of all tables of a schema.
    static func counting(_ name: String) -> String {
        """
        SELECT 'SELECT sum(c) FROM ('
            || string_agg('SELECT count(*) AS c FROM \(name).' || tablename, ' UNION ALL ') || ') t'
        FROM pg_tables WHERE schemaname = '\(name)' \\gexec

        """
    }

    /// Runs a statement for each table in one transaction of the server's own; `{t}` is the table's number.
    func each(_ statement: String) -> String {
        "DO $$ BEGIN FOR t IN 1..\(tables) LOOP EXECUTE replace(\(sqlLiteral(statement)), '{t}', t::text); "
            + "END LOOP; END $$;"
    }
}
