// What to copy, how it lands, how fast.

import TestKit
import Testing

@Suite struct OptionTests {
    @Test(arguments: [
        "SELECT id, filler FROM t WHERE id <= '0000000004'", "SELECT id, filler FROM t WHERE id <= '0000000004';",
        "SELECT id, filler FROM t WHERE id <= '0000000004' ; \n ; ",
        "SELECT id, filler FROM t WHERE id <= '0000000004' -- the first four",
        "/* ) */ WITH x AS (TABLE t) SELECT id, filler FROM x ORDER BY id LIMIT 4",
        #"SELECT id AS "id", 'it''s; "q" -- ' || E'\\' AS filler FROM t LIMIT 4"#,
        "VALUES ('0000000001', 'a'), ('2', 'b'), ('3', 'c'), ('4', 'd')",
    ])
    func `queries are taken as people type them`(query: String) throws {
        let trio = try Trio(rows: 20)
        if query.hasPrefix("VALUES") {
            for place in [trio.first, trio.second] {
                try place.sql("ALTER TABLE t RENAME id TO column1; ALTER TABLE t RENAME filler TO column2")
            }
        }
        let result = try transfer(
            "--query", query, "--into=t", trio.source.conninfo, trio.first.conninfo, trio.second.at())
        #expect(result.code == 0, "\(result)")
        func sorted(_ rows: String) -> [Substring] { rows.split(separator: "\n").sorted() }
        let rows = try sorted(trio.source.sql(query))
        #expect(rows.count == 4)
        #expect(try sorted(trio.first.sql("TABLE t")) == rows)
        #expect(try trio.second.digest() == trio.first.digest())
    }

    @Test func `a query that is none is told by the server`() throws {
        let trio = try Trio(rows: 3)
        for query in [
            "SELEC 1", "SELECT 1; DROP TABLE t", "SELECT 1) TO STDOUT; DROP TABLE t; --", "DELETE FROM t RETURNING *",
        ] {
            let result = try transfer("--query", query, "--into=t", trio.source.conninfo, trio.first.conninfo)
            #expect(result.code == 1, "\(result)")
            #expect(result.errors.contains("pgcopy: \(trio.source.label(nil)): ERROR"), "\(result)")
        }
        #expect(try trio.source.count() == 3)
        try trio.expectNothingCommitted("")
    }

    @Test func `a condition chooses rows, and --columns chooses columns`() throws {
        let trio = try Trio("CREATE TABLE t (a int, \"B c\" text, d text DEFAULT 'none')")
        try trio.source.sql("INSERT INTO t SELECT i, 'b' || i, 'd' FROM generate_series(1, 100) i")
        let result = try transfer(
            "--where", "a % 10 = 0 OR \"B c\" = 'it''s' -- comment", "--columns", #""B c", A"#,
            trio.source.at(), trio.first.at(), trio.second.at())
        #expect(result.code == 0, "\(result)")
        #expect(try trio.first.sql("SELECT count(*), sum(a), min(d), max(\"B c\") FROM t") == "10|550|none|b90")
        #expect(try trio.second.digest() == trio.first.digest())
        for (columns, words) in [("a,nope", "nope"), ("a,a", "twice"), ("a b", "--columns"), ("", "--columns")] {
            let wrong = try transfer("--columns", columns, trio.source.at(), trio.first.at())
            #expect(wrong.code == 1 || wrong.code == 2, "\(wrong)")
            #expect(wrong.errors.contains(words), "\(wrong)")
        }
        #expect(try trio.first.count() == 10)
    }

    @Test func `the name of --table is folded and quoted as in SQL`() throws {
        let trio = try Trio(
            #"CREATE SCHEMA "S.x"; CREATE TABLE "S.x"."T t" (a int); CREATE TABLE t (a int); CREATE TABLE "T" (a int)"#)
        try trio.source.sql(
            #"INSERT INTO "S.x"."T t" VALUES (1); INSERT INTO t VALUES (2), (3); INSERT INTO "T" VALUES (4), (5), (6)"#)
        for (name, real, rows) in [
            (#""S.x"."T t""#, #""S.x"."T t""#, 1), ("T", "t", 2), (#""T""#, #""T""#, 3), ("PUBLIC.t", "t", 4),
        ] {
            let result = try transfer("-t", name, trio.source.conninfo, trio.first.conninfo, "-")
            #expect(result.code == 0, "\(result)")
            #expect(try trio.first.count(real) == rows, "\(name)")
        }
    }

    @Test func `emptying the table is part of the transaction`() throws {
        let trio = try Trio(rows: 20_000)
        try trio.first.sql("INSERT INTO t VALUES ('old one', ''), ('old two', '')")
        let old = try trio.first.digest()
        let proxy = try FaultProxy(to: trio.source.cluster)
        proxy.arm(.close, at: .copyBytes(1_500_000))
        let failed = try transfer("--truncate", trio.source.through(proxy), trio.first.at())
        #expect(proxy.faultCount == 1)
        #expect(failed.code == 1, "\(failed)")
        #expect(try trio.first.digest() == old)
        proxy.stop()
    }

    @Test func `whoever reads a table that is emptied never sees it empty`() throws {
        let trio = try Trio(rows: 20_000)
        try trio.first.sql("INSERT INTO t VALUES ('old', '')")
        let running = try start("--truncate", "--rate-limit=1500k", trio.source.at(), trio.first.at())
        try trio.first.waitForBackend("query LIKE 'COPY%'")
        // Waits for the table's lock, so it reads after the end.
        let counted = try trio.first.count()
        let result = try running.end()
        #expect(result.code == 0, "\(result)")
        #expect(counted == 20_000)
        #expect(try trio.first.count() == 20_000)
    }

    @Test func `emptying a table does not reach its children nor what refers to it`() throws {
        let trio = try Trio(rows: 5)
        try trio.first.sql(
            "CREATE TABLE child () INHERITS (t); INSERT INTO child VALUES ('child'); INSERT INTO t VALUES ('parent')")
        #expect(try transfer("--truncate", trio.source.at(), trio.first.at()).code == 0)
        #expect(try trio.first.count("child") == 1)
        #expect(try trio.first.count("ONLY t") == 5)
        try trio.second.sql("ALTER TABLE t ADD PRIMARY KEY (id); CREATE TABLE r (id text REFERENCES t)")
        let result = try transfer("--truncate", trio.source.at(), trio.second.at())
        #expect(result.code == 1, "\(result)")
        #expect(result.errors.contains("is referred to by the foreign key \"r_id_fkey\""), "\(result)")
    }

    @Test func `a rate limit is kept`() throws {
        let trio = try Trio(rows: 20_000)
        let result = try transfer("--rate-limit=1M", trio.source.at(), trio.first.at(), trio.second.at())
        #expect(result.code == 0, "\(result)")
        // 2 MB at 1 MiB a second, less what may come at once in the beginning.
        #expect((.milliseconds(1300)..<(.seconds(6))).contains(result.duration), "\(result)")
        #expect(try trio.second.digest() == trio.source.digest())
    }

    @Test func `the help fits narrow terminals`() throws {
        let screen = try Program("sh", ["-c", #"stty cols 40; exec "$0" transfer --help"#, try Program.pgcopyPath()])
            .with { $0.terminal = .all }.run()
        #expect(screen.code == 0)
        #expect(screen.screenText.contains("--reconcile-timeouts"))
        let lines = screen.screenText.split(whereSeparator: \.isNewline).filter {
            $0.count > 40 && !$0.contains("pgcopy transfer")
        }
        #expect(lines.isEmpty, "\(lines)")
    }
}
