// Many tables to a file each.

import TestKit
import Testing

@Suite struct `A file for each table` {
    private static let tables = """
        CREATE SCHEMA s; CREATE TABLE s.a (i int, t text); INSERT INTO s.a SELECT i, E'x,"\\n' || i FROM generate_series(1, 500) i;
        CREATE TABLE s."b c" (i int); CREATE TABLE s.e (); CREATE TABLE a (i int, t text); INSERT INTO a VALUES (7, 'seven')
        """

    @Test(arguments: ["wire", "libpq"], [[], ["--format=csv", "--header"]]) func `holds what the table alone gives`(
        transport: String, options: [String]
    ) throws {
        let place = try Place(Servers.source, Self.tables)
        let other = try Place(
            Servers.first,
            "CREATE SCHEMA s; CREATE TABLE s.a (i int, t text); CREATE TABLE s.\"b c\" (i int); CREATE TABLE s.e (); CREATE TABLE a (i int, t text)"
        )
        let directory = try TemporaryDirectory()
        var destinations = [directory.path + "/{schema}.{table}.copy"]
        if options.isEmpty { destinations.append(other.conninfo) }
        let result = try transfer(options + ["--all-tables", place.conninfo] + destinations) {
            $0.environment["PGCOPY_TRANSPORT"] = transport
        }
        #expect(result.code == 0 && result.errors.contains("501 rows"), "\(result)")
        #expect(try directory.entries() == ["public.a.copy", "s.a.copy", "s.b c.copy", "s.e.copy"])
        for (file, table) in [
            ("public.a.copy", "public.a"), ("s.a.copy", "s.a"), ("s.b c.copy", #"s."b c""#), ("s.e.copy", "s.e"),
        ] {
            let alone = directory.file("alone")
            try transfer(options + [place.at(table), alone]).expecting(0)
            #expect(try directory.contents(of: file) == directory.contents(of: "alone"), "\(file)")
        }
        if options.isEmpty { #expect(try other.digest("s.a") == place.digest("s.a")) }
        // One table has its name as well.
        try transfer("-t", "s.a", place.conninfo, directory.path + "/one-{table}").expecting(0)
        if options.isEmpty { #expect(try directory.contents(of: "one-a") == directory.contents(of: "s.a.copy")) }
    }

    @Test(arguments: ["text", "csv", "binary"]) func `comes back to its table, parents first`(format: String) throws {
        let schema = """
            CREATE SCHEMA s; CREATE TABLE s.a (i int PRIMARY KEY, t text); CREATE TABLE s."b c" (i int);
            CREATE TABLE s.child (i int REFERENCES s.parent)
            """.replacing(
                "CREATE TABLE s.child", with: "CREATE TABLE s.parent (i int PRIMARY KEY); CREATE TABLE s.child")
        let place = try Place(
            Servers.source,
            schema
                + "; INSERT INTO s.a SELECT i, E'x,\"\\n' || i FROM generate_series(1, 500) i; INSERT INTO s.parent VALUES (1); INSERT INTO s.child VALUES (1), (1)"
        )
        let (one, two) = (try Place(Servers.first, schema), try Place(Servers.second, schema))
        let directory = try TemporaryDirectory()
        let files = directory.path + "/{table}"
        try transfer("-n", "s", "--format", format, place.conninfo, files).expecting(0)
        let result = try transfer(
            "-n", "s", "--format", format, "--truncate", "--allow-empty", files, one.conninfo, two.conninfo)
        #expect(result.code == 0 && result.errors.contains("503 rows"), "\(result)")
        for table in ["s.a", #"s."b c""#, "s.parent", "s.child"] {
            #expect(try one.digest(table) == place.digest(table) && two.digest(table) == place.digest(table))
        }
        // A file that is cut off, and one that is missing, are told, and nothing lands.
        let rows = try directory.contents(of: "a")
        try directory.write(rows.dropLast(3), to: "a")
        let cut = try transfer("-n", "s", "--format", format, "--truncate", files, one.conninfo)
        #expect(cut.code == 1 && cut.errors.contains("s.a"), "\(cut)")
        _ = try Program("rm", [directory.file("child"), directory.file("parent")]).run()
        let missing = try transfer("-n", "s", "--format", format, "--truncate", files, one.conninfo)
        #expect(
            missing.code == 1
                && missing.errors.contains("there is no file \(directory.file("parent")), \(directory.file("child"))"),
            "\(missing)")
        #expect(try one.digest("s.a") == place.digest("s.a"))
        let nowhere = try transfer("-n", "s", files, "null:")
        #expect(nowhere.code == 2 && nowhere.errors.contains("tables are selected on a server"), "\(nowhere)")
    }

    @Test func `is left as it was where anything fails`() throws {
        let place = try Place(Servers.source, Self.tables)
        let other = try Place(
            Servers.first,
            "CREATE SCHEMA s; CREATE TABLE s.a (i int CHECK (i < 400), t text); CREATE TABLE s.\"b c\" (i int); CREATE TABLE s.e ()"
        )
        let directory = try TemporaryDirectory()
        try directory.write(Array("old".utf8), to: "a")
        let result = try transfer("-n", "s", place.conninfo, directory.path + "/{table}", other.conninfo)
        #expect(result.code == 1, "\(result)")
        #expect(try directory.entries() == ["a"] && directory.text(of: "a") == "old")
    }

    @Test func `is refused where two would be one, or a name is none`() throws {
        let place = try Place(Servers.source, Self.tables + #"; CREATE SCHEMA odd; CREATE TABLE odd."x/y" (i int)"#)
        let directory = try TemporaryDirectory()
        for (options, file, code, words) in [
            (["--all-tables", "-N", "odd"], "{table}", 1, "would go to the same file"),
            (["-n", "s"], "file", 2, "several tables cannot go to one file"),
            (["-n", "odd"], "{table}", 1, "has a name that no file can have"),
            (["-n", "s"], "{schema}", 2, "several tables cannot go to one file"),
        ] as [([String], String, Int32, String)] {
            let result = try transfer(options + [place.conninfo, directory.file(file)])
            #expect(result.code == code && result.errors.contains(words), "\(result)")
        }
        #expect(try directory.entries().isEmpty)
    }

    @Test func `there may be hundreds of`() throws {
        let place = try Place(
            Servers.source,
            (0..<700).map { "CREATE TABLE t\($0) (i int); INSERT INTO t\($0) VALUES (\($0))" }.joined(separator: ";"))
        let directory = try TemporaryDirectory()
        let result = try Program(
            "sh",
            [
                "-c", "ulimit -S -n 256; exec \"$@\"", "sh", try Program.pgcopyPath(), "transfer", "-t", "t*",
                place.conninfo, directory.path + "/{table}",
            ]
        ).run()
        #expect(result.code == 0, "\(result)")
        #expect(try directory.entries().count == 700 && directory.text(of: "t699") == "699\n")
    }
}
