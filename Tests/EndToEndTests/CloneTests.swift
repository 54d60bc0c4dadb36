// Tables cloned to two servers: every value arrives, in every format.

import TestKit
import Testing

@Suite struct CloneTests {
    /// A value of many types, with all that text formats have to escape.
    private static let schema = #"""
        CREATE TYPE mood AS ENUM ('sad', 'it''s, "fine"');
        CREATE DOMAIN percent AS numeric(5, 2) CHECK (VALUE >= 0);
        CREATE TYPE pair AS (a int, b text);
        CREATE TABLE t (
            id bigint PRIMARY KEY, small smallint, real4 real, real8 double precision, exact numeric, flag boolean,
            words text, fixed char(5), bytes bytea, day date, at timestamptz, local timestamp, span interval,
            clock timetz, list int[], texts text[], doc json, docb jsonb, tree xml, id4 uuid, net inet, mood mood,
            share percent, pair pair, bits bit varying, range int4range, vector tsvector
        )
        """#

    private static let rows = #"""
        INSERT INTO t SELECT i, i, i / 3.0, exp(i % 700), i * 1e30 + 0.1, i % 2 = 0,
            CASE i % 9 WHEN 0 THEN NULL WHEN 1 THEN '' WHEN 2 THEN E'\\N' WHEN 3 THEN E'a\tb\nc\rd\\e' WHEN 4 THEN '\.'
                WHEN 5 THEN 'say "hi", now' WHEN 6 THEN E'\x01 ünï 🙂' WHEN 7 THEN E'\\.\n' ELSE repeat('word ', i) END,
            'ab', decode(md5(i::text), 'hex'), '2024-02-29'::date + i, '2024-10-27 00:30:00+00'::timestamptz + i * '1 h'::interval,
            '0044-03-15 12:00 BC'::timestamp, make_interval(years => i, days => -i, secs => i / 7.0), '04:05:06.789-08',
            ARRAY[i, NULL, -i], ARRAY['a,b', '{"c"}', NULL, 'NULL', E'\\'], '{"a": [1,  2]}', '{"b": "\u00fc"}',
            '<a>&amp;</a>', md5(i::text)::uuid, '10.0.0.0/8', 'it''s, "fine"', i % 100, (i, 'x,y')::pair, B'1011',
            int4range(i, i + 5), to_tsvector('simple', 'one two ' || i)
        FROM generate_series(1, 500) i;
        INSERT INTO t (id, real4, real8, at, exact, day) VALUES
            (0, 'NaN', '-Infinity', 'infinity', 'NaN', '-infinity'), (-1, '-0', 4.9e-324, '-infinity', 'Infinity', NULL);
        INSERT INTO t (id) VALUES (-2)
        """#

    @Test(arguments: ["text", "csv", "binary"])
    func `two servers get every value of every type`(format: String) throws {
        let trio = try Trio(Self.schema, source: Self.rows)
        let result = try transfer("--format", format, trio.source.at(), trio.first.at(), trio.second.at())
        #expect(result.code == 0, "\(result)")
        let wanted = try trio.source.digest()
        #expect(wanted.hasPrefix("503 "))
        #expect(try trio.first.digest() == wanted)
        #expect(try trio.second.digest() == wanted)
        #expect(result.output.isEmpty)
        #expect(result.errors.contains("committed, 503 rows"), "\(result)")
    }

    @Test(arguments: ["text", "csv", "binary"])
    func `rows of several megabytes arrive`(format: String) throws {
        let trio = try Trio(
            "CREATE TABLE t (id int, wide text)",
            source: "INSERT INTO t SELECT i, repeat(md5(i::text), i * 30000) FROM generate_series(0, 3) i")
        let result = try transfer("--format", format, trio.source.at(), trio.first.at(), trio.second.at())
        #expect(result.code == 0, "\(result)")
        #expect(try trio.second.digest() == trio.source.digest())
        #expect(try trio.first.digest() == trio.source.digest())
    }

    @Test(arguments: ["text", "csv", "binary"])
    func `an empty table is a success`(format: String) throws {
        let trio = try Trio(rows: 0)
        let result = try transfer("--format", format, trio.source.at(), trio.first.at(), trio.second.at())
        #expect(result.code == 0, "\(result)")
        #expect(result.errors.contains("committed, 0 rows"), "\(result)")
        try trio.expectNothingCommitted("\(result)")
    }

    @Test(arguments: ["text", "binary"])
    func `a table without columns keeps its rows`(format: String) throws {
        let trio = try Trio("CREATE TABLE t ()", source: "INSERT INTO t SELECT FROM generate_series(1, 10)")
        let result = try transfer("--format", format, trio.source.at(), trio.first.at(), trio.second.at())
        #expect(result.code == 0, "\(result)")
        #expect(try trio.first.count() == 10)
        #expect(try trio.second.count() == 10)
    }

    @Test func `rows are added unless the table is emptied first`() throws {
        let trio = try Trio(rows: 10)
        try trio.first.sql(Trio.fill(3))
        #expect(try transfer(trio.source.at(), trio.first.at()).code == 0)
        #expect(try trio.first.count() == 13)
        #expect(try transfer("--truncate", trio.source.at(), trio.first.at()).code == 0)
        #expect(try trio.first.count() == 10)
    }

    @Test func `twenty tables of one server are loaded in one run`() throws {
        let trio = try Trio(rows: 3000)
        let names = (0..<20).map { "t\($0)" }
        try trio.first.sql(names.map { "CREATE TABLE \($0) (id text, filler text);" }.joined())
        let result = try transfer([trio.source.at()] + names.map { trio.first.at($0) })
        #expect(result.code == 0, "\(result)")
        let wanted = try trio.source.digest()
        for name in names { #expect(try trio.first.digest(name) == wanted, "\(name)") }
    }

    @Test func `one snapshot is read, however long it takes`() throws {
        let trio = try Trio(rows: 20_000)
        let proxy = try FaultProxy(to: trio.source.cluster)
        proxy.arm(.stall, at: .copyBytes(500_000))
        let running = try start(trio.source.through(proxy), trio.first.at())
        try proxy.waitUntilTriggered()
        let wanted = try trio.source.digest()
        try trio.source.sql("INSERT INTO t VALUES ('new'); DELETE FROM t WHERE id > '0000019000'")
        proxy.resume()
        let result = try running.end()
        #expect(result.code == 0, "\(result)")
        #expect(try trio.first.digest() == wanted)
        proxy.stop()
    }
}
