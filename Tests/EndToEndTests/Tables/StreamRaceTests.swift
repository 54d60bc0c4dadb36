// What changes while many streams prepare, read and load.

import Glibc
import TestKit
import Testing

@Suite struct `Streams and what changes meanwhile` {
    private static let fill = "INSERT INTO a SELECT i, repeat('x', 100) FROM generate_series(1, 20000) i"
    private static let tables = "CREATE TABLE a (id int, v text); CREATE TABLE b (id int, v text)"

    /// Runs while somebody has `b` locked at the first destination; `meanwhile` happens in that time.
    private func waiting(_ trio: Trio, _ options: [String], _ meanwhile: () throws -> Void) throws -> ProgramResult {
        let holder = try Holder(trio.first, "LOCK TABLE b")
        let running = try program(options).start()
        try trio.first.waitForLock()
        try meanwhile()
        try holder.release()
        return try running.end()
    }

    @Test(arguments: [true, false])
    func `a table that is not divided any more is emptied all the same`(shrinks: Bool) throws {
        let trio = try Trio(Self.tables, source: Self.fill)
        if shrinks { try trio.first.sql("INSERT INTO a SELECT i, 'old' FROM generate_series(-5, -1) i") }
        let split = shrinks ? ["--split-larger-than", "100kB"] : []
        if !shrinks { try trio.source.sql("INSERT INTO a SELECT i, repeat('y', 1000) FROM generate_series(1, 9000) i") }
        let options = ["-t", "?", "-j", "2", "--truncate"] + split + [trio.source.conninfo, trio.first.conninfo]
        let result = try waiting(trio, options) {
            if shrinks {
                try trio.source.sql("TRUNCATE a; INSERT INTO a SELECT i, 'new' FROM generate_series(1, 10) i")
            } else {
                try trio.first.sql("INSERT INTO a SELECT i, 'old' FROM generate_series(-5, -1) i")
            }
        }
        #expect(result.code == 0, "\(result)")
        #expect(try trio.first.sql("SELECT count(*) FROM a WHERE v = 'old'") == "0")
        #expect(try trio.first.digest("a") == trio.source.digest("a"), "\(result)")
    }

    @Test(arguments: [["-j", "2"], ["-j", "2", "--truncate"], []])
    func `rows of a divided table that went to a namesake fail the run`(options: [String]) throws {
        let schemas =
            "CREATE SCHEMA g; CREATE SCHEMA h; CREATE TABLE g.t (id int, v text); CREATE TABLE h.t (id int, v text)"
        let trio = try Trio(
            schemas, source: "INSERT INTO g.t SELECT i, repeat('x', 100) FROM generate_series(1, 20000) i")
        let running = try program(
            ["-t", "g.t", "--split-larger-than", "32kB", "--rate-limit", "1MB"] + options
                + [trio.source.conninfo, trio.first.conninfo]
        ).start()
        try trio.first.waitForBackend("query LIKE 'COPY%'")
        func exchange() throws {
            try trio.first.sql(
                "BEGIN; ALTER SCHEMA g RENAME TO x; ALTER SCHEMA h RENAME TO g; ALTER SCHEMA x RENAME TO h; COMMIT")
        }
        try exchange()
        try eventually("a COPY to the namesake") {
            try trio.first.sql(
                "SELECT count(*) FROM pg_locks l JOIN pg_class c ON c.oid = l.relation WHERE c.relname = 't' AND c.relnamespace = 'g'::regnamespace"
            )
                != "0"
        }
        try exchange()
        let result = try running.end()
        #expect(result.code == 1 && result.errors.contains("was replaced by another table"), "\(result)")
        #expect(try trio.first.count("g.t") == 0 && trio.first.count("h.t") == 0)
    }

    @Test func `a foreign partition belongs to one part`() throws {
        let trio = try Trio("CREATE TABLE y (id int, v text)")
        let far = try Place(
            Servers.source,
            "CREATE TABLE q (id int, v text); INSERT INTO q SELECT i, 'far' FROM generate_series(1000000, 1003000) i")
        try trio.source.sql(
            """
            DROP TABLE y; CREATE TABLE y (id int, v text) PARTITION BY RANGE (id);
            CREATE TABLE y1 PARTITION OF y FOR VALUES FROM (0) TO (1000000);
            INSERT INTO y SELECT i, repeat('local', 30) FROM generate_series(1, 5000) i;
            CREATE EXTENSION postgres_fdw; CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw
            OPTIONS (host '\(far.cluster.socketDirectory)', port '\(far.cluster.port)', dbname '\(far.database)');
            CREATE USER MAPPING FOR CURRENT_USER SERVER far OPTIONS (user '\(Cluster.user)');
            CREATE FOREIGN TABLE yf PARTITION OF y FOR VALUES FROM (1000000) TO (2000000) SERVER far OPTIONS (table_name 'q')
            """)
        let holding = try Program.pgcopy(["snapshot", "-t", "y1", trio.source.conninfo]).with { $0.input = .pipe }
            .start()
        let id = String(try holding.waitForOutput(containing: "\n", on: .output).dropLast())
        for number in 1...2 {
            try transfer(
                "-t", "y", "--part", "\(number)/2", "--snapshot", id, trio.source.conninfo, trio.first.conninfo
            ).expecting(0)
        }
        holding.closeInput()
        _ = try holding.wait()
        #expect(try trio.first.sql("SELECT count(*), count(DISTINCT id) FROM y") == "8001|8001")
        let run = try transfer(
            "-t", "y", "-j", "3", "--split-larger-than", "32kB", "--progress=json", trio.source.conninfo,
            trio.second.conninfo)
        #expect(run.code == 0 && run.errors.contains(#""part":"public.yf""#), "\(run)")
        #expect(try trio.second.sql("SELECT count(*), count(DISTINCT id) FROM y") == "8001|8001")
    }

    @Test func `a source that is emptied while a destination is waited for empties nothing`() throws {
        let trio = try Trio(Self.tables, source: Self.fill)
        try trio.first.sql("INSERT INTO a VALUES (1, 'precious')")
        let holder = try Holder(trio.first, "LOCK TABLE a IN ACCESS SHARE MODE")
        let running = try start(
            "-t", "a", "-j", "2", "--split-larger-than", "64kB", "--truncate", trio.source.conninfo, trio.first.conninfo
        )
        try trio.first.waitForLock()
        try trio.source.sql("TRUNCATE a")
        try holder.release()
        let result = try running.end()
        #expect(result.code == 1 && result.errors.contains("the source has no row"), "\(result)")
        #expect(try trio.first.sql("SELECT v FROM a") == "precious")
        try trio.expectNoBackends()
    }

    @Test func `tables that are all tied, and those of one tree, are emptied by one stream`() throws {
        let trio = try Trio(
            """
            CREATE TABLE pp (id int PRIMARY KEY); CREATE TABLE ch (p int REFERENCES pp);
            CREATE TABLE ca (id int PRIMARY KEY, o int); CREATE TABLE cb (id int PRIMARY KEY REFERENCES ca, o int);
            ALTER TABLE ca ADD FOREIGN KEY (o) REFERENCES cb DEFERRABLE
            """,
            source: """
                INSERT INTO pp SELECT generate_series(1, 100); INSERT INTO ch SELECT generate_series(1, 100);
                INSERT INTO ca SELECT i FROM generate_series(1, 9) i; INSERT INTO cb SELECT i FROM generate_series(1, 9) i;
                UPDATE ca SET o = id; CREATE TABLE tree (i int); CREATE TABLE leaf (i int); INSERT INTO tree VALUES (1);
                INSERT INTO leaf VALUES (2)
                """)
        for options in [["--truncate"], [], ["--truncate", "--split-larger-than", "1kB"]] {
            try trio.second.sql("TRUNCATE pp, ch, ca, cb")
            for table in ["pp", "c"] {
                let pattern = table == "pp" ? ["-t", "pp", "-t", "ch"] : ["-t", "c?", "-T", "ch"]
                try transfer(pattern + ["-j", "2"] + options + [trio.source.conninfo, trio.second.conninfo]).expecting(
                    0)
            }
        }
        #expect(try trio.second.count("ch") == 100 && trio.second.count("ca") == 9)
        try trio.first.sql(
            "CREATE TABLE tree (i int) PARTITION BY LIST (i); CREATE TABLE leaf PARTITION OF tree FOR VALUES IN (2); CREATE TABLE rest PARTITION OF tree DEFAULT"
        )
        try transfer("-t", "tree", "-t", "leaf", "-j", "2", "--truncate", trio.source.conninfo, trio.first.conninfo)
            .expecting(0)
        #expect(try trio.first.sql("SELECT i FROM tree ORDER BY i") == "1\n2")
    }

    @Test func `who may not read all of a table reads it whole, and a condition is one`() throws {
        let trio = try Trio(Self.tables, source: Self.fill)
        let role = "some\(trio.source.database)"
        try trio.source.sql(
            "CREATE ROLE \(role) LOGIN; GRANT SELECT (id, v) ON a TO \(role); GRANT SELECT ON b TO \(role)")
        let conninfo = trio.source.conninfo.replacing("postgres@", with: "\(role)@")
        let result = try transfer(
            "-t", "a", "--columns", "id,v", "-j", "3", "--split-larger-than", "64kB", conninfo, trio.first.conninfo)
        #expect(
            result.code == 0 && result.errors.contains("not divided: this role may not read all of it"), "\(result)")
        #expect(try trio.first.digest("a") == trio.source.digest("a"))
        try trio.source.sql("DROP OWNED BY \(role); DROP ROLE \(role)")
        let condition = try transfer(
            "-t", "a", "-j", "3", "--split-larger-than", "64kB", "--where", "id < 100) or (id > 19900",
            trio.source.conninfo,
            trio.second.conninfo)
        #expect(condition.code == 1 && condition.errors.contains("42601"), "\(condition)")
    }

    @Test func `others that lock a table again and again are outlasted`() throws {
        let trio = try Trio(Self.tables, source: Self.fill)
        let others = try Repeating(trio.source, "BEGIN\\; LOCK TABLE a\\; COMMIT\\; SELECT pg_sleep(0.02)")
        defer { others.end() }
        try transfer(
            "-t", "?", "-j", "3", "--split-larger-than", "64kB", trio.source.conninfo, trio.first.conninfo
        ).expecting(0)
        #expect(try trio.first.digest("a") == trio.source.digest("a"))
    }

    /// The queue of a lock: the first stream, a stranger, another stream. Nobody of it waits for ever.
    @Test func `others that want a table for themselves again and again do not fail the run`() throws {
        let trio = try Trio(Self.tables, source: Self.fill)
        try trio.source.sql(
            (1...12).map { "CREATE TABLE c\($0) (i int); INSERT INTO c\($0) VALUES (\($0));" }.joined())
        try trio.first.sql((1...12).map { "CREATE TABLE c\($0) (i int);" }.joined())
        let others = try Repeating(trio.source, sessions: 3, "BEGIN\\; LOCK TABLE a\\; COMMIT")
        defer { others.end() }
        for options in [["-j", "4"], ["-j", "4", "--truncate"]] {
            let result = try transfer(
                ["--all-tables", "-T", "b", "--lock-timeout=5"] + options + [trio.source.conninfo, trio.first.conninfo])
            // Where they leave no moment for all streams the run says that; it is none of its own doing.
            #expect(
                result.code == 0 || result.code == 1 && result.errors.contains("others locked or altered the tables"),
                "\(result)")
        }
    }

    @Test func `a destination whose streams wait for each other is dropped`() throws {
        let tables = "CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int); CREATE TABLE c (id int)"
        let trio = try Trio(
            tables,
            source: "INSERT INTO a VALUES (1); INSERT INTO b SELECT generate_series(-1, 5); INSERT INTO c VALUES (1)")
        try trio.first.sql(
            """
            CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            PERFORM pg_sleep(0.3); INSERT INTO public.a VALUES (1); RETURN NEW; END $$;
            CREATE TRIGGER t BEFORE INSERT ON b FOR EACH ROW WHEN (NEW.id = 1) EXECUTE FUNCTION f()
            """)
        let options = ["--all-tables", "-j", "4", "--truncate", "--keep-going"]
        let result = try transfer(options + trio.places.map(\.conninfo))
        #expect(result.code == 3 && result.errors.contains("of the same run"), "\(result)")
        #expect(try trio.first.count("c") == 0 && trio.second.count("b") == 7)
        try trio.expectNoBackends()
    }

    @Test(arguments: [[], ["--truncate"], ["--keep-going"]])
    func `who wants a partition for himself waits for all streams`(options: [String]) throws {
        let tables = """
            CREATE TABLE y (id int, v text) PARTITION BY RANGE (id); CREATE TABLE y1 PARTITION OF y FOR VALUES FROM (0) TO (10000);
            CREATE TABLE y2 PARTITION OF y DEFAULT
            """
        let trio = try Trio(
            tables, source: "INSERT INTO y SELECT i, repeat('x', 100) FROM generate_series(1, 20000) i")
        let running = try program(
            ["-t", "y", "-j", "3", "--split-larger-than", "64kB", "--rate-limit", "2M"] + options
                + [trio.source.conninfo, trio.first.conninfo]
        ).start()
        try trio.first.waitForBackend("query LIKE 'COPY%'")
        let stranger = try Program("psql", ["-qX", "-d", trio.first.conninfo, "-c", "CREATE INDEX ON y2 (id)"]).start()
        let result = try running.end()
        _ = try stranger.wait()
        #expect(result.code == 0, "\(result)")
        #expect(try trio.first.digest("y") == trio.source.digest("y"))
    }
}
