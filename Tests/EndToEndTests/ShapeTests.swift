// Tables whose columns, names or kinds differ between the two sides.

import TestKit
import Testing

@Suite struct ShapeTests {
    @Test(arguments: ["text", "csv", "binary"])
    func `columns are matched by name`(format: String) throws {
        let trio = try Trio("")
        try trio.source.sql(
            """
            CREATE TABLE t (a int, gone int, b text, "C d" text); ALTER TABLE t DROP gone;
            INSERT INTO t SELECT i, 'b' || i, 'c' || i FROM generate_series(1, 50) i
            """)
        try trio.first.sql(#"CREATE TABLE t ("C d" text, b text, extra text DEFAULT 'kept', a int, n serial)"#)
        try trio.second.sql(#"CREATE TABLE t (b text, a int, "C d" text)"#)
        let result = try transfer("--format", format, trio.source.at(), trio.first.at(), trio.second.at())
        #expect(result.code == 0, "\(result)")
        let columns = #"a, b, "C d""#
        let wanted = try trio.source.digest(columns: columns)
        #expect(try trio.first.digest(columns: columns) == wanted)
        #expect(try trio.second.digest(columns: columns) == wanted)
        #expect(try trio.first.sql("SELECT DISTINCT extra FROM t") == "kept")
        #expect(try trio.first.sql("SELECT count(DISTINCT n) FROM t") == "50")
    }

    @Test func `generated columns are made anew, and identities are kept`() throws {
        let schema = """
            CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY, v int, twice int GENERATED ALWAYS AS (v * 2) STORED)
            """
        let trio = try Trio(
            schema, source: "INSERT INTO t (v) SELECT i FROM generate_series(1, 20) i; DELETE FROM t WHERE id < 5")
        let result = try transfer(trio.source.at(), trio.first.at(), trio.second.at())
        #expect(result.code == 0, "\(result)")
        #expect(try trio.first.digest() == trio.source.digest())
        #expect(try trio.second.sql("SELECT min(id), max(id), sum(twice) FROM t") == "5|20|400")
    }

    @Test func `a column that the destination lacks is an error that names it`() throws {
        let trio = try Trio("")
        try trio.source.sql(#"CREATE TABLE t (a int, "lost one" int); INSERT INTO t VALUES (1, 2)"#)
        try trio.first.sql("CREATE TABLE t (a int)")
        let result = try transfer(trio.source.at(), trio.first.at())
        #expect(result.code == 1, "\(result)")
        #expect(result.errors.contains(#"has no column "lost one""#), "\(result)")
        #expect(result.errors.contains(trio.first.database), "\(result)")
        #expect(try trio.first.count() == 0)
    }

    @Test func `types that differ are the server's to convert`() throws {
        let trio = try Trio("")
        try trio.source.sql("CREATE TABLE t (a int, b text); INSERT INTO t VALUES (1, '2024-01-02'), (NULL, NULL)")
        try trio.first.sql("CREATE TABLE t (a text, b date)")
        let result = try transfer(trio.source.at(), trio.first.at())
        #expect(result.code == 0, "\(result)")
        #expect(try trio.first.sql("SELECT a, b FROM t WHERE a IS NOT NULL") == "1|2024-01-02")
    }

    /// Names as SQL has them, quotes included.
    @Test(arguments: [
        #""say ""hi"".now""#, #""two words""#, #""dots.in.it""#, #""🙂 snake""#, #""select""#, #""UPPER""#, #""it's""#,
        #""back\slash""#, #""a#b""#, #""%s""#, #""?x=y&z""#, "plain", "FoLdEd", "ünïcode",
    ])
    func `odd names work everywhere`(name: String) throws {
        let trio = try Trio(
            """
            CREATE SCHEMA \(name); CREATE TABLE \(name).\(name) (\(name) int, "other one" int)
            """)
        try trio.source.sql("INSERT INTO \(name).\(name) SELECT i, -i FROM generate_series(1, 5) i")
        let table = "\(name).\(name)"
        var result = try transfer(trio.source.at(table), trio.first.at(table), trio.second.conninfo)
        #expect(result.code == 0, "\(result)")
        #expect(try trio.first.digest(table) == trio.source.digest(table))
        #expect(try trio.second.digest(table) == trio.source.digest(table))
        result = try transfer(
            "--truncate", "-t", table, "--into", table, "--columns", name, trio.source.conninfo, trio.first.conninfo)
        #expect(result.code == 0, "\(result)")
        #expect(try trio.first.sql("SELECT sum(\(name)), count(\"other one\") FROM \(table)") == "15|0")
    }

    @Test func `a database with an odd name is reached`() throws {
        let trio = try Trio(rows: 7)
        let name = "pg copy's \"ödd\" #1 %41 \(trio.first.database)"
        let quoted = name.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"")
        try trio.first.cluster.psql("CREATE DATABASE \"\(quoted)\" TEMPLATE \(trio.first.database)")
        let result = try transfer(trio.source.at(), trio.first.cluster.conninfo(database: name) + "#t")
        #expect(result.code == 0, "\(result)")
        #expect(try trio.first.cluster.psql("SELECT count(*) FROM t", database: name) == "7")
    }

    @Test func `a name that servers cut is found without a word`() throws {
        let name = String(repeating: "n", count: 70)
        let trio = try Trio("CREATE TABLE \(name) (a int)", source: "INSERT INTO \(name) VALUES (1)")
        let result = try transfer(trio.source.at(name), trio.first.at(name))
        #expect(result.code == 0 && !result.errors.contains("truncated"), "\(result)")
        #expect(try trio.first.count(name) == 1)
    }

    @Test(arguments: ["parted", "seen", "kept", "far", "child"])
    func `everything that can be read is a source`(kind: String) throws {
        let trio = try Trio("CREATE TABLE t (a int, b text)")
        let directory = try TemporaryDirectory()
        let file = try directory.write("1\tone\n2\ttwo\n".utf8, to: "far")
        try trio.source.sql(
            """
            CREATE DOMAIN word AS text;
            CREATE TABLE parted (a int, b word) PARTITION BY RANGE (a);
            CREATE TABLE p1 PARTITION OF parted FOR VALUES FROM (0) TO (10);
            CREATE TABLE p2 PARTITION OF parted FOR VALUES FROM (10) TO (20);
            INSERT INTO parted SELECT i, 'p' || i FROM generate_series(0, 19) i;
            CREATE VIEW seen AS SELECT a, b FROM parted WHERE a % 2 = 0;
            CREATE MATERIALIZED VIEW kept AS SELECT * FROM parted WHERE a > 15;
            CREATE EXTENSION file_fdw; CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
            CREATE FOREIGN TABLE far (a int, b word) SERVER files OPTIONS (filename \(sqlLiteral(file)));
            CREATE TABLE parent (a int, b text); CREATE TABLE child () INHERITS (parent);
            INSERT INTO parent VALUES (-1, 'parent'); INSERT INTO child VALUES (-2, 'child')
            """)
        let result = try transfer("--into", "t", trio.source.at(kind), trio.first.conninfo, trio.second.conninfo)
        #expect(result.code == 0, "\(result)")
        #expect(try trio.first.digest() == trio.source.digest(kind))
        #expect(try trio.second.digest() == trio.source.digest(kind))
        #expect(try trio.first.count() > 0)
    }

    @Test func `a partitioned table is a destination`() throws {
        let trio = try Trio(
            "CREATE TABLE t (a int, b text) PARTITION BY HASH (a)", source: "CREATE TABLE plain (a int, b text)")
        for place in [trio.first, trio.second] {
            try place.sql(
                """
                CREATE TABLE t0 PARTITION OF t FOR VALUES WITH (MODULUS 2, REMAINDER 0);
                CREATE TABLE t1 PARTITION OF t FOR VALUES WITH (MODULUS 2, REMAINDER 1);
                INSERT INTO t VALUES (1000, 'old')
                """)
        }
        try trio.source.sql("INSERT INTO plain SELECT i, 'b' FROM generate_series(1, 100) i")
        let result = try transfer(
            "--truncate", "--into=t", trio.source.at("plain"), trio.first.conninfo, trio.second.conninfo)
        #expect(result.code == 0, "\(result)")
        #expect(try trio.first.digest() == trio.source.digest("plain"))
        #expect(try trio.second.sql("SELECT count(*) > 0 FROM t0") == "t")
    }

    @Test func `a foreign table is a destination`() throws {
        let trio = try Trio(rows: 25)
        try trio.second.sql(
            """
            CREATE EXTENSION postgres_fdw;
            CREATE SERVER other FOREIGN DATA WRAPPER postgres_fdw OPTIONS
                (host \(sqlLiteral(trio.first.cluster.socketDirectory)), port '\(trio.first.cluster.port)',
                 dbname \(sqlLiteral(trio.first.database)));
            CREATE USER MAPPING FOR postgres SERVER other OPTIONS (user 'postgres');
            CREATE FOREIGN TABLE far (id text, filler text) SERVER other OPTIONS (table_name 't')
            """)
        let result = try transfer(trio.source.at(), trio.second.at("far"))
        #expect(result.code == 0, "\(result)")
        #expect(try trio.first.digest() == trio.source.digest())
    }
}
