// Defaults of a database that would change, or stop, a copy; and encodings.

import TestKit
import Testing

@Suite struct HostileDefaultTests {
    private static let schema = """
        CREATE TABLE public.t (d date, ts timestamptz, i interval, f float8, r real, b bytea, a text[], m money, x xml, s text)
        """
    private static let rows = """
        INSERT INTO public.t SELECT '2024-02-03'::date + i, '2024-02-03 04:05:06.789+00'::timestamptz - i * '1 day 02:03'::interval,
            make_interval(years => -i, days => i, secs => -i / 3.0), i / 3.0, i / 7.0, decode(md5(i::text), 'hex'),
            ARRAY['a', NULL, 'NULL'], i * 1.5, '<?xml version="1.0"?><a/>', E'\\\\x' || i FROM generate_series(1, 300) i
        """

    /// Each opposite to what a copy needs.
    private static let settings = [
        [
            "datestyle = 'German, DMY'", "intervalstyle = 'sql_standard'", "extra_float_digits = '-15'",
            "timezone = 'Asia/Kolkata'",
        ],
        ["statement_timeout = '40ms'", "lock_timeout = '1ms'", "idle_in_transaction_session_timeout = '30ms'"],
        [
            "statement_timeout = '30ms'", "jit = on", "jit_above_cost = 0", "jit_inline_above_cost = 0",
            "jit_optimize_above_cost = 0",
        ],
        ["default_transaction_read_only = on"],
        [
            "default_transaction_isolation = 'serializable'", "default_transaction_deferrable = on",
            "synchronize_seqscans = on",
        ],
        ["search_path = 'evil, public'"], ["search_path = ''"],
        ["row_security = on"], ["client_encoding = 'LATIN1'"],
        [
            "array_nulls = off", "bytea_output = 'escape'", "xmloption = 'document'",
            "standard_conforming_strings = off",
        ],
        [
            "backslash_quote = off", "escape_string_warning = on", "quote_all_identifiers = on",
            "client_min_messages = 'error'",
        ],
    ]

    /// What a transaction has set is undone where it fails, while others have yet to answer.
    @Test(arguments: [false, true])
    func `a session whose lock is refused outlives a short idle timeout`(isOfRole: Bool) throws {
        let trio = try Trio("CREATE TABLE t (a int)", source: "INSERT INTO t VALUES (1)")
        try trio.source.sql("CREATE MATERIALIZED VIEW kept AS TABLE t")
        try trio.source.cluster.psql(
            "ALTER DATABASE \(trio.source.database) SET idle_in_transaction_session_timeout = '200ms'")
        let role = "reader_\(trio.source.database)"
        try trio.source.sql("CREATE ROLE \(role) LOGIN; GRANT SELECT (a) ON t TO \(role)")
        let login = trio.source.cluster.conninfo(database: trio.source.database, ["user": role])
        let proxy = try FaultProxy(to: trio.first.cluster)
        proxy.delay(toClient: .milliseconds(400))
        let result = try transfer(
            "--into", "t", isOfRole ? login + "#t" : trio.source.at("kept"),
            proxy.conninfo(database: trio.first.database))
        #expect(result.code == 0, "\(result)")
        #expect(try trio.first.count() == 1)
        proxy.stop()
        try trio.source.sql("DROP OWNED BY \(role); DROP ROLE \(role)")
    }

    @Test(arguments: settings, [0, 1]) func `the defaults of either side change nothing`(settings: [String], side: Int)
        throws
    {
        let evil = """
            CREATE SCHEMA evil;
            CREATE FUNCTION evil.set_config(text, text, boolean) RETURNS text LANGUAGE sql AS 'SELECT 1/0::text';
            CREATE FUNCTION evil.format_type(oid, integer) RETURNS text LANGUAGE plpgsql AS 'BEGIN RAISE ''evil''; END';
            CREATE FUNCTION evil.never(oid, oid) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RAISE ''evil''; END';
            CREATE OPERATOR evil.= (LEFTARG = oid, RIGHTARG = oid, FUNCTION = evil.never);
            """
        let trio = try Trio(evil.replacing("SELECT 1/0::text", "SELECT NULL::text") + Self.schema, source: Self.rows)
        let wanted = try trio.source.digest("public.t")
        let place = side == 0 ? trio.source : trio.first
        for setting in settings { try place.cluster.psql("ALTER DATABASE \(place.database) SET \(setting)") }
        for format in ["text", "binary"] {
            let result = try transfer(
                "--truncate", "--override-read-only", "--format", format, trio.source.at("public.t"),
                trio.first.at("public.t"),
                trio.second.at("public.t"))
            #expect(result.code == 0, "\(settings): \(result)")
            // Read under plain settings again, and without the trap.
            #expect(try trio.second.digest("public.t") == wanted, "\(settings) \(format)")
            if side == 0 { #expect(try trio.first.digest("public.t") == wanted, "\(settings) \(format)") }
        }
        for setting in settings {
            try place.cluster.psql("ALTER DATABASE \(place.database) RESET \(setting.prefix { $0 != " " })")
        }
        #expect(try trio.first.digest("public.t") == wanted, "\(settings)")
    }

    /// Where a schema stands before pg_catalog even `=` is another's.
    @Test func `operators of others are not called`() throws {
        let trio = try Trio(
            """
            CREATE TABLE p (id oid) PARTITION BY RANGE (id);
            CREATE TABLE p1 PARTITION OF p FOR VALUES FROM ('0') TO ('100');
            CREATE FUNCTION never(oid, oid) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RAISE ''evil''; END';
            CREATE OPERATOR = (LEFTARG = oid, RIGHTARG = oid, FUNCTION = never);
            CREATE OPERATOR <> (LEFTARG = oid, RIGHTARG = oid, FUNCTION = never)
            """, source: "INSERT INTO p SELECT generate_series(1, 9)")
        for place in trio.places {
            try place.cluster.psql("ALTER DATABASE \(place.database) SET search_path = public, pg_catalog")
        }
        for options in [["--where=true"], []] {
            try transfer(options + ["--truncate", trio.source.at("p1"), trio.first.at("p"), trio.second.at("p1")])
                .expecting(0)
        }
        #expect(try trio.first.sql("SET search_path = pg_catalog; SELECT count(*) FROM public.p1") == "9")
    }

    @Test func `the caller's environment changes nothing`() throws {
        let trio = try Trio(Self.schema, source: Self.rows)
        let result = try transfer(trio.source.at(), trio.first.at(), trio.second.at()) {
            $0.environment.merge([
                "PGDATESTYLE": "SQL, DMY", "PGTZ": "Asia/Tokyo", "PGCLIENTENCODING": "SJIS",
                "LC_ALL": "de_DE.ISO-8859-1",
                "PGOPTIONS": "-c extra_float_digits=-10 -c bytea_output=escape -c intervalstyle=iso_8601",
            ]) { $1 }
        }
        #expect(result.code == 0, "\(result)")
        #expect(try trio.first.digest() == trio.source.digest())
    }

    @Test func `amounts of money mean the same to both servers`() throws {
        let servers = try Servers.all()
        let source = try Place(servers.source, "CREATE TABLE t (a text, b text)")
        let target = try Place(servers.first, "CREATE TABLE t (a text, b text DEFAULT current_setting('lc_monetary'))")
        for place in [source, target] {
            try place.cluster.psql("ALTER DATABASE \(place.database) SET lc_monetary = 'C.UTF-8'")
        }
        let query = "SELECT current_setting('lc_monetary') AS a"
        #expect(try transfer("--query", query, "--into=t", source.conninfo, target.conninfo).code == 0)
        #expect(try target.sql("SELECT * FROM t") == "C|C")
        // What is read or written by others is in the locale of the database.
        let file = try TemporaryDirectory()
        defer { file.remove() }
        #expect(try transfer("--query", query, source.conninfo, file.file("x")).code == 0)
        #expect(try file.contents(of: "x") == Array("C.UTF-8\n".utf8))
    }

    @Test func `row security is an error, not a filter`() throws {
        let trio = try Trio(rows: 10)
        let role = "clerk_\(trio.source.database)"
        try trio.source.sql(
            """
            CREATE ROLE \(role) LOGIN; GRANT SELECT ON t TO \(role); ALTER TABLE t ENABLE ROW LEVEL SECURITY;
            CREATE POLICY p ON t USING (id < '0000000005')
            """)
        let source = trio.source.cluster.conninfo(database: trio.source.database, ["user": role]) + "#t"
        let result = try transfer(source, trio.first.at())
        #expect(result.code == 1, "\(result)")
        #expect(result.errors.contains("row-level security"), "\(result)")
        #expect(try trio.first.count() == 0)
    }

    @Test(arguments: ["LATIN1", "LATIN9", "SQL_ASCII", "UTF8"])
    func `text is converted between encodings, there and back`(encoding: String) throws {
        let servers = try Servers.all()
        let text = encoding == "LATIN9" ? "'caf\u{e9} \u{20ac}'" : "'caf\u{e9} \u{fc}'"
        let insert = "SET client_encoding = 'UTF8'; INSERT INTO \"t\u{e9}\" VALUES (1, \(text), '\u{df}')"
        let schema = "CREATE TABLE \"t\u{e9}\" (a int, \"\u{fc}\" text, c varchar(9))"
        let old = try Place(servers.source, schema + ";" + insert, encoding: encoding)
        let new = try Place(servers.first, schema)
        let back = try Place(servers.second, schema, encoding: encoding)
        let table = "\"t\u{e9}\""
        let there = try transfer(old.at(table), new.at(table))
        #expect(there.code == 0, "\(there)")
        #expect(try new.sql("SELECT * FROM \(table)") == "1|\(text.dropFirst().dropLast())|\u{df}")
        let again = try transfer(new.at(table), back.at(table))
        #expect(again.code == 0, "\(again)")
        #expect(
            try back.sql("SELECT encode(convert_to(\"\u{fc}\", 'SQL_ASCII'), 'hex') FROM \(table)")
                == old.sql("SELECT encode(convert_to(\"\u{fc}\", 'SQL_ASCII'), 'hex') FROM \(table)"))
    }

    @Test func `a character that the destination lacks is an error`() throws {
        let servers = try Servers.all()
        let source = try Place(servers.source, "CREATE TABLE t (s text); INSERT INTO t VALUES ('snake \u{1F40D}')")
        let target = try Place(servers.first, "CREATE TABLE t (s text)", encoding: "LATIN1")
        let result = try transfer(source.at(), target.at())
        #expect(result.code == 1, "\(result)")
        #expect(result.errors.contains("SQLSTATE 22P05"), "\(result)")
        #expect(try target.count() == 0)
    }

    @Test func `bytes of no encoding pass as they are`() throws {
        let servers = try Servers.all()
        let schema = "CREATE TABLE t (s text)"
        let source = try Place(
            servers.source, schema + "; SET client_encoding = 'SQL_ASCII'; INSERT INTO t VALUES (E'a\\xE9\\xFFb')",
            encoding: "SQL_ASCII")
        let target = try Place(servers.first, schema, encoding: "SQL_ASCII")
        let strict = try Place(servers.second, schema)
        #expect(try transfer(source.at(), target.at()).code == 0)
        let hex = "SELECT encode(s::bytea, 'hex') FROM t"
        #expect(try target.sql(hex) == "61e9ff62")
        let refused = try transfer(source.at(), strict.at())
        #expect(refused.code == 1, "\(refused)")
        #expect(refused.errors.contains("invalid byte sequence"), "\(refused)")
        let told = try transfer("--encoding=LATIN1", source.at(), strict.at())
        #expect(told.code == 0, "\(told)")
        #expect(try strict.sql("SELECT s FROM t") == "a\u{e9}\u{ff}b")
    }
}

extension String {
    /// The same with every occurrence of a text replaced.
    fileprivate func replacing(_ old: String, _ new: String) -> String {
        split(separator: old, omittingEmptySubsequences: false).joined(separator: new)
    }
}
