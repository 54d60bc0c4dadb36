// Several runs, sessions of one run, and strangers that want the same tables; who may lock them, and for how long.

import Glibc
import TestKit
import Testing

@Suite struct ContentionTests {
    // MARK: Runs

    /// Nobody sees that two runs wait for each other at two servers: each looks as if it waited for a stranger.
    @Test(arguments: Seeded.seeds(1)) func `runs that lock the same tables take turns`(seed: UInt64) throws {
        let trio = try Trio(rows: 2000)
        let places = trio.places.map { $0.at() }
        var runs: [RunningProgram] = []
        var random = Seeded(seed)
        let orders = [[0, 1, 2], [0, 2, 1], [1, 2], [2, 1], [0, 1, 2], [0, 2, 1]]
        var hasRowsToCopy = false
        for turn in 0..<6 {
            let order = orders[seed == 1 ? turn : random.next(in: 0..<orders.count)]
            hasRowsToCopy = hasRowsToCopy || order[0] == 0
            runs.append(try program(["-q", "--truncate", "--allow-empty"] + order.map { places[$0] }).start())
        }
        for run in runs { try run.end().expecting(0) }
        // Whatever the turns: both have the rows since the first run from their source.
        let rows = try trio.source.digest()
        #expect(rows.hasPrefix("2000 "))
        for place in [trio.first, trio.second] { #expect(try place.digest() == (hasRowsToCopy ? rows : "0 -")) }
    }

    /// A query locks tables that its run does not name.
    @Test func `runs that lock each other's tables in one database take turns`() throws {
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
    @Test func `runs to servers of one backup take turns`() throws {
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
    @Test func `runs whose conditions read each other's destinations take turns`() throws {
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

    @Test func `two destinations of one server wait for a stranger, and the one that is free is let go`() throws {
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
    @Test func `a server that freezes while a stranger is in the way is given up`() throws {
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
    @Test(arguments: ["source", "query", "destination"])
    func `the backend of a program that was killed is in nobody's way`(side: String) throws {
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
    @Test func `a lock that is waited for in vain is in nobody's way`() throws {
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
    @Test func `a stranger that waits for the run is let through`() throws {
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
    @Test func `a condition that reads the destination is refused where that is to be emptied`() throws {
        let place = try Place(
            Servers.first, "CREATE TABLE x (i int); INSERT INTO x SELECT generate_series(1, 9); CREATE TABLE y (i int)")
        let result = try transfer(
            "--truncate", "--where", "i NOT IN (SELECT i FROM y) -- all", place.at("x"), place.at("y"))
        #expect(result.code == 1 && result.errors.contains("it cannot be emptied before that is done"), "\(result)")
        try transfer("--where", "i NOT IN (SELECT i FROM y) -- all", place.at("x"), place.at("y")).expecting(0)
        #expect(try place.count("y") == 9)
    }

    /// LOCK TABLE takes no lock of an index, planning does.
    @Test func `an index that is rebuilt is waited for with no other lock held`() throws {
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

    @Test func `a destination that the source reads cannot be emptied, and is dropped`() throws {
        let trio = try Trio("CREATE TABLE t (i int)")
        try trio.source.sql("INSERT INTO t SELECT generate_series(1, 9); CREATE VIEW v AS SELECT * FROM t")
        let result = try transfer(
            "--keep-going", "--truncate", trio.source.at("v"), trio.source.at("t"), trio.first.at())
        #expect(result.code == 3 && result.errors.contains("it cannot be emptied before that is done"), "\(result)")
        #expect(try trio.first.count() == 9 && trio.source.count() == 9)
    }

    // MARK: What is dropped

    /// The others may take hours.
    @Test func `a destination that is dropped lets go of its table while the others go on`() throws {
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

    @Test func `a server that comes to after its time is let go`() throws {
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

    // MARK: Settings

    /// Wherever the user gives it; what a role has is no wish of his.
    @Test func `the lock timeout of a service is the user's, the database's is not`() throws {
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

    @Test func `a session that idles while another is waited for is kept`() throws {
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
    @Test func `a session that has not been asked yet is kept, too`() throws {
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
    @Test func `strings in the user's SQL are read one way, whatever the database has set`() throws {
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
    @Test func `the source is let go before the first commit`() throws {
        let trio = try Trio(rows: 10)
        let proxy = try FaultProxy(to: trio.first.cluster)
        proxy.arm(.stall, at: .answer(to: "COMMIT"))
        let running = try start(trio.source.at(), trio.first.through(proxy))
        try eventually("COMMIT was sent") { proxy.faultCount == 1 }
        try eventually("the source holds nothing") {
            let holding = """
                SELECT count(*) FROM pg_stat_activity a LEFT JOIN pg_locks l ON l.pid = a.pid AND l.locktype = 'relation'
                WHERE a.application_name = 'pgcopy' AND a.datname = current_database()
                AND (a.xact_start IS NOT NULL OR l.pid IS NOT NULL)
                """
            return try trio.source.sql(holding) == "0"
        }
        proxy.resume()
        try running.end().expecting(0)
        proxy.stop()
    }

    /// Deferred constraints take their time; a source that is ended meanwhile commits nothing.
    @Test func `nothing is committed if the source is ended while destinations settle`() throws {
        let trio = try Trio(rows: 10)
        try trio.first.sql(gated())
        let holder = try Holder(trio.first, Holder.gate)
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
