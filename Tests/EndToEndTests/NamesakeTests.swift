// What a name stands for, and which tables are one: partitions, namesakes, schemas that are exchanged.

import TestKit
import Testing

@Suite struct NamesakeTests {
    // MARK: What is emptied

    /// Whoever inserts into a partition that he has used before locks the partition alone.
    @Test func `a row that is inserted into a partition meanwhile is seen`() throws {
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

    @Test func `a table that becomes a partitioned one meanwhile is loaded`() throws {
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

    @Test func `a table and its partition are not two`() throws {
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

    @Test(arguments: ["source", "destination", "twice"])
    func `a table that becomes a partition of the other meanwhile is no table of its own`(side: String)
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

    /// TRUNCATE goes by the name as well: exchanged for a moment, it is another table that is emptied. A backend hears of the
    /// exchange when it takes a lock that it does not have, for the question whether the table holds rows.
    @Test(arguments: [
        "CREATE TABLE live.t (id int, what text); CREATE TABLE next.t (id int, what text)",
        // The other one is a part of it.
        """
        CREATE TABLE live.t (id int, what text) PARTITION BY LIST (what); CREATE TABLE live.p PARTITION OF live.t DEFAULT;
        CREATE TABLE next.t PARTITION OF live.t FOR VALUES IN ('next')
        """,
    ]) func `a namesake that was emptied instead is left as it was`(tables: String) throws {
        let trio = try Trio("CREATE SCHEMA live; CREATE SCHEMA next; \(tables)")
        try trio.source.sql("INSERT INTO live.t SELECT i, 'new' FROM generate_series(1, 10) i")
        try trio.first.sql("INSERT INTO live.t VALUES (1, 'old'); INSERT INTO next.t VALUES (1, 'next')")
        let proxy = try FaultProxy(to: trio.first.cluster)
        proxy.arm(.stall, direction: .toServer, at: .beforeQuery("SELECT ARRAY"))
        let directory = try TemporaryDirectory()
        let pipe = try directory.pipe()
        let running = try program(
            ["--truncate", trio.source.at("live.t"), trio.first.through(proxy, "live.t"), pipe]
        ).start()
        try proxy.waitUntilTriggered()
        try trio.first.waitForBackend("wait_event = 'ClientRead' AND query LIKE '%all_oids%'")
        try trio.first.sql("BEGIN; ALTER SCHEMA live RENAME TO aside; ALTER SCHEMA next RENAME TO live; COMMIT")
        proxy.resume()
        try trio.first.waitForBackend("state = 'idle in transaction' AND query LIKE '%search_path%'")
        try trio.first.sql("BEGIN; ALTER SCHEMA live RENAME TO next; ALTER SCHEMA aside RENAME TO live; COMMIT")
        let cat = try Program("cat", [pipe]).start()
        let result = try running.end()
        _ = try cat.wait()
        #expect(result.code == 1 && result.errors.contains("replaced"), "\(result)")
        #expect(try trio.first.sql("SELECT count(*) FROM live.t WHERE what = 'old'") == "1")
        #expect(try trio.first.sql("SELECT what FROM next.t") == "next")
        proxy.stop()
    }

    // MARK: What stands for a name

    /// Another schema has the name for a while, just when COPY looks it up.
    @Test(arguments: ["source", "query", "destination"])
    func `a schema that is exchanged and exchanged back fails the copy`(side: String) throws {
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
    @Test func `a schema whose rights change meanwhile is the same`() throws {
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

    /// Rows were loaded, so it was itself; TRUNCATE would have locked a namesake in another mode than a trigger.
    @Test(arguments: [[], ["--truncate"]], ["", " PARTITION BY LIST (id)"])
    func `a trigger that writes to a namesake is no sign of one, whatever its schema`(
        options: [String], partitioning: String
    ) throws {
        let trio = try Trio(rows: 10)
        let part = partitioning.isEmpty ? "" : "CREATE TABLE part PARTITION OF t DEFAULT;"
        try trio.first.sql(
            """
            DROP TABLE t; \(Trio.schema)\(partitioning); \(part) CREATE SCHEMA history;
            CREATE TABLE history.t (id text, filler text);
            CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS
                'BEGIN INSERT INTO history.t VALUES (NEW.*); RETURN NULL; END';
            CREATE TRIGGER keep AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION keep()
            """)
        let directory = try TemporaryDirectory()
        let pipe = try directory.pipe()
        let running = try program(options + [trio.source.at(), trio.first.at(), pipe]).start()
        try trio.first.waitUntilLocked()
        try trio.first.sql("GRANT USAGE ON SCHEMA public TO pg_monitor")
        _ = try Program("cat", [pipe]).run().expecting(0)
        try running.end().expecting(0)
        #expect(try trio.first.count() == 10 && trio.first.count("history.t") == 10)
    }

    /// A view or a partition often has the name of its table, in another schema.
    @Test func `namesakes in other schemas are no sign of an exchange`() throws {
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
    @Test func `a partition that is half detached is copied`() throws {
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

    @Test func `the catalog of all databases is a table like others`() throws {
        let source = try Place(Servers.source)
        let result = try transfer("--columns=datname", source.at("pg_catalog.pg_database"), "-").expecting(0)
        #expect(result.output.contains(source.database + "\n"), "\(result)")
    }

    /// COPY goes by the name, and the schemas' rows bear the mark of the first exchange from the beginning.
    @Test func `schemas whose exchange was under way and is undone meanwhile are noticed`() throws {
        let trio = try Trio(
            "CREATE TABLE o (what text); \(gated("o", ""))",
            source: """
                CREATE SCHEMA a; CREATE SCHEMA b; CREATE TABLE a.t (what text); CREATE TABLE b.t (what text);
                INSERT INTO a.t VALUES ('good'); INSERT INTO b.t VALUES ('bad')
                """)
        let exchange =
            "ALTER SCHEMA a RENAME TO q; ALTER SCHEMA b RENAME TO a; ALTER SCHEMA q RENAME TO b"
        let exchanging = try Holder(trio.source, exchange)
        let gate = try Holder(trio.first, Holder.gate)
        let directory = try TemporaryDirectory()
        let pipe = try directory.pipe()
        let running = try start(trio.source.at("a.t"), trio.first.at("o"), pipe)
        try trio.source.waitForBackend("state = 'idle in transaction' AND backend_xmin IS NOT NULL")
        try trio.first.waitUntilLocked("o")
        try exchanging.release()
        let reader = try Program("cat", [pipe]).start()
        try trio.first.waitForLock()
        try trio.source.sql("BEGIN; \(exchange); COMMIT")
        try gate.release()
        let result = try running.end()
        #expect(result.code == 1, "\(result)")
        #expect(try trio.first.count("o") == 0)
        _ = try reader.wait()
    }
}
