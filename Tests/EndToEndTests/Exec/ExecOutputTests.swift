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
        #expect(result.code == 1 && result.errors.contains("stdout: cannot write: "), "\(result)")
        #expect(result.errors.contains("; nothing was run\n"), "\(result)")
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
        #expect(try program.wait().code == 130)
        #expect(try stage.rows() == ["2"])
    }

    @Test(arguments: [
        ("BEGIN; INSERT INTO t VALUES (0); COMMIT; BEGIN; INSERT INTO t VALUES (1)", 3, ["0"]),
        ("BEGIN; INSERT INTO t VALUES (0); COMMIT; INSERT INTO t VALUES (1); SELECT 1 / 0", 3, ["0"]),
        ("BEGIN; INSERT INTO t VALUES (0); SAVEPOINT s; ROLLBACK TO s; COMMIT; SELECT 1 / 0", 5, ["0"]),
        ("BEGIN; INSERT INTO t VALUES (0); ROLLBACK; INSERT INTO t VALUES (1)", 4, ["1"]),
        ("BEGIN; INSERT INTO t VALUES (0); ROLLBACK", 0, []),
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
