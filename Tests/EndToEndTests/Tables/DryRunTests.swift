// What would be done, told and not done.

import TestKit
import Testing

@Suite struct `A dry run` {
    private static let schema = """
        CREATE SCHEMA s; CREATE TABLE s.a (i int PRIMARY KEY, t text); CREATE TABLE s.b (i int REFERENCES s.a);
        CREATE TABLE s.p (i int) PARTITION BY RANGE (i); CREATE TABLE s.p1 PARTITION OF s.p DEFAULT
        """
    private static let rows = """
        INSERT INTO s.a SELECT i, repeat('x', 3000) FROM generate_series(1, 700) i; INSERT INTO s.b SELECT generate_series(1, 20);
        INSERT INTO s.p SELECT generate_series(1, 50); ANALYZE
        """

    @Test func `says which tables go where, how large they are and what is emptied`() throws {
        let trio = try Trio(Self.schema, source: Self.rows)
        try trio.first.sql("INSERT INTO s.a VALUES (1, 'here'); ANALYZE s.a")
        let result = try transfer(
            "--dry-run", "--truncate", "-n", "s", trio.source.conninfo, trio.first.conninfo, trio.second.conninfo)
        #expect(result.code == 0 && result.errors == "", "\(result)")
        let lines = result.output.split(separator: "\n").map(String.init)
        #expect(lines.count == 10, "\(result)")
        #expect(lines[0].hasPrefix("s.a  about 700 rows") && lines[0].hasSuffix("  binary"), "\(result)")
        #expect(lines[1] == "    into s.a at \(trio.first.label(nil)); emptied before: about 1 row", "\(result)")
        #expect(lines[3].hasPrefix("s.p  about  50 rows") || lines[3].contains("about 50 rows"), "\(result)")
        #expect(
            lines[9].hasPrefix("3 tables, about 770 rows, ") && lines[9].hasSuffix("; nothing was done"), "\(result)")
        #expect(try trio.first.count("s.a") == 1 && trio.first.count("s.b") == 0)
        try trio.expectNoBackends()
        // Nobody has counted yet.
        try trio.source.sql("CREATE TABLE s.new (i int); INSERT INTO s.new VALUES (1)")
        let new = try transfer("--dry-run", "-t", "s.new", trio.source.conninfo, "null:")
        #expect(new.code == 0 && !new.output.contains("about") && new.output.contains("KiB"), "\(new)")
    }

    @Test func `refuses what a run would refuse, and opens nothing`() throws {
        let trio = try Trio(Self.schema, source: Self.rows)
        try trio.first.sql("DROP TABLE s.b")
        let missing = try transfer("--dry-run", "-n", "s", trio.source.conninfo, trio.first.conninfo)
        #expect(
            missing.code == 1 && missing.errors.contains(#"there is no table "s"."b""#) && missing.output == "",
            "\(missing)")
        let directory = try TemporaryDirectory()
        let program = "program:touch \(directory.file("run"))"
        for source in [trio.source.at("s.a"), program] {
            try transfer("--dry-run", source, trio.second.at("s.a"), program, directory.file("file")).expecting(0)
        }
        #expect(try directory.entries().isEmpty)
    }

    @Test func `is a record in JSON, and every run begins with it`() throws {
        let trio = try Trio(Self.schema, source: Self.rows)
        let dry = try transfer("--dry-run", "--progress=json", "-n", "s", trio.source.conninfo, trio.first.conninfo)
        #expect(dry.code == 0 && dry.output == "", "\(dry)")
        let head = #"{"schema_version":2,"type":"plan","#
        #expect(dry.errors.hasPrefix(head) && dry.errors.contains(#","dry_run":true,"#), "\(dry)")
        #expect(
            dry.errors.contains(#""table":"s.a","rows":700,"#)
                && dry.errors.contains(#""statement":"COPY \"s\".\"a\""#), "\(dry)")
        #expect(dry.errors.contains(#""exit_code":0"#), "\(dry)")
        let run = try transfer("--progress=json", trio.source.at("s.a"), trio.first.at("s.a"))
        #expect(run.errors.hasPrefix(head) && run.errors.contains(#","dry_run":false,"#), "\(run)")
        #expect(run.code == 0)
    }
}
