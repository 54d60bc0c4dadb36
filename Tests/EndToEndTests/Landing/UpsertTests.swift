// Rows that are inserted, or update those of the same key (`--upsert`).

import TestKit
import Testing

@Suite struct `Rows that are upserted` {
    private static let tables = """
        CREATE TABLE parent (id int PRIMARY KEY, v text); CREATE TABLE child (id int PRIMARY KEY, p int REFERENCES parent, v text);
        CREATE TABLE pair (a int, "B b" text, v text, PRIMARY KEY (a, "B b")); CREATE TABLE keys (id int PRIMARY KEY);
        CREATE TABLE ident (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, v text, twice text GENERATED ALWAYS AS (v || v) STORED);
        CREATE TABLE parted (id int PRIMARY KEY, v text) PARTITION BY RANGE (id);
        CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (50); CREATE TABLE parted_2 PARTITION OF parted DEFAULT
        """
    private static func fill(_ from: Int, _ to: Int, _ v: String) -> String {
        """
        INSERT INTO parent SELECT i, '\(v)' FROM generate_series(\(from), \(to)) i;
        INSERT INTO child SELECT i, i, '\(v)' FROM generate_series(\(from), \(to)) i;
        INSERT INTO pair SELECT i, 'b', '\(v)' FROM generate_series(\(from), \(to)) i;
        INSERT INTO keys SELECT i FROM generate_series(\(from), \(to)) i;
        INSERT INTO ident (id, v) OVERRIDING SYSTEM VALUE SELECT i, '\(v)' FROM generate_series(\(from), \(to)) i;
        INSERT INTO parted SELECT i, '\(v)' FROM generate_series(\(from), \(to)) i
        """
    }
    private static let names = ["parent", "child", "pair", "keys", "ident", "parted"]

    @Test(arguments: [["wire"], ["libpq"], ["wire", "-j", "3"]])
    func `update what is there and add the rest`(options: [String]) throws {
        let trio = try Trio(Self.tables, source: Self.fill(1, 100, "new"))
        try trio.first.sql(Self.fill(91, 120, "old"))
        let result = try transfer(
            ["--all-tables", "--upsert"] + options.dropFirst() + trio.places.map(\.conninfo)
        ) { $0.environment["PGCOPY_TRANSPORT"] = options[0] }
        #expect(result.code == 0, "\(result)")
        // Of tables that are keys only nothing is updated.
        #expect(result.errors.contains("590 rows (540 inserted, 50 updated; 10 more changed nothing)"), "\(result)")
        #expect(result.errors.contains("600 rows (600 inserted, 0 updated)"), "\(result)")
        for table in Self.names {
            #expect(try trio.second.digest(table) == trio.source.digest(table), "\(table)")
            #expect(try trio.first.count(table) == 120)
            guard table != "keys" else { continue }
            #expect(
                try trio.first.sql(
                    "SELECT string_agg(DISTINCT v, ',') FROM \(table) WHERE \(table == "pair" ? "a" : "id") <= 100")
                    == "new")
            #expect(
                try trio.first.count("\(table) WHERE v = 'old'") == 20)
        }
        try trio.expectNoBackends()
    }

    @Test func `by other columns, from a file, as a record`() throws {
        let trio = try Trio(
            "CREATE TABLE t (id serial PRIMARY KEY, mail text UNIQUE, v text); CREATE UNIQUE INDEX ON t (v) WHERE id > 5",
            source: "")
        try trio.first.sql("INSERT INTO t (mail, v) VALUES ('a@x', 'old'), ('b@x', 'kept')")
        let directory = try TemporaryDirectory()
        try directory.write("mail,v\na@x,new\nc@x,more\n".utf8, to: "t.csv")
        let result = try transfer(
            "--upsert=mail", "--format=csv", "--header", "--progress=json", directory.file("t.csv"),
            "\(trio.first.conninfo)#t")
        #expect(result.code == 0 && result.errors.contains(#""rows_inserted":1,"rows_updated":1"#), "\(result)")
        #expect(
            try trio.first.sql("SELECT string_agg(mail || '=' || v, ' ' ORDER BY mail) FROM t")
                == "a@x=new b@x=kept c@x=more")
        for (columns, words) in [
            ("v", "no unique index of \"v\""), ("nothing", "no unique index"), ("id", "not among the columns"),
        ] {
            let refused = try transfer(
                "--upsert=\(columns)", "--format=csv", "--header", directory.file("t.csv"), "\(trio.first.conninfo)#t")
            #expect(refused.code == 1 && refused.errors.contains(words), "\(refused)")
        }
    }

    @Test(arguments: [1, 2]) func `whose key came twice fail the run, with the key`(streams: Int) throws {
        let trio = try Trio(
            "CREATE TABLE t (id int, w text, v text)",
            source: "INSERT INTO t VALUES (1, 'a', 'x'), (2, 'b', 'y'), (2, 'b', 'z')")
        for place in [trio.first, trio.second] {
            try place.sql("ALTER TABLE t ADD PRIMARY KEY (id, w); INSERT INTO t VALUES (1, 'a', 'old')")
        }
        let result = try transfer(["-t", "t", "--upsert", "-j", "\(streams)"] + trio.places.map(\.conninfo))
        #expect(
            result.code == 1
                && result.errors.contains("the key (\"id\", \"w\") = (2, b) of \"public\".\"t\" came more than once"),
            "\(result)")
        for place in [trio.first, trio.second] { #expect(try place.sql("TABLE t") == "1|a|old") }
    }

    @Test func `are refused before the first row where the table cannot take them`() throws {
        let trio = try Trio("CREATE TABLE t (id int PRIMARY KEY, v text)", source: "INSERT INTO t VALUES (1, 'x')")
        let arguments = ["-t", "t", "--upsert", "--rate-limit", "1", trio.source.conninfo, trio.first.conninfo]
        try trio.first.sql("CREATE RULE r AS ON UPDATE TO t DO ALSO NOTIFY x")
        let rule = try transfer(arguments)
        #expect(rule.code == 1 && rule.errors.contains("ON CONFLICT"), "\(rule)")
        let role = "inserter\(trio.second.database)"
        try trio.second.sql("CREATE ROLE \(role) LOGIN; GRANT SELECT, INSERT ON t TO \(role)")
        defer { _ = try? trio.second.sql("DROP OWNED BY \(role); DROP ROLE \(role)") }
        let conninfo = trio.second.conninfo.replacing("postgres@", with: "\(role)@")
        let right = try transfer(["-t", "t", "--upsert", trio.source.conninfo, conninfo])
        #expect(right.code == 1 && right.errors.contains("42501"), "\(right)")
        try trio.second.sql("GRANT UPDATE ON t TO \(role)")
        try transfer(["-t", "t", "--upsert", trio.source.conninfo, conninfo]).expecting(0)
        for options in [["--truncate"], ["--delete"]] {
            let both = try transfer(["-t", "t", "--upsert"] + options + [trio.source.conninfo, trio.second.conninfo])
            #expect(both.code == 2, "\(both)")
        }
    }

    @Test func `wait for who has a row, and are rolled back with the rest`() throws {
        let trio = try Trio(Self.tables, source: Self.fill(1, 100, "new"))
        for place in [trio.first, trio.second] { try place.sql(Self.fill(91, 120, "old")) }
        let holder = try Holder(trio.first, "UPDATE parent SET v = 'mine' WHERE id = 95")
        let running = try start("-t", "parent", "--upsert", trio.source.conninfo, trio.first.conninfo)
        try trio.first.waitForLock()
        try holder.release()
        let result = try running.end()
        #expect(result.code == 0 && result.errors.contains("(90 inserted, 10 updated)"), "\(result)")
        try trio.second.sql("ALTER TABLE child ADD CHECK (id <> 50) NOT VALID")
        let failed = try transfer("--all-tables", "--upsert", trio.source.conninfo, trio.second.conninfo)
        #expect(failed.code == 1 && failed.errors.contains("23514"), "\(failed)")
        #expect(try trio.second.count("parent WHERE v = 'old'") == 30)
        #expect(try trio.second.sql("SELECT count(*) FROM pg_class WHERE relpersistence = 't'") == "0")
    }

    /// Keys that are equal though not the same, triggers that skip rows, partitions whose columns lie otherwise.
    @Test(arguments: ["wire", "libpq"]) func `are counted one by one, whatever becomes of them`(transport: String)
        throws
    {
        let trio = try Trio(
            "CREATE TABLE p (id int, k text, v text)",
            source: """
                INSERT INTO p VALUES (1, 'A', 'new'), (2, NULL, 'new'), (3, 'c', 'skip'), (4, 'd', 'new'), (5, 'e', 'skip'),
                    (150, 'x', 'new'), (NULL, NULL, 'new'), (151, 'y', 'new'), (6, 'z', 'new')
                """)
        for (place, kind) in [(trio.first, "PARTITION BY RANGE (id)"), (trio.second, "")] {
            try place.sql(
                """
                DROP TABLE p; CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
                CREATE TABLE p (id int, k text COLLATE loose, v text, UNIQUE NULLS NOT DISTINCT (id, k)) \(kind);
                CREATE FUNCTION skip() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                    IF new.v = 'skip' THEN RETURN NULL; END IF; RETURN new; END $$;
                CREATE TRIGGER skip BEFORE INSERT OR UPDATE ON p FOR EACH ROW EXECUTE FUNCTION skip()
                """)
            if !kind.isEmpty {
                try place.sql(
                    """
                    CREATE TABLE p_1 PARTITION OF p FOR VALUES FROM (0) TO (100); CREATE TABLE p_2 (v text, gone int, id int,
                        k text COLLATE loose); ALTER TABLE p_2 DROP gone; ALTER TABLE p ATTACH PARTITION p_2 DEFAULT
                    """)
            }
            try place.sql(
                "INSERT INTO p VALUES (1, 'a', 'old'), (2, NULL, 'old'), (3, 'c', 'old'), (150, 'x', 'old'), (NULL, NULL, 'old')"
            )
        }
        let result = try transfer(["-t", "p", "--upsert=id,k"] + trio.places.map(\.conninfo)) {
            $0.environment["PGCOPY_TRANSPORT"] = transport
        }
        #expect(result.code == 0, "\(result)")
        #expect(
            result.errors.split(separator: "7 rows (3 inserted, 4 updated; 2 more changed nothing)").count == 3,
            "\(result)")
        for place in [trio.first, trio.second] {
            #expect(
                try place.sql("SELECT string_agg(concat_ws(':', id, k, v), ' ' ORDER BY id, k) FROM p")
                    == "1:A:new 2:new 3:c:old 4:d:new 6:z:new 150:x:new 151:y:new new")
        }
    }

    /// By the index: rows would be dropped without a word where nothing is left to update.
    @Test(arguments: ["(k)", "(k), UNIQUE (k COLLATE loose)", "(k) NULLS NOT DISTINCT"])
    func `whose keys are equal by the index's rules came twice`(index: String) throws {
        let isNull = index.hasSuffix("DISTINCT")
        let trio = try Trio(
            "CREATE TABLE t (k text)", source: "INSERT INTO t VALUES ('a'), (\(isNull ? "NULL), (NULL" : "'A'"))")
        try trio.first.sql(
            """
            CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
            \(index.split(separator: ", UNIQUE").map { "CREATE UNIQUE INDEX ON t \($0)" }.joined(separator: ";"))
            """)
        let result = try transfer("-t", "t", "--upsert=k", trio.source.conninfo, trio.first.conninfo)
        if index == "(k)" {
            #expect(result.code == 0 && result.errors.contains("(2 inserted, 0 updated)"), "\(result)")
        } else {
            #expect(result.code == 1 && result.errors.contains("came more than once"), "\(result)")
        }
        #expect(try trio.first.count("t") == (index == "(k)" ? 2 : 0))
    }

    /// Two runs go through the keys in one order.
    @Test func `of two runs in different orders wait, and for nobody for ever`() throws {
        let trio = try Trio("CREATE TABLE t (id int PRIMARY KEY, v text)", source: "")
        try trio.source.sql("INSERT INTO t SELECT i, 'up' FROM generate_series(1, 20000) i")
        try trio.second.sql("INSERT INTO t SELECT i, 'down' FROM generate_series(20000, 1, -1) i")
        let runs = try [trio.source, trio.second].map {
            try start("-t", "t", "--upsert", $0.conninfo, trio.first.conninfo)
        }
        let results = try runs.map { try $0.end() }
        #expect(results.allSatisfy { $0.code == 0 }, "\(results)")
        #expect(try trio.first.sql("SELECT count(DISTINCT v), count(*) FROM t") == "1|20000")
    }

    /// 1 month is equal to 30 days, and another interval.
    @Test func `have the key that came, also where it is only equal`() throws {
        let trio = try Trio(
            "CREATE TABLE i (k interval PRIMARY KEY, v text); CREATE TABLE n (k numeric PRIMARY KEY)",
            source: "INSERT INTO i VALUES ('1 mon', 'new'); INSERT INTO n VALUES (1.00), (2)")
        try trio.first.sql("INSERT INTO i VALUES ('30 days', 'old'); INSERT INTO n VALUES (1), (2)")
        let result = try transfer("--all-tables", "--upsert", trio.source.conninfo, trio.first.conninfo)
        #expect(result.code == 0 && result.errors.contains("3 rows (0 inserted, 3 updated)"), "\(result)")
        for table in ["i", "n"] { #expect(try trio.first.digest(table) == trio.source.digest(table)) }
    }

    @Test func `that changed nothing are told`() throws {
        let trio = try Trio(
            "CREATE TABLE keys (id int PRIMARY KEY); CREATE TABLE t (id int PRIMARY KEY, v text)",
            source:
                "INSERT INTO keys SELECT generate_series(1, 10); INSERT INTO t SELECT i, 'x' FROM generate_series(1, 10) i"
        )
        try trio.first.sql(
            """
            INSERT INTO keys SELECT generate_series(1, 4); LISTEN loaded;
            CREATE FUNCTION skip() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF new.id % 2 = 0 THEN RETURN NULL; END IF;
                RETURN new; END $$;
            CREATE TRIGGER skip BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION skip()
            """)
        let result = try transfer(
            "--all-tables", "--upsert", "--progress=json", trio.source.conninfo, trio.first.conninfo)
        #expect(
            result.code == 0
                && result.errors.contains(#""rows":11,"rows_inserted":11,"rows_updated":0,"rows_unchanged":9"#),
            "\(result)")
        let plain = try transfer("-t", "keys", "--upsert", trio.source.conninfo, trio.first.conninfo)
        #expect(plain.errors.contains("0 rows (0 inserted, 0 updated; 10 more changed nothing)"), "\(plain)")
    }

    /// What each has in one stream the other would wait for in another.
    @Test func `of two runs of many streams come in turns`() throws {
        let trio = try Trio(
            "CREATE TABLE a (id int PRIMARY KEY, v text); CREATE TABLE b (id int PRIMARY KEY, v text)", source: "")
        let fill =
            "INSERT INTO a SELECT i, 'x' FROM generate_series(1, 10) i; INSERT INTO b SELECT i, 'x' FROM generate_series"
        try trio.source.sql("\(fill)(1, 100000) i")
        try trio.second.sql("\(fill)(99990, 100000) i")
        let runs = try [trio.source, trio.second].map {
            try start("--all-tables", "--upsert", "-j", "2", $0.conninfo, trio.first.conninfo)
        }
        let results = try runs.map { try $0.end() }
        #expect(results.allSatisfy { $0.code == 0 }, "\(results)")
        #expect(try trio.first.count("a") == 10 && trio.first.count("b") == 100_000)
    }

    @Test func `are refused by --dry-run as they would be`() throws {
        let trio = try Trio("CREATE TABLE t (id int PRIMARY KEY, v text)", source: "INSERT INTO t VALUES (1, 'x')")
        let fine = try transfer("-t", "t", "--upsert", "--dry-run", trio.source.conninfo, trio.first.conninfo)
        #expect(fine.code == 0 && fine.output.contains("updated by \"id\""), "\(fine)")
        try trio.first.sql("CREATE RULE r AS ON UPDATE TO t DO ALSO NOTIFY x")
        let rule = try transfer("-t", "t", "--upsert", "--dry-run", trio.source.conninfo, trio.first.conninfo)
        #expect(rule.code == 1 && rule.errors.contains("ON CONFLICT"), "\(rule)")
    }

    @Test func `of a table whose name stands for another one by then are moved nowhere`() throws {
        let place = try Place(Servers.all().first, "CREATE SCHEMA s; CREATE TABLE s.t (id int PRIMARY KEY, v text)")
        let psql = "\(place.cluster.programs)/psql -qAtX '\(place.conninfo)' -c"
        let isLocked =
            "SELECT 'locked' FROM pg_locks WHERE relation = 's.t'::regclass AND mode = 'ShareUpdateExclusiveLock'"
        let directory = try TemporaryDirectory()
        try directory.write(
            """
            echo 1,a
            until \(psql) "\(isLocked)" | grep -q locked; do sleep 0.02; done
            \(psql) "ALTER SCHEMA s RENAME TO gone; CREATE SCHEMA s; CREATE TABLE s.t (id int PRIMARY KEY, v text)"
            echo 2,b
            """.utf8, to: "rows.sh")
        let result = try transfer(
            "--upsert", "--format=csv", "program:sh \(directory.file("rows.sh"))", "\(place.conninfo)#s.t")
        #expect(result.code == 1 && result.errors.contains("stands for another table"), "\(result)")
        #expect(try place.sql("SELECT count(*) FROM s.t") == "0" && place.sql("SELECT count(*) FROM gone.t") == "0")
    }
}
