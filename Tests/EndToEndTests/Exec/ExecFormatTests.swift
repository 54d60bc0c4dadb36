// `pgcopy exec` and the forms of its results.

import TestKit
import Testing

@Suite struct `exec and its formats` {
    private static let questions = [
        #"SELECT 1 AS "näme", E'a\nbb\tc\r\x1b' AS t, NULL AS n, 2.50 AS x, '日本語' AS wide, U&'\0085' AS c"#,
        "SELECT n, repeat('x', n) AS word, n::text FROM generate_series(1, 12) n", "SELECT 1 AS a WHERE false",
        "SELECT", "SELECT FROM generate_series(1, 2)", #"SELECT E'x\n' AS "a b", E'\n' AS b, '' AS "c""#,
        #"SELECT 1 AS "two\#nlines", 'é' AS "é", -0.5::float4, '7'::xid, 'f'::bool, 12::money, 5::regclass"#,
        "SET TIME ZONE 'UTC'", "CREATE TEMP TABLE t (n int)", "INSERT INTO t VALUES (1), (2) RETURNING n",
        "SHOW server_version",
        "UPDATE t SET n = 3 WHERE n = 4 RETURNING n", "EXPLAIN (COSTS off) SELECT 1",
    ]

    @Test func `tables are psql's`() throws {
        let stage = try ExecStage("")
        let psql = try Program(
            "psql", ["-X", "-d", stage.conninfo] + Self.questions.flatMap { ["-c", $0] }
        ).with { $0.environment["PGCLIENTENCODING"] = "UTF8" }.run()
        let result = try stage.program(
            ["--format=aligned"] + Self.questions.flatMap { ["-c", $0] }
        ).run()
        #expect(result.code == 0 && result.errors == "", "\(result)")
        #expect(result.output == psql.output && psql.code == 0)
    }

    @Test
    func `a terminal gets tables, each with its connection where there are several, and what it keeps is bounded`()
        throws
    {
        let stage = try ExecStage("")
        let one = try stage.program(["-c", "SELECT 7 AS seven; SELECT 1 / 0; SELECT 2; SELECT 3"]).with {
            $0.terminal = .all
        }
        .run()
        #expect(one.code == 1, "\(one)")
        let start = "pgcopy: \(label(of: stage.conninfo)): "
        #expect(
            String(String.UnicodeScalarView(one.screenText.unicodeScalars.filter { $0 != "\r" })).hasPrefix(
                """
                 seven\u{20}
                -------
                     7
                (1 row)

                \(start)statement 2, line 1: ERROR: division by zero (SQLSTATE 22012)
                \(start)2 statements were not run, from statement 3, line 1 on
                """), "\(one.screenText)")
        let other = try ExecStage("", on: Servers.first)
        let two = try Program.pgcopy(
            "exec", "--format=aligned", "-c", "SELECT n, repeat('x', 100) FROM generate_series(1, 300000) n", "-c",
            "SELECT 'end' AS e", stage.conninfo, other.conninfo
        ).run()
        #expect(two.code == 0, "\(two.errors)")
        for stage in [stage, other] { #expect(two.output.contains("==> \(label(of: stage.conninfo)) <==\n")) }
        #expect(two.output.matches(of: /\n\(300000 rows\)\n\n/).count == 2)
        // 68 MB are printed.
        #expect(two.peakMemory < 48 << 20, "\(two.peakMemory)")
    }

    @Test func `csv is rows alone, and json records alone`() throws {
        let (stage, other) = try (ExecStage("CREATE TABLE t (n int, s text)"), ExecStage("", on: Servers.first))
        let sql =
            "INSERT INTO t VALUES (1, NULL), (2, ''), (3, 'a,\"b\"'); SELECT * FROM t; SELECT n FROM t WHERE n > 3"
        let csv = try stage.exec("--format=csv", "-c", sql)
        #expect(csv.code == 0 && csv.errors == "", "\(csv)")
        #expect(csv.output == "n,s\n1,\n2,\"\"\n3,\"a,\"\"b\"\"\"\nn\n", "\(csv)")
        let many = try Program.pgcopy(
            "exec", "--format=csv", "-c", "SELECT 1 AS a", stage.conninfo, other.conninfo, stage.conninfo
        ).run()
        #expect(many.output.hasPrefix("connection,a\n") && many.output.matches(of: /,1\n/).count == 3, "\(many)")
        #expect(many.lineCount == 4, "\(many)")
        let json = try stage.exec(
            "--format=json", "--timing", "-c", "SELECT n, n AS n, now() > 'epoch' AS b FROM t WHERE n = 2")
        let start = "\"connection\":\"\(label(of: stage.conninfo))\""
        let lines = json.output.split(separator: "\n")
        #expect(json.code == 0 && json.errors == "" && lines.count == 3, "\(json)")
        #expect(
            lines.first
                == "{\"type\":\"row\",\(start),\"statement\":1,\"columns\":[\"n\",\"n\",\"b\"],\"values\":[2,2,true]}")
        #expect(lines.last?.hasPrefix("{\"type\":\"batch\",\(start),\"from\":1,\"to\":1,\"milliseconds\":") == true)
    }

    @Test func `an error stops its connection where that is asked for, and others go on`() throws {
        let (stage, other) = try (ExecStage(), ExecStage(on: Servers.first))
        try other.cluster.psql("INSERT INTO t VALUES (4)", database: other.database)
        let sql = (1...3000).map { "INSERT INTO t VALUES (\($0));\n" }.joined()
        let program = try Program.pgcopy(
            "exec", "--stop-on-error", "--sync-every=2", "--timing", stage.conninfo, other.conninfo
        ).with { $0.input = .bytes(Array(sql.utf8)) }
        let result = try program.run()
        #expect(result.code == 3, "\(result.errors)")
        #expect(try other.rows() == ["1", "2", "4"])
        #expect(try stage.rows("SELECT count(*) FROM t") == ["3000"])
        #expect(
            result.lines(of: other.conninfo) == [
                "INSERT 0 1", "INSERT 0 1", "INSERT 0 1",
                "ERROR\t23505\tduplicate key value violates unique constraint \"t_pkey\"",
            ])
        let start = "pgcopy: \(label(of: other.conninfo)): "
        #expect(result.errors.contains(start + "stopped by the error: nothing behind statement 4 is sent\n"))
        #expect(result.errors.contains(start + "statements 3 to 4 took "))
        // Nothing is read any more where nobody is left to run it.
        let alone = try stage.program(["--stop-on-error"]).with { $0.input = .pipe }.start()
        alone.write("BEGIN; SELECT 1 / 0;")
        let ended = try alone.wait()
        #expect(ended.code == 1 && ended.errors.contains("nothing behind statement 2 is sent"), "\(ended)")
    }

    @Test func `connections that committed different parts are told apart from those that all failed`() throws {
        let (stage, other) = try (ExecStage(), ExecStage(on: Servers.first))
        try other.cluster.psql("INSERT INTO t VALUES (1)", database: other.database)
        let run = try Program.pgcopy(
            "exec", "--sync-every=1", "--stop-on-error", "-c", "INSERT INTO t VALUES (1); SELEC", stage.conninfo,
            other.conninfo)
        let first = try run.run()
        #expect(first.code == 3, "\(first)")
        // The other one was sent all there is.
        #expect(first.errors.matches(of: /stopped by the error/).count == 1, "\(first)")
        // Nobody has committed anything now.
        let second = try run.run()
        #expect(second.code == 1, "\(second)")
    }
}
