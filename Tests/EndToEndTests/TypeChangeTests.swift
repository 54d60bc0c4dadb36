// Types that are altered while their values are copied.

import TestKit
import Testing

/// Nobody can lock a type: what becomes of it is asked behind the last row.
@Suite struct TypeChangeTests {
    /// No lock holds a type, and values are written and read by what the catalogs say of it now.
    @Test(arguments: [
        (
            "source", "ALTER TYPE colour RENAME VALUE 'red' TO 'x'; ALTER TYPE colour RENAME VALUE 'blue' TO 'red'",
            false
        ),
        ("source", "ALTER TYPE pair DROP ATTRIBUTE a; ALTER TYPE pair ADD ATTRIBUTE c int", false),
        ("source", "ALTER TYPE pair ADD ATTRIBUTE c int", false),
        ("source", "ALTER TYPE pair RENAME ATTRIBUTE a TO c", false),
        (
            "destination",
            "ALTER TYPE colour RENAME VALUE 'red' TO 'x'; ALTER TYPE colour RENAME VALUE 'blue' TO 'red'", false
        ),
        ("destination", "ALTER TYPE pair DROP ATTRIBUTE a; ALTER TYPE pair ADD ATTRIBUTE c int", false),
        ("destination", "ALTER TYPE pair ADD ATTRIBUTE c int", false),
        ("source", "ALTER TYPE colour ADD VALUE 'green'", true), ("source", "ALTER TABLE other ADD c int", true),
        ("source", "CREATE TYPE new AS ENUM ('a')", true), ("destination", "CREATE TYPE new AS ENUM ('a')", true),
        ("destination", "ALTER TYPE colour ADD VALUE 'green' BEFORE 'red'", true),
        ("source", "GRANT USAGE ON TYPE colour, pair TO PUBLIC", true),
        ("destination", "ALTER TYPE pair OWNER TO CURRENT_USER; GRANT USAGE ON TYPE colour TO PUBLIC", true),
    ]) func `a type that is altered while its values are copied fails the copy`(
        side: String, change: String, isHarmless: Bool
    ) throws {
        let trio = try Trio(
            "CREATE TYPE colour AS ENUM ('red', 'blue'); CREATE TYPE pair AS (a int, b int); "
                + "CREATE TABLE other (a int); CREATE TABLE t (v colour, w pair[])",
            source: "INSERT INTO t VALUES ('red', ARRAY[(1, 2)::pair]), ('blue', NULL)")
        // A pipe without a reader: all is planned, and no row has come.
        let directory = try TemporaryDirectory()
        let pipe = try directory.pipe()
        let running = try start(trio.source.at(), trio.first.at(), pipe)
        try trio.source.waitForBackend("state = 'idle in transaction' AND backend_xmin IS NOT NULL")
        try trio.first.waitUntilLocked()
        try (side == "source" ? trio.source : trio.first).sql("BEGIN; \(change); COMMIT")
        _ = try Program("cat", [pipe]).run().expecting(0)
        let result = try running.end()
        #expect(result.code == (isHarmless ? 0 : 1), "\(result)")
        if !isHarmless {
            // Rows that the other side cannot read any more fail by themselves.
            let isTold = result.errors.contains("was altered while its values were copied")
            #expect(isTold || result.errors.contains("ERROR: "), "\(result)")
            #expect(try trio.first.count() == 0)
        }
    }

    /// A query computes with columns that it does not give.
    @Test(
        arguments: [
            ("query", "SELECT v::text AS v FROM t", true), ("query", "SELECT 'x' AS v FROM t WHERE v = 'red'", true),
            ("query", "SELECT (w[1]).a::text AS v FROM t", false), ("view", "SELECT v::text AS v FROM t", true),
            ("query", "SELECT id::text AS v FROM other", nil),
        ] as [(String, String, Bool?)])
    func `a type that a query only reads is watched, too`(kind: String, query: String, isColour: Bool?) throws {
        let trio = try Trio(
            "CREATE TABLE o (v text)",
            source: """
                CREATE TYPE colour AS ENUM ('red', 'blue'); CREATE TYPE pair AS (a int, b int);
                CREATE TABLE other (id int); CREATE TABLE t (v colour, w pair[]);
                INSERT INTO t VALUES ('red', ARRAY[(1, 2)::pair]), ('blue', NULL); INSERT INTO other VALUES (1);
                CREATE VIEW shown AS \(query)
                """)
        let directory = try TemporaryDirectory()
        let pipe = try directory.pipe()
        let rows = kind == "view" ? [trio.source.at("shown")] : ["--query", query, trio.source.conninfo]
        let running = try program(rows + [trio.first.at("o"), pipe]).start()
        try trio.source.waitForBackend("state = 'idle in transaction' AND backend_xmin IS NOT NULL")
        try trio.first.waitUntilLocked("o")
        try trio.source.sql(
            isColour ?? true
                ? "BEGIN; ALTER TYPE colour RENAME VALUE 'red' TO 'x'; ALTER TYPE colour RENAME VALUE 'blue' TO 'red'; COMMIT"
                : "BEGIN; ALTER TYPE pair RENAME ATTRIBUTE a TO c; ALTER TYPE pair RENAME ATTRIBUTE b TO a; COMMIT")
        _ = try Program("cat", [pipe]).run().expecting(0)
        let result = try running.end()
        #expect(result.code == (isColour == nil ? 0 : 1), "\(result)")
        #expect(try trio.first.count("o") == (isColour == nil ? 1 : 0))
    }
}
