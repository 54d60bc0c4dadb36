// Tables that are made at the destinations (`--create`).

import TestKit
import Testing

@Suite struct `Tables that are made` {
    @Test(arguments: [["-n", "app", "-n", "\"Odd; Type: TABLE\""], ["--all-tables", "-j", "4"]])
    func `are the source's with all that belongs to them`(options: [String]) throws {
        let servers = try Servers.all()
        let source = try SampleClone.source(servers.source)
        // As if they were large: keys' indexes are built beside the others.
        try source.sql("UPDATE pg_class SET relpages = 5000 WHERE relkind = 'r' AND oid >= 16384")
        let places = [try Place(servers.first), try Place(servers.second)]
        let result = try transfer(
            options + ["--create", "--sequences", source.conninfo] + places.map(\.conninfo)
        ).expecting(0)
        let (definitions, contents) = (try source.definitions(), try source.sql(SampleClone.contents))
        #expect(definitions.count > 700 && contents.contains("app.t_190 20"))
        for place in places {
            #expect(try place.definitions() == definitions, "\(result)")
            #expect(try place.sql(SampleClone.contents) == contents)
        }
        let next = try source.sql(SampleClone.next)
        #expect(next == "501|501|21|21|101")
        for place in places { #expect(try place.sql(SampleClone.next) == next) }
        // All of it is there by now.
        let again = try transfer(options + ["--create", "--truncate", source.conninfo] + places.map(\.conninfo))
        #expect(again.code == 0 && !again.errors.contains("made"), "\(again)")
        for place in places { #expect(try place.definitions() == definitions) }
    }

    @Test(arguments: [13, 16, 18], [[], ["-j", "3"]])
    func `are so at a server of another version`(version: Int, options: [String]) throws {
        let source = try Place(Servers.all().source, Self.plain, encoding: "UTF8")
        let place = try Place(Servers.version(version))
        let there = try transfer(
            ["--all-tables", "--create"] + options + [source.conninfo, place.conninfo]
        ).expecting(0)
        let programs = try Servers.version(18).programs
        let (made, wanted) = (
            try place.definitions(programs: programs), try source.definitions(programs: programs)
        )
        #expect(made == wanted, "\(there) \(Set(made).symmetricDifference(wanted))")
        #expect(try place.digest("a") == source.digest("a"))
        // And back, by that version's pg_dump.
        let back = try Place(Servers.all().first)
        let result = try transfer(
            ["--all-tables", "--create"] + options + [place.conninfo, back.conninfo]
        ) { $0.environment["PATH"] = "\(place.cluster.programs):/usr/bin:/bin" }
        #expect(result.code == 0, "\(result)")
        #expect(try back.definitions() == source.definitions())
    }

    /// Their indexes are built beside each other, and made constraints then.
    @Test(arguments: [15, 18]) func `have the keys that large ones have, by many streams`(version: Int) throws {
        let cluster = version == 15 ? try Servers.all().source : try Servers.version(version)
        let period =
            version < 18
            ? ""
            : "CREATE TABLE p (id int4range, at daterange, n int, PRIMARY KEY (id, at WITHOUT OVERLAPS), UNIQUE (n));"
        let source = try Place(
            cluster,
            """
            CREATE TABLE a (id int, "b B" text COLLATE "C", c int, d int, e int4range,
                CONSTRAINT "odd ""Key" PRIMARY KEY (id, "b B") INCLUDE (c) WITH (fillfactor = 70),
                UNIQUE NULLS NOT DISTINCT (c, d), CONSTRAINT later UNIQUE (d) DEFERRABLE INITIALLY DEFERRED,
                f int UNIQUE, CONSTRAINT soon UNIQUE (d, id) DEFERRABLE, EXCLUDE USING gist (e WITH &&));
            ALTER TABLE a CLUSTER ON "odd ""Key"; ALTER TABLE a REPLICA IDENTITY USING INDEX "odd ""Key";
            COMMENT ON CONSTRAINT later ON a IS 'c'; COMMENT ON INDEX later IS 'i';
            CREATE INDEX ON a (d DESC); CREATE UNIQUE INDEX ON a (c) WHERE c > 3;
            CREATE TABLE b (id int PRIMARY KEY, a int REFERENCES a (f), UNIQUE (a, id)) PARTITION BY RANGE (id);
            CREATE TABLE b_1 PARTITION OF b FOR VALUES FROM (0) TO (100); CREATE TABLE b_2 PARTITION OF b DEFAULT;
            CREATE INDEX ON b_1 (a DESC); \(period)
            INSERT INTO a SELECT i, 'x', i, i, NULL, i FROM generate_series(1, 50) i; INSERT INTO b SELECT i * 10, i FROM generate_series(1, 50) i;
            ANALYZE; UPDATE pg_class SET relpages = 5000 WHERE relkind = 'r' AND oid >= 16384
            """)
        let place = try Place(cluster)
        let result = try transfer(
            "--all-tables", "--create", "-j", "3", source.conninfo, place.conninfo
        ) { $0.environment["PATH"] = "\(cluster.programs):/usr/bin:/bin" }
        #expect(result.code == 0, "\(result)")
        let programs = cluster.programs
        #expect(try place.definitions(programs: programs) == source.definitions(programs: programs))
        let indexes = """
            SELECT string_agg(concat_ws(' ', x.indexrelid::regclass, to_jsonb(x) - '{indexrelid,indrelid,indpred}'::text[],
                (SELECT string_agg(concat_ws(' ', refobjid::regclass, refobjsubid, deptype), ',' ORDER BY 1) FROM pg_depend
                    WHERE classid = 'pg_class'::regclass AND objid = x.indexrelid AND refclassid = 'pg_class'::regclass)), E'\\n'
                ORDER BY x.indexrelid::regclass::text)
            FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid AND c.relnamespace = 'public'::regnamespace
            """
        let wanted = try source.sql(indexes)
        #expect(wanted.contains("later") && wanted.contains("b_2_pkey"))
        #expect(try place.sql(indexes) == wanted)
        for table in ["a", "b"] { #expect(try place.digest(table) == source.digest(table)) }
    }

    private static let plain = """
        CREATE TYPE mood AS ENUM ('sad', 'fröhlich'); CREATE DOMAIN d AS text CHECK (VALUE <> 'ä');
        CREATE TABLE a (id serial PRIMARY KEY, m mood DEFAULT 'fröhlich', d d, CHECK (d <> 'ö'));
        CREATE TABLE b (id int GENERATED ALWAYS AS IDENTITY, a int REFERENCES a); CREATE INDEX ON b (a) WHERE a > 3;
        COMMENT ON COLUMN a.d IS 'é'; INSERT INTO a (d) VALUES ('é'), ('ü')
        """

    /// What the definitions say is what is stored, whatever an encoding makes of it.
    @Test(arguments: ["LATIN1", "WIN1252"]) func `are so in another encoding`(encoding: String) throws {
        let source = try Place(Servers.all().source, Self.plain, encoding: "UTF8")
        let place = try Place(Servers.all().first, encoding: encoding)
        try transfer("--all-tables", "--create", source.conninfo, place.conninfo).expecting(0)
        #expect(try place.definitions() == source.definitions())
        #expect(try place.sql("SELECT string_agg(d || m, ',' ORDER BY id) FROM a") == "éfröhlich,üfröhlich")
        let back = try Place(Servers.all().second, encoding: "UTF8")
        try transfer("--all-tables", "--create", "-j", "2", place.conninfo, back.conninfo).expecting(0)
        #expect(try back.definitions() == source.definitions())
    }

    @Test func `bring types, schemas, functions and sequences with them`() throws {
        let servers = try Servers.all()
        let source = try SampleClone.source(servers.source)
        let places = [
            try Place(servers.first),
            try Place(servers.second, "CREATE SCHEMA app; CREATE TYPE app.mood AS ENUM ('fröhlich', 'sad', 'new')"),
        ]
        try transfer(["-t", "app.customer", "-t", "app.event", "--create", source.conninfo] + places.map(\.conninfo))
            .expecting(0)
        for place in places {
            #expect(try place.digest("app.customer") == source.digest("app.customer"))
            #expect(try place.count("app.event") == 600)
        }
        #expect(try places[1].sql("SELECT enum_range(NULL::app.mood)") == "{fröhlich,sad,new}", "what was there stays")
        let single = try Place(servers.first)
        try transfer("--create", source.at("app.customer"), single.conninfo).expecting(0)
        #expect(try single.count("app.customer") == 500)
    }

    @Test func `are refused together with what they refer to`() throws {
        let servers = try Servers.all()
        let source = try SampleClone.source(servers.source)
        let place = try Place(servers.first)
        let result = try transfer(
            "-t", "app.order", "-t", "app.t_9", "-t", "app.derived", "--create", source.conninfo, place.conninfo)
        #expect(result.code == 1 && result.errors.contains("app.base, app.customer, app.t_4"), "\(result)")
        #expect(try place.isEmpty)
        for option in [["--upsert"], ["--query", "SELECT 1"], ["--into-schema", "x"]] {
            #expect(
                try transfer(["-t", "app.t_1", "--create"] + option + [source.conninfo, place.conninfo]).code == 2)
        }
        let view = try transfer("-t", "app.sad", "--create", source.conninfo, place.conninfo)
        #expect(view.code == 1 && view.errors.contains("is no table at the source"), "\(view)")
        let other = try transfer("--create", source.at("app.t_1"), place.at("app.x"))
        #expect(other.code == 2 && other.errors.contains("under the name that it has at the source"), "\(other)")
        #expect(try place.isEmpty)
    }

    @Test(arguments: [[], ["-j", "2"]]) func `are only those that are missing`(options: [String]) throws {
        let servers = try Servers.all()
        let source = try Place(servers.source, Self.plain)
        let first = try Place(servers.first, "CREATE TABLE a (id int PRIMARY KEY, d text, m text)")
        let second = try Place(servers.second)
        try transfer(
            ["--all-tables", "--create"] + options + [source.conninfo, first.conninfo, second.conninfo]
        ).expecting(0)
        #expect(try second.definitions() == source.definitions())
        #expect(try first.count("a") == 2 && first.sql("SELECT to_regclass('a_id_seq')") == "")
        #expect(
            try first.sql("SELECT conname FROM pg_constraint WHERE conrelid = 'b'::regclass ORDER BY 1").contains(
                "b_a_fkey"))
    }

    @Test func `are frozen, and those that are emptied`() throws {
        let servers = try Servers.all()
        let source = try Place(servers.source, Self.plain)
        let place = try Place(servers.first)
        func statements(_ options: String...) throws -> [String] {
            try transfer(["-v", "--all-tables"] + options + [source.conninfo, place.conninfo]).expecting(0).errors
                .split(separator: "\n").filter { $0.contains("FROM STDIN") }.map(String.init)
        }
        let frozen = [
            try statements("--create"), try statements("--truncate"), try statements("--delete"),
            try statements("--truncate", "-j", "2"),
        ].map { $0.count { $0.contains("FREEZE") } }
        #expect(frozen == [2, 2, 0, 0])
    }

    @Test(arguments: [[], ["-j", "4"]]) func `are only told with --dry-run`(options: [String]) throws {
        let servers = try Servers.all()
        let source = try SampleClone.source(servers.source)
        let place = try Place(servers.first)
        let result = try transfer(
            ["--all-tables", "--create", "--dry-run"] + options + [source.conninfo, place.conninfo])
        #expect(result.code == 0 && result.output.contains("app.t_190"), "\(result)")
        #expect(
            result.output.contains(options.isEmpty ? "; made before" : "; made in a transaction of its own before"),
            "\(result)")
        #expect(try place.isEmpty)
    }

    // MARK: pg_dump

    @Test func `need a pg_dump that knows the server`() throws {
        let source = try Place(Servers.version(18), Self.plain)
        let place = try Place(Servers.all().first)
        let older = try transfer("--all-tables", "--create", source.conninfo, place.conninfo)
        #expect(older.code == 1 && older.errors.contains("server version mismatch"), "\(older)")
        #expect(older.errors.contains("of the server's version or a later one"), "\(older)")
        let none = try transfer("--all-tables", "--create", source.conninfo, place.conninfo) {
            $0.environment["PATH"] = "/nowhere"
        }
        #expect(none.code == 1 && none.errors.contains("pg_dump comes with PostgreSQL's client programs"), "\(none)")
        #expect(try place.isEmpty)
    }

    @Test func `do not show the password`() throws {
        let server = try Servers.tls
        let source = try Place(server, Self.plain)
        let place = try Place(Servers.all().first)
        let dump = try FakeDump("echo \"$@\" >> MARK; exec \"$real\" \"$@\"")
        let conninfo = server.tcpConninfo(database: source.database)
        let result = try dump.transfer(["--all-tables", "--create", conninfo, place.conninfo])
        #expect(result.code == 0, "\(result)")
        let arguments = try dump.directory.text(of: "mark")
        #expect(
            arguments.contains("dbname=") && !arguments.contains("pass word") && !arguments.contains("password="),
            "\(arguments)")
        #expect(try place.definitions() == source.definitions())
    }

    @Test(arguments: [[], ["-j", "2"]]) func `are those whose rows come, or none`(options: [String]) throws {
        let servers = try Servers.all()
        let source = try Place(servers.source, Self.plain)
        let place = try Place(servers.first)
        let alter = "psql -qX -d '\(source.conninfo)' -c 'ALTER TABLE a ADD more int'"
        let result = try FakeDump("\"$real\" \"$@\" && \(alter)").transfer(
            ["--all-tables", "--create"] + options + [source.conninfo, place.conninfo])
        #expect(result.code == 1 && result.errors.contains("were altered"), "\(result)")
        #expect(try place.isEmpty)
    }

    @Test(arguments: ["exit 1", "kill -9 $$", "echo 'pg_dump: error: no such thing' >&2; exit 3"])
    func `are none where pg_dump fails`(script: String) throws {
        let servers = try Servers.all()
        let source = try Place(servers.source, Self.plain)
        let place = try Place(servers.first)
        let result = try FakeDump(script).transfer(["--all-tables", "--create", source.conninfo, place.conninfo])
        #expect(result.code == 1 && result.errors.contains("pg_dump failed"), "\(result)")
        #expect(!script.contains("such") || result.errors.contains("no such thing"))
        #expect(try place.isEmpty)
    }
}
