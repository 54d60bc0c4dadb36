// What was asked for is still so when rows flow: locks first, then the snapshot and the catalogs.

import Glibc
import TestKit
import Testing

@Suite struct LockTests {
    private static let schema = "CREATE TABLE t (id bigint, what text)"
    private static func fill(_ what: String) -> String {
        "INSERT INTO t SELECT i, '\(what)' FROM generate_series(1, 1000) i"
    }

    /// "1000 old": how many rows, and what they say.
    private func content(_ place: Place, _ table: String = "t") throws -> String {
        try place.sql("SELECT count(*) || ' ' || string_agg(DISTINCT what, ',') FROM \(table)")
    }

    @Test(arguments: ["t", "v"])
    func `rows are of one moment though the source is emptied while a destination is waited for`(source: String) throws
    {
        let trio = try Trio(Self.schema, source: Self.fill("old") + "; CREATE VIEW v AS SELECT * FROM t")
        try trio.first.sql(Self.fill("there"))
        let holder = try Holder(trio.first, "LOCK TABLE t IN SHARE MODE")
        let running = try start("-q", "--truncate", trio.source.at(source), trio.first.at())
        try trio.first.waitForLock()
        // Before the source's lock or behind it: the rows are those of one moment.
        let file = "SELECT pg_relation_filenode('t')"
        let before = try trio.source.sql(file)
        let reload = try trio.source.beside("TRUNCATE t; " + Self.fill("new"))
        try eventually("the source is emptied, or waited for") {
            try trio.source.sql(file) != before
                || trio.source.sql("SELECT count(*) FROM pg_locks WHERE NOT granted AND mode = 'AccessExclusiveLock'")
                    != "0"
        }
        try holder.release()
        try running.end().expecting(0)
        try reload.wait().expecting(0)
        #expect(try ["1000 old", "1000 new"].contains(content(trio.first)))
        #expect(try content(trio.source) == "1000 new")
    }

    @Test func `a destination that is lost while the source waits is told as lost`() throws {
        let trio = try Trio(Self.schema, source: Self.fill("old"))
        let holder = try Holder(trio.source, "LOCK TABLE t")
        let proxy = try FaultProxy(to: trio.first.cluster)
        proxy.arm(.close, direction: .toServer, at: .beforeQuery("LOCK TABLE"))
        let other = try FaultProxy(to: trio.second.cluster)
        other.arm(.close, direction: .toServer, at: .beforeQuery("LOCK TABLE"))
        let labels = [trio.first.through(proxy), trio.second.through(other)]
        let result = try transfer([trio.source.at()] + labels)
        try holder.release()
        #expect(result.code == 1 && !result.errors.contains("user request"), "\(result)")
        for way in labels { #expect(result.errors.contains("\(label(of: way)): "), "\(result)") }
        #expect(!result.errors.contains("\(trio.source.label()): "), "\(result)")
        proxy.stop()
        other.stop()
    }

    /// Others get a moment, so that all that is missing is told at once.
    @Test(arguments: ["source", "destination"])
    func `who is lost for good is not told only when the slowest has answered`(
        side: String
    ) throws {
        let trio = try Trio(Self.schema, source: Self.fill("old"))
        let (lost, silent) = side == "source" ? (trio.source, trio.first) : (trio.first, trio.source)
        let cut = try FaultProxy(to: lost.cluster)
        cut.arm(.close, direction: .toServer, at: .beforeQuery("LOCK TABLE"))
        let stalled = try FaultProxy(to: silent.cluster)
        stalled.arm(.stall, direction: .toServer, at: .beforeQuery("LOCK TABLE"))
        let (at, by) = (lost.through(cut), silent.through(stalled))
        let result = try transfer(side == "source" ? [at, by, trio.second.at()] : [by, at, trio.second.at()])
        #expect(result.code == 1 && result.errors.contains("\(label(of: at)): "), "\(result)")
        #expect(result.duration < .seconds(20), "\(result)")
        try trio.expectNothingCommitted("\(result)")
        cut.stop()
        stalled.stop()
    }

    @Test func `a table that is missing is told beside a server that is silent`() throws {
        let trio = try Trio(Self.schema)
        let stalled = try FaultProxy(to: trio.first.cluster)
        stalled.arm(.stall, direction: .toServer, at: .beforeQuery("LOCK TABLE"))
        let result = try transfer(
            "--timeout=1", trio.source.at("nosuch"), trio.first.through(stalled, "t"), trio.second.at("nosuch"))
        #expect(result.code == 1, "\(result)")
        #expect(result.errors.contains("\(trio.source.label("nosuch")): there is no table"), "\(result)")
        #expect(result.errors.contains("\(trio.second.label("nosuch")): there is no table"), "\(result)")
        #expect(result.errors.contains("no answer within 1.0 s"), "\(result)")
        stalled.stop()
    }

    /// A database's default lock_timeout is not the user's wish.
    @Test func `no lock_timeout of a database ends the look at a name`() throws {
        let trio = try Trio(Self.schema, source: Self.fill("old"))
        try trio.first.cluster.psql("ALTER DATABASE \(trio.first.database) SET lock_timeout = '20ms'")
        let holder = try Holder(trio.first, "LOCK TABLE pg_catalog.pg_namespace")
        let running = try start(trio.source.at(), trio.first.at())
        let psql = trio.first.cluster
        try eventually("it waits for the catalog") {
            try psql.psql(
                """
                SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid)
                WHERE NOT l.granted AND a.application_name = 'pgcopy' AND now() - a.query_start > interval '0.3 s'
                """) != "0"
        }
        try holder.release()
        try running.end().expecting(0)
    }

    /// By a Unix socket: what is written to a session that was ended fails at once, and why lies unread behind it.
    @Test func `who was ended while another is waited for says why`() throws {
        let trio = try Trio(Self.schema, source: Self.fill("old"))
        let directory = try TemporaryDirectory()
        try Program("mkfifo", [directory.file("pipe")]).run().expecting(0)
        for place in [trio.source, trio.first] {
            let running = try start(trio.source.at(), trio.first.at(), directory.file("pipe"))
            try place.waitForBackend("state = 'idle in transaction'")
            try running.waitForOutput(containing: "waiting for the pipe's reader", on: .errors)
            try place.terminateBackends()
            try place.expectNoBackends()
            let reader = try Program("cat", [directory.file("pipe")]).start()
            let result = try running.end()
            #expect(
                result.code == 1 && result.errors.contains("\(place.label()): FATAL: terminating connection"),
                "\(result)")
            reader.signal(SIGTERM)
            _ = try reader.wait()
        }
    }

    @Test(arguments: ["source", "destination"]) func `who is cancelled while he waits does not go on`(side: String)
        throws
    {
        let trio = try Trio(Self.schema, source: Self.fill("old"))
        let place = side == "source" ? trio.source : trio.first
        let holder = try Holder(place, "LOCK TABLE t")
        let running = try start(trio.source.at(), trio.first.at())
        // A cancel that comes as an attempt is being let go is taken for the run's own: it is sent again.
        try eventually("it is cancelled while it waits, and ends") {
            try place.sql(
                """
                SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity
                WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE 'LOCK%'
                """)
            return running.hasEnded
        }
        let result = try running.end()
        try holder.release()
        #expect(result.code == 1 && result.errors.contains("user request"), "\(result)")
        #expect(try trio.first.count() == 0)
    }

    @Test(arguments: ["table", "view", "condition", "query", "columns of a role", "partitioned"])
    func `a TRUNCATE of the source that is not committed yet is waited for`(way: String) throws {
        let source = try Place(Servers.source, Self.schema + "; CREATE VIEW v AS SELECT * FROM t; " + Self.fill("old"))
        let target = try Place(Servers.first, Self.schema + "; " + Self.fill("there"))
        let role = "reader_\(source.database)"
        try source.sql("CREATE ROLE \(role) LOGIN; GRANT SELECT (id, what) ON t TO \(role)")
        if way == "partitioned" {
            try source.sql(
                """
                ALTER TABLE t RENAME TO part; CREATE TABLE t (id bigint, what text) PARTITION BY RANGE (id);
                ALTER TABLE t ATTACH PARTITION part FOR VALUES FROM (0) TO (2000)
                """)
        }
        let emptied = way == "partitioned" ? "part" : "t"
        let holder = try Holder(source, "TRUNCATE \(emptied); " + Self.fill("new"))
        let arguments =
            switch way {
            case "view": [source.at("v"), target.at()]
            case "condition": ["--where", "id > 0", source.at(), target.at()]
            case "query": ["--query", "SELECT * FROM t", source.conninfo, target.at()]
            case "columns of a role":
                [source.cluster.conninfo(database: source.database, ["user": role]) + "#t", target.at()]
            default: [source.at(), target.at()]
            }
        let running = try program(["-q", "--truncate"] + arguments).start()
        try source.waitForLock()
        try holder.release()
        try running.end().expecting(0)
        #expect(try content(target) == "1000 new")
        try source.sql("DROP OWNED BY \(role); DROP ROLE \(role)")
    }

    @Test func `a rewrite while a pipe waits for its reader comes after the copy`() throws {
        let source = try Place(Servers.source, Self.schema + "; " + Self.fill("old"))
        let directory = try TemporaryDirectory()
        let pipe = try directory.pipe()
        let running = try start("-q", source.at(), pipe)
        try source.waitForBackend("state = 'idle in transaction'")
        let rewrite = try source.beside("ALTER TABLE t ALTER id TYPE text USING 'rewritten'")
        try source.waitForLock(of: "beside")
        let lines = try Program("cat", [pipe]).run().expecting(0).output.split(separator: "\n")
        try running.end().expecting(0)
        try rewrite.wait().expecting(0)
        #expect(lines.count == 1000 && lines.allSatisfy { $0.hasSuffix("\told") && !$0.contains("rewritten") })
    }

    @Test(arguments: ["auto", "text"])
    func `a destination that is altered before its lock is had gets the right values`(format: String) throws {
        let trio = try Trio("CREATE TABLE t (n bigint)", source: "INSERT INTO t VALUES (1), (-2)")
        let holder = try Holder(trio.first, "ALTER TABLE t ALTER n TYPE float8")
        let running = try start("-v", "--format", format, trio.source.at(), trio.first.at())
        try trio.first.waitForLock()
        try holder.release()
        let result = try running.end().expecting(0)
        #expect(try trio.first.sql("SELECT string_agg(n::text, ' ' ORDER BY n) FROM t") == "-2 1", "\(result)")
    }

    @Test func `a destination that is replaced before its lock is had is the new one`() throws {
        let trio = try Trio("CREATE TABLE t (n bigint)", source: "INSERT INTO t VALUES (1)")
        try trio.first.sql("CREATE TABLE other (n float8)")
        let holder = try Holder(trio.first, "ALTER TABLE t RENAME TO aside; ALTER TABLE other RENAME TO t")
        let running = try start(trio.source.at(), trio.first.at())
        try trio.first.waitForLock()
        try holder.release()
        try running.end().expecting(0)
        #expect(try trio.first.sql("SELECT n FROM t") == "1")
        #expect(try trio.first.count("aside") == 0)
    }

    @Test func `a role that may only insert loads`() throws {
        let trio = try Trio(rows: 10)
        let role = "loader_\(trio.first.database)"
        try trio.first.sql("CREATE ROLE \(role) LOGIN; GRANT INSERT ON t TO \(role)")
        let login = trio.first.cluster.conninfo(database: trio.first.database, ["user": role]) + "#t"
        try transfer(trio.source.at(), login).expecting(0)
        #expect(try trio.first.count() == 10)
        try trio.first.sql("DROP OWNED BY \(role); DROP ROLE \(role)")
    }

    @Test func `what cannot be locked is copied, as it is when nobody is in the way`() throws {
        let trio = try Trio(Self.schema, source: Self.fill("old"))
        try trio.source.sql("CREATE MATERIALIZED VIEW m AS SELECT * FROM t")
        try transfer(trio.source.at("m"), trio.first.at()).expecting(0)
        #expect(try content(trio.first) == "1000 old")
        // Refreshed before the lock is had.
        let holder = try Holder(trio.source, "UPDATE t SET what = 'new'; REFRESH MATERIALIZED VIEW m")
        let running = try start("--truncate", trio.source.at("m"), trio.first.at())
        try trio.source.waitForLock()
        try holder.release()
        try running.end().expecting(0)
        #expect(try content(trio.first) == "1000 new")
    }

    @Test func `the table that is read is locked and its children are not, and rows and indexes still come`() throws {
        // Its children and the queries' own lookups do not matter; indexes come and go.
        let trio = try Trio(Self.schema, source: Self.fill("old"))
        try trio.source.sql("CREATE TABLE child () INHERITS (t)")
        let child = try Holder(trio.source, "LOCK TABLE child")
        let holder = try Holder(trio.first, "LOCK TABLE t IN SHARE MODE")
        let running = try start(trio.source.at(), trio.first.at())
        try trio.first.waitForLock()
        try trio.source.sql("CREATE INDEX i ON t (id)")
        try trio.source.sql("INSERT INTO t VALUES (0, 'late')")
        try holder.release()
        try running.end().expecting(0)
        try child.release()
        // The source's snapshot may come before the row or behind it: which server is locked first is theirs to say.
        #expect(try ["1000 old", "1001 late,old"].contains(content(trio.first)))
    }

    /// Both servers have `live.t`, and `next.t` with other types under the same names.
    private func blueAndGreen() throws -> Trio {
        try Trio(
            """
            CREATE SCHEMA live; CREATE TABLE live.t (id int8, what text); CREATE SCHEMA next;
            CREATE TABLE next.t (id float8, what text); INSERT INTO next.t VALUES (7, 'keep')
            """, source: "INSERT INTO live.t SELECT i, 'x' FROM generate_series(1, 100) i")
    }

    private static let exchangeSchemas =
        "BEGIN; ALTER SCHEMA live RENAME TO old; ALTER SCHEMA next RENAME TO live; COMMIT"

    /// LOCK TABLE holds a table, not its schema, and COPY goes by the name.
    @Test(arguments: ["source", "query", "destination"])
    func `a schema that is exchanged behind the lock fails the copy`(side: String) throws {
        let trio = try blueAndGreen()
        let directory = try TemporaryDirectory()
        let pipe = try directory.pipe()
        let from =
            side == "query" ? ["--query", "SELECT * FROM live.t", trio.source.conninfo] : [trio.source.at("live.t")]
        // A pipe without a reader: everything is locked, and no row has come.
        let running = try program(["--truncate"] + from + [trio.first.at("live.t"), pipe]).start()
        for place in [trio.source, trio.first] {
            try place.waitForBackend(
                "state = 'idle in transaction' AND pid IN (SELECT pid FROM pg_locks WHERE relation = 'live.t'::regclass)"
            )
        }
        try eventually("everything is locked") {
            try trio.first.sql("SELECT count(*) FROM pg_locks WHERE relation = 'live.t'::regclass AND granted") != "0"
        }
        let place = side == "destination" ? trio.first : trio.source
        try place.sql(Self.exchangeSchemas)
        _ = try Program("cat", [pipe]).run()
        let result = try running.end()
        #expect(result.code == 1 && result.errors.contains("replaced"), "\(result)")
        let (loaded, kept) = side == "destination" ? ("old.t", "live.t") : ("live.t", "next.t")
        #expect(try trio.first.count(loaded) == 0)
        #expect(try trio.first.sql("SELECT id, what FROM \(kept)") == "7|keep")
    }

}
