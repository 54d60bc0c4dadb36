// What a destination refuses is told when its server says so, in the server's words.

import TestKit
import Testing

@Suite struct EarlyErrorTests {
    /// Rows with a number, of which the fifth is refused.
    private static let check = "CREATE TABLE t (id text, filler text CONSTRAINT short CHECK (id <> '0000000005'))"

    @Test func `a violation in an early row of a big source ends the run at once`() throws {
        let trio = try Trio(rows: 40_000)
        try trio.second.sql("DROP TABLE t; \(Self.check)")
        let result = try transfer("--rate-limit=500k", trio.source.at(), trio.first.at(), trio.second.at())
        #expect(result.code == 1, "\(result)")
        #expect(result.duration < .seconds(5), "\(result)")
        let label = trio.second.label()
        for words in [
            #"ERROR: new row for relation "t" violates check constraint "short" (SQLSTATE 23514)"#,
            "DETAIL: Failing row contains (0000000005, xxx", "CONTEXT: COPY t, line 5",
        ] {
            #expect(result.errors.contains(words), "\(result)")
        }
        #expect(result.errors.contains("pgcopy: \(label): ERROR"), "\(result)")
        #expect(result.errors.contains("\(label): rolled back"), "\(result)")
        #expect(result.errors.contains("\(trio.first.label()): rolled back"), "\(result)")
        try trio.expectNothingCommitted("\(result)")
        try trio.expectNoBackends()
    }

    @Test func `a violation while the source thinks cancels the source`() throws {
        let trio = try Trio("CREATE TABLE t (n int, s text)")
        try trio.first.sql("ALTER TABLE t ADD CONSTRAINT c CHECK (n <> 3)")
        let result = try transfer(
            "--query",
            "SELECT i AS n, repeat('x', 100) || pg_sleep(CASE WHEN i > 1000 THEN 60 ELSE 0 END) AS s FROM generate_series(1, 2000) i",
            "--into=t", trio.source.conninfo, trio.first.conninfo, trio.second.conninfo)
        #expect(result.code == 1, "\(result)")
        #expect(result.duration < .seconds(6), "\(result)")
        #expect(result.errors.contains("CONTEXT: COPY t, line 3"), "\(result)")
        try trio.expectNothingCommitted("\(result)")
        try trio.expectNoBackends()
    }

    @Test func `a key that is there already drops only its own destination with --keep-going`() throws {
        let trio = try Trio(rows: 5000)
        try trio.first.sql("CREATE UNIQUE INDEX u ON t (id); INSERT INTO t VALUES ('0000004000', 'mine')")
        let result = try transfer("--keep-going", trio.source.at(), trio.first.at(), trio.second.at())
        #expect(result.code == 3, "\(result)")
        #expect(
            result.errors.contains(#"duplicate key value violates unique constraint "u" (SQLSTATE 23505)"#), "\(result)"
        )
        #expect(result.errors.contains("DETAIL: Key (id)=(0000004000) already exists."), "\(result)")
        #expect(try trio.first.sql("SELECT * FROM t") == "0000004000|mine")
        #expect(try trio.second.digest() == trio.source.digest())
        let all = try transfer("--truncate", trio.source.at(), trio.second.at(), trio.first.at("t"))
        #expect(all.code == 0, "\(all)")
    }

    /// A foreign key that is only checked at the end of the transaction.
    private static let key = """
        ; CREATE TABLE parent (id text PRIMARY KEY);
        ALTER TABLE t ADD FOREIGN KEY (id) REFERENCES parent DEFERRABLE INITIALLY DEFERRED
        """

    @Test func `a deferred constraint that fails rolls back every destination`() throws {
        let trio = try Trio(rows: 10)
        try trio.second.sql("SELECT" + Self.key)
        let result = try transfer(trio.source.at(), trio.first.at(), trio.second.at())
        #expect(result.code == 1, "\(result)")
        #expect(result.errors.contains("violates foreign key constraint"), "\(result)")
        #expect(result.errors.contains("SQLSTATE 23503"), "\(result)")
        #expect(result.errors.contains("pgcopy: \(trio.second.label()): "), "\(result)")
        try trio.expectNothingCommitted("\(result)")
        try trio.expectNoBackends()
    }

    @Test func `a deferred constraint that fails drops only its destination with --keep-going`() throws {
        let trio = try Trio(rows: 10)
        try trio.first.sql("SELECT" + Self.key)
        let result = try transfer("--keep-going", trio.source.at(), trio.first.at(), trio.second.at())
        #expect(result.code == 3, "\(result)")
        #expect(try trio.first.count() == 0)
        #expect(try trio.second.count() == 10)
    }

    @Test func `bad data in a file is told with its line`() throws {
        let place = try Place(Servers.first, "CREATE TABLE t (n int, word text)")
        let directory = try TemporaryDirectory()
        let file = try directory.write("1\tone\n2\ttwo\nthree\tthree\n4\tfour\n".utf8, to: "rows")
        let result = try transfer(file, place.at())
        #expect(result.code == 1, "\(result)")
        #expect(
            result.errors.contains(#"invalid input syntax for type integer: "three" (SQLSTATE 22P02)"#), "\(result)")
        #expect(result.errors.contains(#"CONTEXT: COPY t, line 3, column n: "three""#), "\(result)")
        #expect(try place.count() == 0)
        try place.expectNoBackends()
    }

    @Test func `what a trigger raises is shown with its detail and its hint`() throws {
        let trio = try Trio(rows: 10)
        try trio.first.sql(
            """
            CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                RAISE EXCEPTION 'not today' USING HINT = 'Come tomorrow.', DETAIL = 'It is late.', ERRCODE = 'ZZ123';
            END $$;
            CREATE TRIGGER no BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION no()
            """)
        let result = try transfer(trio.source.at(), trio.first.at(), trio.second.at())
        #expect(result.code == 1, "\(result)")
        for words in ["ERROR: not today (SQLSTATE ZZ123)", "DETAIL: It is late.", "HINT: Come tomorrow.", "CONTEXT: "] {
            #expect(result.errors.contains(words), "\(result)")
        }
        try trio.expectNothingCommitted("\(result)")
    }

    @Test func `a role without the right is told so`() throws {
        let trio = try Trio(rows: 10)
        let role = "reader_\(trio.first.database)"
        try trio.first.sql("CREATE ROLE \(role) LOGIN; GRANT SELECT ON t TO \(role)")
        let conninfo = trio.first.cluster.conninfo(database: trio.first.database, ["user": role])
        let result = try transfer(trio.source.at(), conninfo + "#t", trio.second.at())
        #expect(result.code == 1, "\(result)")
        #expect(result.errors.contains(#"this role may not load "public"."t"; it needs INSERT"#), "\(result)")
        try trio.expectNothingCommitted("\(result)")
    }
}
