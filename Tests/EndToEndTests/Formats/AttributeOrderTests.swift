// Composites whose attributes are in another order at the other side.

import TestKit
import Testing

@Suite struct AttributeOrderTests {
    private static let table = "CREATE TABLE t (i int, a addr, b addr[], c home, d home[], e addrs);"
    private static let rest = """
        CREATE TYPE part AS (i int, a addr); CREATE DOMAIN home AS part; CREATE DOMAIN addrs AS addr[];
        """
    private static let source =
        "CREATE TYPE addr AS (street text, city text);" + rest + table + """
            INSERT INTO t SELECT 1, x, ARRAY[x], (1, x)::part, ARRAY[(1, x)::part::home], ARRAY[x]
            FROM (SELECT ('Rue', 'Paris')::addr x) s
            """

    @Test(arguments: ["auto", "text", "csv", "binary"]) func `are refused, at any depth`(format: String) throws {
        let source = try Place(Servers.version(17), Self.source)
        let target = try Place(
            Servers.version(18), "CREATE TYPE addr AS (city text, street text);" + Self.rest + Self.table)
        func copy(_ columns: String) throws -> ProgramResult {
            try transfer("--format", format, "--columns", columns, source.at(), target.at())
        }
        for column in ["a", "b", "c", "d", "e"] {
            let result = try copy("i,\(column)")
            #expect(result.code == 1, "\(result)")
            #expect(
                result.errors.contains(
                    "column \"\(column)\": attribute \"street\" of the type \"addr\" is number 1 at the source, 2 at"),
                "\(result)")
        }
        let query = try transfer(
            "--format", format, "--query", "SELECT a FROM t", source.conninfo, target.at())
        #expect(query.code == 1 && query.errors.contains("attribute \"street\""), "\(query)")
        #expect(try target.count() == 0)
        #expect(try copy("i").code == 0)
    }

    @Test func `are dropped alone with --keep-going, and a query puts them in order`() throws {
        let source = try Place(Servers.source, Self.source)
        let same = try Place(Servers.first, "CREATE TYPE addr AS (street text, city text);" + Self.rest + Self.table)
        let other = try Place(Servers.second, "CREATE TYPE addr AS (city text, street text);" + Self.rest + Self.table)
        let result = try transfer("--keep-going", source.at(), other.at(), same.at())
        #expect(result.code == 3 && result.errors.contains("attribute \"street\""), "\(result)")
        #expect(try same.count() == 1 && other.count() == 0)
        try transfer(
            "--query", "SELECT ROW((a).city, (a).street) AS a FROM t", source.conninfo, other.at()
        ).expecting(0)
        #expect(try other.sql("SELECT (a).street FROM t") == "Rue")
    }

    @Test func `renamed ones are taken, and a column of text takes them all`() throws {
        let source = try Place(Servers.source, Self.source)
        let target = try Place(
            Servers.first, "CREATE TYPE addr AS (road text, city text); CREATE TABLE t (i int, a addr, b text)")
        try transfer("--columns=i,a,b", source.at(), target.at()).expecting(0)
        #expect(try target.sql("SELECT (a).road, b FROM t") == "Rue|{\"(Rue,Paris)\"}")
    }

    @Test(arguments: [14, 16]) func `a type that contains itself is copied`(version: Int) throws {
        let schema = """
            CREATE TYPE rc AS (a int); CREATE TYPE rcr AS RANGE (subtype = rc, multirange_type_name = rcmr);
            ALTER TYPE rc ADD ATTRIBUTE b rcmr; CREATE TABLE trc (id int, c rc);
            """
        let source = try Place(
            Servers.version(version), schema + "INSERT INTO trc VALUES (1, ROW(1, NULL)), (2, ROW(2, '{}'))")
        let target = try Place(Servers.version(16), schema)
        for format in ["auto", "text"] {
            try transfer("--truncate", "--format", format, source.at("trc"), target.at("trc")).expecting(0)
            #expect(try target.sql("SELECT * FROM trc ORDER BY 1") == "1|(1,)\n2|(2,{})")
        }
        let binary = try transfer("--truncate", "--format=binary", source.at("trc"), target.at("trc"))
        #expect([0, 1].contains(binary.code), "\(binary)")
        try transfer("--where=true", source.at("trc"), "null:").expecting(0)
    }
}
