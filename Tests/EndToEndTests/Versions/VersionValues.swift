// Values that must survive the way between two versions of the server, or be refused.

/// A column's type and values, as SQL.
struct Sample: Sendable {
    var type: String
    var values: [String]

    init(_ type: String, _ values: String...) {
        self.type = type
        self.values = values
    }
}

/// Tables of values that every version holds.
enum Samples {
    /// The first that has multiranges, and a numeric infinity.
    static let firstVersion = 14

    static let types = """
        CREATE TYPE mood AS ENUM ('sad', 'ha ppy'); CREATE DOMAIN positive AS int CHECK (value > 0);
        CREATE DOMAIN period AS interval; CREATE TYPE word AS (w text, n numeric);
        CREATE TYPE pair AS (i interval, t text); CREATE TYPE letters AS (c "char", n int);
        CREATE TYPE span AS RANGE (subtype = interval, multirange_type_name = spans);
        CREATE TYPE floats AS RANGE (subtype = float8); CREATE TYPE texts AS RANGE (subtype = text);
        """

    /// Characters that some version quotes.
    private static let odd = [
        #"E'a\t\n\r\\\b\f\001 ,"(){}[]'"#, "chr(11)", #"'\N'"#, #"'\.'"#, "''", "' '", "'NULL'", "chr(160)",
        "chr(1114111)",
    ]
    private static let oneOdd = odd.joined(separator: " || ")
    private static let oddArray = "ARRAY[" + odd.joined(separator: ", ") + ", NULL]"

    /// In binary between all versions.
    static let portable: [Sample] = [
        Sample("bool", "true", "false"), Sample("int2", "-32768", "32767"), Sample("int4", "-2147483648", "2147483647"),
        Sample("int8", "-9223372036854775808", "9223372036854775807"), Sample("oid", "0", "4294967295"),
        Sample("float4", "'-Infinity'", "'NaN'", "'-0'", "3.4028235e38", "1e-45", "1.1754944e-38", "0.1"),
        Sample("float8", "'Infinity'", "'NaN'", "'-0'", "1.7976931348623157e308", "5e-324", "0.30000000000000004"),
        Sample(
            "numeric", "'NaN'", "'Infinity'", "'-Infinity'", "0.000", "-0.0", "repeat('9', 131072)::numeric",
            "('0.' || repeat('0', 16382) || '1')::numeric", "12345.67890000"),
        Sample("numeric(10,3)", "1234567.891"), Sample("numeric(1000,1000)", "0.5"),
        Sample("text", oneOdd, "''", "'\\.'", "'\\N'"),
        Sample("varchar(20)", "'x '"), Sample("char(5)", "'a'"), Sample("\"char\"", "'a'", "''", "'\\'"),
        Sample("name", "repeat('é', 31)"), Sample("bytea", "''", "'\\x00ff5c'"),
        Sample("date", "'infinity'", "'-infinity'", "'4714-11-24 BC'", "'5874897-12-31'"),
        Sample("time", "'00:00'", "'24:00'", "'23:59:59.999999'"), Sample("time(0)", "'23:59:59'"),
        Sample("timetz", "'00:00+15:59:59'", "'24:00-15:59:59'", "'12:00+00:00:01'"),
        Sample(
            "timestamp", "'infinity'", "'-infinity'", "'294276-12-31 23:59:59.999999'", "'4714-11-24 00:00:00 BC'",
            "'0001-12-31 23:59:59.999999 BC'"),
        Sample("timestamptz", "'-infinity'", "'294276-12-31 23:59:59.999999 UTC'", "'4714-11-24 00:00:00 UTC BC'"),
        Sample("uuid", "'ffffffff-ffff-ffff-ffff-ffffffffffff'"),
        Sample("inet", "'::/0'", "'::ffff:1.2.3.4'", "'255.255.255.255/1'"), Sample("cidr", "'0.0.0.0/0'", "'::/0'"),
        Sample("macaddr", "'ff:ff:ff:ff:ff:ff'"), Sample("macaddr8", "'00:00:00:00:00:00:00:01'"),
        Sample("bit(7)", "B'1010101'"), Sample("varbit", "B''", "B'111111111'"),
        Sample("json", "'{\"a\":[1,null,\"\\u00e9\"],\"a\":2}'", "'1e400'", "'\"\\u0000\"'"),
        Sample("jsonb", "'{\"a\":[1e100,null,\"\\\"\"]}'", "'1e-400'", "'[]'", "'{\"\":0.10}'", "'-0.0'"),
        Sample("point", "'(NaN,-Infinity)'", "'(-0,1e300)'"), Sample("line", "'{0,1,NaN}'", "'{-0,1,1e300}'"),
        Sample("lseg", "'[(0,0),(NaN,1)]'"), Sample("box", "'(Infinity,1),(-Infinity,0)'", "'(NaN,1),(0,0)'"),
        Sample("path", "'[(NaN,0)]'", "'((0,0),(1,1))'"), Sample("polygon", "'((NaN,0),(Infinity,1))'"),
        Sample("circle", "'<(0,0),NaN>'", "'<(0,0),Infinity>'"), Sample("tid", "'(4294967295,65535)'"),
        Sample("xid", "'4294967295'"), Sample("cid", "'4294967295'"),
        Sample("int4range", "'empty'", "'(,)'", "'[-2147483648,2147483646]'"),
        Sample("numrange", "'[0.10,NaN)'", "'[-Infinity,Infinity]'"),
        Sample("daterange", "'[-infinity,infinity]'", "'[,infinity)'", "'[4714-11-24 BC,5874897-12-30]'"),
        Sample("tsrange", "'[\"4714-11-24 BC\",infinity]'"), Sample("tstzrange", "'(-infinity,)'"),
        Sample("int4multirange", "'{}'", "'{[1,3),[3,5),[8,)}'"), Sample("nummultirange", "'{[0.10,0.100],(1,2)}'"),
        Sample("datemultirange", "'{[-infinity,infinity]}'"),
        Sample("int4[]", "'{}'", "'{1,NULL,3}'", "'[0:1][2:3]={{1,2},{3,4}}'", "'[-2147483648:-2147483647]={1,2}'"),
        Sample("int4[]", "'[2147483645:2147483646]={1,2}'"), Sample("text[]", oddArray),
        Sample("float8[]", "ARRAY['NaN', '-0']::float8[]"), Sample("numeric[]", "ARRAY['Infinity', -0.0]::numeric[]"),
        Sample("bytea[]", "ARRAY['\\x5c00'::bytea]"), Sample("\"char\"[]", "ARRAY['a', '', '\\']::\"char\"[]"),
        Sample("timetz[]", "ARRAY['24:00-15:59:59']::timetz[]"), Sample("positive", "1"),
        Sample("word", "ROW(\(oneOdd), 'Infinity')"),
        Sample("floats", "'[-Infinity,NaN]'", "'[-0,0]'"), Sample("texts", "'[\"\",\"\\\\\"]'", "'(\",\",\"[\")'"),
    ]

    /// In text between all versions.
    static let textual: [Sample] = [
        Sample("mood", "'ha ppy'"), Sample("mood[]", "ARRAY['sad', NULL]::mood[]"), Sample("positive[]", "'{1,2}'"),
        Sample("word[]", "ARRAY[ROW('x', 'NaN'), ROW(NULL, NULL), ROW('\"', 1)]::word[]"),
        Sample("money", "'-92233720368547758.08'", "'92233720368547758.07'"),
        Sample("tsvector", "''", "'''a b'':16383D c:1A'", "$$'\\\\' ''''$$"),
        Sample("tsquery", "''", "'!(a | b) <3> c:*AB'", "'a <16384> b'"),
        Sample(
            "jsonpath", "'$.a[*] ? (@ > 1)'", "'strict $.\"a b\".**{2 to last}.size()'",
            "'$ ? (@ like_regex \"a\" flag \"i\")'"),
        Sample("pg_lsn", "'FFFFFFFF/FFFFFFFF'", "'0/0'"), Sample("xid8", "'18446744073709551615'"),
        Sample("pg_snapshot", "'10:20:10,14'"), Sample("refcursor", "'x y'"), Sample("regtype", "'int4'"),
        Sample("oidvector", "''", "'1 4294967295'"), Sample("int2vector", "''", "'-32768 32767'"),
        Sample("aclitem", "'postgres=arwdDxt/postgres'"), Sample("floats[]", "ARRAY['[-Infinity,NaN]']::floats[]"),
        Sample("\"char\"", "'a'", "''", "'\\'"),
    ]

    /// Intervals that every version holds and prints.
    static let intervals: [Sample] = [
        Sample(
            "interval", "'178956970 years 7 mons'", "'-178956970 years -8 mons'", "'2147483647 days'",
            "'-2147483648 days'", "'2147483647:59:59.999999'", "'-2147483647:59:59.999999'",
            "'1 mon -1 day 00:00:00.1'",
            "'-1 year 1 mon'", "'178956970 years 7 mons 2147483647 days 00:00:01'"),
        Sample("interval[]", "'{1 day,NULL,-00:00:00.000001}'"), Sample("period", "'1 day'"),
        Sample("pair", "ROW('1 mon', 'x')"), Sample("interval day to second", "'1 2:03:04'"),
    ]
}

/// One value that means something else, or nothing, to some versions: in a table of its own.
struct Oddity: Sendable {
    var table: String
    var type: String
    var value: String
    /// Versions of one era take it from each other; nil: it cannot be held.
    var era: @Sendable (Int) -> Int?
    /// What it does not change in is its text.
    var isByte = false

    static let all: [Oddity] = infinite + greatest + hours + bytes

    /// A type that holds an interval, and its value.
    private static func shapes(_ name: String, _ value: String, era: @escaping @Sendable (Int) -> Int?) -> [Oddity] {
        [
            ("plain", "interval", value), ("array", "interval[]", "ARRAY[NULL, \(value)]"),
            ("domain", "period", value), ("pair", "pair", "ROW(\(value), 'x')"),
            ("pairs", "pair[]", "ARRAY[ROW(\(value), 'x')::pair]"), ("span", "span", "span('0', \(value), '[]')"),
            ("spans", "spans", "spans(span('0', \(value), '[]'))"),
            ("listed", "span[]", "ARRAY[span('0', \(value), '[]')]"),
        ].map { Oddity(table: "\(name)_\($0)", type: $1, value: $2, era: era) }
    }

    private static let infinite =
        shapes("infinite", "'infinity'::interval") { $0 < 17 ? nil : 1 } + [
            Oddity(table: "minus_infinite", type: "interval", value: "'-infinity'") { $0 < 17 ? nil : 1 }
        ]

    private static let greatest =
        shapes("greatest", "'178956970 years 7 mons 2147483647 days 2562047788:00:54.775807'::interval") {
            $0 == 15 || $0 == 16 ? 1 : nil
        } + [
            Oddity(
                table: "least", type: "interval",
                value: """
                    make_interval(months => -2147483648, days => -2147483648) - interval '2562047788:00:54'
                    - interval '00:00:00.775808'
                    """
            ) { $0 == 15 || $0 == 16 ? 1 : nil }
        ]

    private static let hours = [
        Oddity(table: "hours", type: "interval", value: "'2147483648:00:00'") { $0 < 15 ? nil : 1 },
        Oddity(table: "minus_hours", type: "interval", value: "'-2147483648:59:59'") { $0 < 15 ? nil : 1 },
        Oddity(table: "hours_pairs", type: "pair[]", value: "ARRAY[ROW('2147483648:00:00', 'x')::pair]") {
            $0 < 15 ? nil : 1
        },
    ]

    private static let bytes = [
        Oddity(table: "byte", type: "\"char\"", value: "(-23)::\"char\"", era: { $0 < 15 ? 0 : 1 }, isByte: true),
        Oddity(
            table: "bytes", type: "\"char\"[]", value: "ARRAY[(-1)::\"char\"]", era: { $0 < 15 ? 0 : 1 }, isByte: true),
        Oddity(
            table: "letters", type: "letters", value: "ROW((-128)::\"char\", 1)", era: { $0 < 15 ? 0 : 1 }, isByte: true
        ),
    ]
}
