// Role: a schema that is cloned with all that belongs to it.

/// One large table with three indexes, and many small ones with keys that refer to each other.
struct WholeSchema: Cargo {
    /// Rows of the large table.
    let large: Int
    /// How many small ones.
    let small: Int
    /// Rows of each small one.
    private static let rowsOfEach = 100

    let name = "whole"

    var rows: Int { large + small * Self.rowsOfEach }
    /// Only at the source: a clone begins with nothing.
    var creation: String { "" }
    var filling: String {
        """
        CREATE SCHEMA \(name);
        CREATE TABLE \(name).orders (id bigint PRIMARY KEY, customer int, placed timestamptz, note text);
        INSERT INTO \(name).orders SELECT g, g % 100000, timestamptz '2024-01-01' + g * interval '1 s', 'order number ' || g
            FROM generate_series(1, \(large)) g;
        CREATE INDEX ON \(name).orders (customer); CREATE INDEX ON \(name).orders (placed);
        DO $$ BEGIN FOR t IN 1..\(small) LOOP
            EXECUTE format('CREATE TABLE \(name).small_%s (id int PRIMARY KEY, up int %s, note text)', t,
                CASE WHEN t > 1 THEN format('REFERENCES \(name).small_%s', t - 1) END);
            EXECUTE format('INSERT INTO \(name).small_%s SELECT g, g, ''x'' || g FROM generate_series(1, \(Self.rowsOfEach)) g', t);
        END LOOP; END $$;
        """
    }
    var settling: String { "VACUUM (FREEZE, ANALYZE);" }
    var emptying: String { dropping }
    var dropping: String {
        "SET client_min_messages = warning; DROP SCHEMA IF EXISTS pgcopydb CASCADE; DROP SCHEMA IF EXISTS \(name) CASCADE;"
    }
    var counting: String { SampleSchema.counting(name) }
}
