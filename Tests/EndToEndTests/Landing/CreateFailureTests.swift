// What is there after a run with `--create` that failed, at whatever stage.

import Glibc
import TestKit
import Testing

@Suite struct `Tables that are made in a run that fails` {
    /// A row of `a` waits at the gate where it is checked, and where it is indexed.
    private static let tables = """
        CREATE TYPE mood AS ENUM ('sad'); CREATE SCHEMA s;
        CREATE FUNCTION s.wait(int, which int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS
            'BEGIN PERFORM pg_advisory_xact_lock_shared(which); RETURN 1; END';
        CREATE TABLE s.a (id serial PRIMARY KEY, m mood, CHECK (s.wait(id, 2) = 1)); CREATE INDEX ON s.a (s.wait(id, 3));
        CREATE TABLE s.b (id int PRIMARY KEY, a int REFERENCES s.a, t text); CREATE VIEW s.v AS SELECT * FROM s.b;
        INSERT INTO s.a (m) SELECT 'sad' FROM generate_series(1, 100); INSERT INTO s.b SELECT g, g FROM generate_series(1, 100) g
        """

    private let source: Place
    private let first: Place
    private let second: Place

    init() throws {
        let servers = try Servers.all()
        source = try Place(servers.source, Self.tables)
        (first, second) = (try Place(servers.first), try Place(servers.second))
    }

    private func arguments(_ options: [String]) -> [String] {
        ["--all-tables", "--create"] + options + [source.conninfo, first.conninfo, second.conninfo]
    }

    @Test(
        arguments: [
            // Before the rows, with them, behind them: at the second destination alone.
            ("CREATE TYPE mood AS (x int)", [], "a_id_seq"), ("", ["--set", "s.b.id=1"], "23505"),
            ("CREATE SCHEMA s; CREATE TABLE s.c (id int); CREATE INDEX a_wait_idx ON s.c (id)", [], "a_wait_idx"),
            ("CREATE SCHEMA s; CREATE SEQUENCE s.a_id_seq", [], "a_id_seq"), ("", ["--set", "s.b.a=a+1"], "23503"),
            ("", ["--set", "s.b.a=0"], "23503"),
        ], [[], ["-j", "3"]])
    func `by a statement that is refused are gone`(
        there: (sql: String, options: [String], told: String), streams: [String]
    )
        throws
    {
        if there.sql.contains("mood") {
            // It is taken for the source's, whose values are others.
            try second.sql("CREATE TYPE mood AS ENUM ('glad')")
        } else if !there.sql.isEmpty {
            try second.sql(there.sql)
        }
        let before = try second.definitions()
        let result = try transfer(arguments(there.options + streams))
        #expect(result.code == 1, "\(result)")
        #expect(result.errors.contains(there.sql.contains("mood") ? "22P02" : there.told), "\(result)")
        #expect(try first.isEmpty && second.definitions() == before, "\(result)")
    }

    /// Where it waits, and what waits there.
    enum Stage: String, CaseIterable {
        case making, copying, indexing

        /// The lock of the gate.
        var lock: Int { [.making: 1, .copying: 2, .indexing: 3][self] ?? 0 }
    }

    private func hold(_ stage: Stage) throws -> Holder {
        if stage == .making {
            try second.sql(
                """
                CREATE FUNCTION gate() RETURNS event_trigger LANGUAGE plpgsql AS
                    'BEGIN PERFORM pg_advisory_xact_lock_shared(1); END';
                CREATE EVENT TRIGGER gate ON ddl_command_end WHEN TAG IN ('CREATE VIEW') EXECUTE FUNCTION gate()
                """)
        }
        return try Holder(second, "SELECT pg_advisory_xact_lock(\(stage.lock))")
    }

    private func expectNothing(_ result: ProgramResult) throws {
        try eventually("nothing is left") {
            try first.isEmpty
                && second.sql("SELECT count(*) FROM pg_class WHERE relnamespace::regnamespace::text = 's'") == "0"
        }
        #expect(try second.sql("SELECT count(*) FROM pg_type WHERE typname = 'mood'") == "0", "\(result)")
    }

    @Test(arguments: Stage.allCases, [[], ["-j", "2"]])
    func `by a lost session are gone`(stage: Stage, streams: [String]) throws {
        let holder = try hold(stage)
        let running = try program(arguments(streams)).start()
        try second.waitForBackend("wait_event = 'advisory'")
        try second.sql(
            """
            SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()
            AND application_name = 'pgcopy' AND wait_event = 'advisory'
            """)
        let result = try running.end()
        try holder.release()
        #expect(result.code == 1, "\(result)")
        try expectNothing(result)
    }

    @Test(arguments: Stage.allCases, [[], ["-j", "2"]])
    func `by a signal are gone`(stage: Stage, streams: [String]) throws {
        let holder = try hold(stage)
        let running = try program(arguments(streams)).start()
        try second.waitForBackend("wait_event = 'advisory'")
        running.signal(SIGTERM)
        let result = try running.end()
        try holder.release()
        #expect(result.code == 143, "\(result)")
        try expectNothing(result)
    }

    /// Nobody is there to undo what is committed.
    @Test(arguments: Stage.allCases, [[], ["-j", "2"]])
    func `by SIGKILL are named before they are there`(stage: Stage, streams: [String]) throws {
        let holder = try hold(stage)
        let running = try program(arguments(streams)).start()
        try second.waitForBackend("wait_event = 'advisory'")
        running.signal(SIGKILL)
        let result = try running.wait()
        try holder.release()
        guard stage != .making, !streams.isEmpty else { return try expectNothing(result) }
        #expect(result.errors.contains("made in a transaction of its own, before the rows: s.a, s.b"), "\(result)")
        try eventually("its sessions are gone") { try second.backends() == 0 }
        #expect(try second.sql("SELECT to_regclass('s.a') IS NOT NULL AND to_regclass('s.v') IS NOT NULL") == "t")
        // All rows are there once indexes are made, and none before.
        #expect(try second.count("s.b") == (stage == .indexing ? 100 : 0))
    }

    @Test(arguments: [true, false]) func `with --keep-going are gone where it fails`(isParallel: Bool) throws {
        try second.sql("CREATE SCHEMA s; CREATE TABLE s.c (id int); CREATE INDEX a_wait_idx ON s.c (id)")
        let before = try second.definitions()
        let result = try transfer(arguments(["--keep-going"] + (isParallel ? ["-j", "2"] : [])))
        #expect(result.code == 3, "\(result)")
        #expect(try first.definitions() == source.definitions() && first.count("s.b") == 100)
        #expect(try second.definitions() == before, "\(result)")
    }

    /// A run that is stopped while it makes indexes at the second destination, where somebody has done something meanwhile.
    private func stopped(behind theirs: String) throws -> ProgramResult {
        let holder = try hold(.indexing)
        let running = try program(arguments(["-j", "2"])).start()
        try second.waitForBackend("wait_event = 'advisory'")
        try second.sql(theirs)
        running.signal(SIGTERM)
        let result = try running.end()
        try holder.release()
        return result
    }

    /// Whoever has written to one of them, or built on it, keeps it.
    @Test(arguments: [
        "INSERT INTO s.b VALUES (1000)", "CREATE VIEW other AS SELECT * FROM s.b",
        "UPDATE s.b SET t = 'mine' WHERE id = 1",
    ]) func `stay where others use them`(theirs: String) throws {
        let result = try stopped(behind: theirs)
        #expect(result.code == 3 && result.errors.contains("left so: ") && result.errors.contains("s.b"), "\(result)")
        #expect(try first.isEmpty, "\(result)")
        let expected = theirs.contains("INSERT") ? "101" : "100"
        #expect(try second.sql("SELECT count(*) FROM s.b") == expected, "\(result)")
    }

    @Test(arguments: [[], ["-j", "2"]]) func `by two runs at once are made once`(streams: [String]) throws {
        let one = try program(arguments(streams)).start()
        let other = try program(
            ["--all-tables", "--create"] + streams + [source.conninfo, second.conninfo, first.conninfo]
        ).start()
        let results = [try one.end(), try other.end()]
        // The second finds them there, and adds its rows to what has no key yet, or is refused.
        #expect(results.contains { $0.code == 0 }, "\(results)")
        for place in [first, second] { #expect(try place.definitions() == source.definitions(), "\(results)") }
        #expect(try first.count("s.a") == 100 && second.count("s.a") == 100, "\(results)")
    }

    /// DROP TABLE takes partitions and sequences along, whosever they are.
    @Test(arguments: [
        "CREATE TABLE s.mine (LIKE s.p); ALTER TABLE s.p ATTACH PARTITION s.mine FOR VALUES FROM (1000) TO (2000)",
        "CREATE SEQUENCE s.mine; ALTER SEQUENCE s.mine OWNED BY s.p.a",
    ]) func `stay where others have made theirs part of them`(theirs: String) throws {
        try source.sql(
            "CREATE TABLE s.p (a serial, b text) PARTITION BY RANGE (a); CREATE TABLE s.p1 PARTITION OF s.p FOR VALUES FROM (0) TO (1000)"
        )
        let result = try stopped(behind: theirs)
        #expect(result.code == 3 && result.errors.contains("others have made s.mine part of it"), "\(result)")
        #expect(try first.isEmpty, "\(result)")
        #expect(try second.sql("SELECT to_regclass('s.mine') IS NOT NULL, to_regclass('s.p1') IS NOT NULL") == "t|t")
    }

    /// Rows that are there to stay are not told as rolled back.
    @Test func `are told as committed where they stay with their rows`() throws {
        for place in [first, second] { try place.sql("CREATE TABLE there (id int)") }
        try source.sql("CREATE TABLE there (id int); INSERT INTO there VALUES (1)")
        let result = try stopped(behind: "CREATE VIEW other AS SELECT * FROM s.b")
        #expect(result.code == 3 && result.errors.contains("left so: "), "\(result)")
        #expect(try second.count("s.b") == 100)
        for line in result.errors.split(separator: "\n")
        where line.contains(second.label(nil)) && line.contains("rolled back: ") {
            #expect(!line.split(separator: "rolled back: ")[1].split(separator: ";")[0].contains("s.b"), "\(line)")
        }
        #expect(try first.count("there") == 1 && first.sql("SELECT to_regnamespace('s') IS NULL") == "t")
    }

    /// Their rows are not taken for others'.
    @Test func `are gone, also with --truncate and --split-larger-than`() throws {
        try second.sql("CREATE SCHEMA s; CREATE TABLE s.c (id int); CREATE INDEX a_wait_idx ON s.c (id)")
        let before = try second.definitions()
        let result = try transfer(arguments(["-j", "3", "--truncate", "--split-larger-than", "1kB"]))
        #expect(result.code == 1, "\(result)")
        #expect(try first.isEmpty && second.definitions() == before, "\(result)")
    }

    @Test func `end at --lock-timeout, behind the rows as well`() throws {
        let holder = try hold(.indexing)
        let running = try program(arguments(["-j", "2", "--lock-timeout", "1"])).start()
        try second.waitForBackend("wait_event = 'advisory'")
        let result = try running.end()
        try holder.release()
        #expect(result.code == 1 && result.errors.contains("55P03"), "\(result)")
        #expect(try first.isEmpty && second.isEmpty, "\(result)")
    }
}
