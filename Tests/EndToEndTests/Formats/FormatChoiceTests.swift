// Which format is chosen, and which is refused.

import TestKit
import Testing

@Suite("The choice of the format")
struct FormatChoiceTests {
    private func chosen(_ trio: Trio, _ arguments: String...) throws -> String {
        let result = try transfer(["-v"] + arguments)
        #expect(result.code == 0, "\(result)")
        return result.errors.split(separator: "\n").first { $0.hasPrefix("pgcopy: format ") }.map(String.init) ?? ""
    }

    @Test func `is text where one of the destinations has another type`() throws {
        let trio = try Trio("CREATE TABLE t (a int, b text)", source: "INSERT INTO t VALUES (1, 'x')")
        try trio.second.sql("ALTER TABLE t ALTER a TYPE bigint")
        #expect(
            try chosen(trio, trio.source.at(), trio.first.at(), trio.second.at())
                .contains("format text: column \"a\" is int4 at the source, int8 at"))
        #expect(try trio.second.sql("SELECT * FROM t") == "1|x")
        #expect(try chosen(trio, trio.source.at(), trio.first.at()).contains("format binary"))
    }

    @Test func `binary is refused with the column's name where types differ, before anything is copied`() throws {
        let trio = try Trio("CREATE TABLE t (a int, b text)", source: "INSERT INTO t VALUES (1, 'x')")
        try trio.second.sql("ALTER TABLE t ALTER a TYPE bigint")
        let result = try transfer("--format=binary", trio.source.at(), trio.first.at(), trio.second.at())
        #expect(result.code == 2, "\(result)")
        #expect(
            result.errors.contains("column \"a\" is pg_catalog.int4 at the source, pg_catalog.int8 at"), "\(result)")
        try trio.expectNothingCommitted("\(result)")
    }

    /// Definitions that differ under one name: at the source, at the second destination, and a value.
    private static let insides = [
        ("CREATE TYPE x AS RANGE (subtype = int8)", "CREATE TYPE x AS RANGE (subtype = float8)", "x", "[1,5)"),
        ("CREATE TYPE x AS RANGE (subtype = int8)", "CREATE TYPE x AS RANGE (subtype = float8)", "x[]", "{\"[1,5)\"}"),
        (
            "CREATE TYPE x AS RANGE (subtype = int8, multirange_type_name = y)",
            "CREATE TYPE x AS RANGE (subtype = float8, multirange_type_name = y)", "y", "{[1,5)}"
        ),
        ("CREATE DOMAIN x AS int4", "CREATE DOMAIN x AS float4", "x[]", "{1,2}"),
        (
            "CREATE DOMAIN d AS int4; CREATE TYPE x AS (a d)", "CREATE DOMAIN d AS float4; CREATE TYPE x AS (a d)", "x",
            "(7)"
        ),
        ("CREATE TYPE x AS (a int8)", "CREATE TYPE x AS (a float8)", "x[]", "{(7)}"),
    ]

    @Test(arguments: insides)
    func `binary is refused, and not chosen, where types differ inside under one name`(
        here: String, there: String, type: String, value: String
    ) throws {
        let servers = try Servers.all()
        let table = "; CREATE TABLE t (v \(type))"
        let source = try Place(servers.source, here + table + "; INSERT INTO t VALUES ('\(value)')")
        let same = try Place(servers.first, here + table)
        let other = try Place(servers.second, there + table)
        let file = try TemporaryDirectory()
        defer { file.remove() }
        for destinations in [[other.at()], [same.at(), other.at()], [other.at(), file.file("x")]] {
            let result = try transfer(["--format=binary", source.at()] + destinations)
            #expect(result.code == 2, "\(result)")
            #expect(result.errors.contains("column \"v\" is "), "\(result)")
        }
        #expect(try same.count() == 0 && other.count() == 0)
        #expect(try transfer("--format=binary", source.at(), same.at()).code == 0)
        #expect(try same.sql("SELECT v FROM t") == source.sql("SELECT v FROM t"))
        #expect(try transfer(source.at(), other.at()).code == 0)
        #expect(try other.count() == 1)
    }

    @Test func `leaves characters that UTF8 has not as they are, where all sides hold the same`() throws {
        let servers = try Servers.all()
        let tables = "CREATE TABLE t (v text[]); CREATE TABLE n (i int, b bytea)"
        let rows =
            "; INSERT INTO t VALUES (ARRAY[convert_from('\\xa9a1', 'EUC_JP')]); INSERT INTO n VALUES (1, '\\xff')"
        let source = try Place(servers.source, tables + rows, encoding: "EUC_JP")
        let target = try Place(servers.first, tables, encoding: "EUC_JP")
        let result = try transfer("-v", source.at(), target.at())
        #expect(result.code == 0, "\(result)")
        #expect(result.errors.contains("format text: column \"v\" is in EUC_JP on all sides"), "\(result)")
        let bytes = "SELECT encode(convert_to(v[1], 'EUC_JP'), 'hex') FROM t"
        #expect(try target.sql(bytes) == "a9a1")
        let numbers = try transfer("-v", source.at("n"), target.at("n"))
        #expect(numbers.errors.contains("format binary"), "\(numbers)")
    }

    @Test func `a file of no known encoding is taken as it is by a database that knows none`() throws {
        let servers = try Servers.all()
        let target = try Place(servers.first, "CREATE TABLE t (a text)", encoding: "SQL_ASCII")
        let file = try TemporaryDirectory()
        defer { file.remove() }
        let path = try file.write([0x61, 0xe9, 0x0a], to: "x")
        let result = try transfer(path, target.at())
        #expect(result.code == 0, "\(result)")
        #expect(try target.sql("SELECT encode(a::bytea, 'hex') FROM t") == "61e9")
    }

    @Test func `is text where a stream or an option of the text format is among it`() throws {
        let trio = try Trio("CREATE TABLE t (a int)", source: "INSERT INTO t VALUES (1)")
        #expect(try chosen(trio, trio.source.at(), trio.first.at(), "/dev/null").contains("/dev/null is a stream"))
        #expect(
            try chosen(trio, "--encoding=UTF8", trio.source.at(), trio.first.at()).contains("format text: an option"))
        #expect(try chosen(trio, trio.source.at(), trio.first.at(), "null:").contains("format binary"))
        #expect(try trio.first.count() == 3)
    }

    @Test func `is made for a query's columns, too`() throws {
        let trio = try Trio("CREATE TABLE t (a int, b text)", source: "INSERT INTO t VALUES (1, 'x')")
        func copy(_ query: String) throws -> String {
            try chosen(trio, "--query", query, "--into=t", trio.source.conninfo, trio.first.conninfo)
        }
        #expect(try copy("SELECT b, a FROM t").contains("format binary"))
        #expect(try copy("SELECT b, a::bigint AS a FROM t").contains("format text: column \"a\" is int8 at the source"))
        #expect(try trio.first.sql("SELECT count(*), sum(a), min(b) FROM t") == "2|2|x")
    }

    @Test(arguments: ["UTF8", "LATIN1", "LATIN9", "WIN1252"], ["auto", "text", "csv", "binary"])
    func `keeps characters between encodings`(encoding: String, format: String) throws {
        let servers = try Servers.all()
        let table = "CREATE TABLE \"tä\" (\"ö\" text);"
        let value = encoding == "LATIN1" ? "Grüße" : encoding == "UTF8" ? "Grüße" : "Grüße Œ"
        let source = try Place(servers.source, table + "INSERT INTO \"tä\" VALUES ('\(value)')", encoding: encoding)
        let utf8 = try Place(servers.first, table)
        let other = try Place(servers.second, table, encoding: encoding == "UTF8" ? "LATIN1" : encoding)
        let result = try transfer("--format", format, source.at("\"tä\""), utf8.conninfo, other.conninfo)
        #expect(result.code == 0, "\(result)")
        for place in [utf8, other] { #expect(try place.sql("SELECT \"ö\" FROM \"tä\"") == value) }
        // A server converts its own encoding to UTF8 and back; few other pairs are there.
        guard value == "Grüße" else { return }
        let file = try TemporaryDirectory()
        #expect(try transfer("--encoding=LATIN1", source.at("\"tä\""), file.file("x")).code == 0)
        #expect(try file.contents(of: "x") == [0x47, 0x72, 0xfc, 0xdf, 0x65, 0x0a])
        file.remove()
    }

    @Test(arguments: ["auto", "text", "csv", "binary"])
    func `bytes of no known encoding are passed on as they are`(format: String) throws {
        let servers = try Servers.all()
        let source = try Place(
            servers.source, "CREATE TABLE t (a text); INSERT INTO t VALUES (E'\\xc3\\xa9'), (E'x')",
            encoding: "SQL_ASCII")
        let utf8 = try Place(servers.first, "CREATE TABLE t (a text)")
        let ascii = try Place(servers.second, "CREATE TABLE t (a text)", encoding: "SQL_ASCII")
        let result = try transfer("--format", format, source.at(), utf8.at(), ascii.at())
        #expect(result.code == 0, "\(result)")
        #expect(try utf8.sql("SELECT a FROM t ORDER BY 1") == "x\né")
        try source.sql("INSERT INTO t VALUES (E'\\xff')")
        #expect(try transfer("--format", format, source.at(), ascii.at()).code == 0)
        let broken = try transfer("--format", format, source.at(), utf8.at())
        #expect(broken.code == 1)
        #expect(broken.errors.contains("22021"), "\(broken)")
    }
}

@Suite struct `Formats that fit` {
    @Test func `are csv for files that are called so`() throws {
        let trio = try Trio("CREATE TABLE t (a int, b text)", source: "INSERT INTO t VALUES (1, 'x,y'), (2, NULL)")
        let directory = try TemporaryDirectory()
        let file = directory.file("t.CSV")
        try transfer(trio.source.at(), file).expecting(0)
        #expect(try directory.text(of: "t.CSV") == "1,\"x,y\"\n2,\n")
        try transfer(file, trio.first.at()).expecting(0)
        #expect(try trio.first.digest() == trio.source.digest())
        try transfer("--format=text", trio.source.at(), file).expecting(0)
        #expect(try directory.text(of: "t.CSV") == "1\tx,y\n2\t\\N\n")
        let both = try transfer(trio.source.at(), file, directory.file("t.txt"))
        #expect(both.code == 2 && both.errors.contains("say which by --format"), "\(both)")
    }

    @Test func `hint at the line that names the columns`() throws {
        let place = try Place(Servers.first, "CREATE TABLE t (a int, b text)")
        let directory = try TemporaryDirectory()
        let file = try directory.write("a,b\n1,x\n".utf8, to: "t.csv")
        let result = try transfer(file, place.at())
        #expect(
            result.code == 1 && result.errors.contains("HINT: where the first line names the columns: --header"),
            "\(result)")
        let json = try transfer("--progress=json", file, place.at())
        #expect(json.errors.contains(#""hint":"where the first line names the columns: --header""#), "\(json)")
        try transfer("--header", file, place.at()).expecting(0)
        try directory.write("1,x\nb,y\n".utf8, to: "t.csv")
        let later = try transfer(file, place.at())
        #expect(later.code == 1 && !later.errors.contains("HINT"), "\(later)")
    }

    @Test(arguments: [("orders.csv", true), ("orders", false), ("a.b.TXT", true), (".csv", false), ("v1.2", false)])
    func `a database that is called like a file is told as one`(name: String, isLikeFile: Bool) throws {
        let place = try Place(Servers.first, "CREATE TABLE t (a int, b text)")
        let result = try transfer("-t", "t", name, place.conninfo) { program in
            program.environment["PGHOST"] = place.cluster.socketDirectory
            program.environment["PGPORT"] = "\(place.cluster.port)"
            program.environment["PGUSER"] = "postgres"
        }
        #expect(result.code == 2, "\(result)")
        #expect(result.errors.contains("for a file write ./\(name)") == isLikeFile, "\(result)")
    }

    @Test func `are none of binary on a terminal`() throws {
        let trio = try Trio("CREATE TABLE t (a int)", source: "INSERT INTO t VALUES (1)")
        let result = try transfer("--format=binary", trio.source.at(), "-") { $0.terminal = [.output, .errors] }
        #expect(result.code == 2 && result.screenText.contains("binary is nothing to look at"), "\(result)")
        try transfer("--format=binary", trio.source.at(), "-").expecting(0)
    }
}
