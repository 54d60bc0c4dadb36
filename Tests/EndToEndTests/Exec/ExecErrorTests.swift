// `pgcopy exec` where something goes wrong.

import Glibc
import TestKit
import Testing

@Suite struct `exec with errors` {
    @Test func `reports the error, and what is not run`() throws {
        let stage = try ExecStage()
        let result = try stage.exec(
            "-c", "INSERT INTO t VALUES (1); INSERT INTO t VALUES (2);\nINSERT INTO t VALUES (1); SELECT 1", "-c",
            "SELECT 2")
        #expect(result.code == 1, "\(result)")
        #expect(
            result.lines(of: stage.conninfo) == [
                "INSERT 0 1", "INSERT 0 1",
                "ERROR\t23505\tduplicate key value violates unique constraint \"t_pkey\"", "NOT RUN\t2\t4",
            ], "\(result)")
        #expect(
            result.errors == """
                pgcopy: \(label(of: stage.conninfo)): statement 3, line 2: ERROR: duplicate key value violates unique constraint \
                "t_pkey" (SQLSTATE 23505)
                pgcopy: \(label(of: stage.conninfo)):   DETAIL: Key (n)=(1) already exists.

                """, "\(result)")
        #expect(try stage.rows() == [])
    }

    @Test func `on one connection leaves the others alone`() throws {
        let stages = try [
            ExecStage(), ExecStage("CREATE TABLE t (n text)", on: Servers.first), ExecStage(on: Servers.second),
        ]
        let result = try Program.pgcopy(
            ["exec", "-c", "INSERT INTO t VALUES (1); SELECT n + 1 FROM t; SELECT 'end'"] + stages.map(\.conninfo)
        ).run()
        #expect(result.code == 3, "\(result)")
        for index in [0, 2] {
            #expect(result.lines(of: stages[index].conninfo) == ["INSERT 0 1", "\t2", "SELECT 1", "\tend", "SELECT 1"])
            #expect(try stages[index].rows() == ["1"])
        }
        let failed = result.lines(of: stages[1].conninfo)
        #expect(failed.count == 3 && failed[1].hasPrefix("ERROR\t42883\t") && failed[2] == "NOT RUN\t1\t3", "\(failed)")
        #expect(try stages[1].rows() == [])
    }

    @Test(arguments: [
        ("INSERT INTO t VALUES (1); BEGIN; INSERT INTO t VALUES (2)", []),
        ("BEGIN; INSERT INTO t VALUES (1); COMMIT; START TRANSACTION; INSERT INTO t VALUES (2)", ["1"]),
        ("BEGIN; INSERT INTO t VALUES (1); COMMIT AND CHAIN", ["1"]), ("BEGIN", []),
        ("BEGIN; INSERT INTO t VALUES (1); SAVEPOINT s; INSERT INTO t VALUES (2); RELEASE s", []),
    ])
    func `a transaction that is still open at the end is an error`(_ sql: String, _ rows: [String]) throws {
        for options in [[], ["-q"], ["--sync-every=1"]] {
            // With a point behind each statement those before the last transaction are committed.
            let rows = options == ["--sync-every=1"] && sql.hasPrefix("INSERT") ? ["1"] : rows
            let stage = try ExecStage()
            let result = try stage.program(options + ["-c", sql]).run()
            #expect(result.code == 1, "\(result)")
            let message = "the last transaction was not ended: everything in it is rolled back"
            #expect(result.lines(of: stage.conninfo).last == "ERROR\t\t\(message)", "\(result)")
            #expect(
                result.errors.hasSuffix("\(label(of: stage.conninfo)): ERROR: \(message); COMMIT ends it\n"),
                "\(result)")
            #expect(try stage.rows() == rows, "\(sql) \(options)")
        }
    }

    @Test func `a transaction that failed and is not ended is told as well`() throws {
        let stage = try ExecStage()
        let result = try stage.exec("--sync-every=1", "-c", "BEGIN; INSERT INTO t VALUES (1); SELEC 1; SELECT 2")
        #expect(result.code == 1, "\(result)")
        #expect(result.output.contains("ERROR\t25P02\t") && result.output.hasSuffix("is rolled back\n"), "\(result)")
        let ended = try stage.exec("--sync-every=1", "-c", "BEGIN; SELEC 1; ROLLBACK")
        #expect(ended.code == 1 && !ended.output.contains("not ended"), "\(ended)")
        #expect(try stage.rows() == [])
    }

    @Test func `ends at synchronization points where there are some`() throws {
        let sql = (1...7).map { "INSERT INTO t VALUES (\($0 == 4 ? 3 : $0));" }.joined(separator: "\n")
        for (every, committed, notRun) in [
            ("1", ["1", "2", "3", "5", "6", "7"], nil), ("2", ["1", "2", "5", "6", "7"], nil),
            ("3", ["1", "2", "3", "7"], "NOT RUN\t2\t5"), ("100", [], "NOT RUN\t3\t5"),
        ] {
            let stage = try ExecStage()
            let result = try stage.exec("--sync-every", every, input: sql)
            #expect(result.code == 1, "\(result)")
            #expect(try stage.rows() == committed, "\(every)")
            let lines = result.lines(of: stage.conninfo)
            #expect(lines.first { $0.hasPrefix("NOT RUN") } == notRun, "\(result)")
            #expect(
                lines.count { $0.hasPrefix("INSERT") } == committed.count + (every == "2" ? 1 : every == "100" ? 3 : 0))
        }
    }

    @Test func `of a commit is told although every statement succeeded`() throws {
        let stage = try ExecStage(
            "CREATE TABLE t (n int PRIMARY KEY); CREATE TABLE d (n int REFERENCES t DEFERRABLE INITIALLY DEFERRED)")
        let result = try stage.exec(
            "--sync-every=2", "-c", "INSERT INTO d VALUES (1); SELECT 1; INSERT INTO t VALUES (2)")
        #expect(result.code == 1, "\(result)")
        let lines = result.lines(of: stage.conninfo)
        #expect(lines.count == 5 && lines[3].hasPrefix("ERROR\t23503\t") && lines[4] == "INSERT 0 1", "\(result)")
        #expect(result.errors.contains("commit behind statement 2: ERROR: "), "\(result)")
        #expect(try stage.rows() == ["2"])
    }

    @Test(arguments: ["COPY t FROM STDIN", "copy t to stdout", "/* x */ Copy (SELECT 1) TO STDOUT"])
    func `COPY is refused, says why, and nothing behind it is read`(_ copy: String) throws {
        let stage = try ExecStage()
        let result = try stage.exec(
            "--sync-every=2",
            input:
                "INSERT INTO t VALUES (1); SELECT 1; INSERT INTO t VALUES (2);\n\(copy);\n7\n\\.\nINSERT INTO t VALUES (3);"
        )
        #expect(result.code == 1, "\(result)")
        let lines = result.lines(of: stage.conninfo)
        #expect(lines.count == 5 && lines[3] == "INSERT 0 1", "\(result)")
        #expect(lines.last?.hasPrefix("ERROR\t0A000\tCOPY cannot run in pipeline mode: ") == true, "\(result)")
        #expect(result.errors.contains("statement 4, line 2: COPY cannot run in pipeline mode"), "\(result)")
        // What a synchronization point had confirmed stays.
        #expect(try stage.rows() == ["1"])
    }

    @Test func `bytes that are no UTF-8 are refused, not repaired`() throws {
        let stage = try ExecStage("CREATE TABLE t (n text)")
        let bytes = Array("INSERT INTO t VALUES ('ok'); INSERT INTO t VALUES ('".utf8) + [0xE9] + Array("');".utf8)
        let result = try stage.program([]).with { $0.input = .bytes(bytes) }.run()
        #expect(result.code == 1, "\(result)")
        #expect(result.lines(of: stage.conninfo) == ["INSERT 0 1", "ERROR\t\tthe statement is not valid UTF-8"])
        #expect(try stage.rows() == [])
    }

    @Test(arguments: [
        (Array("COPY t FROM STDIN;\n1\n\\.\n".utf8), "0A000"), ([UInt8]("SELECT '\0'".utf8), ""),
        ([0x27, 0xFF, 0x27], ""),
    ])
    func `a first statement that is refused is told once`(_ input: [UInt8], _ state: String) throws {
        let stage = try ExecStage()
        let result = try stage.program([]).with { $0.input = .bytes(input) }.run()
        #expect(result.code == 1 && result.lineCount == 1, "\(result)")
        #expect(result.lines(of: stage.conninfo).first?.hasPrefix("ERROR\t\(state)\t") == true, "\(result)")
        #expect(result.errors.split(separator: "\n").count == 1, "\(result)")
    }

    @Test func `what a server says in several lines is as many messages`() throws {
        let stage = try ExecStage()
        let result = try stage.exec(
            "-c", "DO $$ BEGIN RAISE NOTICE E'one\ntwo' USING HINT = E'three\nfour'; END $$; SELECT 'open\nx")
        #expect(result.code == 1, "\(result)")
        let at = "pgcopy: \(label(of: stage.conninfo)): "
        #expect(
            result.errors.split(separator: "\n") == [
                "\(at)NOTICE: one", "\(at)  two", "\(at)  HINT: three", "\(at)  four",
                "\(at)statement 2, line 3: ERROR: unterminated quoted string at or near \"'open (SQLSTATE 42601)",
                "\(at)  x\"",
            ], "\(result)")
    }

    @Test func `psql's own commands, and a statement in a connection's place, get a hint`() throws {
        let stage = try ExecStage()
        for input in ["\\connect other\nSELECT 1;", "SELECT 1 \\gx\n"] {
            let result = try stage.exec(input: input)
            #expect(result.code == 1 && result.errors.contains("  HINT: commands of psql's"), "\(result)")
        }
        let other = try stage.exec("-c", "SELEC 1")
        #expect(other.code == 1 && !other.errors.contains("HINT"), "\(other)")
        let misplaced = try Program.pgcopy("exec", "SELECT 1", stage.conninfo).run()
        #expect(misplaced.code == 2 && misplaced.output == "", "\(misplaced)")
        #expect(misplaced.errors.contains("SELECT 1: was taken for a database; -c takes a statement\n"), "\(misplaced)")
    }

    @Test func `an unknown place is a usage error, and nothing is started`() throws {
        let stage = try ExecStage()
        let missing = stage.cluster.conninfo(database: "no such")
        let result = try Program.pgcopy("exec", "-c", "INSERT INTO t VALUES (1)", stage.conninfo, missing).run()
        #expect(result.code == 2 && result.output == "", "\(result)")
        #expect(
            result.errors.contains("pgcopy: \(label(of: missing)): ") && result.errors.contains("does not exist"),
            "\(result)")
        #expect(try stage.rows() == [])
    }

    @Test(arguments: [
        (["-c", "SELECT 1", "./file"], "./file is no server"), (["-c", "SELECT 1", "null:"], "null: is no server"),
        (["-c", "SELECT 1", "-"], "- is no server"), (["-c", "SELECT 1", "db#t"], "without a table"),
        (["-c", "SELECT 1"], "exec needs CONNECTION"), (["--sync-every=0", "db"], "--sync-every"),
        (["--sync-every=x", "db"], "--sync-every"), (["-c", "SELECT 1", "-f", "x", "db"], "together"),
        (["-f", "/no/such/file", "postgresql://nowhere.invalid/"], "/no/such/file: cannot open: No such file"),
        (["--comand=x", "db"], "did you mean --command"),
        (["-q", "-v", "db"], "together"), (["-f", "", "db"], "empty"), (["-f", "/", "db"], "directory"),
    ])
    func `usage errors exit with 2`(_ arguments: [String], _ text: String) throws {
        let result = try Program.pgcopy(["exec"] + arguments).run()
        #expect(result.code == 2 && result.output == "", "\(result)")
        #expect(result.errors.contains(text), "\(result)")
    }

    @Test func `a libpq without pipeline mode is told, before anything is sent`() throws {
        // A library of one function stands before libpq's own.
        let directory = try TemporaryDirectory()
        let source = try directory.write(Array("int PQlibVersion(void) { return 130014; }\n".utf8), to: "old.c")
        let library = directory.file("old.so")
        try Program("clang", ["-shared", "-fPIC", "-o", library, source]).run().expecting(0)
        let stage = try ExecStage()
        let result = try stage.program(["-c", "INSERT INTO t VALUES (1)"]).with {
            $0.environment["LD_PRELOAD"] = library
        }.run()
        #expect(result.code == 2 && result.output == "", "\(result)")
        #expect(result.errors == "pgcopy: pipeline mode needs libpq 14 or newer\n", "\(result)")
        #expect(try stage.rows() == [])
    }

    /// It may have written the commit before its disk failed.
    @Test func `a server that panics over a commit leaves it in doubt`() throws {
        let stage = try ExecStage()
        let proxy = try FaultProxy(to: stage.cluster)
        let panic = Message.error(severity: "PANIC", code: "58030", message: "could not fdatasync file")
        proxy.arm(.replace(panic), at: .answer(to: "COMMIT"))
        proxy.arm(.close, at: .answer(to: "COMMIT"))
        let conninfo = proxy.conninfo(database: stage.database)
        let result = try Program.pgcopy(["exec", "-c", "BEGIN; INSERT INTO t VALUES (1); COMMIT", conninfo]).run()
        #expect(proxy.faultCount == 2 && result.code == 4, "\(result)")
        #expect(result.errors.contains("may have been committed"), "\(result)")
        #expect(try stage.rows() == ["1"])
        proxy.stop()
    }
}
