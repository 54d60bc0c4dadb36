// What changes behind a source's snapshot, while it waits for its locks or copies.

import TestKit
import Testing

/// Rows are those of one moment under one set of names, or the run fails.
@Suite struct SnapshotTests {
    private static let schema = "CREATE TABLE t (id bigint, what text)"
    private static func fill(_ what: String) -> String {
        "INSERT INTO t SELECT i, '\(what)' FROM generate_series(1, 1000) i"
    }

    /// "1000 old": how many rows, and what they say.
    private func content(_ place: Place, _ table: String = "t") throws -> String {
        try place.sql("SELECT count(*) || ' ' || string_agg(DISTINCT what, ',') FROM \(table)")
    }

    /// Parsing waits for locks behind the snapshot: rows that were moved to another table meanwhile would be in neither.
    @Test(arguments: [
        "partitioned", "inherited", "view", "view of a function", "condition", "columns of a partitioned",
        "columns of a view", "view of a view",
    ])
    func `rows that are moved before the lock is had are copied`(way: String) throws {
        let source = try Place(
            Servers.source,
            "CREATE TABLE one (id bigint); INSERT INTO one SELECT generate_series(1, 1000); CREATE TABLE two (LIKE one)"
        )
        let target = try Place(Servers.first, "CREATE TABLE t (id bigint); INSERT INTO t VALUES (0)")
        let role = "mover_\(source.database)"
        try source.sql("CREATE ROLE \(role) LOGIN")
        let partitioned = """
            CREATE TABLE t (id bigint) PARTITION BY RANGE (id);
            CREATE TABLE rest PARTITION OF t DEFAULT;
            ALTER TABLE t ATTACH PARTITION one FOR VALUES FROM (500) TO (5000); DELETE FROM one WHERE id < 500;
            INSERT INTO rest SELECT generate_series(1, 499)
            """
        let merge = "ALTER TABLE t DETACH PARTITION one; INSERT INTO t SELECT * FROM one; DROP TABLE one"
        let move = "INSERT INTO two SELECT * FROM one; DELETE FROM one"
        let (setting, change): (String, String) =
            switch way {
            case "partitioned": ("DELETE FROM one WHERE id < 500; " + partitioned, merge)
            case "columns of a partitioned":
                ("DELETE FROM one WHERE id < 500; \(partitioned); GRANT SELECT (id) ON t TO \(role)", merge)
            case "inherited":
                (
                    "CREATE TABLE t (id bigint); ALTER TABLE one INHERIT t",
                    "ALTER TABLE one NO INHERIT t; INSERT INTO t SELECT * FROM one; DROP TABLE one"
                )
            case "view", "columns of a view":
                (
                    "CREATE VIEW t AS SELECT id FROM one; GRANT SELECT (id) ON t TO \(role)",
                    "\(move); CREATE OR REPLACE VIEW t AS SELECT id FROM two"
                )
            case "view of a view":
                (
                    "CREATE VIEW inner_view AS SELECT id FROM one; CREATE VIEW t AS SELECT id FROM inner_view",
                    "\(move); CREATE OR REPLACE VIEW inner_view AS SELECT id FROM two"
                )
            case "view of a function":
                (
                    """
                    CREATE VIEW v AS SELECT id FROM one;
                    CREATE FUNCTION f() RETURNS SETOF bigint STABLE LANGUAGE sql AS 'SELECT id FROM public.v'; CREATE VIEW t AS SELECT f AS id FROM f()
                    """, "\(move); CREATE OR REPLACE VIEW v AS SELECT id FROM two"
                )
            default:
                (
                    "CREATE VIEW ids AS SELECT id FROM one; CREATE TABLE t (id bigint); INSERT INTO t TABLE one",
                    "\(move); CREATE OR REPLACE VIEW ids AS SELECT id FROM two"
                )
            }
        try source.sql(setting)
        let login =
            way.hasPrefix("columns")
            ? source.cluster.conninfo(database: source.database, ["user": role]) : source.conninfo
        let rows =
            switch way {
            case "condition": [["--where", "id IN (SELECT id FROM ids)", login + "#t"]]
            case "inherited": [["--query", "SELECT id FROM t", login]]
            default: [["--query", "SELECT id FROM t", login], [login + "#t"]]
            }
        for (index, rows) in rows.enumerated() {
            if index > 0, way.contains("partitioned") {
                try source.sql(
                    """
                    CREATE TABLE one (id bigint); INSERT INTO one SELECT id FROM t WHERE id >= 500;
                    DELETE FROM t WHERE id >= 500; ALTER TABLE t ATTACH PARTITION one FOR VALUES FROM (500) TO (5000)
                    """)
            } else if index > 0 {
                let view = way == "view of a view" ? "inner_view" : way == "view of a function" ? "v" : "t"
                try source.sql(
                    "INSERT INTO one TABLE two; CREATE OR REPLACE VIEW \(view) AS SELECT id FROM one; DELETE FROM two")
            }
            // The lock is in the way from the start, and is let go when all is done.
            let holder = try Holder(
                source,
                // Subtransactions have numbers of their own.
                "LOCK TABLE \(way == "condition" ? "ids" : "one"); "
                    + (way.contains("view") ? "SAVEPOINT s; \(change); RELEASE s" : change))
            let running = try program(["-q", "--truncate"] + rows + [target.at()]).start()
            try source.waitForLock()
            try holder.release()
            try running.end().expecting(0)
            #expect(try target.sql("SELECT count(*) || ' ' || sum(id) FROM t") == "1000 500500", "\(rows)")
        }
        try source.sql("DROP OWNED BY \(role); DROP ROLE \(role)")
    }

    /// Each is in a row of the catalog that the snapshot does not see.
    @Test(arguments: [
        ("ALTER TABLE one ADD b int; UPDATE one SET b = id * 2", "SELECT * FROM one", "100 10100"),
        ("ALTER TABLE one ADD b int DEFAULT 7; UPDATE one SET b = 8", "SELECT id, b FROM one", "100 800"),
        ("ALTER TABLE two INHERIT one; DELETE FROM ONLY one WHERE id <= 50", "SELECT id, 1 FROM one", "100 100"),
    ]) func `what is added behind the snapshot is seen with its rows`(change: String, query: String, expected: String)
        throws
    {
        let source = try Place(
            Servers.source,
            """
            CREATE TABLE one (id int); INSERT INTO one SELECT generate_series(1, 100);
            CREATE TABLE two (id int); INSERT INTO two SELECT generate_series(1, 50)
            """)
        let target = try Place(Servers.first, "CREATE TABLE t (id int, b int)")
        let holder = try Holder(source, "LOCK TABLE one; " + change)
        let running = try start("--columns=id,b", "--query", query, source.conninfo, target.at())
        try source.waitForLock()
        try holder.release()
        let result = try running.end()
        #expect(result.code == 0, "\(result)")
        #expect(try target.sql("SELECT count(*) || ' ' || sum(b) FROM t") == expected)
    }

    /// A trigger at the login came with that version.
    @Test func `a temporary table is no replaced one`() throws {
        let target = try Place(Servers.first, "CREATE TABLE t (a int)")
        let newer = try Place(Servers.version(18))
        try newer.sql(
            """
            CREATE FUNCTION own() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
                CREATE TEMP TABLE IF NOT EXISTS own AS SELECT 1 AS a; END $$;
            CREATE EVENT TRIGGER own ON login EXECUTE FUNCTION own()
            """)
        try transfer("--query", "SELECT a FROM own", newer.conninfo, target.at()).expecting(0)
        #expect(try target.count() == 1)
        try newer.sql("DROP EVENT TRIGGER own")
    }

    /// Planning leaves out the partitions that a condition excludes.
    @Test func `only the partitions that are read are locked`() throws {
        let source = try Place(
            Servers.source,
            """
            CREATE TABLE p (a int) PARTITION BY RANGE (a); CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (50);
            CREATE TABLE rest PARTITION OF p DEFAULT; INSERT INTO p SELECT generate_series(1, 99)
            """)
        let role = "some_\(source.database)"
        try source.sql("CREATE ROLE \(role) LOGIN; GRANT SELECT ON p TO \(role)")
        let target = try Place(Servers.first, "CREATE TABLE t (a int)")
        let holder = try Holder(source, "LOCK TABLE rest")
        try transfer("--query", "SELECT * FROM p WHERE a = 3", source.conninfo, target.at()).expecting(0)
        try transfer("--where", "a IN (1, 2)", source.at("p"), target.at()).expecting(0)
        #expect(try target.count() == 3)
        // So may who has a right on the parent alone.
        let login = source.cluster.conninfo(database: source.database, ["user": role])
        try transfer("--query", "SELECT * FROM p WHERE a = 3", login, target.at()).expecting(0)
        #expect(try target.count() == 4)
        try holder.release()
        try source.sql("DROP OWNED BY \(role); DROP ROLE \(role)")
    }

    @Test func `more tables than can be locked are no reason to fail`() throws {
        let few = try Cluster(ClusterOptions(settings: ["max_locks_per_transaction = 10", "max_connections = 20"]))
        let source = try Place(few, "CREATE TABLE p (a int) PARTITION BY LIST (a)")
        for first in stride(from: 0, to: 1000, by: 100) {
            try source.sql(
                """
                DO $$ BEGIN FOR i IN \(first)..\(first + 99) LOOP
                EXECUTE format('CREATE TABLE p%s PARTITION OF p FOR VALUES IN (%s)', i, i); END LOOP; END $$
                """)
        }
        try source.sql("INSERT INTO p VALUES (5); CREATE VIEW v AS SELECT * FROM p WHERE a = 5")
        let target = try Place(Servers.first, "CREATE TABLE t (a int)")
        for rows in [
            ["--query", "SELECT * FROM p WHERE a = 5", source.conninfo], ["--where", "a = 5", source.at("p")],
            [source.at("v")],
        ] {
            try transfer(rows + [target.at()]).expecting(0)
        }
        #expect(try target.count() == 3)
    }

    /// A table that a function reads, merged into another behind the snapshot; the column of a query that a function gives.
    @Test(arguments: ["partition of a function's", "function", "child"])
    func `what is changed behind the snapshot fails the copy`(way: String) throws {
        let trio = try Trio("CREATE TABLE t (a int8)")
        try trio.source.sql(
            """
            CREATE TABLE p (a int8) PARTITION BY RANGE (a); CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (50);
            CREATE TABLE rest PARTITION OF p DEFAULT; INSERT INTO p SELECT generate_series(1, 99);
            CREATE FUNCTION f() RETURNS SETOF int8 STABLE LANGUAGE plpgsql AS
                'BEGIN RETURN QUERY SELECT a FROM public.p; END';
            CREATE FUNCTION g() RETURNS int8 LANGUAGE sql AS 'SELECT 5::int8';
            CREATE TABLE i (a int8); INSERT INTO i SELECT generate_series(1, 9); CREATE TABLE c AS TABLE i
            """)
        let (query, change) =
            switch way {
            case "function":
                (
                    "SELECT g() AS a",
                    """
                    DROP FUNCTION g(); CREATE FUNCTION g() RETURNS float8 LANGUAGE sql AS 'SELECT 1.5::float8'
                    """
                )
            case "child": ("SELECT a FROM i", "DELETE FROM i; ALTER TABLE c INHERIT i")
            default:
                (
                    "SELECT * FROM f() a",
                    "ALTER TABLE p DETACH PARTITION p1; INSERT INTO p SELECT * FROM p1; DROP TABLE p1"
                )
            }
        // A pipe without a reader: the query was planned, and no row has come.
        let directory = try TemporaryDirectory()
        let pipe = try directory.pipe()
        let running = try start("--query", query, trio.source.conninfo, trio.first.at(), pipe)
        try trio.source.waitForBackend("state = 'idle in transaction' AND backend_xmin IS NOT NULL")
        try trio.first.waitUntilLocked()
        try trio.source.sql("BEGIN; \(change); COMMIT")
        _ = try Program("cat", [pipe]).run().expecting(0)
        let result = try running.end()
        #expect(result.code == 1 && result.errors.contains("run it again"), "\(result)")
        #expect(try trio.first.count() == 0)
    }

    /// What is written and not committed, or was rolled back, is no change.
    @Test func `what was not committed is no change`() throws {
        let trio = try Trio(Self.schema, source: Self.fill("old"))
        try trio.source.sql("BEGIN; ALTER TABLE t ALTER id SET STATISTICS 7; ROLLBACK")
        let holder = try Holder(trio.source, "ALTER TABLE t ALTER what SET STATISTICS 7")
        for rows in [["--query", "SELECT * FROM t", trio.source.conninfo], ["--where", "true", trio.source.at()]] {
            try transfer(["--truncate"] + rows + [trio.first.at()]).expecting(0)
            #expect(try content(trio.first) == "1000 old")
        }
        try holder.release()
    }

    /// What a function reads is locked while rows flow, perhaps behind another run's lock, or this one's own.
    @Test func `a function that waits for a lock of its own run fails, for a stranger's it waits`() throws {
        let trio = try Trio(Self.schema, source: Self.fill("old"))
        try trio.source.sql(
            """
            CREATE FUNCTION rows() RETURNS SETOF t LANGUAGE plpgsql AS
                $$ BEGIN RETURN QUERY EXECUTE 'SELECT * FROM t'; END $$
            """)
        let result = try transfer(
            "--timeout=1", "--truncate", "--query", "SELECT * FROM rows()", trio.source.conninfo, trio.source.at())
        #expect(result.code == 1 && result.errors.contains("of the same run holds"), "\(result)")
        #expect(try trio.source.count() == 1000)
        let holder = try Holder(trio.source, "LOCK TABLE t")
        let running = try start("--timeout=1", "--query", "SELECT * FROM rows()", trio.source.conninfo, trio.first.at())
        try running.waitForOutput("it is told again") { $0.split(separator: "waiting for a lock on").count > 3 }
        try holder.release()
        try running.end().expecting(0)
    }

    /// What a function reads is known to nobody before it is read.
    @Test func `what could not be locked and has changed fails the copy`() throws {
        let trio = try Trio(Self.schema, source: Self.fill("old"))
        try trio.source.sql(
            """
            CREATE FUNCTION slowly() RETURNS SETOF t LANGUAGE plpgsql AS $$ BEGIN
                PERFORM pg_advisory_xact_lock_shared(1);
                RETURN QUERY EXECUTE 'SELECT * FROM t'; END $$;
            """)
        try trio.first.sql(Self.fill("there"))
        let holder = try Holder(trio.source, "SELECT pg_advisory_xact_lock(1)")
        let running = try start(
            "--allow-empty", "--truncate", "--query", "SELECT * FROM slowly()", trio.source.conninfo, trio.first.at(),
            "/dev/null")
        try trio.source.waitForLock()
        try trio.source.sql("BEGIN; TRUNCATE t; \(Self.fill("new")); COMMIT")
        try holder.release()
        let result = try running.end()
        #expect(result.code == 1 && result.errors.contains("emptied, rewritten, replaced or altered"), "\(result)")
        #expect(result.errors.contains("t: emptied"), "\(result)")
        #expect(try content(trio.first) == "1000 there")
    }

    @Test func `a partition that is attached behind the snapshot fails the copy`() throws {
        let trio = try Trio(Self.schema)
        try trio.source.sql(
            """
            DROP TABLE t; CREATE TABLE t (id bigint, what text) PARTITION BY RANGE (id);
            CREATE TABLE one PARTITION OF t FOR VALUES FROM (0) TO (10); INSERT INTO t VALUES (1, 'one');
            CREATE TABLE two (LIKE t); INSERT INTO two VALUES (11, 'two')
            """)
        // A pipe without a reader: the source is locked and has its snapshot.
        let directory = try TemporaryDirectory()
        let pipe = try directory.pipe()
        let running = try start(trio.source.at(), trio.first.at(), pipe)
        try trio.source.waitForBackend(
            "state = 'idle in transaction' AND pid IN (SELECT pid FROM pg_locks WHERE relation = 't'::regclass)")
        try trio.first.waitForBackend(
            "state = 'idle in transaction' AND pid IN (SELECT pid FROM pg_locks WHERE relation = 't'::regclass)")
        try trio.source.sql("ALTER TABLE t ATTACH PARTITION two FOR VALUES FROM (10) TO (20)")
        _ = try Program("cat", [pipe]).run().expecting(0)
        let result = try running.end()
        #expect(result.code == 1 && result.errors.contains("two: emptied, rewritten, replaced or altered"), "\(result)")
        #expect(try trio.first.count() == 0)
    }

    @Test func `a child that is to leave its parent waits for the query`() throws {
        let trio = try Trio(Self.schema)
        try trio.source.sql(
            "CREATE TABLE child () INHERITS (t); INSERT INTO t VALUES (1, 'own'); INSERT INTO child VALUES (2, 'child')"
        )
        let directory = try TemporaryDirectory()
        let pipe = try directory.pipe()
        let running = try start("--query", "SELECT * FROM t", trio.source.conninfo, pipe)
        try trio.source.waitForBackend(
            "state = 'idle in transaction' AND pid IN (SELECT pid FROM pg_locks WHERE relation = 'child'::regclass)")
        let leave = try trio.source.beside("INSERT INTO t SELECT * FROM child; ALTER TABLE child NO INHERIT t")
        try trio.source.waitForLock(of: "beside")
        let rows = try Program("cat", [pipe]).run().expecting(0).output
        try running.end().expecting(0)
        try leave.wait().expecting(0)
        #expect(rows == "1\town\n2\tchild\n")
    }

    @Test func `a partition that comes from another table fails the copy`() throws {
        let trio = try Trio(Self.schema)
        try trio.source.sql(
            """
            CREATE TABLE hot (id bigint, what text) PARTITION BY LIST (id);
            CREATE TABLE one PARTITION OF hot FOR VALUES IN (1); INSERT INTO hot VALUES (1, 'hot');
            CREATE TABLE cold (id bigint, what text) PARTITION BY LIST (id);
            CREATE TABLE none PARTITION OF cold FOR VALUES IN (0); INSERT INTO cold VALUES (0, 'cold')
            """)
        let directory = try TemporaryDirectory()
        let pipe = try directory.pipe()
        let running = try start(trio.source.at("cold"), trio.first.at(), pipe)
        for (place, table) in [(trio.source, "cold"), (trio.first, "t")] {
            try place.waitForBackend(
                "state = 'idle in transaction' AND pid IN (SELECT pid FROM pg_locks WHERE relation = '\(table)'::regclass)"
            )
        }
        try trio.source.sql(
            "BEGIN; ALTER TABLE hot DETACH PARTITION one; ALTER TABLE cold ATTACH PARTITION one FOR VALUES IN (1); COMMIT"
        )
        _ = try Program("cat", [pipe]).run().expecting(0)
        let result = try running.end()
        #expect(result.code == 1 && result.errors.contains("one: emptied, rewritten, replaced or altered"), "\(result)")
        #expect(try trio.first.count() == 0)
    }
}
