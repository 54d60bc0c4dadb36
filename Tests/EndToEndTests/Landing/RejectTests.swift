// Rows that are left out because their values do not fit (`--on-error`, `--reject-limit`).

import TestKit
import Testing

@Suite struct `Rows that do not fit` {
    private static let bad =
        "INSERT INTO a SELECT i, CASE WHEN i % 10 = 0 THEN 'no number' ELSE i::text END FROM generate_series(1, 100) i"

    @Test(arguments: [17, 18]) func `are left out and counted`(version: Int) throws {
        let trio = try Trio("CREATE TABLE a (id int, n text); CREATE TABLE b (n text)", source: Self.bad)
        let new = try Place(Servers.version(version), "CREATE TABLE a (id int, n int); CREATE TABLE b (n int)")
        let stops = try transfer("-t", "a", trio.source.conninfo, new.conninfo)
        #expect(stops.code == 1 && stops.errors.contains("22P02"), "\(stops)")
        let result = try transfer(
            "-t", "?", "--on-error=ignore", trio.source.conninfo, new.conninfo)
        #expect(result.code == 0 && result.errors.contains("90 rows (10 left out)"), "\(result)")
        #expect(try new.sql("SELECT count(*), sum(n) FROM a") == "90|4500")
        // From a file, as a record.
        try new.sql("TRUNCATE a")
        let directory = try TemporaryDirectory()
        try directory.write("1,5\n2,x\n3,7\n".utf8, to: "a.csv")
        let file = try transfer(
            "--on-error=ignore", "--format=csv", "--progress=json", directory.file("a.csv"), "\(new.conninfo)#a")
        #expect(file.code == 0 && file.errors.contains(#""rows":2,"rows_left_out":1"#), "\(file)")
        #expect(try new.sql("SELECT string_agg(n::text, ',' ORDER BY n) FROM a") == "5,7")
    }

    @Test func `are none that break a constraint`() throws {
        let trio = try Trio("CREATE TABLE a (id int, n text)", source: Self.bad)
        let new = try Place(Servers.version(18), "CREATE TABLE a (id int CHECK (id < 100), n int)")
        let result = try transfer("-t", "a", "--on-error=ignore", trio.source.conninfo, new.conninfo)
        // The hundredth is no number either: it is left out before it is checked.
        #expect(result.code == 0, "\(result)")
        try new.sql("TRUNCATE a; ALTER TABLE a ADD CHECK (id <> 55)")
        let broken = try transfer("-t", "a", "--on-error=ignore", trio.source.conninfo, new.conninfo)
        #expect(broken.code == 1 && broken.errors.contains("23514"), "\(broken)")
        #expect(try new.count("a") == 0)
    }

    @Test func `fail the run where they are more than the limit`() throws {
        let trio = try Trio("CREATE TABLE a (id int, n text)", source: Self.bad)
        let new = try Place(Servers.version(18), "CREATE TABLE a (id int, n int)")
        for (limit, code) in [("9", 1), ("10", 0)] {
            let result = try transfer(
                "-t", "a", "--on-error=ignore", "--reject-limit", limit, trio.source.conninfo, new.conninfo)
            #expect(result.code == Int32(code), "\(result)")
            #expect(try new.count("a") == (code == 0 ? 90 : 0))
        }
    }

    @Test func `cannot be left out by an older server, or of binary`() throws {
        let trio = try Trio("CREATE TABLE a (id int, n text)", source: Self.bad)
        let old = try transfer("-t", "a", "--on-error=ignore", trio.source.conninfo, trio.first.conninfo)
        #expect(old.code == 1 && old.errors.contains("--on-error=ignore needs PostgreSQL 17"), "\(old)")
        let between = try Place(Servers.version(17), "CREATE TABLE a (id int, n text)")
        let limit = try transfer(
            "-t", "a", "--on-error=ignore", "--reject-limit=5", trio.source.conninfo, between.conninfo)
        #expect(limit.code == 1 && limit.errors.contains("--reject-limit needs PostgreSQL 18"), "\(limit)")
        for options in [
            ["--on-error=ignore", "--format=binary"], ["--reject-limit=5"], ["--on-error=ignore", "--reject-limit=0"],
            ["--on-error=never"],
        ] {
            let result = try transfer(["-t", "a"] + options + [trio.source.conninfo, trio.first.conninfo])
            #expect(result.code == 2, "\(result)")
        }
    }

    /// Swapped files or columns must not empty a table.
    @Test(arguments: ["--truncate", "--delete"]) func `that are all of them empty nothing`(empties: String) throws {
        let place = try Place(Servers.version(18), "CREATE TABLE t (id int, n int); INSERT INTO t SELECT 1, 1")
        let directory = try TemporaryDirectory()
        let file = try directory.write("x\t1\ny\t2\n".utf8, to: "rows")
        let result = try transfer("--on-error=ignore", empties, file, place.at())
        #expect(result.code == 1 && result.errors.contains("all rows were left out"), "\(result)")
        #expect(try place.count() == 1)
        try transfer("--on-error=ignore", empties, "--allow-empty", file, place.at()).expecting(0)
        #expect(try place.count() == 0)
    }

    @Test func `and are all of them, are told so where the table was emptied before`() throws {
        let trio = try Trio("CREATE TABLE a (id int, n text)", source: "")
        try trio.source.sql("INSERT INTO a SELECT i, repeat('x', 100) FROM generate_series(1, 20000) i; ANALYZE a")
        let new = try Place(Servers.version(18), "CREATE TABLE a (id int, n int); INSERT INTO a VALUES (0, 0)")
        let result = try transfer(
            "-t", "a", "-j", "3", "--truncate", "--split-larger-than", "64kB", "--on-error=ignore",
            trio.source.conninfo,
            new.conninfo)
        #expect(result.code == 3 && result.errors.contains("all rows were left out"), "\(result)")
    }
}
