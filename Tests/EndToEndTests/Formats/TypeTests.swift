// Values of every built-in type, with its extremes, and of types made of them.

import TestKit
import Testing

@Suite("Every type arrives equal")
struct TypeTests {
    /// A type and some of its values, as SQL literals.
    static let columns: [(type: String, values: [String])] = [
        ("bool", ["true", "false"]),
        ("int2", ["-32768", "32767", "0"]),
        ("int4", ["-2147483648", "2147483647"]),
        ("int8", ["-9223372036854775808", "9223372036854775807"]),
        ("oid", ["0", "4294967295"]),
        ("float4", ["'-Infinity'", "'NaN'", "3.4028235e38", "1e-45", "-0"]),
        ("float8", ["'Infinity'", "'NaN'", "1.7976931348623157e308", "5e-324", "0.1"]),
        ("numeric", ["'NaN'", "'Infinity'", "1e1000", "1e-1000", "-0.000123456789012345678901234567890"]),
        ("numeric(10,3)", ["1234567.891", "-9999999.999"]),
        ("money", ["-92233720368547758.08", "1.5"]),
        (
            "text",
            [
                "''", "E'tab\\t newline\\n cr\\r backslash\\\\ \\\\. \\b\\f\\v'", "'é€𝄞'", "repeat('x', 100000)",
                "'\\N'", "'\"'",
            ]
        ),
        ("varchar(20)", ["'twenty characters...'", "''"]),
        ("char(5)", ["'a'", "'     '"]),
        ("\"char\"", ["'a'", "''"]),
        ("name", ["repeat('n', 63)"]),
        ("bytea", ["'\\x'", "'\\x00ff0a0d5c27'", "decode(repeat('00ff', 50000), 'hex')"]),
        ("date", ["'infinity'", "'-infinity'", "'4713-01-01 BC'", "'5874897-12-31'"]),
        ("time", ["'00:00'", "'24:00'", "'23:59:59.999999'"]),
        ("timetz", ["'00:00+15:59'", "'23:59:59.999999-15:59'"]),
        ("timestamp", ["'infinity'", "'4713-01-01 BC'", "'294276-12-31 23:59:59.999999'"]),
        ("timestamptz", ["'-infinity'", "'4713-01-02 00:00 BC UTC'", "'294276-12-31 00:00:00.000001 UTC'"]),
        ("interval", ["'178000000 years'", "'-178000000 years'", "'1 mon -1 day 00:00:00.000001'"]),
        ("uuid", ["'ffffffff-ffff-ffff-ffff-ffffffffffff'"]),
        ("inet", ["'::1/64'", "'255.255.255.255'"]),
        ("cidr", ["'10.0.0.0/8'", "'2001:db8::/32'"]),
        ("macaddr", ["'ff:ff:ff:ff:ff:ff'"]),
        ("macaddr8", ["'00:00:00:00:00:00:00:01'"]),
        ("bit(7)", ["B'1010101'"]),
        ("varbit", ["B''", "B'111111111111111111111'"]),
        ("json", ["'{\"a\": [1, null, \"\\u00e9\"], \"a\": 2}'"]),
        ("jsonb", ["'{\"a\": [1e100, null, \"\\\"\"]}'", "'[]'"]),
        ("jsonpath", ["'$.a[*] ? (@ > 1)'"]),
        ("xml", ["'<a b=\"c\">é</a>'"]),
        ("tsvector", ["'a:1A b:2,3'::tsvector", "''"]),
        ("tsquery", ["'a & !b <-> c:*'"]),
        ("point", ["'(1e300,-1e-300)'"]),
        ("line", ["'{1,-1,0}'"]),
        ("lseg", ["'[(0,0),(1,1)]'"]),
        ("box", ["'(1,1),(0,0)'"]),
        ("path", ["'[(0,0),(1,1)]'", "'((0,0),(1,1))'"]),
        ("polygon", ["'((0,0),(1,0),(0,1))'"]),
        ("circle", ["'<(0,0),1>'"]),
        ("int4range", ["'empty'", "'(,)'", "'[1,5)'"]),
        ("numrange", ["'[0.1,)'"]),
        ("tstzrange", ["'[-infinity,infinity]'"]),
        ("int4multirange", ["'{}'", "'{[1,3),[5,8)}'"]),
        ("pg_lsn", ["'FFFFFFFF/FFFFFFFF'"]),
        ("txid_snapshot", ["'10:20:10,14'"]),
        ("xid8", ["'18446744073709551615'"]),
        ("tid", ["'(4294967295,65535)'"]),
        ("regclass", ["'pg_class'"]),
        ("regtype", ["'int4'"]),
        ("int4[]", ["'{}'", "'{1,NULL,3}'", "'[0:1][2:3]={{1,2},{3,4}}'"]),
        ("text[]", ["ARRAY['', NULL, 'NULL', '{}', E'\\\\\"', ',']"]),
        ("mood", ["'sad'", "'ha ppy'"]),
        ("mood[]", ["ARRAY['sad', NULL]::mood[]"]),
        ("positive", ["1"]),
        ("positive[]", ["'{1,2}'"]),
        ("pair", ["ROW(NULL, '')", "ROW(1, E'a\\n,\"')"]),
        ("pair[]", ["ARRAY[ROW(1, 'x')::pair]"]),
        ("nested", ["ROW(ROW(1, 'x')::pair, '{1}')"]),
        ("span", ["'[1.5,2.5)'"]),
    ]

    static let types = """
        CREATE TYPE mood AS ENUM ('sad', 'ok', 'ha ppy'); CREATE DOMAIN positive AS int CHECK (value > 0);
        CREATE TYPE pair AS (a int, b text); CREATE TYPE nested AS (p pair, i int[]);
        CREATE TYPE span AS RANGE (subtype = float8);
        """

    /// A row a value, all other columns NULL.
    static func trio(_ columns: [(type: String, values: [String])]) throws -> Trio {
        let servers = try Servers.all()
        let list = columns.enumerated().map { "c\($0) \($1.type)" }.joined(separator: ", ")
        let table = "CREATE TABLE t (\(list));"
        let inserts = columns.enumerated().map { index, column in
            column.values.map { "INSERT INTO t(c\(index)) VALUES (\($0));" }.joined(separator: "\n")
        }.joined(separator: "\n")
        // The same types under other OIDs.
        let shift = "CREATE TYPE other AS (x int); CREATE TABLE unused (y other);"
        return try Trio(
            source: Place(servers.source, types + table + inserts + "INSERT INTO t DEFAULT VALUES;"),
            first: Place(servers.first, shift + types + table),
            second: Place(servers.second, shift + shift.replacingOther() + types + table))
    }

    @Test(arguments: ["auto", "text", "csv"])
    func `by every format that takes them all`(format: String) throws {
        let trio = try Self.trio(Self.columns)
        let result = try transfer("--format", format, trio.source.at(), trio.first.at(), trio.second.at())
        #expect(result.code == 0, "\(result)")
        #expect(try trio.first.digest() == trio.source.digest())
        #expect(try trio.second.digest() == trio.source.digest())
        #expect(try trio.source.count() == Self.columns.reduce(1) { $0 + $1.values.count })
    }

    /// Those whose binary form is the same on every server.
    static let portable = columns.filter { column in
        ![
            "money", "xml", "tsvector", "tsquery", "jsonpath", "pg_lsn", "txid_snapshot", "xid8", "regclass", "regtype",
            "mood", "mood[]", "positive[]", "pair[]", "nested",
        ].contains(column.type)
    }

    @Test(arguments: ["auto", "binary"])
    func `by binary where it is chosen, and where it is asked for`(format: String) throws {
        let trio = try Self.trio(Self.portable)
        let result = try transfer("-v", "--format", format, trio.source.at(), trio.first.at(), trio.second.at())
        #expect(result.code == 0, "\(result)")
        #expect(result.errors.contains("FORMAT binary"), "\(result)")
        #expect(try trio.first.digest() == trio.source.digest())
        #expect(try trio.second.digest() == trio.source.digest())
    }

    /// All others.
    static let inDoubt = columns.map(\.type).filter { type in !portable.contains { $0.type == type } }

    @Test(arguments: inDoubt)
    func `a column whose binary form is in doubt makes it text, and -v names it`(type: String) throws {
        let trio = try Self.trio(Self.columns.filter { $0.type == type })
        let result = try transfer("-v", trio.source.at(), trio.first.at())
        #expect(result.code == 0, "\(result)")
        #expect(result.errors.contains("format text: column \"c0\""), "\(result)")
        #expect(try trio.first.digest() == trio.source.digest())
    }
}

extension Trio {
    init(source: Place, first: Place, second: Place) {
        self.source = source
        self.first = first
        self.second = second
    }
}

extension String {
    /// The same statements for names not taken yet.
    fileprivate func replacingOther() -> String {
        split(separator: " ").map { $0 == "other" ? "other2" : $0 == "unused" ? "unused2" : $0 == "(y" ? "(z" : $0 }
            .joined(separator: " ").split(separator: "other)").joined(separator: "other2)")
    }
}
