// Values that a destination would take for others, on ways around the guard.

import TestKit
import Testing

@Suite struct MisreadingTests {
    private static let greatest = "'178956970 years 7 mons 2147483647 days 2562047788:00:54.775807'::interval"

    @Test func `a record's interval is watched, too`() throws {
        let source = try Place(
            Servers.version(16), "CREATE TABLE g (iv interval); INSERT INTO g VALUES (\(Self.greatest))")
        let target = try Place(
            Servers.version(17), "CREATE TYPE c AS (i interval, n int); CREATE TABLE t (c c, cs c[], x text)")
        for (record, column) in [
            ("ROW(iv, 1)", "c"), ("ARRAY[ROW(iv, 1)]", "cs"),
        ] {
            for format in ["auto", "text", "csv"] {
                let result = try transfer(
                    "--format", format, "--query", "SELECT \(record) AS \(column) FROM g", source.conninfo, target.at())
                #expect(result.code == 1 && result.errors.contains("holds a value that"), "\(result)")
            }
            let query = "SELECT \(record) AS \(column) FROM (SELECT interval '1 day' AS iv) s"
            try transfer("--query", query, source.conninfo, target.at()).expecting(0)
        }
        #expect(try target.sql("SELECT * FROM t") == "(\"1 day\",1)||\n|{\"(\\\"1 day\\\",1)\"}|")
        // Text is what it is.
        try target.sql("TRUNCATE t")
        try transfer("--query", "SELECT iv AS x FROM g", source.conninfo, target.at()).expecting(0)
        #expect(try target.sql("SELECT x FROM t").hasPrefix("178956970 years"))
    }

    @Test func `a record's "char" above 127 is watched, too`() throws {
        let source = try Place(Servers.version(16))
        let target = try Place(Servers.version(14), "CREATE TYPE c AS (c \"char\"); CREATE TABLE t (c c)")
        func copy(_ code: Int) throws -> ProgramResult {
            try transfer("--query", "SELECT ROW((\(code))::\"char\") AS c", source.conninfo, target.at())
        }
        let result = try copy(-23)
        #expect(result.code == 1 && result.errors.contains("a destination's version would take"), "\(result)")
        #expect(try copy(65).code == 0)
        #expect(try target.sql("SELECT * FROM t") == "(A)")
    }

    @Test func `an array of anything is watched, and arrives`() throws {
        let table = "CREATE TABLE g (iv interval);"
        let source = try Place(
            Servers.version(16), table + "INSERT INTO g SELECT interval '1 day' FROM generate_series(1, 9); ANALYZE g")
        let target = try Place(Servers.version(17), "CREATE TABLE t (v interval[])")
        let query = "SELECT most_common_vals AS v FROM pg_stats WHERE tablename = 'g'"
        try transfer("--query", query, source.conninfo, target.at()).expecting(0)
        #expect(try target.sql("SELECT v FROM t") == "{\"1 day\"}")
        try source.sql("UPDATE g SET iv = \(Self.greatest); ANALYZE g")
        #expect(try transfer("--query", query, source.conninfo, target.at()).code == 1)
    }

    /// Only casts that are not built in can be made.
    @Test func `a cast of the user's own does not get past the guard`() throws {
        let table = "CREATE TABLE t (iv interval);"
        let source = try Place(
            Servers.version(16),
            table + """
                INSERT INTO t VALUES (\(Self.greatest));
                CREATE FUNCTION safe_int(text) RETURNS int LANGUAGE sql AS 'SELECT NULL::int';
                CREATE FUNCTION safe_text(int) RETURNS text LANGUAGE sql AS 'SELECT NULL::text';
                CREATE FUNCTION safe_text(oid) RETURNS text LANGUAGE sql AS 'SELECT NULL::text';
                CREATE FUNCTION safe_text(interval) RETURNS text LANGUAGE sql AS 'SELECT NULL::text';
                CREATE FUNCTION safe_text(regclass) RETURNS text LANGUAGE sql AS 'SELECT NULL::text';
                CREATE CAST (text AS int4) WITH FUNCTION safe_int(text);
                CREATE CAST (int4 AS text) WITH FUNCTION safe_text(int);
                CREATE CAST (oid AS text) WITH FUNCTION safe_text(oid);
                CREATE CAST (interval AS text) WITH FUNCTION safe_text(interval);
                CREATE CAST (regclass AS text) WITH FUNCTION safe_text(regclass);
                """)
        let target = try Place(Servers.version(17), table)
        for format in ["auto", "csv"] {
            let result = try transfer("--format", format, source.at(), target.at())
            #expect(result.code == 1 && result.errors.contains("column \"iv\" holds a value"), "\(result)")
        }
        #expect(try target.count() == 0)
    }

    @Test func `what the encoding is to blame for is not blamed on a version`() throws {
        let table = "CREATE TYPE mood AS ENUM ('x'); CREATE TABLE t (c \"char\", m mood);"
        let source = try Place(
            Servers.version(14), table + "INSERT INTO t VALUES ((-23)::\"char\", 'x')", encoding: "LATIN1")
        let target = try Place(Servers.version(14), table)
        let result = try transfer(source.at(), target.at())
        #expect(result.code == 1, "\(result)")
        #expect(result.errors.contains("would become another on its way from LATIN1 to UTF8"), "\(result)")
    }

    @Test func `one record is watched for all of them`() throws {
        let source = try Place(Servers.version(14), encoding: "LATIN1")
        let target = try Place(
            Servers.version(17), "CREATE TYPE c AS (c \"char\", i interval); CREATE TABLE t (c c)")
        func copy(_ code: Int) throws -> ProgramResult {
            let query = "SELECT ROW((\(code))::\"char\", interval '1 day') AS c"
            return try transfer("--query", query, source.conninfo, target.at())
        }
        let result = try copy(-23)
        #expect(result.code == 1 && result.errors.contains("on its way from LATIN1 to UTF8"), "\(result)")
        #expect(try copy(65).code == 0)
        #expect(try target.sql("SELECT * FROM t") == "(A,\"1 day\")")
    }
}
