// `pgcopy exec` where everything goes well.

import TestKit
import Testing

@Suite struct `exec` {
    @Test func `prints a line per statement, and rows before them`() throws {
        let stage = try ExecStage("")
        let result = try stage.exec(
            "-c", "CREATE TABLE t (n int, s text); INSERT INTO t VALUES (1, E'a\\tb\\nc\\\\d'), (2, NULL), (3, '')",
            "-c", "SELECT * FROM t ORDER BY n; SELECT FROM t WHERE n = 1;; -- nothing")
        #expect(result.code == 0, "\(result)")
        #expect(
            result.lines(of: stage.conninfo) == [
                "CREATE TABLE", "INSERT 0 3", "\t1\ta\\tb\\nc\\\\d", "\t2\t\\N", "\t3\t", "SELECT 3", "", "SELECT 1",
            ], "\(result)")
        #expect(result.lineCount == 8)
        #expect(result.errors == "", "\(result)")
        #expect(try stage.rows() == ["1", "2", "3"])
    }

    @Test func `reads files, streams and arguments alike`() throws {
        let directory = try TemporaryDirectory()
        let sql =
            "INSERT INTO t VALUES (1);\n/* ; */ INSERT INTO t\nVALUES (2) ;\nDO $$ BEGIN PERFORM 1; END $$;\nSELECT ';'"
        let lines = ["INSERT 0 1", "INSERT 0 1", "DO", "\t;", "SELECT 1"]
        let file = try directory.write(Array("\u{FEFF}\(sql)\n".utf8), to: "odd name.sql")
        for arguments in [["-f", file], ["--file=\(file)"], ["-f", "-"], [], ["-c", sql]] {
            let stage = try ExecStage()
            let result = try stage.program(arguments, input: sql).run()
            #expect(result.code == 0, "\(result)")
            #expect(result.lines(of: stage.conninfo) == lines, "\(result)")
            #expect(try stage.rows() == ["1", "2"])
        }
    }

    @Test func `has nothing to do without statements`() throws {
        let stage = try ExecStage()
        for input in ["", ";;\n-- ;\n/* ; */;"] {
            let result = try stage.exec(input: input)
            #expect(result.code == 0 && result.output == "" && result.errors == "", "\(result)")
        }
    }

    @Test func `runs on every connection, each in its own order`() throws {
        let stages = try [ExecStage(), ExecStage(on: Servers.first), ExecStage(on: Servers.second)]
        let result = try Program.pgcopy(
            ["exec", "-c", "INSERT INTO t SELECT generate_series(1, 3); SELECT n FROM t"] + stages.map(\.conninfo)
        ).run()
        #expect(result.code == 0, "\(result)")
        #expect(result.lineCount == 15)
        for stage in stages {
            #expect(result.lines(of: stage.conninfo) == ["INSERT 0 3", "\t1", "\t2", "\t3", "SELECT 3"], "\(result)")
            #expect(try stage.rows() == ["1", "2", "3"])
        }
    }

    @Test func `BEGIN and COMMIT do what they do on a server`() throws {
        let stage = try ExecStage()
        let result = try stage.exec(
            "-c",
            """
            BEGIN; INSERT INTO t VALUES (1); COMMIT; BEGIN; INSERT INTO t VALUES (2); ROLLBACK;
            START TRANSACTION; INSERT INTO t VALUES (3); COMMIT AND CHAIN; INSERT INTO t VALUES (4); COMMIT
            """)
        #expect(result.code == 0 && result.errors == "", "\(result)")
        #expect(try stage.rows() == ["1", "3", "4"])
    }

    @Test func `statements that need to be alone are, with a point behind each`() throws {
        let stage = try ExecStage()
        let sql = "INSERT INTO t VALUES (1); VACUUM t; INSERT INTO t VALUES (2)"
        let alone = try stage.exec("--sync-every=1", "-c", sql)
        #expect(
            alone.code == 0 && alone.lines(of: stage.conninfo) == ["INSERT 0 1", "VACUUM", "INSERT 0 1"], "\(alone)")
        let together = try stage.exec("-c", sql.replacing("(1)", with: "(3)").replacing("(2)", with: "(4)"))
        #expect(together.code == 1 && together.output.contains("ERROR\t25001\t"), "\(together)")
        #expect(try stage.rows() == ["1", "2"])
    }

    @Test func `says more or less as it is told`() throws {
        let stage = try ExecStage()
        let sql = "DO $$ BEGIN RAISE NOTICE 'hello' USING HINT = 'wave'; END $$; SELECT 1; INSERT INTO t VALUES (1)"
        let quiet = try stage.exec("-q", "-c", sql)
        #expect(quiet.code == 0 && quiet.errors == "", "\(quiet)")
        #expect(quiet.lines(of: stage.conninfo) == ["\t1"] && quiet.lineCount == 1, "\(quiet)")
        let verbose = try stage.exec("-v", "-c", "SELECT 1; SELECT\n2")
        #expect(verbose.errors.contains("pgcopy: \(label(of: stage.conninfo)): SELECT 1\n"), "\(verbose)")
        let usual = try stage.exec("-c", "DO $$ BEGIN RAISE NOTICE 'hello' USING HINT = 'wave'; END $$")
        #expect(
            usual.errors
                == "pgcopy: \(label(of: stage.conninfo)): NOTICE: hello\npgcopy: \(label(of: stage.conninfo)):   HINT: wave\n",
            "\(usual)")
    }

    @Test func `keeps the settings that the user gave the session, but speaks UTF8`() throws {
        let stage = try ExecStage("")
        let conninfo = stage.cluster.conninfo(
            database: stage.database,
            ["options": "-c standard_conforming_strings=off -c statement_timeout=12345 -c client_encoding=LATIN1"])
        let result = try Program.pgcopy(
            "exec", "-q", "-c",
            #"SELECT '\', 'é', current_setting('statement_timeout'), current_setting('application_name')"#,
            conninfo
        ).run()
        #expect(result.output == "\(label(of: conninfo))\t\t\\\\\té\t12345ms\tpgcopy\n", "\(result)")
    }

    @Test func `prints what comes in time, while more is still to come`() throws {
        let stage = try ExecStage()
        let program = try stage.program([]).with { $0.input = .pipe }.start()
        program.write("SELECT 'first'; SEL")
        try program.waitForOutput(containing: "\t\tfirst\n", on: .output)
        program.write("ECT 'second'; INSERT INTO t VALUES (1);")
        try program.waitForOutput(containing: "INSERT 0 1\n", on: .output)
        // The batch is one transaction.
        #expect(try stage.rows() == [])
        program.closeInput()
        #expect(try program.wait().code == 0)
        #expect(try stage.rows() == ["1"])
    }

    @Test func `speaks TLS, and asks for a password on the terminal`() throws {
        let cluster = try Servers.tls
        let conninfo = cluster.tcpConninfo(withPassword: false)
        let program = try Program.pgcopy(
            "exec", "-c", "SELECT repeat('x', 100000), ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()", conninfo
        )
        .with { $0.terminal = .controlling }.start()
        try program.waitForOutput(
            containing: "Password for user \(Cluster.user) at \(label(of: conninfo)): ", on: .screen)
        program.type(Cluster.password + "\n")
        let result = try program.wait()
        #expect(result.code == 0, "\(result)")
        #expect(result.lines(of: conninfo).map(\.utf8.count) == [100_003, 8])
        #expect(!result.screenText.contains(Cluster.password))
        let refused = try Program.pgcopy("exec", "-w", "-c", "SELECT 1", conninfo).run()
        #expect(refused.code == 2 && refused.output == "", "\(refused)")
    }
}
