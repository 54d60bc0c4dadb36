// Values that are names of tables, functions, types: they mean the same on both sides.

import TestKit
import Testing

@Suite struct NameValueTests {
    private static let schema = """
        CREATE SCHEMA app; CREATE SCHEMA other;
        CREATE TABLE app.things (i int); CREATE TABLE other.things (i int); CREATE TABLE things (i int);
        CREATE TYPE app.mood AS ENUM ('well');
        CREATE FUNCTION app.f(int) RETURNS int LANGUAGE sql AS 'SELECT 1';
        CREATE FUNCTION app.f(text) RETURNS int LANGUAGE sql AS 'SELECT 1';
        CREATE FUNCTION app.sole() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN (SELECT count(*) FROM things); END';
        CREATE TYPE app.pair AS (c regclass, t regtype);
        CREATE DOMAIN app.place AS regclass;
        CREATE TABLE app.t (i int, c regclass, cs regclass[], ty regtype, p regprocedure, o regproc, n regnamespace,
            pr app.pair, pl app.place)
        """
    private static let row = """
        INSERT INTO app.t VALUES (1, 'app.things', '{app.things,other.things,public.things,pg_class}', 'app.mood',
            'app.f(text)', 'app.sole', 'app', ROW('app.things', 'int'), 'app.things')
        """

    private func rows(_ place: Place) throws -> String {
        try place.sql("SET search_path = ''; SELECT t.* FROM app.t t")
    }

    @Test(arguments: ["table", "where", "query", "from a file"])
    func `names keep their meaning whatever either side's search path`(way: String) throws {
        let source = try Place(Servers.source, Self.schema + ";" + Self.row)
        let target = try Place(Servers.first, Self.schema)
        // At the source short names mean those of app, at the destination others.
        try source.cluster.psql("ALTER DATABASE \(source.database) SET search_path = app, public")
        try target.cluster.psql("ALTER DATABASE \(target.database) SET search_path = other, public")
        let query = "--query=SELECT * FROM t WHERE sole() = 0 -- the user's search_path"
        switch way {
        case "where": try transfer("--where=sole() = 0", source.at(), target.at("app.t")).expecting(0)
        case "query": try transfer(query, source.conninfo, target.at("app.t")).expecting(0)
        case "from a file":
            let directory = try TemporaryDirectory()
            let file = directory.file("rows")
            try transfer(query, source.conninfo, file).expecting(0)
            try transfer(file, target.at("app.t")).expecting(0)
        default: try transfer(source.at("app.t"), target.at("app.t")).expecting(0)
        }
        #expect(try rows(target) == rows(source))
        #expect(try rows(target).contains("app.f(text)|app.sole|app|"))
    }

    /// A record without a type of its own may hold names too, and only its rows tell.
    @Test func `names in anonymous records keep their meaning`() throws {
        let source = try Place(Servers.source, Self.schema)
        try source.cluster.psql("ALTER DATABASE \(source.database) SET search_path = app, public")
        for record in [
            "ROW(1, 'things'::regclass)", "ARRAY[ROW(1, 'things'::regclass)]", "ROW(ROW('things'::regclass))",
        ] {
            let result = try transfer("--query=SELECT \(record) AS r", source.conninfo, "-").expecting(0)
            #expect(result.output.contains("app.things"), "\(record): \(result)")
        }
    }

    @Test func `the order and the duplicate names of a query are kept`() throws {
        let source = try Place(Servers.source, Self.schema)
        let result = try transfer(
            "--query",
            "SELECT i AS a, 'app.things'::regclass AS b, i % 7 AS a FROM generate_series(1, 5000) i ORDER BY 3 DESC, 1",
            source.conninfo, "-")
        let lines = result.output.split(separator: "\n").map { $0.split(separator: "\t").map(String.init) }
        #expect(lines.count == 5000 && lines.allSatisfy { $0.count == 3 && $0[1] == "app.things" }, "\(result.errors)")
        #expect(
            lines.map { -Int($0[2])! * 10000 + Int($0[0])! }
                == lines.map { -Int($0[2])! * 10000 + Int($0[0])! }.sorted())
        let none = try transfer("--query=SELECT 'pg_class'::regclass LIMIT 0", source.conninfo, "-")
        #expect(none.code == 0 && none.output.isEmpty, "\(none)")
    }
}
