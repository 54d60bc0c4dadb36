// Many tables by patterns: one snapshot, one transaction at each destination.

import TestKit
import Testing

@Suite struct `Many tables` {
    /// A shop of tables that refer to each other, with what a format might trip over.
    private static let shop = #"""
        CREATE SCHEMA sales;
        CREATE TABLE sales.lines (id int PRIMARY KEY, order_id int, what text);
        CREATE TABLE sales.orders (id int PRIMARY KEY, customer int, note text, total numeric, doubled int GENERATED ALWAYS AS (id * 2) STORED);
        CREATE TABLE sales.customers (id int PRIMARY KEY, "Odd Name" text, boss int REFERENCES sales.customers);
        ALTER TABLE sales.orders ADD FOREIGN KEY (customer) REFERENCES sales.customers;
        ALTER TABLE sales.lines ADD FOREIGN KEY (order_id) REFERENCES sales.orders;
        CREATE TABLE sales.nothing (i int); CREATE TABLE sales."we""ird" (i int, j text);
        CREATE TABLE sales.log (at int, what text) PARTITION BY RANGE (at);
        CREATE TABLE sales.log_1 PARTITION OF sales.log FOR VALUES FROM (0) TO (500);
        CREATE TABLE sales.log_2 PARTITION OF sales.log DEFAULT;
        CREATE TYPE sales.mood AS ENUM ('happy', 'sad'); CREATE TABLE sales.moods (m sales.mood, ms sales.mood[]);
        CREATE VIEW sales.v AS SELECT 1 AS i
        """#
    private static let rows = #"""
        INSERT INTO sales.customers SELECT i, E'tab\t ' || i, NULLIF(i - 1, 0) FROM generate_series(1, 100) i;
        INSERT INTO sales.orders SELECT i, 1 + i % 100, repeat('x', i % 3000), i / 7.0 FROM generate_series(1, 3000) i;
        INSERT INTO sales.lines SELECT i, 1 + i % 3000, E'\\.\nline ' || i FROM generate_series(1, 5000) i;
        INSERT INTO sales."we""ird" VALUES (1, NULL), (2, '');
        INSERT INTO sales.log SELECT i, 'e' || i FROM generate_series(1, 1000) i;
        INSERT INTO sales.moods VALUES ('happy', '{sad,happy}')
        """#
    private static let tables = [
        "sales.lines", "sales.orders", "sales.customers", "sales.nothing", #"sales."we""ird""#, "sales.log_1",
        "sales.log_2",
        "sales.moods",
    ]

    private func digests(_ place: Place) throws -> [String] { try Self.tables.map { try place.digest($0) } }

    @Test(arguments: ["wire", "libpq"])
    func `arrive whole, parents first, in one snapshot and one transaction`(transport: String) throws {
        let trio = try Trio(Self.shop, source: Self.rows)
        for options in [
            ["-t", "sales.*"], ["-n", "sales", "--truncate"], ["--all-tables", "--truncate", "--format=text"],
        ] {
            let result = try transfer(
                options + [trio.source.conninfo, trio.first.conninfo, trio.second.conninfo, "null:"]
            ) { $0.environment["PGCOPY_TRANSPORT"] = transport }
            #expect(
                result.code == 0 && result.errors.contains("9,103 rows"), "\(result)")
            #expect(try digests(trio.first) == digests(trio.source) && digests(trio.second) == digests(trio.source))
        }
        #expect(try trio.first.sql("SELECT count(DISTINCT xmin::text) FROM sales.lines") == "1")
        try trio.expectNoBackends()
    }

    @Test func `are all rolled back where one is refused, late or early, which is named`() throws {
        let trio = try Trio(Self.shop, source: Self.rows)
        for (table, column) in [("customers", "id"), ("lines", "id"), ("log", "at"), ("orders", "id")] {
            let limit = table == "customers" ? 90 : 900
            try trio.second.sql("ALTER TABLE sales.\(table) ADD CONSTRAINT few CHECK (\(column) < \(limit))")
            let result = try transfer(
                "-t", "sales.*", trio.source.conninfo, trio.first.conninfo, trio.second.conninfo)
            #expect(
                result.code == 1 && result.errors.contains("23514") && result.errors.contains("COPY \(table)"),
                "\(result)")
            for place in [trio.first, trio.second] {
                for table in Self.tables { #expect(try place.count(table) == 0, "\(table)") }
            }
            let others = try transfer(
                "-t", "sales.*", "--keep-going", trio.source.conninfo, trio.first.conninfo, trio.second.conninfo)
            #expect(others.code == 3, "\(others)")
            #expect(try digests(trio.first) == digests(trio.source))
            for table in Self.tables { #expect(try trio.second.count(table) == 0) }
            try trio.second.sql("ALTER TABLE sales.\(table) DROP CONSTRAINT few")
            try trio.first.sql(
                "TRUNCATE sales.lines, sales.orders, sales.customers, sales.log, sales.moods, sales.\"we\"\"ird\"")
        }
    }

    @Test(arguments: Seeded.seeds(8))
    func `commit nothing where the source dies anywhere`(seed: UInt64) throws {
        var random = Seeded(seed)
        let trio = try Trio(Self.shop, source: Self.rows)
        let proxy = try FaultProxy(to: trio.source.cluster)
        proxy.arm(
            [.reset, .close, .truncate()][random.next(in: 0..<3)], direction: .toClient,
            at: .copyBytes(random.next(in: 0..<4_000_000)))
        let result = try transfer(
            "-t", "sales.*", proxy.conninfo(database: trio.source.database), trio.first.conninfo, trio.second.conninfo)
        let arrived = try digests(trio.first) == digests(trio.source)
        #expect(result.code == 0 && arrived || result.code == 1, "\(result) \(random)")
        if result.code != 0 {
            for table in Self.tables { #expect(try trio.first.count(table) == 0 && trio.second.count(table) == 0) }
        }
        proxy.stop()
    }

    @Test func `that refer to each other in a circle need constraints that can be deferred`() throws {
        let schema = """
            CREATE TABLE a (i int PRIMARY KEY, b int); CREATE TABLE b (i int PRIMARY KEY, a int REFERENCES a);
            CREATE TABLE c (i int)
            """
        let trio = try Trio(
            schema,
            source:
                "INSERT INTO a SELECT i, i FROM generate_series(1, 9) i; INSERT INTO b SELECT i, i FROM generate_series(1, 9) i"
        )
        try trio.first.sql("ALTER TABLE a ADD CONSTRAINT circle FOREIGN KEY (b) REFERENCES b")
        let refused = try transfer("-t", "?", trio.source.conninfo, trio.first.conninfo)
        #expect(refused.code == 1 && refused.errors.contains("refer to each other in a circle"), "\(refused)")
        #expect(
            refused.errors.contains(#""public"."a", "public"."b""#) && refused.errors.contains("circle"), "\(refused)")
        // Nobody looks at keys then: the order is free.
        for streams in ["1", "2"] {
            try transfer(
                "-t", "?", "--truncate", "--disable-triggers", "-j", streams, trio.source.conninfo, trio.first.conninfo
            ).expecting(0)
            #expect(try trio.first.count("b") == 9 && trio.first.count("a") == 9)
        }
        try trio.first.sql("TRUNCATE a, b; ALTER TABLE a ALTER CONSTRAINT circle DEFERRABLE")
        try transfer("-t", "?", trio.source.conninfo, trio.first.conninfo).expecting(0)
        #expect(try trio.first.count("b") == 9 && trio.first.count("a") == 9)
        // Checked behind the last row, before anything is committed.
        try trio.source.sql("UPDATE a SET b = 99 WHERE i = 1")
        let late = try transfer("-t", "?", "--truncate", trio.source.conninfo, trio.first.conninfo)
        #expect(late.code == 1 && late.errors.contains("23503"), "\(late)")
        #expect(try trio.first.sql("SELECT b FROM a WHERE i = 1") == "1")
    }

    @Test func `that a destination lacks are told of all destinations at once, as are columns`() throws {
        let trio = try Trio(Self.shop, source: Self.rows)
        try trio.first.sql("DROP TABLE sales.moods, sales.nothing")
        try trio.second.sql("DROP TABLE sales.nothing; ALTER TABLE sales.orders DROP COLUMN note")
        let result = try transfer("-t", "sales.*", trio.source.conninfo, trio.first.conninfo, trio.second.conninfo)
        #expect(result.code == 1, "\(result)")
        #expect(
            result.errors.contains(#"\#(trio.first.label(nil)): there is no table "sales"."moods", "sales"."nothing""#)
                && result.errors.contains(#"\#(trio.second.label(nil)): there is no table "sales"."nothing""#),
            "\(result)")
        try trio.second.sql("CREATE TABLE sales.nothing (j int)")
        let columns = try transfer("-t", "sales.*", trio.source.conninfo, trio.second.conninfo)
        #expect(columns.code == 1 && columns.errors.contains(#"has no column "note""#), "\(columns)")
        #expect(columns.errors.contains(#"has no column "i""#), "\(columns)")
    }

    @Test func `that a role may not read, load or empty are told at once`() throws {
        let trio = try Trio(
            "CREATE TABLE a (i int); CREATE TABLE b (i int); CREATE TABLE c (i int)", source: "INSERT INTO a VALUES (1)"
        )
        let role = "poor_\(trio.source.database)_\(trio.first.database)"
        for place in [trio.source, trio.first] { try place.sql("CREATE ROLE \(role) LOGIN") }
        defer {
            for place in [trio.source, trio.first] { _ = try? place.sql("DROP OWNED BY \(role); DROP ROLE \(role)") }
        }
        try trio.source.sql("GRANT SELECT ON b TO \(role)")
        try trio.first.sql("GRANT INSERT ON a, b TO \(role); GRANT TRUNCATE ON c TO \(role)")
        func login(_ place: Place) -> String { place.cluster.conninfo(database: place.database, ["user": role]) }
        let result = try transfer("-t", "?", "--truncate", login(trio.source), login(trio.first))
        #expect(result.code == 1, "\(result)")
        for words in [
            #"may not read "public"."a", "public"."c"; it needs SELECT"#,
            #"may not load "public"."c"; it needs INSERT"#,
            #"may not empty "public"."a", "public"."b"; it needs TRUNCATE"#,
        ] { #expect(result.errors.contains(words), "\(result)") }
    }

    @Test func `that change while they are read are seen at the end`() throws {
        let trio = try Trio(Self.shop, source: Self.rows)
        // A foreign table is not locked; an ordinary one is, so that only its schema can be renamed.
        let gate = try Holder(trio.first, "LOCK TABLE sales.lines IN SHARE MODE")
        let running = try start("-t", "sales.*", trio.source.conninfo, trio.first.conninfo)
        try trio.first.waitForLock()
        try trio.source.sql("ALTER SCHEMA sales RENAME TO aside")
        try gate.release()
        let result = try running.end()
        #expect(result.code != 0, "\(result)")
        for table in Self.tables { #expect(try trio.first.count(table) == 0) }
    }

    @Test func `are not emptied for the sake of none, and fill those that were emptied`() throws {
        let trio = try Trio(Self.shop)
        try trio.first.sql(Self.rows)
        let before = try digests(trio.first)
        let refused = try transfer("-t", "sales.*", "--truncate", trio.source.conninfo, trio.first.conninfo)
        #expect(refused.code == 1 && refused.errors.contains("--allow-empty"), "\(refused)")
        #expect(try digests(trio.first) == before)
        try trio.source.sql("INSERT INTO sales.nothing VALUES (1)")
        try transfer("-t", "sales.*", "--truncate", trio.source.conninfo, trio.first.conninfo).expecting(0)
        #expect(try trio.first.count("sales.lines") == 0 && trio.first.count("sales.nothing") == 1)
    }

    @Test func `what is about one table is refused with patterns`() throws {
        for (options, words) in [
            (["--where=true"], "--where is about one table"), (["--columns=a"], "--columns is about one table"),
            (["--into=x"], "--into is about one table"),
        ] {
            let result = try transfer(
                options + ["-t", "a*", "postgresql://nowhere.invalid/x", "postgresql://nowhere.invalid/y"])
            #expect(result.code == 2 && result.errors.contains(words), "\(result)")
        }
        for (source, destination, words) in [
            ("postgresql://nowhere.invalid/x#t", "null:", "names the table"),
            ("./file", "null:", "tables are selected on a server"),
            ("postgresql://nowhere.invalid/x", "postgresql://nowhere.invalid/y#t", "names one table"),
            ("postgresql://nowhere.invalid/x", "./file", "several tables cannot go to one file"),
        ] {
            let result = try transfer("-t", "a*", source, destination)
            #expect(result.code == 2 && result.errors.contains(words), "\(result)")
        }
    }

    /// However many they are, nobody waits for an answer between two.
    @Test func `that differ are told all at once, in one table`() throws {
        let trio = try Trio(
            """
            CREATE TABLE a (i int, t varchar(9)); CREATE TABLE b (i int, j int); CREATE TABLE c (i int);
            CREATE TABLE d (i int, g int)
            """)
        try trio.first.sql(
            """
            ALTER TABLE a ALTER i TYPE bigint; ALTER TABLE b DROP j, ADD n text NOT NULL, ADD ok text NOT NULL DEFAULT '';
            DROP TABLE c; ALTER TABLE d DROP g, ADD g int GENERATED ALWAYS AS (1) STORED
            """)
        try trio.second.sql("ALTER TABLE a ALTER t TYPE varchar(8)")
        let result = try transfer(["-t", "?"] + trio.places.map(\.conninfo))
        let lines = result.errors.split(separator: "\n").map { line in
            line.split(separator: " ").filter { !$0.hasPrefix("[local:") }.joined(separator: " ")
        }
        #expect(
            Array(lines.prefix(8)) == [
                #"pgcopy: there is no table "public"."c"; --create makes it"#,
                "table differs in source destination at", #"public.a type of "i" integer bigint"#,
                #"public.a type of "t" character varying(9) character varying(8)"#,
                #"public.b column "j" integer missing"#,
                #"public.b column "n" missing text NOT NULL without a default"#, "public.c table there missing",
                #"public.d column "g" integer generated"#,
            ], "\(result)")
        #expect(result.code == 1)
        let json = try transfer(["--progress=json", "-t", "?"] + trio.places.map(\.conninfo))
        #expect(
            json.errors.contains(
                #","differences":[{"table":"public.a","what":"type of \"i\"","source":"integer","there":"bigint","#
            ),
            "\(json)")
        // One difference alone is the refusal itself.
        let one = try transfer("-t", "c", trio.source.conninfo, trio.first.conninfo)
        #expect(one.code == 1 && !one.errors.contains("differs in"), "\(one)")
        try trio.expectNoBackends()
    }

    @Test func `take a round trip for none of them`() throws {
        let many = (0..<150).map { "CREATE TABLE t\($0) (i int)" }.joined(separator: ";")
        let fill = (0..<150).map { "INSERT INTO t\($0) VALUES (\($0)), (2)" }.joined(separator: ";")
        let trio = try Trio(many, source: fill)
        let proxies = try trio.places.map { try FaultProxy(to: $0.cluster) }
        let endpoints = zip(trio.places, proxies).map { $1.conninfo(database: $0.database) }
        for proxy in proxies { proxy.delay(toServer: .milliseconds(50), toClient: .milliseconds(50)) }
        func time(_ pattern: String) throws -> Duration {
            try ContinuousClock().measure { try transfer(["-t", pattern] + endpoints).expecting(0) }
        }
        let (few, all) = (try time("t?"), try time("t*"))
        // Ten round trips more at most; one for each table would be fourteen seconds.
        #expect(all < few + .seconds(1), "\(few) \(all)")
        #expect(try trio.first.count("t149") == 2 && trio.second.count("t0") == 4)
        for proxy in proxies { proxy.stop() }
    }
}

/// What patterns stand for, and what names are of, is so at the snapshot and to the end.
@Suite struct `Many tables that change` {
    private static let parts = """
        CREATE TABLE p (i int) PARTITION BY LIST (i); CREATE TABLE x (i int); CREATE TABLE rest PARTITION OF p DEFAULT;
        CREATE TABLE secret (i int); CREATE TABLE y (i int)
        """

    /// Before the locks are had: rows would be in neither, in both, or come although they are left out.
    @Test(arguments: [
        (
            "ALTER TABLE p ATTACH PARTITION x FOR VALUES IN (1)", "ALTER TABLE p DETACH PARTITION x",
            "SELECT count(*) FROM (SELECT i FROM p UNION ALL SELECT i FROM x) t", "100"
        ),
        (
            "SELECT 1", "ALTER TABLE p ATTACH PARTITION x FOR VALUES IN (1)",
            "SELECT count(*) FROM (SELECT i FROM p UNION ALL SELECT i FROM x) t", "100"
        ),
        (
            "SELECT 1", "LOCK TABLE y; CREATE TABLE new (i int); INSERT INTO new SELECT i FROM x; DELETE FROM x",
            "SELECT count(*) FROM (SELECT i FROM new UNION ALL SELECT i FROM x) t", "100"
        ),
    ])
    func `between the look and the lock are selected anew`(
        before: String, change: String, question: String, rows: String
    ) throws {
        let trio = try Trio(
            Self.parts + "; CREATE TABLE IF NOT EXISTS new (i int)",
            source: "DROP TABLE new; INSERT INTO x SELECT 1 FROM generate_series(1, 100); \(before)")
        let holder = try Holder(trio.source, change)
        let running = try start("--all-tables", "-T", "secret", trio.source.conninfo, trio.first.conninfo)
        try trio.source.waitForLock()
        try holder.release()
        try running.end().expecting(0)
        #expect(try trio.first.sql(question) == rows)
    }

    @Test func `by a partition that is left out are read without it`() throws {
        let trio = try Trio(Self.parts, source: "INSERT INTO secret VALUES (9)")
        let holder = try Holder(trio.source, "LOCK TABLE y; ALTER TABLE p ATTACH PARTITION secret FOR VALUES IN (9)")
        let running = try start("--all-tables", "-T", "secret", trio.source.conninfo, trio.first.conninfo)
        try trio.source.waitForLock()
        try holder.release()
        try running.end().expecting(0)
        #expect(try trio.first.count("p") == 0 && trio.first.count("secret") == 0)
    }

    /// For a while each of two names was the other's.
    @Test(arguments: ["source", "destination"], [[], ["--truncate"]])
    func `their schemas' names for a while fail`(side: String, options: [String]) throws {
        let trio = try Trio(
            "CREATE SCHEMA b; CREATE SCHEMA c; CREATE TABLE b.t (x text); CREATE TABLE c.t (x text); CREATE TABLE a (x text)",
            source:
                "INSERT INTO b.t VALUES ('from b'); INSERT INTO c.t VALUES ('from c'); INSERT INTO a SELECT repeat('x', 1000) FROM generate_series(1, 9000)"
        )
        let place = side == "source" ? trio.source : trio.first
        let swap =
            "BEGIN; ALTER SCHEMA b RENAME TO tmp; ALTER SCHEMA c RENAME TO b; ALTER SCHEMA tmp RENAME TO c; COMMIT"
        // Held up by a pipe that nobody reads while the first table flows.
        let directory = try TemporaryDirectory()
        let gate = try Holder(trio.second, "LOCK TABLE a IN SHARE MODE")
        try trio.second.sql(
            "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_advisory_xact_lock(1); RETURN NEW; END'"
        )
        try gate.release()
        try trio.second.sql("CREATE TRIGGER f BEFORE INSERT ON a FOR EACH ROW EXECUTE FUNCTION f()")
        let closed = try Holder(trio.second, Holder.gate)
        let running = try program(
            options + ["-t", "a", "-t", "?.t", trio.source.conninfo, trio.first.conninfo, trio.second.conninfo]
        ).start()
        try trio.second.waitForLock()
        try place.sql(swap)
        try closed.release()
        // Where the rows of both have come by the time of the second one, they are of the other.
        try place.sql(swap)
        let result = try running.end()
        if result.code == 0 {
            #expect(
                try trio.first.sql("SELECT x FROM b.t") == "from b" && trio.first.sql("SELECT x FROM c.t") == "from c")
        } else {
            #expect(try trio.first.count("a") == 0 && trio.first.count("b.t") == 0, "\(result)")
        }
        _ = directory
    }

    @Test func `into one table of a destination are refused`() throws {
        let trio = try Trio(
            "CREATE SCHEMA a; CREATE TABLE t (x text); CREATE TABLE a.t (x text)",
            source: "INSERT INTO t VALUES ('public'); INSERT INTO a.t VALUES ('a')")
        let other = trio.first.cluster.conninfo(database: trio.first.database, ["options": "-c search_path=a"])
        let result = try transfer("-t", "t", "-t", "a.t", trio.source.conninfo, other)
        #expect(result.code == 2 && result.errors.contains(#"are one table here, "a"."t""#), "\(result)")
    }

    @Test func `a check of foreign keys between two of them is no timeout`() throws {
        let trio = try Trio(
            "CREATE TABLE a (i int); CREATE TABLE b (i int, t text)",
            source:
                "INSERT INTO a VALUES (1); INSERT INTO b SELECT i, repeat('x', 1000) FROM generate_series(1, 12000) i")
        try trio.first.sql(
            """
            CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(3); RETURN NULL; END';
            CREATE TRIGGER slow AFTER INSERT ON a EXECUTE FUNCTION slow()
            """)
        let result = try transfer("--timeout=1", "-t", "?", trio.source.conninfo, trio.first.conninfo)
        #expect(result.code == 0, "\(result)")
        // Which table it was is said where the server does not.
        try trio.first.sql(
            "CREATE OR REPLACE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''no''; END'")
        let named = try transfer("-t", "?", trio.source.conninfo, trio.first.conninfo)
        #expect(named.code == 1 && named.errors.contains("table public.a"), "\(named)")
    }
}
