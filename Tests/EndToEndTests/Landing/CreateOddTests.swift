// Definitions that are no plain ones (`--create`).

import Glibc
import TestKit
import Testing

@Suite struct `Odd tables that are made` {
    /// All that there is of the source is at an empty destination.
    private func clone(_ sql: String, _ options: [String], there: String = "") throws {
        let servers = try Servers.all()
        let source = try Place(servers.source, sql)
        let place = try Place(servers.first, there)
        let result = try transfer(["--create"] + options + [source.conninfo, place.conninfo])
        #expect(result.code == 0, "\(result)")
        #expect(try place.definitions() == source.definitions(), "\(result)")
    }

    @Test(
        arguments: [
            // What is made of types that others have: ranges' own functions, arrays, what is postponed.
            "CREATE TYPE r AS RANGE (subtype = float8); CREATE TABLE t (a r, b r[]); INSERT INTO t VALUES ('[1,2)', '{}')",
            """
            CREATE TABLE t (id int PRIMARY KEY, o int); CREATE MATERIALIZED VIEW m AS SELECT id, o FROM t GROUP BY id;
            CREATE INDEX ON m (id); CREATE VIEW v AS SELECT id, o FROM t GROUP BY id
            """,
            "CREATE SCHEMA \"s; Type: INDEX\"; CREATE TABLE \"s; Type: INDEX\".t (a int PRIMARY KEY, up int REFERENCES \"s; Type: INDEX\".t)",
            """
            CREATE FUNCTION e() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
            CREATE EVENT TRIGGER et ON ddl_command_end EXECUTE FUNCTION e(); CREATE TABLE t (a int)
            """,
            "CREATE ACCESS METHOD heap2 TYPE TABLE HANDLER heap_tableam_handler; CREATE TABLE a (i int) USING heap2; CREATE TABLE b (i int)",
        ], [[], ["-j", "3"]]) func `are as they were`(sql: String, streams: [String]) throws
    {
        try clone(sql, ["--all-tables"] + streams)
    }

    @Test func `come in the order of what they use, with those of which it is`() throws {
        let source = """
            CREATE TABLE members (a int); CREATE TABLE x (a int);
            CREATE FUNCTION ism(int) RETURNS bool LANGUAGE sql BEGIN ATOMIC SELECT EXISTS (SELECT FROM members WHERE a = $1); END;
            CREATE FUNCTION rf(x) RETURNS int LANGUAGE sql IMMUTABLE RETURN 1; CREATE INDEX ON x (rf(x));
            ALTER TABLE x ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON x USING (ism(a));
            INSERT INTO x VALUES (1)
            """
        for streams in [[], ["-j", "2"]] { try clone(source, ["-t", "members", "-t", "x"] + streams) }
    }

    @Test(arguments: [["--all-tables", "-T", "b"], ["-n", "public", "-T", "b"]])
    func `need nothing of those that are left out`(options: [String]) throws {
        let servers = try Servers.all()
        let source = try Place(
            servers.source, "CREATE TABLE a (x int); CREATE TABLE b (x int); CREATE TYPE kind AS ENUM ('k')")
        let place = try Place(servers.first)
        try transfer(["--create"] + options + [source.conninfo, place.conninfo]).expecting(0)
        #expect(
            try place.sql(
                "SELECT to_regclass('a') IS NOT NULL, to_regclass('b') IS NULL, to_regtype('kind') IS NOT NULL")
                == "t|t|t")
    }

    /// Literals are written as the one server reads them, and the other reads otherwise.
    @Test(arguments: [[], ["-j", "2"]]) func `keep their backslashes`(streams: [String]) throws {
        let servers = try Servers.all()
        let source = try Place(
            servers.source, #"CREATE TABLE t (a text DEFAULT 'a\b', CHECK (a <> 'x\')); COMMENT ON TABLE t IS '\'"#)
        try source.sql("ALTER DATABASE \(source.database) SET standard_conforming_strings = off")
        let place = try Place(servers.first)
        try transfer(["-t", "t", "--create"] + streams + [source.conninfo, place.conninfo]).expecting(0)
        #expect(try place.sql("INSERT INTO t DEFAULT VALUES RETURNING a") == #"a\b"#)
        #expect(try place.sql("SELECT obj_description('t'::regclass)") == #"\"#)
    }

    /// A server reads a message as its session's settings are by then.
    @Test(arguments: [[], ["-j", "2"]]) func `are read as they are written, whatever is the default there`(
        streams: [String]
    ) throws {
        let servers = try Servers.all()
        let source = try Place(
            servers.source,
            #"""
            CREATE TABLE t (id int PRIMARY KEY, "ñ" text); INSERT INTO t VALUES (1, 'é');
            CREATE INDEX "idx_é" ON t (id) WHERE "ñ" = 'é\n'; CREATE INDEX ib ON t (id);
            COMMENT ON INDEX ib IS 'a\''; DROP TABLE public.victim; --'; ALTER TABLE t ADD CONSTRAINT "ç" CHECK ("ñ" <> 'ü') NOT VALID
            """#, encoding: "UTF8")
        let place = try Place(servers.first, "CREATE TABLE victim (a int)", encoding: "UTF8")
        for setting in ["client_encoding = 'LATIN1'", "standard_conforming_strings = off", "backslash_quote = on"] {
            try place.sql("ALTER DATABASE \(place.database) SET \(setting)")
        }
        try transfer(["-t", "t", "--create"] + streams + [source.conninfo, place.conninfo]).expecting(0)
        #expect(try place.count("victim") == 0)
        let names = """
            SELECT string_agg(pg_get_indexdef(i.indexrelid) || obj_description(i.indexrelid), ';' ORDER BY i.indexrelid::regclass::text),
                (SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'ç') FROM pg_index i WHERE indrelid = 't'::regclass
            """
        let pins = "SET client_encoding = 'UTF8'; SET standard_conforming_strings = on; "
        #expect(try place.sql(pins + names) == source.sql(pins + names))
    }

    @Test(arguments: [[], ["-j", "2"]]) func `lie in schemas whatever these are called`(streams: [String]) throws {
        let servers = try Servers.all()
        let source = try Place(
            servers.source,
            """
            CREATE SCHEMA "Sales x"; CREATE TYPE "Sales x".e AS ENUM ('a'); CREATE SEQUENCE "Sales x".sh;
            CREATE TABLE "Sales x".t1 (a int PRIMARY KEY DEFAULT nextval('"Sales x".sh'), e "Sales x".e, c int);
            CREATE INDEX ix ON "Sales x".t1 (c); CREATE TABLE "Sales x".t2 (a int PRIMARY KEY, e "Sales x".e);
            INSERT INTO "Sales x".t1 VALUES (1, 'a'); SELECT setval('"Sales x".sh', 500)
            """)
        let ends = { (place: Place) in streams + [source.conninfo, place.conninfo] }
        let refusing = try Place(servers.first, "CREATE SCHEMA \"Sales x\"; CREATE SEQUENCE \"Sales x\".ix")
        let before = try refusing.definitions()
        let failed = try transfer(["--create", "-n", "\"Sales x\""] + ends(refusing))
        #expect(failed.code == 1, "\(failed)")
        #expect(try refusing.definitions() == before, "\(failed)")
        let place = try Place(servers.second)
        try transfer(["--create", "--sequences", "-n", "\"Sales x\""] + ends(place)).expecting(0)
        #expect(try place.definitions() == source.definitions())
        #expect(try place.sql("SELECT nextval('\"Sales x\".sh')") == "501")
        let one = try Place(servers.second)
        for table in ["t1", "t2"] { try transfer(["--create", "-t", "\"Sales x\".\(table)"] + ends(one)).expecting(0) }
        #expect(try one.definitions() == source.definitions())
    }

    /// What is said of an index takes its table for itself.
    @Test func `have what is said of their indexes, by many streams`() throws {
        let servers = try Servers.all()
        let source = try Place(
            servers.source,
            """
            CREATE TABLE t (a int NOT NULL, b int NOT NULL, c text); INSERT INTO t SELECT g, g, 'x' FROM generate_series(1, 20000) g;
            CREATE INDEX t_a ON t (a); CREATE UNIQUE INDEX t_b ON t (b); CREATE INDEX t_e ON t ((a + b));
            ALTER TABLE t CLUSTER ON t_a; ALTER TABLE t REPLICA IDENTITY USING INDEX t_b; ALTER INDEX t_e ALTER 1 SET STATISTICS 100
            """)
        let place = try Place(servers.first)
        try transfer("-t", "t", "--create", "-j", "3", source.conninfo, place.conninfo).expecting(0)
        #expect(try place.definitions() == source.definitions())
    }

    @Test func `have the access method of the source's, whatever is there`() throws {
        let servers = try Servers.all()
        let method = "CREATE ACCESS METHOD heap2 TYPE TABLE HANDLER heap_tableam_handler;"
        let source = try Place(
            servers.source,
            "\(method) CREATE TABLE t1 (a int); CREATE TABLE t2 (a int) USING heap2; CREATE TABLE t3 (a int); CREATE TABLE t4 (a int)"
        )
        let place = try Place(servers.first, "\(method) CREATE TABLE t1 (a int); CREATE TABLE t3 (a int)")
        try place.sql("ALTER DATABASE \(place.database) SET default_table_access_method = heap2")
        try transfer("--all-tables", "--create", source.conninfo, place.conninfo).expecting(0)
        #expect(
            try place.sql(
                "SELECT c.relname, a.amname FROM pg_class c JOIN pg_am a ON a.oid = c.relam WHERE c.relname IN ('t2', 't4') ORDER BY 1"
            )
                == "t2|heap2\nt4|heap")
    }

    @Test func `are refused where a partition's name is taken`() throws {
        let servers = try Servers.all()
        let source = try Place(
            servers.source,
            """
            CREATE TABLE p (a int) PARTITION BY LIST (a); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);
            CREATE TABLE pd PARTITION OF p DEFAULT; INSERT INTO p VALUES (1), (2)
            """)
        let place = try Place(servers.first, "CREATE TABLE p1 (a int)")
        let result = try transfer("-t", "p", "--create", source.conninfo, place.conninfo)
        #expect(result.code == 1 && result.errors.contains("\"p1\" is here already"), "\(result)")
        #expect(try place.sql("SELECT to_regclass('p')") == "")
    }

    @Test(arguments: [[], ["-j", "2"]]) func `leave large objects alone, and go where others are`(streams: [String])
        throws
    {
        let servers = try Servers.all()
        let source = try Place(
            servers.source,
            """
            SELECT lo_from_bytea(0, 'abc'); CREATE TABLE t (a int PRIMARY KEY); INSERT INTO t VALUES (1);
            CREATE FUNCTION e() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
            CREATE EVENT TRIGGER et ON ddl_command_end EXECUTE FUNCTION e()
            """)
        let place = try Place(servers.first)
        for _ in 0..<2 {
            try transfer(["--all-tables", "--create"] + streams + [source.conninfo, place.conninfo]).expecting(0)
            #expect(try place.sql("SELECT count(*) FROM pg_largeobject_metadata") == "0" && place.count() == 1)
            try place.sql("DROP TABLE t")
        }
    }

    @Test func `are made where somebody wants the database left as it is, and that is overridden`() throws {
        let servers = try Servers.all()
        let source = try Place(servers.source, "CREATE TABLE t (a int PRIMARY KEY); INSERT INTO t VALUES (1)")
        for streams in [[], ["-j", "2"]] {
            let place = try Place(servers.first)
            try place.sql("ALTER DATABASE \(place.database) SET default_transaction_read_only = on")
            let refused = try transfer(["-t", "t", "--create"] + streams + [source.conninfo, place.conninfo])
            #expect(refused.code != 0 && refused.errors.contains("--override-read-only"), "\(refused)")
            try transfer(
                ["-t", "t", "--create", "--override-read-only"] + streams + [source.conninfo, place.conninfo]
            ).expecting(0)
            #expect(try place.count() == 1)
        }
    }

    /// By number: whatever it is called by then; and what cannot be dropped keeps nothing else.
    @Test func `are dropped under another name, and beside what others use`() throws {
        let servers = try Servers.all()
        let source = try Place(
            servers.source,
            """
            CREATE FUNCTION wait(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS
                'BEGIN PERFORM pg_advisory_xact_lock_shared(1); RETURN 1; END';
            CREATE TABLE t (a int PRIMARY KEY); CREATE INDEX ON t (wait(a)); INSERT INTO t VALUES (1); CREATE TYPE e AS ENUM ();
            CREATE AGGREGATE agg0(*) (sfunc = int8inc, stype = int8, initcond = 0); CREATE FOREIGN DATA WRAPPER w;
            CREATE TABLE u (e e)
            """)
        let place = try Place(servers.first)
        let holder = try Holder(place, Holder.gate)
        let running = try start("--all-tables", "-j", "2", "--create", source.conninfo, place.conninfo)
        try place.waitForBackend("wait_event = 'advisory'")
        try place.sql(
            "CREATE TABLE theirs (e e); CREATE SCHEMA z; ALTER TABLE u SET SCHEMA z; ALTER TABLE z.u RENAME TO v")
        running.signal(SIGTERM)
        let result = try running.end()
        try holder.release()
        #expect(result.code == 3 && result.errors.contains("left so: public.e\n"), "\(result)")
        #expect(
            try place.sql(
                "SELECT string_agg(oid::regclass::text, ',') FROM pg_class WHERE relkind = 'r' AND oid >= 16384")
                == "theirs")
        #expect(try place.sql("SELECT count(*) FROM pg_proc WHERE oid >= 16384") == "0")
    }

    // MARK: pg_dump

    @Test(
        arguments: [
            "ALTER TABLE p1 ADD CHECK (a < 100)", "CREATE TABLE p5 PARTITION OF p FOR VALUES IN (5)",
            "ALTER TABLE p DETACH PARTITION p1", "CREATE INDEX ON p1 (a)", "ALTER TYPE e ADD VALUE 'y'",
            "ALTER TABLE p ALTER a SET DEFAULT 4", "ALTER TABLE p ENABLE ROW LEVEL SECURITY",
            "ALTER TYPE c RENAME ATTRIBUTE x TO z", "ALTER TYPE c ADD ATTRIBUTE w int",
            "ALTER SEQUENCE p_s_seq INCREMENT 5",
            "CREATE OR REPLACE FUNCTION f(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 2'",
        ])
    func `are those whose rows come`(alteration: String) throws {
        let servers = try Servers.all()
        let source = try Place(
            servers.source,
            """
            CREATE TYPE e AS ENUM ('x'); CREATE TYPE c AS (x int); CREATE FUNCTION f(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1';
            CREATE TABLE p (a int, e e, c c, s serial, g int GENERATED ALWAYS AS (f(1)) STORED) PARTITION BY LIST (a);
            CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1); CREATE TABLE pd PARTITION OF p DEFAULT
            """)
        let place = try Place(servers.first)
        let dump = try FakeDump("\"$real\" \"$@\" && psql -qX -d '\(source.conninfo)' -c \"\(alteration)\"")
        let result = try dump.transfer(["-t", "p", "--create", source.conninfo, place.conninfo])
        #expect(result.code == 1 && result.errors.contains("were altered"), "\(result)")
        #expect(try place.isEmpty)
    }

    @Test(arguments: ["\"$real\" \"$@\" | head -n 20", "\"$real\" \"$@\"; kill -9 $$"])
    func `are none where pg_dump does not come to its end`(script: String) throws {
        let servers = try Servers.all()
        let source = try Place(servers.source, "CREATE TABLE t (a int)")
        let place = try Place(servers.first)
        let result = try FakeDump(script).transfer(["-t", "t", "--create", source.conninfo, place.conninfo])
        #expect(result.code == 1 && result.errors.contains("pg_dump"), "\(result)")
        #expect(try place.isEmpty)
    }

    @Test func `do not wait for a pg_dump that does not end`() throws {
        let servers = try Servers.all()
        let source = try Place(servers.source, "CREATE TABLE t (a int)")
        let place = try Place(servers.first)
        let dump = try FakeDump("trap '' TERM INT; : > MARK; while :; do sleep 0.1; done")
        let running = try dump.program(["-t", "t", "--create", source.conninfo, place.conninfo]).start()
        try eventually("it runs") { dump.directory.exists("mark") }
        try running.waitForOutput(containing: "waiting for pg_dump to end", on: .errors)
        let (result, duration) = try interrupted(running, SIGTERM)
        #expect(result.code == 143 && duration < .seconds(10), "\(result)")
        try eventually("nothing is left of it") { try processes(naming: dump.directory.path).isEmpty }
    }
}

/// A script in the place of pg_dump, where `"$real"` is the true one, and MARK a file of its directory.
struct FakeDump {
    let directory: TemporaryDirectory

    init(_ script: String) throws {
        directory = try TemporaryDirectory()
        let real = try Servers.all().source.programs + "/pg_dump"
        let text = "#!/bin/bash\nreal=\(real)\n" + script.replacing("MARK", with: directory.file("mark")) + "\n"
        try Program("chmod", ["+x", directory.write(text.utf8, to: "pg_dump")]).run().expecting(0)
    }

    func program(_ arguments: [String]) throws -> Program {
        try EndToEndTests.program(arguments).with { $0.environment["PATH"] = "\(directory.path):/usr/bin:/bin" }
    }

    func transfer(_ arguments: [String]) throws -> ProgramResult { expectNoSecrets(try program(arguments).run()) }
}
