// Several runs, sessions of one run, and strangers that want the same tables; who may lock them, and for how long.

import Glibc
import TestKit
import Testing

@Suite struct ContentionTests {
    // MARK: Runs

    /// Nobody sees that two runs wait for each other at two servers: each looks as if it waited for a stranger.
    @Test(arguments: Seeded.seeds(1)) func runsThatLockTheSameTablesTakeTurns(seed: UInt64) throws {
        let trio = try Trio(rows: 2000)
        let places = trio.places.map { $0.at() }
        var runs: [RunningProgram] = []
        var random = Seeded(seed)
        let orders = [[0, 1, 2], [0, 2, 1], [1, 2], [2, 1], [0, 1, 2], [0, 2, 1]]
        for turn in 0..<6 {
            let order = orders[seed == 1 ? turn : random.next(in: 0..<orders.count)].map { places[$0] }
            runs.append(try program(["-q", "--truncate", "--allow-empty"] + order).start())
        }
        for run in runs { try run.end().expecting(0) }
    }

    /// A query locks tables that its run does not name.
    @Test func runsThatLockEachOthersTablesInOneDatabaseTakeTurns() throws {
        let place = try Place(
            Servers.first,
            """
            CREATE TABLE x (id int PRIMARY KEY); INSERT INTO x SELECT generate_series(1, 100);
            CREATE TABLE y (id int PRIMARY KEY); INSERT INTO y SELECT generate_series(1, 100)
            """)
        let holder = try Holder(place, "LOCK TABLE x, y")
        let runs = try [("x", "y"), ("y", "x")].map { source, target in
            try program([
                "-q", "--truncate", "--query", "SELECT * FROM \(source)", place.conninfo, place.at(target),
            ]).start()
        }
        // Each for the first of its two.
        try place.waitForLock(sessions: 2)
        try holder.release()
        for run in runs { try run.end().expecting(0) }
        #expect(try place.count("x") == 100 && place.count("y") == 100)
    }

    /// Restored from one backup they have one system identifier, and their tables the same OIDs.
    @Test func runsToServersOfOneBackupTakeTurns() throws {
        let primary = try Cluster(ClusterOptions(settings: ["wal_level = replica", "max_wal_senders = 5"]))
        let place = try Place(primary, Trio.schema)
        let restored = try Cluster(ClusterOptions(backup: .init(of: primary, isStandby: false)))
        let source = try Place(Servers.source, Trio.schema + ";" + Trio.fill(100))
        let there = restored.conninfo(database: place.database) + "#t"
        let holders = try [primary, restored].map { try Holder($0, place.database, "LOCK TABLE t") }
        let runs = try [[place.at(), there], [there, place.at()]].map {
            try program(["-q", "--truncate", source.at()] + $0).start()
        }
        for cluster in [primary, restored] { try cluster.waitForLock(in: place.database) }
        for holder in holders { try holder.release() }
        for run in runs { try run.end().expecting(0) }
        #expect(try place.count() == 100)
    }

    /// What each condition reads the other run empties.
    @Test func runsWhoseConditionsReadEachOthersDestinationsTakeTurns() throws {
        let places = try [Servers.source, Servers.first].map {
            try Place(
                $0,
                """
                CREATE TABLE x (i int); INSERT INTO x SELECT generate_series(1, 9);
                CREATE TABLE y (i int); INSERT INTO y SELECT generate_series(1, 9); CREATE TABLE copy (i int)
                """)
        }
        let holders = try places.map { try Holder($0, "LOCK TABLE y") }
        let runs = try [(0, 1), (1, 0)].map { from, to in
            try program([
                "-q", "--truncate", "--where", "i IN (SELECT i FROM y)", places[from].at("x"), places[to].at("y"),
            ]).start()
        }
        for place in places { try place.waitForLock() }
        for holder in holders { try holder.release() }
        for run in runs { try run.end().expecting(0) }
        for place in places { #expect(try place.count("y") == 9) }
    }

    @Test func twoDestinationsOfOneServerWaitForAStranger() throws {
        let trio = try Trio(Trio.schema + "; CREATE TABLE u (LIKE t)", source: Trio.fill(10))
        let holder = try Holder(trio.first, "LOCK TABLE u")
        let running = try start(trio.source.at(), trio.first.at(), trio.first.at("u"))
        try trio.first.waitForLock()
        // Alone: what is not waited for is free meanwhile.
        try eventually("t is let go") {
            try trio.first.sql("SELECT count(*) FROM pg_locks WHERE relation = 't'::regclass") == "0"
        }
        try holder.release()
        let result = try running.end().expecting(0)
        #expect(!result.errors.contains("WARNING"), "\(result)")
        #expect(try trio.first.count() == 10 && trio.first.count("u") == 10)
    }

    /// While the run's own sessions watch each other, a stranger is no sign of life for ever.
    @Test func serverThatFreezesWhileAStrangerIsInTheWayIsGivenUp() throws {
        let place = try Place(
            Servers.first,
            "CREATE TABLE x (i int); INSERT INTO x SELECT generate_series(1, 9); CREATE TABLE y (i int)")
        let first = try Holder(place, "LOCK TABLE x")
        let running = try start("--timeout=1", "--truncate", place.at("x"), place.at("y"))
        try place.waitForLock()
        let second = try Holder(place, "LOCK TABLE y")
        try first.release()
        let waiting = "pid IN (SELECT pid FROM pg_locks WHERE relation = 'y'::regclass AND NOT granted)"
        try place.waitForBackend("wait_event_type = 'Lock' AND " + waiting)
        let pid = try #require(pid_t(try place.sql("SELECT pid FROM pg_stat_activity WHERE " + waiting)))
        kill(pid, SIGSTOP)
        defer { kill(pid, SIGCONT) }
        try eventually("it is given up") { running.hasEnded }
        let result = try running.end()
        #expect(result.code == 1 && result.errors.contains("no answer within 1"), "\(result)")
        kill(pid, SIGCONT)
        try second.release()
        #expect(try place.count("y") == 0)
    }

    /// Killed, it cannot let go itself.
    @Test(arguments: ["source", "query", "destination"]) func backendOfAKilledProgramIsInNobodysWay(side: String) throws
    {
        let trio = try Trio(rows: 10)
        let place = side == "destination" ? trio.first : trio.source
        let holder = try Holder(place, "LOCK TABLE t")
        let from = side == "query" ? ["--query", "SELECT * FROM t", trio.source.conninfo] : [trio.source.at()]
        let running = try program(["--truncate"] + from + [trio.first.at()]).start()
        try place.waitForLock()
        running.kill()
        _ = try running.wait()
        try place.expectNoBackends(within: .seconds(20))
        try holder.release()
    }

    /// A session that nobody can ask whether it waits is given up, and waits no longer, in everybody's way.
    @Test func lockThatIsWaitedForInVainIsInNobodysWay() throws {
        let trio = try Trio(rows: 10)
        let role = "alone_\(trio.first.database)"
        try trio.first.sql("CREATE ROLE \(role) LOGIN CONNECTION LIMIT 1; GRANT ALL ON t TO \(role)")
        let login = trio.first.cluster.conninfo(database: trio.first.database, ["user": role]) + "#t"
        let holder = try Holder(trio.first, "LOCK TABLE t IN ACCESS SHARE MODE")
        let result = try transfer("--timeout=1", "--truncate", trio.source.at(), login)
        #expect(result.code == 1 && result.errors.contains("no answer within 1"), "\(result)")
        try trio.first.expectNoBackends()
        #expect(try trio.first.count() == 0)
        try holder.release()
        try trio.first.sql("DROP OWNED BY \(role); DROP ROLE \(role)")
    }

    /// He waits for a table of which the run holds another, and both are let go.
    @Test func strangerThatWaitsForTheRunIsLetThrough() throws {
        let place = try Place(
            Servers.first,
            "CREATE TABLE x (i int); INSERT INTO x SELECT generate_series(1, 9); CREATE TABLE y (i int)")
        let holder = try Holder(place, "LOCK TABLE y")
        let running = try start("--truncate", place.at("x"), place.at("y"))
        try place.waitForLock()
        // As long as the run is behind its first look, and no longer than it looks.
        let stranger = try place.beside("LOCK TABLE y; SELECT pg_sleep(0.6); LOCK TABLE x")
        try place.waitForLock(of: "beside")
        try holder.release()
        try stranger.wait().expecting(0)
        try running.end().expecting(0)
        #expect(try place.count("y") == 9)
    }

    /// What a condition reads is locked with the table; what a query's own tables are called matters to nobody.
    @Test func conditionThatReadsTheDestinationIsRefused() throws {
        let place = try Place(
            Servers.first, "CREATE TABLE x (i int); INSERT INTO x SELECT generate_series(1, 9); CREATE TABLE y (i int)")
        let result = try transfer(
            "--truncate", "--where", "i NOT IN (SELECT i FROM y) -- all", place.at("x"), place.at("y"))
        #expect(result.code == 1 && result.errors.contains("it cannot be emptied before that is done"), "\(result)")
        try transfer("--where", "i NOT IN (SELECT i FROM y) -- all", place.at("x"), place.at("y")).expecting(0)
        #expect(try place.count("y") == 9)
    }

    /// LOCK TABLE takes no lock of an index, planning does.
    @Test func indexThatIsRebuiltIsWaitedForAlone() throws {
        let trio = try Trio(rows: 10)
        try trio.source.sql("CREATE INDEX ix ON t (id)")
        let holder = try Holder(trio.source, "REINDEX INDEX ix")
        let running = try start("--truncate", "--where", "id > ''", trio.source.at(), trio.first.at())
        try trio.source.waitForLock()
        #expect(try trio.first.sql("SELECT count(*) FROM pg_locks WHERE relation = 't'::regclass") == "0")
        try holder.release()
        try running.end().expecting(0)
        #expect(try trio.first.count() == 10)
    }

    @Test func destinationThatCannotBeEmptiedIsDropped() throws {
        let trio = try Trio("CREATE TABLE t (i int)")
        try trio.source.sql("INSERT INTO t SELECT generate_series(1, 9); CREATE VIEW v AS SELECT * FROM t")
        let result = try transfer(
            "--keep-going", "--truncate", trio.source.at("v"), trio.source.at("t"), trio.first.at())
        #expect(result.code == 3 && result.errors.contains("it cannot be emptied before that is done"), "\(result)")
        #expect(try trio.first.count() == 9 && trio.source.count() == 9)
    }

    // MARK: What is dropped

    /// The others may take hours.
    @Test func destinationThatIsDroppedLetsGo() throws {
        let trio = try Trio(rows: 10)
        try trio.second.sql("ALTER TABLE t DROP filler")
        let directory = try TemporaryDirectory()
        let pipe = try directory.pipe()
        let running = try start("--keep-going", "--truncate", trio.source.at(), trio.first.at(), trio.second.at(), pipe)
        try running.waitForOutput(containing: "dropped", on: .errors)
        try trio.second.expectNoBackends(within: .seconds(20))
        try trio.first.waitUntilLocked()
        _ = try Program("cat", [pipe]).run()
        #expect(try running.end().code == 3)
    }

    @Test func serverThatComesToAfterItsTimeIsLetGo() throws {
        let trio = try Trio(rows: 100_000)
        let running = try start(
            "--keep-going", "--truncate", "--timeout=1", "--rate-limit=1M", trio.source.at(), trio.first.at(),
            trio.second.at())
        try trio.second.waitForBackend("state = 'active' AND query LIKE 'COPY%'")
        let pid = try #require(
            pid_t(
                try trio.second.sql(
                    """
                    SELECT pid FROM pg_stat_activity WHERE datname = current_database()
                    AND application_name = 'pgcopy'
                    """)))
        kill(pid, SIGSTOP)
        try running.waitForOutput(containing: "dropped", on: .errors)
        kill(pid, SIGCONT)
        try trio.second.expectNoBackends(within: .seconds(20))
        #expect(!running.hasEnded)
        #expect(try running.end().code == 3)
        #expect(try trio.first.count() == 100_000 && trio.second.count() == 0)
    }

    // MARK: What is emptied

    /// Whoever inserts into a partition that he has used before locks the partition alone.
    @Test func rowThatIsInsertedIntoAPartitionMeanwhileIsSeen() throws {
        let trio = try Trio("CREATE TABLE t (id int, filler text)")
        try trio.first.sql(
            "DROP TABLE t; CREATE TABLE t (id int, filler text) PARTITION BY RANGE (id); "
                + "CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (100)")
        let holder = try Holder(
            trio.first, "SAVEPOINT s; INSERT INTO t1 VALUES (1); ROLLBACK TO s; INSERT INTO t1 VALUES (42)")
        let running = try start("--truncate", trio.source.at(), trio.first.at())
        try trio.first.waitForLock()
        try holder.release()
        let result = try running.end()
        #expect(result.code == 1 && result.errors.contains("--allow-empty"), "\(result)")
        #expect(try trio.first.count() == 1)
    }

    @Test func tableThatBecomesAPartitionedOneMeanwhileIsLoaded() throws {
        let trio = try Trio(Trio.schema, source: Trio.fill(10))
        let holder = try Holder(
            trio.first,
            "DROP TABLE t; \(Trio.schema) PARTITION BY LIST (id); CREATE TABLE t1 PARTITION OF t DEFAULT")
        let running = try start("--truncate", trio.source.at(), trio.first.at())
        try trio.first.waitForLock()
        try holder.release()
        try running.end().expecting(0)
        #expect(try trio.first.count() == 10)
    }

    @Test func tableAndItsPartitionAreNotTwo() throws {
        let trio = try Trio(
            """
            CREATE TABLE t (id int) PARTITION BY RANGE (id); CREATE TABLE half PARTITION OF t FOR VALUES FROM (0) TO (50)
            PARTITION BY RANGE (id); CREATE TABLE leaf PARTITION OF half FOR VALUES FROM (0) TO (50);
            CREATE TABLE rest PARTITION OF t DEFAULT
            """, source: "INSERT INTO t SELECT generate_series(1, 3)")
        for (one, other) in [("leaf", "t"), ("t", "leaf"), ("half", "t"), ("half", "leaf")] {
            let same = try transfer(trio.source.at(one), trio.source.at(other))
            #expect(same.code == 2 && same.errors.contains("a partition of"), "\(same)")
            let twice = try transfer(trio.source.at("t"), trio.first.at(one), trio.first.at(other))
            #expect(twice.code == 2 && twice.errors.contains("a partition of"), "\(twice)")
        }
        #expect(try trio.source.count() == 3 && trio.first.count() == 0)
        // Two partitions are two tables.
        try transfer(trio.source.at("leaf"), trio.source.at("rest")).expecting(1)
        try transfer(trio.source.at("leaf"), trio.first.at("leaf")).expecting(0)
    }

    @Test(arguments: ["source", "destination", "twice"]) func tableThatBecomesAPartitionMeanwhileIsNone(side: String)
        throws
    {
        let trio = try Trio(
            "CREATE TABLE d (a int); CREATE TABLE p (a int) PARTITION BY RANGE (a)",
            source: "INSERT INTO d SELECT generate_series(1, 9)")
        let place = side == "twice" ? trio.first : trio.source
        let holder = try Holder(
            place, "LOCK TABLE d; ALTER TABLE p ATTACH PARTITION d FOR VALUES FROM (0) TO (100)")
        let (p, d) = (place.at("p"), place.at("d"))
        let arguments = side == "source" ? [d, p] : side == "destination" ? [p, d] : [trio.source.at("d"), p, d]
        let running = try program(arguments).start()
        try place.waitForLock()
        try holder.release()
        let result = try running.end()
        #expect(result.code == 2 && result.errors.contains("a partition of"), "\(result)")
        #expect(try trio.source.count("d") == 9 && trio.first.count("d") == 0)
    }

    // MARK: What stands for a name

    /// Another schema has the name for a while, just when COPY looks it up.
    @Test(arguments: ["source", "query", "destination"]) func schemaIsExchangedAndExchangedBack(side: String) throws {
        let trio = try Trio(
            """
            CREATE TABLE refd (id int PRIMARY KEY); INSERT INTO refd VALUES (1);
            CREATE SCHEMA live; CREATE TABLE live.t (id int, what text, r int DEFAULT 1 REFERENCES refd);
            CREATE SCHEMA next; CREATE TABLE next.t (id int, what text, r int DEFAULT 1 REFERENCES refd)
            """)
        let fill = "(id, what) SELECT i, repeat('x', 100) FROM generate_series(1, 3000) i"
        try trio.source.sql("INSERT INTO live.t \(fill); INSERT INTO next.t \(fill)")
        let directory = try TemporaryDirectory()
        let pipe = try directory.pipe()
        let from =
            side == "query" ? ["--query", "SELECT * FROM live.t", trio.source.conninfo] : [trio.source.at("live.t")]
        let running = try program(["--rate-limit=100k"] + from + [trio.first.at("live.t"), pipe]).start()
        for place in [trio.source, trio.first] { try place.waitUntilLocked("live.t") }
        let place = side == "destination" ? trio.first : trio.source
        try place.sql("BEGIN; ALTER SCHEMA live RENAME TO aside; ALTER SCHEMA next RENAME TO live; COMMIT")
        let cat = try Program("cat", [pipe]).start()
        try trio.first.waitForBackend("state = 'active' AND query LIKE 'COPY%'")
        try trio.source.waitForBackend("state = 'active' AND query LIKE 'COPY%'")
        try place.sql("BEGIN; ALTER SCHEMA live RENAME TO next; ALTER SCHEMA aside RENAME TO live; COMMIT")
        let result = try running.end()
        _ = try cat.wait()
        #expect(result.code == 1 && result.errors.contains("replaced"), "\(result)")
        #expect(try trio.first.count("live.t") == 0 && trio.first.count("next.t") == 0)
    }

    /// Such a change of the schema alone does no harm, nor does a namesake that a trigger writes to.
    @Test func schemaThatIsGrantedMeanwhileIsTheSame() throws {
        let trio = try Trio(rows: 10)
        try trio.first.sql(
            """
            CREATE SCHEMA history; CREATE TABLE history.t (LIKE t);
            CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS
                'BEGIN INSERT INTO history.t VALUES (NEW.*); RETURN NEW; END';
            CREATE TRIGGER keep BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION keep()
            """)
        try transfer(trio.source.at(), trio.first.at()).expecting(0)
        #expect(try trio.first.count("history.t") == 10)
        let directory = try TemporaryDirectory()
        let pipe = try directory.pipe()
        let running = try start(trio.source.at(), trio.second.at(), pipe)
        for place in [trio.source, trio.second] {
            try place.waitUntilLocked()
            try place.sql("GRANT USAGE ON SCHEMA public TO pg_monitor")
        }
        _ = try Program("cat", [pipe]).run().expecting(0)
        try running.end().expecting(0)
        #expect(try trio.second.count() == 10)
    }

    /// A view or a partition often has the name of its table, in another schema.
    @Test func namesakesAreNoSign() throws {
        let trio = try Trio(
            """
            CREATE SCHEMA data; CREATE SCHEMA api; CREATE SCHEMA arch;
            CREATE TABLE data.o (i int) PARTITION BY LIST (i); CREATE TABLE arch.o PARTITION OF data.o DEFAULT;
            CREATE VIEW api.o AS SELECT * FROM data.o
            """, source: "INSERT INTO data.o SELECT generate_series(1, 9)")
        // A row of pg_namespace keeps the mark of who wanted to change it and did not.
        for place in [trio.source, trio.first] {
            try place.sql("BEGIN; GRANT USAGE ON SCHEMA data, api TO pg_monitor; ROLLBACK")
        }
        for from in [
            [trio.source.at("api.o")], [trio.source.at("data.o")],
            ["--query", "SELECT * FROM api.o", trio.source.conninfo],
        ] {
            let directory = try TemporaryDirectory()
            let pipe = try directory.pipe()
            let running = try program(["--truncate"] + from + [trio.first.at("data.o"), pipe]).start()
            for place in [trio.source, trio.first] {
                try place.waitUntilLocked("data.o")
                try place.sql("GRANT USAGE ON SCHEMA data, api TO pg_monitor")
            }
            _ = try Program("cat", [pipe]).run()
            try running.end().expecting(0)
            #expect(try trio.first.count("data.o") == 9)
        }
    }

    /// DETACH CONCURRENTLY that was broken off stays so until FINALIZE.
    @Test func partitionThatIsHalfDetachedIsCopied() throws {
        let trio = try Trio(
            """
            CREATE TABLE t (id int) PARTITION BY RANGE (id); CREATE TABLE one PARTITION OF t FOR VALUES FROM (0) TO (50);
            CREATE TABLE two PARTITION OF t FOR VALUES FROM (50) TO (100)
            """, source: "INSERT INTO t SELECT generate_series(1, 99)")
        try trio.first.sql("CREATE TABLE plain (id int)")
        let holder = try Holder(trio.source, "SELECT count(*) FROM t")
        let detach = try trio.source.cluster.psqlProgram(
            ["-c", "SET statement_timeout = 300", "-c", "ALTER TABLE t DETACH PARTITION one CONCURRENTLY"],
            conninfo: trio.source.conninfo
        ).run()
        #expect(detach.code != 0, "\(detach)")
        try holder.release()
        for (arguments, rows) in [
            ([trio.source.at("t")], 50), ([trio.source.at("one")], 49),
            (["--query", "SELECT * FROM one", trio.source.conninfo], 49),
        ] {
            try transfer(["--truncate"] + arguments + [trio.first.at("plain")]).expecting(0)
            #expect(try trio.first.count("plain") == rows)
        }
    }

    @Test func catalogOfAllDatabasesIsATableLikeOthers() throws {
        let source = try Place(Servers.source)
        let result = try transfer("--columns=datname", source.at("pg_catalog.pg_database"), "-").expecting(0)
        #expect(result.output.contains(source.database + "\n"), "\(result)")
    }

    // MARK: Settings

    /// Wherever the user gives it; what a role has is no wish of his.
    @Test func lockTimeoutOfAServiceIsTheUsers() throws {
        let trio = try Trio(rows: 10)
        let directory = try TemporaryDirectory()
        let cluster = trio.first.cluster
        let file = try directory.write(
            """
            [slow]
            host=\(cluster.socketDirectory)
            port=\(cluster.port)
            user=postgres
            dbname=\(trio.first.database)
            options=-c lock_timeout=400ms
            """.utf8, to: "services")
        let holder = try Holder(trio.first, "LOCK TABLE t")
        let result = try transfer(trio.source.at(), "service=slow") { $0.environment["PGSERVICEFILE"] = file }
        #expect(result.code == 1 && result.errors.contains("lock timeout"), "\(result)")
        try cluster.psql("ALTER DATABASE \(trio.first.database) SET lock_timeout = '50ms'")
        let running = try start(trio.source.at(), trio.first.at())
        try trio.first.waitForLock()
        try eventually("it waits longer than the database would have it") {
            try trio.first.sql(
                """
                SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
                AND application_name = 'pgcopy' AND query_start < now() - interval '0.2 s'
                """) != "0"
        }
        try holder.release()
        try running.end().expecting(0)
    }

    /// Until a session of the run has had nothing to do for longer than a second, or the run has failed.
    private func waitUntilIdleForLonger(_ place: Place, _ running: RunningProgram) throws {
        try eventually("a session that has idled for longer than it may") {
            try place.sql(
                """
                SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle%'
                AND application_name = 'pgcopy' AND state_change < now() - interval '1.5 s'
                """) != "0" || running.hasEnded
        }
    }

    @Test func sessionThatIdlesWhileAnotherIsWaitedForIsKept() throws {
        let trio = try Trio(rows: 10)
        for place in [trio.first, trio.second] {
            try place.cluster.psql("ALTER DATABASE \(place.database) SET idle_session_timeout = '1s'")
        }
        for (locked, idle) in [(trio.first, trio.second), (trio.second, trio.first)] {
            let holder = try Holder(locked, "LOCK TABLE t")
            let running = try start("--truncate", trio.source.at(), trio.first.at(), trio.second.at())
            try locked.waitForLock()
            try waitUntilIdleForLonger(idle, running)
            try holder.release()
            try running.end().expecting(0)
            #expect(try idle.count() == 10)
        }
    }

    /// One that has not been asked yet, too: both tables are of one database.
    @Test func sessionThatIsNextIsKept() throws {
        let place = try Place(
            Servers.first, "CREATE TABLE x (i int); INSERT INTO x SELECT generate_series(1, 9); CREATE TABLE y (i int)")
        try place.cluster.psql("ALTER DATABASE \(place.database) SET idle_session_timeout = '1s'")
        let holder = try Holder(place, "LOCK TABLE x")
        let running = try start("--truncate", place.at("x"), place.at("y"))
        try place.waitForLock()
        try waitUntilIdleForLonger(place, running)
        try holder.release()
        try running.end().expecting(0)
        #expect(try place.count("y") == 9)
    }

    /// One meaning for the user's SQL, before the settings are pinned and behind.
    @Test func stringsOfTheUsersAreReadOneWay() throws {
        let trio = try Trio("CREATE TABLE t (a text, b text)", source: "INSERT INTO t VALUES (E'\\\\x61', 'row')")
        try trio.source.cluster.psql(
            "ALTER DATABASE \(trio.source.database) SET standard_conforming_strings = off")
        try transfer("--where", #"a = '\x61'"#, trio.source.at(), trio.first.at()).expecting(0)
        #expect(try trio.first.sql("TABLE t") == #"\x61|row"#)
        let query = #"SELECT '\' AS a, 1 AS b --' AS b, 2 AS a"#
        try transfer("--truncate", "--query", query, trio.source.conninfo, trio.first.at()).expecting(0)
        #expect(try trio.first.sql("TABLE t") == #"\|1"#)
    }

    // MARK: The end

    /// A COMMIT can wait for a standby, which waits for what the source's locks are in the way of.
    @Test func sourceIsLetGoBeforeTheFirstCommit() throws {
        let trio = try Trio(rows: 10)
        let proxy = try FaultProxy(to: trio.first.cluster)
        proxy.arm(.stall, at: .answer(to: "COMMIT"))
        let running = try start(trio.source.at(), trio.first.through(proxy))
        try eventually("COMMIT was sent") { proxy.faultCount == 1 }
        try trio.source.expectNoBackends(within: .seconds(20))
        proxy.resume()
        try running.end().expecting(0)
        proxy.stop()
    }

    /// Deferred constraints take their time; a source that is ended meanwhile commits nothing.
    @Test func sourceThatIsEndedWhileDestinationsSettleCommitsNothing() throws {
        let trio = try Trio(rows: 10)
        try trio.first.sql(
            """
            CREATE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql AS
                'BEGIN PERFORM pg_advisory_xact_lock_shared(1); RETURN NULL; END';
            CREATE CONSTRAINT TRIGGER slowly AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED
                FOR EACH ROW EXECUTE FUNCTION slowly()
            """)
        let holder = try Holder(trio.first, "SELECT pg_advisory_xact_lock(1)")
        let running = try start(trio.source.at(), trio.first.at(), trio.second.at())
        try trio.first.waitForBackend("query LIKE 'SET CONSTRAINTS%' AND wait_event_type = 'Lock'")
        try trio.source.waitForBackend("state LIKE 'idle in transaction%'")
        try trio.source.terminateBackends()
        try trio.source.expectNoBackends()
        try holder.release()
        let result = try running.end()
        #expect(result.code == 1 && result.errors.contains("terminating connection"), "\(result)")
        try trio.expectNothingCommitted("the source died")
    }
}
