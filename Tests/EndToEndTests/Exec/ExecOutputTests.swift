// `pgcopy exec` whose output nobody takes.

import Glibc
import TestKit
import Testing

@Suite struct `exec without an output` {
    /// Runs a script of sh with the program as $0, the connection as $1.
    private func shell(_ stage: ExecStage, _ script: String) throws -> ProgramResult {
        try Program("bash", ["-c", "set -o pipefail; " + script, Program.pgcopyPath(), stage.conninfo]).run()
    }

    @Test(arguments: [">&-", "| :", "1</dev/null"])
    func `runs nothing where that is known before`(_ output: String) throws {
        let stage = try ExecStage()
        // The reader is gone before the program begins.
        let result = try shell(stage, #"(sleep 0.3; "$0" exec -c 'INSERT INTO t VALUES (1)' "$1") "# + output)
        #expect(result.code == 1 && result.errors.hasSuffix("; nothing was run\n"), "\(result)")
        let words = output == "| :" ? "pgcopy: stdout: cannot write: " : "pgcopy: stdout is closed; "
        #expect(result.errors.hasPrefix(words), "\(result)")
        #expect(try stage.rows() == [])
    }

    @Test func `tells what is committed all the same`() throws {
        let stage = try ExecStage()
        let full = try shell(stage, #""$0" exec -c 'INSERT INTO t VALUES (1)' "$1" > /dev/full"#)
        #expect(full.code == 3 && full.errors.contains("stdout: cannot write: "), "\(full)")
        #expect(full.errors.contains("what was sent up to statement 1 is committed"), "\(full)")
        #expect(try stage.rows() == ["1"])
        // Nothing might have been written.
        let quiet = try shell(stage, #""$0" exec -q -c "INSERT INTO t VALUES (3) RETURNING 1" "$1" >&-"#)
        #expect(quiet.code == 3 && quiet.errors.contains("what was sent up to statement 1 is committed"), "\(quiet)")
        let program = try stage.program([
            "--sync-every=1", "-c", "INSERT INTO t VALUES (2); SELECT generate_series(1, 100000000)",
        ]).start()
        try program.waitForOutput(containing: "\t1\n", on: .output)
        program.closeOutput()
        let result = try program.wait()
        #expect(result.code == 3 && result.errors.contains("what was sent up to statement 1 is committed"), "\(result)")
        #expect(try stage.rows() == ["1", "2", "3"])
    }

    @Test func `a signal while nobody reads tells what is committed`() throws {
        let stage = try ExecStage()
        let program = try stage.program([
            "--sync-every=1", "-c", "INSERT INTO t VALUES (2); SELECT generate_series(1, 100000000)",
        ]).start()
        program.pauseOutput()
        try eventually("the server waits for its reader") {
            try stage.rows(
                "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'ClientWrite'"
            )
            .count == 1
        }
        program.signal(SIGINT)
        try program.waitForOutput(containing: "what was sent up to statement 1 is committed", on: .errors)
        program.resumeOutput()
        let result = try program.wait()
        #expect(result.code == 130, "\(result.status) \(result.errors)")
        #expect(try stage.rows() == ["2"])
    }

    /// A reader that reads is given everything that is committed, for as long as it takes.
    @Test(arguments: 0..<3) func `a signal cuts off no result whose reader reads on`(round: Int) throws {
        let stage = try ExecStage("CREATE TABLE t (n int, what text)")
        let insert = "INSERT INTO t VALUES (1, repeat('x', 2000)) RETURNING what;"
        let program = try stage.program(["--sync-every=1"], input: String(repeating: insert + "\n", count: 3000))
            .start()
        try program.waitForOutput(containing: "INSERT 0 1", on: .output)
        program.signal(SIGINT)
        let result = try program.wait()
        let told = result.lines(of: stage.conninfo).count { $0 == "INSERT 0 1" }
        #expect(try stage.rows("SELECT count(*) FROM t") == ["\(told)"] && told > 0, "\(result.errors)")
        #expect(result.code == 128 + SIGINT || told == 3000, "\(result.errors)")
    }

    @Test(arguments: ["exec", "transfer"]) func `a signal ends a run whose messages nobody reads`(command: String)
        throws
    {
        let stage = try ExecStage()
        let text = String(repeating: "x", count: 100_000)
        let arguments =
            command == "exec"
            ? ["exec", "-v", "-c", "SELECT '\(text)', pg_sleep(60)", stage.conninfo]
            : ["transfer", "-v", "--query", "SELECT '\(text)' AS a", stage.conninfo, "null:"]
        let program = try Program("sh", ["-c", "exec \"$0\" \"$@\" 2>&1 >/dev/null", Program.pgcopyPath()] + arguments)
            .start()
        program.pauseOutput()
        try eventually("the program waits for its reader") {
            try stage.rows("SELECT 1 FROM pg_stat_activity WHERE datname = current_database()").count == 2
        }
        program.signal(SIGTERM)
        let result = try program.wait()
        #expect(result.code == 128 + SIGTERM, "\(result.code)")
        #expect(result.duration < .seconds(5))
    }

    @Test func `notifications do not pile up`() throws {
        let stage = try ExecStage()
        let flood =
            "SELECT count(*) FROM (SELECT pg_notify('a', i || repeat('x', 7900)) FROM generate_series(1, 2000) i) x;\n"
        let result = try stage.exec(
            "-q", "--sync-every=1", input: "LISTEN a;\n" + String(repeating: flood, count: 8))
        #expect(result.code == 0 && result.output.split(separator: "\n").count == 8, "\(result)")
        // 126 MB came.
        #expect(result.peakMemory < 64 << 20, "\(result.peakMemory)")
    }

    @Test(arguments: ["off", "'off'", "false", "DEFAULT"])
    func `strings are read by the standard, which cannot be turned off`(value: String) throws {
        let stage = try ExecStage()
        let result = try stage.exec(
            "-c", "SET standard_conforming_strings = on; set Standard_Conforming_Strings to \(value)", "-c",
            #"INSERT INTO t VALUES (1); SELECT '\'; INSERT INTO t VALUES (2); --'"#)
        #expect(result.code == 1 && result.errors.contains("standard_conforming_strings"), "\(result)")
        #expect(try stage.rows() == [])
    }

    @Test(arguments: [
        #"/**/ SET standard_conforming_strings = off"#, #"SET "standard_conforming_strings" = off -- on\n"#,
        "SELECT set_config('Standard_Conforming_Strings', 'off', false)", "RESET standard_conforming_strings",
        "SET standard_conforming_strings = 'off' -- 'on'\n", "RESET ALL", "/* */ discard all",
        "UPDATE pg_settings SET setting = 'off' WHERE name = 'standard_conforming_strings'",
    ])
    func `no other way turns standard strings off, whatever the role's default`(sql: String) throws {
        let stage = try ExecStage()
        try stage.cluster.psql(
            "ALTER DATABASE \"\(stage.database)\" SET standard_conforming_strings = off", database: stage.database)
        let result = try stage.exec(
            "--sync-every=1", "-c", sql + #"; SELECT 'a\'; INSERT INTO t VALUES (1); --'"#)
        #expect(result.code == 1 && result.errors.contains("standard_conforming_strings"), "\(result)")
        #expect(try stage.rows() == [])
    }

    @Test(arguments: [
        "SET standard_conforming_strings = on", "SET LOCAL standard_conforming_strings TO 'on'",
        "SHOW standard_conforming_strings", "SELECT current_setting('standard_conforming_strings')",
        "SET search_path TO standard_conforming_strings_x, public", "RESET search_path", "RESET ALL",
    ])
    func `what leaves strings standard is run`(sql: String) throws {
        let stage = try ExecStage()
        try stage.exec("-c", sql + "; INSERT INTO t VALUES (1)").expecting(0)
        #expect(try stage.rows() == ["1"])
    }

    @Test func `a signal while nobody reads is no success, though everything is done`() throws {
        let stage = try ExecStage()
        let program = try stage.program(["-c", "SELECT generate_series(1, 5200)"]).start()
        program.pauseOutput()
        try eventually("the program waits for its reader") {
            try stage.rows(
                "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle' AND query LIKE '%(1, 5200)'"
            )
            .count == 1
        }
        program.signal(SIGTERM)
        try program.waitForOutput(containing: "SIGTERM", on: .errors)
        program.resumeOutput()
        let result = try program.wait()
        #expect(result.code == 128 + SIGTERM, "\(result.errors)")
    }

    @Test(arguments: [
        ("BEGIN; INSERT INTO t VALUES (0); COMMIT; BEGIN; INSERT INTO t VALUES (1)", 3, ["0"]),
        ("BEGIN; INSERT INTO t VALUES (0); COMMIT; INSERT INTO t VALUES (1); SELECT 1 / 0", 3, ["0"]),
        ("BEGIN; INSERT INTO t VALUES (0); SAVEPOINT s; ROLLBACK TO s; COMMIT; SELECT 1 / 0", 5, ["0"]),
        ("BEGIN; INSERT INTO t VALUES (0); ROLLBACK; INSERT INTO t VALUES (1)", 4, ["1"]),
        ("BEGIN; INSERT INTO t VALUES (0); ROLLBACK", 0, []),
        ("BEGIN; INSERT INTO t VALUES (0); ROLLBACK /* go to the start */; INSERT INTO t VALUES (1)", 4, ["1"]),
    ]) func `tells what the statements themselves committed`(sql: String, last: Int, rows: [String]) throws {
        let stage = try ExecStage()
        let result = try shell(stage, #""$0" exec -c '\#(sql)' "$1" > /dev/full"#)
        #expect(result.code == (last == 0 ? 1 : 3), "\(result)")
        #expect(
            last == 0
                ? !result.errors.contains("is committed")
                : result.errors.contains("what was sent up to statement \(last) is committed"), "\(result)")
        #expect(try stage.rows() == rows)
    }

    @Test func `a signal commits nothing of a transaction that was left open`() throws {
        let stages = try [ExecStage(), ExecStage(on: Servers.first)]
        let holder = try Holder(stages[1].cluster, stages[1].database, "LOCK TABLE t")
        let program = try Program.pgcopy(["exec", "-c", "BEGIN; INSERT INTO t VALUES (1)"] + stages.map(\.conninfo))
            .start()
        try program.waitForOutput("the first has done all", on: .output) { $0.contains("INSERT 0 1") }
        try eventually("the other waits") {
            try stages[1].rows(
                "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            .count == 1
        }
        program.signal(SIGTERM)
        let result = try program.wait()
        try holder.release()
        #expect(result.code == 143 && result.errors.contains("was not ended"), "\(result)")
        #expect(try stages.map { try $0.rows() } == [[], []])
    }

    @Test func `a COMMIT whose answer is lost is in doubt, also where more may follow`() throws {
        let stage = try ExecStage()
        let proxy = try FaultProxy(to: stage.cluster)
        proxy.arm(.reset, at: .answer(to: "COMMIT"))
        let program = try Program.pgcopy("exec", proxy.conninfo(database: stage.database)).with { $0.input = .pipe }
            .start()
        program.write("BEGIN; INSERT INTO t VALUES (1); COMMIT;\n")
        try program.waitForOutput(containing: "statements 1 to 3 may have been committed", on: .errors)
        program.closeInput()
        let result = try program.wait()
        #expect(result.code == 4, "\(result)")
        #expect(try stage.rows() == ["1"])
        proxy.stop()
    }

    @Test func `a COMMIT that fails ends its transaction`() throws {
        let stage = try ExecStage()
        try stage.exec("-c", "CREATE TABLE u (i int PRIMARY KEY DEFERRABLE INITIALLY DEFERRED)").expecting(0)
        let program = try stage.program(["--sync-every=1"]).with { $0.input = .pipe }.start()
        program.pauseOutput()
        // More than a pipe takes comes first, so no answer behind it can be written.
        program.write(
            "SELECT repeat('x', 500000); BEGIN; INSERT INTO u VALUES (1), (1); COMMIT; INSERT INTO t VALUES (1);")
        try eventually("all is done") { try stage.rows() == ["1"] }
        program.signal(SIGTERM)
        try program.waitForOutput(containing: "what was sent up to statement 5 is committed", on: .errors)
        program.resumeOutput()
        #expect(try program.wait().code == 128 + SIGTERM)
        #expect(try stage.rows() == ["1"])
    }

    @Test(arguments: [(false, Int32(3)), (true, 4)])
    func `a signal when one connection is done and the other is not`(isInDoubt: Bool, code: Int32) throws {
        let stages = try [ExecStage(), ExecStage(on: Servers.first)]
        try stages[1].exec("-c", gated("t", isInDoubt ? "DEFERRABLE INITIALLY DEFERRED" : "")).expecting(0)
        let holder = try Holder(stages[1].cluster, stages[1].database, Holder.gate)
        let program = try Program.pgcopy(["exec", "-c", "INSERT INTO t VALUES (1)"] + stages.map(\.conninfo)).start()
        let waiting = """
            SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
            """
        try eventually("one waits, the other is done") {
            try stages[1].rows(waiting).count == 1 && stages[0].rows() == ["1"]
        }
        try program.waitForOutput("the first is done", on: .output) { $0.contains("INSERT 0 1") }
        let pid = try #require(pid_t(try stages[1].rows(waiting)[0]))
        // Frozen, it says nothing to its COMMIT; else it is cancelled.
        if isInDoubt { kill(pid, SIGSTOP) }
        defer { kill(pid, SIGCONT) }
        program.signal(SIGTERM)
        let result = try program.wait()
        #expect(result.code == code && result.errors.contains("(SIGTERM)"), "\(result)")
        #expect(result.errors.contains("may have been committed") == isInDoubt, "\(result)")
        kill(pid, SIGCONT)
        try holder.release()
    }

    @Test(arguments: [
        "BEGIN; INSERT INTO t VALUES (0); INSERT INTO t VALUES (1)",
        "BEGIN; INSERT INTO t VALUES (0); SELECT 1 / 0; COMMIT",
        "BEGIN; INSERT INTO t VALUES (0); SAVEPOINT s; ROLLBACK TO s; INSERT INTO t VALUES (1)",
        "BEGIN; INSERT INTO t VALUES (0); ROLLBACK AND CHAIN; INSERT INTO t VALUES (1)",
    ]) func `a synchronization point inside a transaction commits nothing`(sql: String) throws {
        let stage = try ExecStage()
        let result = try shell(stage, #""$0" exec --sync-every=1 -c '\#(sql)' "$1" > /dev/full"#)
        #expect(result.code == 1 && !result.errors.contains("is committed"), "\(result)")
        #expect(try stage.rows() == [])
    }

    @Test func `a session that is ended while it commits says so, and leaves a doubt`() throws {
        let stage = try ExecStage(
            """
            CREATE TABLE t (n int PRIMARY KEY);
            CREATE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql AS
                'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END';
            CREATE CONSTRAINT TRIGGER slowly AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED
                FOR EACH ROW EXECUTE FUNCTION slowly()
            """)
        let result = try stage.exec("-c", "INSERT INTO t VALUES (1)")
        #expect(result.code == 4 && result.errors.contains("may have been committed"), "\(result)")
        #expect(result.errors.contains("terminating connection"), "\(result)")
        #expect(result.lines(of: stage.conninfo).last?.hasPrefix("ERROR\t") == true, "\(result)")
    }

    @Test func `a statement that ended the session leaves no doubt`() throws {
        let stage = try ExecStage()
        let result = try stage.exec(
            "-c", "INSERT INTO t VALUES (1); SELECT pg_terminate_backend(pg_backend_pid()); SELECT 1")
        #expect(result.code == 1 && !result.errors.contains("may have been committed"), "\(result)")
        #expect(try stage.rows() == [])
    }

    @Test func `no advice where an error kept the COMMIT from running`() throws {
        let stage = try ExecStage()
        let result = try stage.exec("-c", "BEGIN; SELECT 1 / 0; COMMIT")
        #expect(result.code == 1 && result.errors.contains("rolled back"), "\(result)")
        #expect(!result.errors.contains("COMMIT ends it"), "\(result)")
    }
}
