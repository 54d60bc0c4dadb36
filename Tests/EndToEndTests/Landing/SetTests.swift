// Columns whose values the source computes (`--set`).

import TestKit
import Testing

@Suite struct `Columns that are computed` {
    private static let tables = """
        CREATE SCHEMA s; CREATE TABLE s.users (id int PRIMARY KEY, email varchar(40), "Odd n" numeric(6, 2), c char(3), r regclass);
        CREATE TABLE s.orders (id int, email text, amount int); CREATE DOMAIN positive AS int CHECK (VALUE > 0);
        CREATE TABLE s.parted (id int, v text) PARTITION BY RANGE (id); CREATE TABLE s.p1 PARTITION OF s.parted FOR VALUES FROM (0) TO (1000000);
        CREATE TABLE s.d (n positive)
        """
    private static let rows = """
        INSERT INTO s.users SELECT i, 'user' || i || '@example.org', i, 'abc', 'pg_class' FROM generate_series(1, 50) i;
        INSERT INTO s.orders SELECT i, 'user' || i || '@example.org', i FROM generate_series(1, 50) i;
        INSERT INTO s.parted SELECT i, repeat('secret', 20) FROM generate_series(1, 20000) i; INSERT INTO s.d VALUES (1)
        """

    @Test(arguments: ["auto", "text", "csv", "binary"]) func `come masked, as the column's type`(format: String) throws
    {
        let trio = try Trio(Self.tables, source: Self.rows)
        let result = try transfer(
            [
                "-t", "s.users", "--columns", "id,email,\"Odd n\",c", "--format", format, "--set",
                "email=md5(email) -- by hash", "--set", "users.\"Odd n\"=1.005",
                "--set", "s.users.c='xyzw'",
            ].filter { _ in true } + trio.places.map(\.conninfo))
        // Three characters and no more is a fault of the value's, not cut.
        #expect(result.code == 1 && result.errors.contains("22001"), "\(result)")
        let right = try transfer(
            ["-t", "s.users", "--format", format, "--set", "email=md5(email)", "--set", "users.\"Odd n\"=1.25"]
                + (format == "binary" ? ["--columns", "id,email,\"Odd n\",c"] : []) + trio.places.map(\.conninfo))
        #expect(right.code == 0, "\(right)")
        for place in [trio.first, trio.second] {
            #expect(
                try place.sql(
                    "SELECT count(*), count(*) FILTER (WHERE email = md5('user' || id || '@example.org')), sum(\"Odd n\") FROM s.users"
                )
                    == "50|50|62.50")
        }
        #expect(try trio.source.sql("SELECT count(*) FROM s.users WHERE email LIKE 'user%'") == "50")
    }

    @Test(arguments: [["-j", "1"], ["-j", "3", "--split-larger-than", "64kB"]])
    func `of many tables, also divided ones and in files`(options: [String]) throws {
        let trio = try Trio(Self.tables, source: Self.rows)
        let directory = try TemporaryDirectory()
        let result = try transfer(
            ["-n", "s"] + options + [
                "--set", "users.email=NULL", "--set",
                "s.orders.email=(SELECT u.id::text FROM s.users u WHERE u.id = orders.id)",
                "--set", "parted.v=left(v, 3)", trio.source.conninfo, trio.first.conninfo, "null:",
            ])
        #expect(result.code == 0, "\(result)")
        #expect(try trio.first.sql("SELECT count(*) FILTER (WHERE email IS NULL), count(*) FROM s.users") == "50|50")
        #expect(try trio.first.sql("SELECT count(*) FROM s.orders WHERE email = id::text") == "50")
        #expect(
            try trio.first.sql("SELECT count(*), count(DISTINCT id), min(v), max(v) FROM s.parted")
                == "20000|20000|sec|sec")
        #expect(try trio.first.sql("SELECT r::text FROM s.users LIMIT 1") == "pg_class")
        try transfer(
            "-t", "s.orders", "--set", "amount=amount * 2", "--where", "id < 3", "--format=csv", "--header",
            trio.source.conninfo,
            directory.file("o.csv")
        ).expecting(0)
        #expect(try directory.text(of: "o.csv") == "id,email,amount\n1,user1@example.org,2\n2,user2@example.org,4\n")
    }

    @Test func `are refused where they say nothing, or too much`() throws {
        let trio = try Trio(Self.tables, source: Self.rows)
        let cases: [(options: [String], code: Int32, words: String)] = [
            (["-t", "s.users", "--set", "email"], 2, "is not [TABLE.]COLUMN=EXPRESSION"),
            (["-t", "s.users", "--set", "email= "], 2, "is not [TABLE.]COLUMN=EXPRESSION"),
            (["-t", "s.users", "--set", "mail=1"], 1, "has no column \"mail\""),
            (["-t", "s.users", "--set", "orders.email=1"], 2, "no such table is copied"),
            (["-n", "s", "--set", "email=1"], 2, "name one"),
            (["-t", "s.users", "--set", "email=1", "--set", "users.email=2"], 2, "set twice"),
            (["-t", "s.users", "--columns", "id", "--set", "email=1"], 1, "not among the columns that are copied"),
            (["--query", "TABLE s.users", "--into", "s.users", "--set", "email=1"], 2, "--set"),
            (["-t", "s.users", "--set", "email=1) AS text), CAST((2"], 1, "42601"),
            (["-t", "s.users", "--set", "email=nothing(email)"], 1, "42883"),
            (["-t", "s.orders", "--set", "amount='ten'"], 1, "22P02"),
            (["-t", "s.d", "--set", "n=-n"], 1, "23514"),
        ]
        for (options, code, words) in cases {
            let result = try transfer(options + [trio.source.conninfo, trio.first.conninfo])
            #expect(result.code == code && result.errors.contains(words), "\(options) \(result)")
        }
        for table in ["users", "orders", "d"] { #expect(try trio.first.count("s.\(table)") == 0) }
    }
}

@Suite struct `Expressions of columns` {
    /// A row gives a row, and a value is a value.
    @Test(
        arguments: [
            "regexp_matches(v, 'r[12]')", "regexp_split_to_table(v, '')", "max(v)", "count(*)", "count(*) over ()",
            "1, 2",
            "'x', v='y'",
        ], [[], ["-j", "3", "--split-larger-than", "1kB"]])
    func `are of one row and give one value`(expression: String, streams: [String]) throws {
        let trio = try Trio(
            "CREATE TABLE t (id int, v text)", source: "INSERT INTO t SELECT g, 'r' || g FROM generate_series(1, 4) g")
        try trio.first.sql("INSERT INTO t VALUES (0, 'old')")
        let result = try transfer(
            ["-t", "t", "--truncate", "--set", "v=\(expression)"] + streams + [
                trio.source.conninfo, trio.first.conninfo,
            ])
        #expect(result.code == 1 && result.errors.contains("of one row, and gives one value"), "\(result)")
        #expect(try trio.first.sql("SELECT v FROM t") == "old")
        let asked = try transfer(
            ["-t", "t", "--truncate", "--set", "v=(SELECT max(v) FROM t) -- all"] + streams + [
                trio.source.conninfo, trio.first.conninfo,
            ])
        #expect(asked.code == 0, "\(asked)")
        #expect(try trio.first.sql("SELECT count(*), min(v) FROM t") == "4|r4")
    }

    /// An explicit cast cuts.
    @Test(arguments: [
        ("more", "md5('x')", "'b'"), ("more[]", "ARRAY[md5('x')]", "ARRAY[lower('B')]"),
        ("many", "ARRAY[md5('x')]", "'{b}'"), ("pair", "ROW(true, md5('x'))", "ROW(c IS NULL, lower('B'))"),
        ("pair[]", "ARRAY[ROW(true, md5('x'))]", "ARRAY[c[1]]"),
        ("char(2)[]", "ARRAY[md5('x')]", "ARRAY['b']"), ("bit(8)", "b'101010101'", "b'10101010'"),
        ("varbit(2)", "b'101'", "'11'"),
    ]) func `of domains are not cut to their length`(type: String, long: String, short: String) throws {
        let trio = try Trio(
            """
            CREATE DOMAIN code AS varchar(8); CREATE DOMAIN more AS code; CREATE DOMAIN many AS more[];
            CREATE TYPE pair AS (b bool, c varchar(8)); CREATE TABLE t (c \(type))
            """, source: "INSERT INTO t VALUES (NULL)")
        let arguments = ["-t", "t", "--set", "c=\(long)", trio.source.conninfo, trio.first.conninfo]
        let cut = try transfer(arguments)
        #expect(cut.code == 1 && (cut.errors.contains("22001") || cut.errors.contains("22026")), "\(cut)")
        try transfer("-t", "t", "--set", "c=\(short)", trio.source.conninfo, trio.first.conninfo).expecting(0)
        #expect(try trio.first.count("t") == 1)
    }

    @Test func `name the table, also where its partitions are read one by one`() throws {
        let servers = try Servers.all()
        let source = try Place(
            servers.source,
            """
            CREATE TABLE prt (id int, v text) PARTITION BY HASH (id);
            CREATE TABLE p1 PARTITION OF prt FOR VALUES WITH (MODULUS 2, REMAINDER 0);
            CREATE TABLE p2 PARTITION OF prt FOR VALUES WITH (MODULUS 2, REMAINDER 1);
            INSERT INTO prt SELECT g, repeat('z', 300) FROM generate_series(1, 3000) g; ANALYZE prt
            """)
        let place = try Place(servers.first, "CREATE TABLE prt (id int, v text)")
        let result = try transfer(
            "-t", "prt", "-j", "4", "--split-larger-than", "64kB", "--set", "v=upper(prt.v)", source.conninfo,
            place.conninfo)
        #expect(result.code == 0, "\(result)")
        #expect(
            try place.sql("SELECT count(*), count(DISTINCT id), min(v) = repeat('Z', 300) FROM prt") == "3000|3000|t")
        let some = try transfer(
            "-j", "4", "--split-larger-than", "64kB", "--truncate", "--where", "prt.id < 5", source.at("prt"),
            place.conninfo)
        #expect(some.code == 0, "\(some)")
        #expect(try place.count("prt") == 4)
    }

    /// A partition has its columns in another order, and no schema.
    @Test(arguments: [["-j", "4", "--split-larger-than", "64kB"], ["-j", "1"]])
    func `of whole rows are those of the table, not of a partition`(streams: [String]) throws {
        let servers = try Servers.all()
        let source = try Place(
            servers.source,
            """
            CREATE TABLE w (id int PRIMARY KEY, v text) PARTITION BY RANGE (id);
            CREATE TABLE w1 PARTITION OF w FOR VALUES FROM (0) TO (5000); CREATE TABLE w2 (v text, id int NOT NULL);
            ALTER TABLE w ATTACH PARTITION w2 FOR VALUES FROM (5000) TO (10001);
            INSERT INTO w SELECT i, 'abc' || i FROM generate_series(1, 10000) i; ANALYZE w
            """)
        let place = try Place(servers.first, "CREATE TABLE w (id int, v text)")
        let ends = [source.conninfo, place.conninfo]
        try transfer(["-t", "w", "--where", "md5(w::text) < '8'"] + streams + ends).expecting(0)
        let query = "SELECT md5(string_agg(id::text, ',' ORDER BY id)) FROM w"
        #expect(try place.sql(query) == source.sql("\(query) WHERE md5(w::text) < '8'"))
        try transfer(["-t", "w", "--truncate", "--set", "v=w::text"] + streams + ends).expecting(0)
        #expect(try place.sql("SELECT v FROM w WHERE id = 6000") == "(6000,abc6000)")
        try transfer(["-t", "w1", "--truncate", "--into", "w", "--where", "public.w1.id < 10"] + streams + ends)
            .expecting(0)
        try source.sql("CREATE TABLE w3 PARTITION OF w FOR VALUES FROM (20000) TO (30000)")
        for sql in [
            "ALTER TABLE w DETACH PARTITION w2", "INSERT INTO w SELECT i, 'x' FROM generate_series(20000, 25000) i",
        ] {
            try source.sql(sql)
        }
        try transfer(["-t", "w", "--truncate", "--where", "public.w.id < 20010"] + streams + ends).expecting(0)
        #expect(try place.count("w") == 4999 + 10)
        try transfer(["-t", "w", "--truncate", "--set", "v=upper(Public.w.v)"] + streams + ends).expecting(0)
        #expect(try place.count("w WHERE v LIKE 'X%' OR v LIKE 'ABC%'") == 4999 + 5001)
    }

    @Test func `that name what is not there are told with that name`() throws {
        let trio = try Trio("CREATE TABLE t (id int, v text)", source: "INSERT INTO t VALUES (1, 'x')")
        for options in [
            ["--set", "id=(SELECT x FROM nix)"], ["--where", "id IN (SELECT x FROM nix)"], ["--set", "v=nix.v"],
        ] {
            let result = try transfer(["-t", "t"] + options + trio.places.map(\.conninfo))
            #expect(result.code == 1 && result.errors.contains("nix"), "\(result)")
            #expect(!result.errors.contains("no table"), "\(result)")
        }
    }
}
