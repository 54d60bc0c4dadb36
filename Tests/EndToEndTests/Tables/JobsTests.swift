// Many streams: over tables and over parts of one, in one snapshot.

import Glibc
import TestKit
import Testing

/// Ties, partitions, small tables, and two that are divided when tables are divided that are larger than 64 kB.
private let everywhere = """
    CREATE TABLE big (id int PRIMARY KEY, v text); CREATE TABLE wide (id int, v text);
    ALTER TABLE wide ALTER v SET STORAGE EXTERNAL;
    CREATE TABLE parent (id int PRIMARY KEY); CREATE TABLE child (id int, p int REFERENCES parent);
    CREATE TABLE grandchild (id int PRIMARY KEY, up int REFERENCES grandchild, p int REFERENCES parent);
    CREATE TABLE parted (id int, v text) PARTITION BY RANGE (id);
    CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (500);
    CREATE TABLE "parted two" PARTITION OF parted FOR VALUES FROM (500) TO (5000);
    CREATE TABLE none (); CREATE TABLE s1 (i int); CREATE TABLE s2 (i int); CREATE TABLE s3 (i int)
    """
private let rows = """
    INSERT INTO big SELECT i, repeat('x', 100) FROM generate_series(1, 20000) i; DELETE FROM big WHERE id % 9 = 0;
    INSERT INTO wide SELECT i, repeat('w', 3000) FROM generate_series(1, 1000) i;
    INSERT INTO parent SELECT generate_series(1, 500); INSERT INTO child SELECT i, i % 500 + 1 FROM generate_series(1, 3000) i;
    INSERT INTO grandchild SELECT i, nullif(i - 1, 0), i % 500 + 1 FROM generate_series(1, 3000) i;
    INSERT INTO parted SELECT i, repeat('p', 100) FROM generate_series(1, 4000) i;
    INSERT INTO s1 VALUES (1); INSERT INTO s3 SELECT generate_series(1, 3)
    """
private let tables = ["big", "wide", "parent", "child", "grandchild", "parted", "none", "s1", "s2", "s3"]

extension Trio {
    fileprivate func expectEqual(_ places: Place..., comment: Comment) throws {
        for table in tables where table != "none" {
            let digest = try source.digest(table)
            for place in places { #expect(try place.digest(table) == digest, "\(table): \(comment)") }
        }
    }
}

@Suite struct `Many streams` {
    @Test(arguments: ["wire", "libpq"]) func `bring each row once to each destination`(transport: String) throws {
        let trio = try Trio(everywhere, source: rows)
        let result = try transfer(
            ["--all-tables", "-j", "4", "--split-larger-than", "64kB", "--progress=json"] + trio.places.map(\.conninfo)
        ) { $0.environment["PGCOPY_TRANSPORT"] = transport }
        #expect(result.code == 0, "\(result)")
        #expect(
            result.errors.contains(#""streams":4"#) && result.errors.contains(#""part":"blocks 0 to "#), "\(result)")
        #expect(result.errors.contains(#""part":"public.parted two, blocks "#), "\(result)")
        try trio.expectEqual(trio.first, trio.second, comment: "\(result)")
        // What refers to itself is not divided, and large TOAST data is.
        #expect(try trio.first.sql("SELECT count(DISTINCT xmin::text) FROM big") != "1")
        #expect(try trio.first.sql("SELECT count(DISTINCT xmin::text) FROM wide") != "1")
        #expect(try trio.first.sql("SELECT count(DISTINCT xmin::text) FROM grandchild") == "1")
        #expect(
            try trio.first.sql(
                "SELECT count(DISTINCT x) FROM (SELECT xmin::text x FROM child UNION SELECT xmin::text FROM parent) t")
                == "1")
        try trio.expectNoBackends()
    }

    @Test func `empty tables and fill them again, each in one transaction`() throws {
        let trio = try Trio(everywhere, source: rows)
        let old =
            "INSERT INTO big VALUES (-1, 'old'); INSERT INTO parted VALUES (1, 'old'); INSERT INTO parent VALUES (-1); INSERT INTO s2 VALUES (9)"
        try trio.first.sql(old)
        let arguments = ["--all-tables", "-j", "3", "--truncate", trio.source.conninfo, trio.first.conninfo]
        try transfer(arguments).expecting(0)
        try trio.expectEqual(trio.first, comment: "truncated")
        #expect(try trio.first.sql("SELECT count(DISTINCT xmin::text) FROM big") == "1", "it held rows")
        // It fails at the last of it, and all is as it was.
        try trio.first.sql(
            "TRUNCATE big; INSERT INTO big VALUES (-1, 'old'); ALTER TABLE child ADD CHECK (id < 3000) NOT VALID")
        let before = try trio.first.digest("parted")
        let failed = try transfer(arguments)
        #expect(failed.code == 1 && failed.errors.contains("23514"), "\(failed)")
        #expect(try trio.first.sql("SELECT id FROM big") == "-1" && trio.first.digest("parted") == before)
        try trio.expectNoBackends()
    }

    @Test func `empty a table that is divided before all else, and say so`() throws {
        let trio = try Trio(everywhere, source: rows)
        try trio.first.sql("INSERT INTO big VALUES (-1, 'old'); INSERT INTO s1 VALUES (7)")
        let arguments = [
            "--all-tables", "-j", "3", "--truncate", "--split-larger-than", "64kB", trio.source.conninfo,
            trio.first.conninfo,
        ]
        let dry = try transfer(arguments + ["--dry-run"])
        #expect(dry.code == 0 && dry.output.contains("emptied in a transaction of its own before"), "\(dry)")
        #expect(try trio.first.count("big") == 1)
        try trio.first.sql("ALTER TABLE child ADD CONSTRAINT c CHECK (id < 3000) NOT VALID")
        let failed = try transfer(arguments)
        #expect(failed.code == 3 && failed.errors.contains("emptied before, and left so: public.big"), "\(failed)")
        #expect(try trio.first.count("big") == 0 && trio.first.sql("TABLE s1") == "7", "\(failed)")
        try trio.first.sql("ALTER TABLE child DROP CONSTRAINT c")
        try transfer(arguments).expecting(0)
        try trio.expectEqual(trio.first, comment: "divided")
        #expect(try trio.first.sql("SELECT count(DISTINCT xmin::text) FROM big") != "1")
        // Swapped operands empty nothing.
        let none = try transfer(arguments.dropLast(2) + [trio.second.conninfo, trio.first.conninfo])
        #expect(none.code == 1 && none.errors.contains("the source has no row"), "\(none)")
        try trio.expectEqual(trio.first, comment: "not emptied")
    }

    @Test func `fail together, and what one drops all of a destination's drop`() throws {
        let trio = try Trio(everywhere, source: rows)
        try trio.first.sql("INSERT INTO big VALUES (17777, 'mine')")
        let arguments = ["--all-tables", "-j", "4", "--split-larger-than", "64kB"] + trio.places.map(\.conninfo)
        let failed = try transfer(arguments)
        #expect(failed.code == 1 && failed.errors.contains("23505"), "\(failed)")
        for place in [trio.first, trio.second] { #expect(try place.count("parted") == 0 && place.count("s3") == 0) }
        let dropped = try transfer(arguments + ["--keep-going"])
        #expect(dropped.code == 3 && dropped.errors.contains("dropped, the others go on"), "\(dropped)")
        #expect(try trio.first.count("big") == 1 && trio.first.count("s3") == 0)
        try trio.expectEqual(trio.second, comment: "\(dropped)")
        try trio.expectNoBackends()
    }

    @Test func `a server that goes away in the middle commits nothing`() throws {
        for victim in 0..<2 {
            let trio = try Trio(everywhere, source: rows)
            try trio.source.sql("INSERT INTO big SELECT i, repeat('y', 100) FROM generate_series(100000, 400000) i")
            let running = try start(
                "--all-tables", "-j", "4", "--rate-limit", "2M", trio.source.conninfo, trio.first.conninfo,
                trio.second.conninfo)
            let place = trio.places[victim]
            try place.waitForBackend("query LIKE 'COPY%big%'")
            try place.sql(
                """
                SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()
                AND application_name = 'pgcopy' AND query LIKE 'COPY%big%' LIMIT 1
                """)
            let result = try running.end()
            #expect(
                result.code == 1
                    && (result.errors.contains("57P01") || result.errors.contains("closed the connection")),
                "\(result.errors)")
            for place in [trio.first, trio.second] { #expect(try place.count("big") == 0 && place.count("s3") == 0) }
            try trio.expectNoBackends()
        }
    }

    @Test func `of which one does not commit leave a destination in part, which is told by its tables`() throws {
        let trio = try Trio(everywhere, source: rows)
        let proxy = try FaultProxy(to: trio.first.cluster)
        proxy.arm(.replace(Message.commandComplete("ROLLBACK")), at: .answer(to: "COMMIT"), on: .number(1))
        let first = proxy.conninfo(database: trio.first.database)
        let result = try transfer("--all-tables", "-j", "2", trio.source.conninfo, first, trio.second.conninfo)
        #expect(
            result.code == 3 && result.errors.contains("\(label(of: first)): committed in part; committed: "),
            "\(result)")
        #expect(result.errors.contains("; rolled back: "), "\(result)")
        #expect(result.errors.contains("\(trio.second.label(nil)): rolled back"), "\(result)")
        proxy.stop()
    }

    @Test func `each table goes to a file of its own, whole`() throws {
        let trio = try Trio(everywhere, source: rows)
        let directory = try TemporaryDirectory()
        let result = try transfer(
            "--all-tables", "-T", "none", "-j", "3", "--split-larger-than", "64kB", trio.source.conninfo,
            directory.file("{table}.csv"), "null:")
        #expect(result.code == 0, "\(result)")
        #expect(try directory.entries().count == tables.count - 1)
        let back = try transfer(
            "--all-tables", "-T", "none", "-j", "3", directory.file("{table}.csv"), trio.first.conninfo)
        #expect(back.code == 0, "\(back)")
        try trio.expectEqual(trio.first, comment: "by files")
    }

    @Test func `more streams than there is to do, and options that make no sense`() throws {
        let trio = try Trio(everywhere, source: rows)
        try transfer("-t", "s1", "-j", "40", trio.source.conninfo, trio.first.conninfo).expecting(0)
        try transfer("-t", "s?", "-T", "s1", "-j", "40", trio.source.conninfo, trio.first.conninfo).expecting(0)
        #expect(try trio.first.count("s1") == 1 && trio.first.count("s3") == 3)
        try transfer("--query", "TABLE s3", "-j", "4", "--into", "s2", trio.source.conninfo, trio.first.conninfo)
            .expecting(0)
        for options in [
            ["-j", "0"], ["-j", "x"], ["--jobs=1001"], ["--split-larger-than", "0"], ["--part", "1/2"],
            ["--part", "3/2", "--snapshot", "1-1"], ["--part", "1/2", "--snapshot", "1-1", "--truncate"],
        ] {
            let result = try transfer(options + ["-t", "s1", trio.source.conninfo, trio.first.conninfo])
            #expect(result.code == 2, "\(options) \(result)")
        }
        #expect(try trio.first.count("s2") == 3)
    }

    @Test func `a server that takes no more connections is told`() throws {
        let trio = try Trio(everywhere, source: rows)
        try trio.first.sql(
            "ALTER DATABASE \"\(trio.first.database)\" CONNECTION LIMIT 2; CREATE ROLE limited\(trio.first.database) LOGIN; GRANT ALL ON ALL TABLES IN SCHEMA public TO limited\(trio.first.database)"
        )
        let role = trio.first.conninfo.replacing("postgres@", with: "limited\(trio.first.database)@")
        let result = try transfer("--all-tables", "-j", "5", trio.source.conninfo, role)
        #expect(result.code == 2 && result.errors.contains("too many connections"), "\(result)")
        #expect(result.errors.contains("--jobs 5 needs"), "\(result)")
        try trio.first.sql("DROP OWNED BY limited\(trio.first.database); DROP ROLE limited\(trio.first.database)")
    }
}

/// Rows move, come and go all the while; in each transaction the sum stays what it is.
@Suite struct `Streams beside writers` {
    private static let accounts = "CREATE TABLE t (id int PRIMARY KEY, amount bigint, note text)"
    private static let fill = "INSERT INTO t SELECT i, 1000, repeat('n', 50) FROM generate_series(1, 8000) i"

    /// Each moves an amount from one row to another, and a third row to another place.
    /// - Parameter more: what else it does.
    private static func write(_ more: String) -> String {
        """
        DO $$ DECLARE a int; b int; n int; BEGIN LOOP
        a := 1 + (random() * 7999)::int; b := 1 + (random() * 7999)::int;
        PERFORM FROM t WHERE id IN (a, b) ORDER BY id FOR UPDATE; GET DIAGNOSTICS n = ROW_COUNT;
        IF n = 2 THEN
        UPDATE t SET amount = amount + CASE WHEN id = a THEN 7 ELSE -7 END, note = repeat('m', (random() * 90)::int)
        WHERE id IN (a, b); END IF;
        WITH d AS (DELETE FROM t WHERE id = 1 + (random() * 7999)::int RETURNING *) INSERT INTO t SELECT * FROM d;
        \(more) COMMIT; END LOOP; END $$
        """
    }
    private static let sums = "SELECT count(*), count(DISTINCT id), sum(amount) FROM t"

    private func beside<R>(_ place: Place, _ more: String = "", _ body: () throws -> R) throws -> R {
        let writers = try Repeating(place, sessions: 20, Self.write(more))
        let vacuum = try Repeating(place, "VACUUM t")
        defer {
            writers.end()
            vacuum.end()
        }
        return try body()
    }

    /// What a snapshot that is held shows.
    private func rows(_ place: Place, _ table: String, _ id: String) throws -> String? {
        try place.sql(
            """
            BEGIN ISOLATION LEVEL REPEATABLE READ; SET TRANSACTION SNAPSHOT '\(id)';
            SELECT md5(string_agg(t::text, ',' ORDER BY id)) FROM \(table) t
            """
        ).split(separator: "\n").last.map(String.init)
    }

    private func rows(_ place: Place, _ table: String) throws -> String {
        try place.sql("SELECT md5(string_agg(t::text, ',' ORDER BY id)) FROM \(table) t")
    }

    private func withSnapshot(of place: Place, _ tables: [String], _ body: (_ id: String) throws -> Void) throws {
        let holding = try Program.pgcopy(["snapshot"] + tables.flatMap { ["-t", $0] } + [place.conninfo])
            .with { $0.input = .pipe }.start()
        try body(String(try holding.waitForOutput(containing: "\n", on: .output).dropLast()))
        holding.closeInput()
        _ = try holding.wait()
    }

    @Test func `read one moment, and each row of it once`() throws {
        let trio = try Trio(Self.accounts, source: Self.fill)
        try beside(trio.source) {
            for _ in 0..<3 {
                try withSnapshot(of: trio.source, ["t"]) { id in
                    let seen = try rows(trio.source, "t", id)
                    try transfer(
                        ["-t", "t", "-j", "4", "--split-larger-than", "32kB", "--truncate", "--snapshot", id]
                            + trio.places.map(\.conninfo)
                    ).expecting(0)
                    for place in [trio.first, trio.second] { #expect(try rows(place, "t") == seen) }
                    #expect(try rows(trio.source, "t") != seen, "nobody wrote")
                }
                // In one of its own.
                try transfer(
                    ["-t", "t", "-j", "4", "--split-larger-than", "32kB", "--truncate"] + trio.places.map(\.conninfo)
                ).expecting(0)
                #expect(try trio.first.sql(Self.sums) == "8000|8000|8000000")
                #expect(try trio.first.digest() == trio.second.digest())
            }
        }
    }

    @Test func `three parts on three machines are one moment`() throws {
        // A stripe is 128 MB: rows are as wide as can be.
        let trio = try Trio(Self.accounts, source: Self.fill)
        let far = "CREATE TABLE far (id int PRIMARY KEY, v text)"
        try trio.source.sql(
            "\(far) WITH (fillfactor = 10); INSERT INTO far SELECT i, repeat('x', 500) FROM generate_series(1, 40000) i"
        )
        for place in [trio.first, trio.second] { try place.sql(far) }
        let write = """
            UPDATE far SET v = repeat('y', (random() * 900)::int) WHERE id = 1 + (random() * 39999)::int;
            WITH d AS (DELETE FROM far WHERE id = 1 + (random() * 39999)::int RETURNING *) INSERT INTO far SELECT * FROM d;
            """
        try beside(trio.source, write) {
            try withSnapshot(of: trio.source, ["far", "t"]) { id in
                let seen = try ["t", "far"].map { try rows(trio.source, $0, id) }
                let runs = try (1...3).map { number in
                    try start(
                        "-t", "t", "-t", "far", "-j", "2", "--part", "\(number)/3", "--snapshot", id,
                        trio.source.conninfo, trio.first.conninfo, trio.second.conninfo)
                }
                for run in runs { #expect(try run.end().code == 0) }
                for (table, rows) in zip(["t", "far"], seen) {
                    #expect(try self.rows(trio.source, table) != rows, "nobody wrote")
                }
                for place in [trio.first, trio.second] {
                    #expect(try ["t", "far"].map { try rows(place, $0) } == seen)
                    #expect(try place.sql("SELECT count(DISTINCT xmin::text) FROM far") == "3")
                }
            }
        }
    }
}
