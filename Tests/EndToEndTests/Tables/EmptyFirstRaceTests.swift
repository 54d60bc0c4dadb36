// Divided tables that are emptied, and what others do meanwhile.

import Glibc
import TestKit
import Testing

@Suite struct `Tables that are emptied and divided, beside others` {
    private static let tables = "CREATE TABLE big (id int, v text)"
    private static let rows = "INSERT INTO big SELECT i, repeat('x', 100) FROM generate_series(1, 20000) i"
    private static let options = ["-t", "big", "-j", "2", "--truncate", "--split-larger-than", "64kB"]
    private static let slow = """
        CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(1); RETURN NULL; END $$;
        CREATE TRIGGER slow AFTER TRUNCATE ON big EXECUTE FUNCTION slow()
        """

    private func expectEqual(_ places: [Place], _ source: Place, _ comment: Comment) throws {
        for place in places { #expect(try place.digest("big") == source.digest("big"), comment) }
    }

    /// Each empties what the other has brought, or is emptied by it.
    @Test(arguments: [0, 10], [["--split-larger-than", "64kB"], []])
    func `two runs at once leave each row once`(held: Int, split: [String]) throws {
        let trio = try Trio(Self.tables, source: Self.rows)
        for place in [trio.first, trio.second] {
            try place.sql("INSERT INTO big SELECT -i, 'old' FROM generate_series(1, \(held)) i")
        }
        let options = ["-t", "big", "--truncate"] + split
        for _ in 0..<3 {
            let one = try program(
                options + ["-j", "2", trio.source.conninfo, trio.first.conninfo, trio.second.conninfo]
            ).start()
            let other = try program(
                options + ["-j", "3", trio.source.conninfo, trio.second.conninfo, trio.first.conninfo]
            ).start()
            let results = (try one.end(), try other.end())
            #expect(results.0.code == 0 && results.1.code == 0, "\(results)")
            try expectEqual([trio.first, trio.second], trio.source, "\(results)")
        }
        try trio.expectNoBackends()
    }

    @Test func `several runs at once take turns`() throws {
        let trio = try Trio(Self.tables, source: Self.rows)
        for place in [trio.source, trio.first, trio.second] {
            try place.sql((1...8).map { "CREATE TABLE c\($0) (i int); INSERT INTO c\($0) VALUES (\($0));" }.joined())
        }
        let options = ["--all-tables", "-j", "4", "--truncate", "--split-larger-than", "64kB"]
        let runs = try (0..<4).map { _ in try program(options + trio.places.map(\.conninfo)).start() }
        let results = try runs.map { try $0.end() }
        for result in results { #expect(result.code == 0, "\(result)") }
        try expectEqual([trio.first, trio.second], trio.source, "\(results)")
        #expect(results.map { $0.duration }.max() ?? .zero < .seconds(30), "\(results.map { $0.duration })")
    }

    @Test func `rows of who is loading already are emptied, too`() throws {
        let trio = try Trio(Self.tables, source: Self.rows)
        let holder = try Holder(trio.first, "INSERT INTO big VALUES (-1, 'open')")
        let running = try program(Self.options + [trio.source.conninfo, trio.first.conninfo]).start()
        try trio.first.waitForLock()
        try holder.release()
        let result = try running.end()
        #expect(result.code == 0, "\(result)")
        try expectEqual([trio.first], trio.source, "\(result)")
    }

    @Test func `who goes on inserting is outlasted`() throws {
        let trio = try Trio(Self.tables, source: Self.rows)
        try trio.first.sql("INSERT INTO big VALUES (-1, 'old')")
        let others = try Repeating(
            trio.first, sessions: 2, "DO $$ BEGIN LOOP INSERT INTO big VALUES (-2, 'busy'); COMMIT; END LOOP; END $$")
        defer { others.end() }
        try eventually("rows of others") { try trio.first.count("big") > 10 }
        let result = try transfer(Self.options + [trio.source.conninfo, trio.first.conninfo])
        #expect(result.code == 0, "\(result)")
        #expect(try trio.first.sql("SELECT count(*), count(DISTINCT id) FROM big WHERE id > 0") == "20000|20000")
        #expect(try trio.first.count("big WHERE id = -1") == 0)
    }

    @Test func `one stream empties in the transaction that loads`() throws {
        let trio = try Trio(Self.tables, source: Self.rows)
        try trio.first.sql("INSERT INTO big VALUES (-1, 'old'); ALTER TABLE big ADD CHECK (id < 20000) NOT VALID")
        let failed = try transfer(
            "-t", "big", "--truncate", "--split-larger-than", "64kB", trio.source.conninfo, trio.first.conninfo)
        #expect(failed.code == 1 && failed.errors.contains("23514"), "\(failed)")
        #expect(try trio.first.sql("SELECT id FROM big") == "-1")
    }

    @Test(arguments: ["null:", "file"]) func `a server is emptied behind what is none`(other: String) throws {
        let trio = try Trio(Self.tables, source: Self.rows)
        try trio.first.sql("INSERT INTO big VALUES (-1, 'old')")
        let directory = try TemporaryDirectory()
        let result = try transfer(
            Self.options + [
                trio.source.conninfo, other == "file" ? directory.file("big.txt") : other, trio.first.conninfo,
            ])
        #expect(result.code == 0, "\(result)")
        try expectEqual([trio.first], trio.source, "\(result)")
    }

    @Test func `what a foreign partition leads back to is not lost`() throws {
        let trio = try Trio("CREATE TABLE t (id int, v text)")
        try trio.first.sql("INSERT INTO t SELECT i, 'there' FROM generate_series(1000001, 1000100) i")
        try trio.source.sql(
            """
            DROP TABLE t; CREATE TABLE t (id int, v text) PARTITION BY RANGE (id);
            CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (1000000);
            INSERT INTO t SELECT i, repeat('local', 30) FROM generate_series(1, 5000) i;
            CREATE EXTENSION postgres_fdw; CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw
            OPTIONS (host '\(trio.first.cluster.socketDirectory)', port '\(trio.first.cluster.port)', dbname '\(trio.first.database)');
            CREATE USER MAPPING FOR CURRENT_USER SERVER far OPTIONS (user '\(Cluster.user)');
            CREATE FOREIGN TABLE t2 PARTITION OF t FOR VALUES FROM (1000000) TO (2000000) SERVER far OPTIONS (table_name 't')
            """)
        let result = try transfer(
            "-t", "t", "-j", "2", "--truncate", "--split-larger-than", "32kB", "--timeout=2", trio.source.conninfo,
            trio.first.conninfo)
        #expect(result.code == 1, "\(result)")
        #expect(try trio.first.count("t") == 100, "\(result)")
    }

    /// - Parameter victim: 0 the source, 1 and 2 the destinations.
    @Test(arguments: 0...2) func `a session that dies while tables are emptied leaves all as it was`(victim: Int) throws
    {
        let trio = try Trio(Self.tables, source: Self.rows)
        for place in [trio.first, trio.second] {
            try place.sql("INSERT INTO big VALUES (-1, 'old'); \(Self.slow)")
        }
        let running = try program(Self.options + trio.places.map(\.conninfo)).start()
        try trio.first.waitForBackend("wait_event = 'PgSleep'")
        try trio.places[victim].sql(
            """
            SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'pgcopy'
            AND pid <> pg_backend_pid()
            """)
        let result = try running.end()
        #expect(result.code == 1, "\(result)")
        for place in [trio.first, trio.second] { #expect(try place.sql("SELECT id FROM big") == "-1", "\(result)") }
    }

    @Test func `a table that is exchanged while it is emptied is emptied as well`() throws {
        let trio = try Trio(Self.tables, source: Self.rows)
        try trio.first.sql("INSERT INTO big VALUES (-1, 'old'); \(Self.slow)")
        let running = try program(Self.options + trio.places.map(\.conninfo)).start()
        try trio.first.waitForBackend("wait_event = 'PgSleep'")
        try trio.first.sql(
            "BEGIN; ALTER TABLE big RENAME TO away; CREATE TABLE big (id int, v text); INSERT INTO big VALUES (-7, 'new'); COMMIT"
        )
        let result = try running.end()
        #expect(result.code == 0, "\(result)")
        try expectEqual([trio.first, trio.second], trio.source, "\(result)")
    }

    /// Before which question it happens.
    @Test(
        arguments: [
            "relpersistence", "SELECT DISTINCT c.place", "SELECT ARRAY", "LOCK TABLE", "pg_rewrite", "SAVEPOINT",
        ], [1, 2])
    func `a table that is dropped drops its destination`(question: String, destinations: Int) throws {
        let trio = try Trio(Self.tables, source: Self.rows)
        let proxy = try FaultProxy(to: trio.first.cluster)
        defer { proxy.stop() }
        proxy.arm(.stall, direction: .toServer, at: .beforeQuery(question))
        let running = try program(
            Self.options + ["--keep-going", trio.source.conninfo, proxy.conninfo(database: trio.first.database)]
                + (destinations == 2 ? [trio.second.conninfo] : [])
        ).start()
        try proxy.waitUntilTriggered()
        // Where it is locked already it goes once it is let go.
        let dropping = try Program("psql", ["-qX", "-d", trio.first.conninfo, "-c", "DROP TABLE big"]).start()
        usleep(50_000)
        proxy.resume()
        let result = try running.end()
        _ = try dropping.wait()
        #expect([0, 1, 3].contains(result.code ?? -1), "\(result)")
        if destinations == 2 { try expectEqual([trio.second], trio.source, "\(result)") }
        try trio.expectNoBackends()
    }
}
