// Many tables to, and from, a program each.

import Glibc
import TestKit
import Testing

/// Tables in a schema `s`, in their order `s.a`, `s."b c"`, `s.d`.
private let schema =
    "CREATE SCHEMA s; CREATE TABLE s.a (i int, t text); CREATE TABLE s.\"b c\" (i int); CREATE TABLE s.d (i int)"
private let rows = """
    ; INSERT INTO s.a SELECT i, repeat('x', 100) FROM generate_series(1, 5000) i; INSERT INTO s."b c" VALUES (1), (2);
    INSERT INTO s.d VALUES (3)
    """

@Suite struct `A program for each table as a destination` {
    private let directory: TemporaryDirectory
    private let place: Place
    private let other: Place

    init() throws {
        directory = try TemporaryDirectory()
        place = try Place(Servers.source, schema + rows)
        other = try Place(Servers.first, schema)
    }

    /// What programs have written that saw the end of their input.
    private var done: [String] { get throws { try directory.entries().filter { $0.hasSuffix(".done") } } }

    private var leftovers: [String] { get throws { try processes(naming: directory.path) } }

    /// Copies all tables to programs, and to a server beside them.
    private func copy(_ command: String, _ options: String...) throws -> ProgramResult {
        let result = try transfer(options + ["-n", "s", place.conninfo, "program:\(command)", other.conninfo])
        #expect(try leftovers == [], "\(result)")
        return result
    }

    @Test(arguments: ["wire", "libpq"], ["text", "csv", "binary"])
    func `has its table's rows, which come back by programs too`(transport: String, format: String) throws {
        let out = directory.path + "/{schema}.{table}.gz"
        func run(_ arguments: String...) throws {
            let result = try transfer(["--format", format, "-n", "s"] + arguments) {
                $0.environment["PGCOPY_TRANSPORT"] = transport
            }
            #expect(result.code == 0 && result.errors.contains("5,003 rows"), "\(result)")
        }
        try run(place.conninfo, "program:gzip > \(out)")
        #expect(try directory.entries() == ["s.a.gz", "s.b c.gz", "s.d.gz"])
        try run("program:zcat \(out)", other.conninfo)
        for table in ["s.a", #"s."b c""#, "s.d"] { #expect(try other.digest(table) == place.digest(table)) }
    }

    @Test func `takes its rows from whichever stream has them`() throws {
        try place.sql("INSERT INTO s.d SELECT i FROM generate_series(4, 50000) i")
        let out = directory.path + "/{table}"
        let result = try transfer("-n", "s", "--jobs=3", place.conninfo, "program:cat > \(out)", other.conninfo)
        #expect(result.code == 0 && result.errors.contains("55,000 rows"), "\(result)")
        try other.sql("TRUNCATE s.a, s.\"b c\", s.d")
        try transfer("-n", "s", "program:cat \(out)", other.conninfo).expecting(0)
        for table in ["s.a", #"s."b c""#, "s.d"] { #expect(try other.digest(table) == place.digest(table)) }
        let failed = try copy("cat > \(out); test {table} != 'b c' || exit 7", "--jobs=3")
        #expect(failed.code == 1 || failed.code == 4, "\(failed)")
        #expect(failed.errors.contains("s.b c: the program exited with status 7"), "\(failed)")
    }

    @Test func `is one for the one table that is named, too`() throws {
        let file = directory.path + "/{schema}.{table}"
        try transfer("-t", "s.d", place.conninfo, "program:cat > \(file); echo ${table:-none} > \(file).x").expecting(0)
        #expect(try directory.text(of: "s.d") == "3\n" && directory.text(of: "s.d.x") == "none\n")
        try transfer(place.at("s.a"), "program:cat > \(file)").expecting(0)
        try transfer("program:cat \(file)", other.at("s.a")).expecting(0)
        #expect(try other.digest("s.a") == place.digest("s.a"))
        // Names without a schema have that of the table that was found; a file is named as well.
        try other.sql("TRUNCATE s.a; ALTER DATABASE \(other.database) SET search_path = s")
        try transfer("-t", "d", "program:cat \(file)", other.conninfo).expecting(0)
        try transfer("-t", "d", directory.path + "/s.{table}", other.conninfo).expecting(0)
        #expect(try other.sql("SELECT i FROM s.d") == "3\n3")
        // A header line is read before any server is asked.
        try directory.write(Array("i\n4\n".utf8), to: "s.d")
        let early = try transfer("-t", "d", "--format=csv", "--header", "program:cat \(file)", other.conninfo)
        #expect(early.code == 2 && early.errors.contains("stands for the schema of \"d\""), "\(early)")
        try transfer("-t", "s.d", "--format=csv", "--header", "program:cat \(file)", other.conninfo).expecting(0)
        let nobody = try transfer("--query", "select 1", place.conninfo, "program:cat > \(file)")
        #expect(nobody.code == 2 && nobody.errors.contains("none is named"), "\(nobody)")
    }

    @Test func `runs nothing of a name`() throws {
        let names = [
            "$(touch MARK)", "`touch MARK`", "'; touch MARK; '", "\"; touch MARK; \"", "a\nb", "it's", "& touch MARK",
            "{table}", "*",
        ]
        let quoted = names.map { "\"" + $0.replacing("\"", with: "\"\"") + "\"" }
        try place.sql(
            "CREATE SCHEMA odd;" + quoted.map { "CREATE TABLE odd.\($0) AS SELECT 1 AS i" }.joined(separator: ";"))
        try other.sql("CREATE SCHEMA odd;" + quoted.map { "CREATE TABLE odd.\($0) (i int)" }.joined(separator: ";"))
        try transfer("-n", "odd", place.conninfo, "program:cd \(directory.path); cat > {table}.out").expecting(0)
        #expect(try directory.entries() == names.map { $0 + ".out" }.sorted())
        try transfer("-n", "odd", "program:cd \(directory.path); cat {table}.out", other.conninfo).expecting(0)
        for name in quoted { #expect(try other.count("odd.\(name)") == 1) }
        #expect(try directory.entries().count == names.count)
    }

    @Test func `is refused where the name has no place, and where two would be one`() throws {
        try place.sql(
            #"CREATE SCHEMA odd; CREATE TABLE odd."../x" (i int); CREATE SCHEMA dash; CREATE TABLE dash."-x" (i int)"#)
        try place.sql("CREATE TABLE a (i int)")
        let out = directory.path
        for (options, command, code, words) in [
            (
                ["-n", "s"], "cat", 2,
                "several tables cannot go to one program, program:cat; with {table} in its command"
            ),
            (["-n", "s"], "cat > {schema}", 2, "cannot go to one program, program:cat > {schema}; with {table}"),
            (["-n", "s"], "sh -c 'cat > {table}'", 2, "cannot stand inside of quotes"),
            (["-t", "s.a"], "cat > \"{table}\"", 2, "cannot stand inside of quotes"),
            (["-n", "odd"], "cat > \(out)/{table}", 1, "has a name that no file can have"),
            (["-n", "dash"], "cat > {table}", 1, "takes for an option"),
            (["--all-tables", "-N", "odd"], "cat > \(out)/{table}", 1, "would go to the same command"),
        ] as [([String], String, Int32, String)] {
            let result = try transfer(options + [place.conninfo, "program:\(command)"])
            #expect(result.code == code && result.errors.contains(words), "\(result)")
        }
        #expect(try directory.entries().isEmpty)
        for (options, command, words) in [
            ([], "cat", "tables are selected on a server, not in program:cat; with {table}"),
            ([], "cat {schema}", "several tables cannot come from one program"),
            (["--header", "--format=csv"], "cat {table}", "--header is read from one program"),
        ] as [([String], String, String)] {
            let result = try transfer(options + ["-n", "s", "program:\(command)", other.conninfo])
            #expect(result.code == 2 && result.errors.contains(words), "\(result)")
        }
    }

    @Test func `that fails at its end leaves a doubt where others ended well, and the servers as they were`() throws {
        let result = try copy("cat > \(directory.path)/{table}; test {table} != 'b c' || exit 7")
        #expect(
            result.code == 4
                && result.errors.contains("1 of 3 programs ended well, then: s.b c: the program exited with status 7"),
            "\(result)")
        #expect(try other.count("s.a") == 0)
        // The first one is none of several.
        let first = try copy("cat > \(directory.path)/{table}; test {table} != a || exit 7")
        #expect(first.code == 1 && first.errors.contains("s.a: the program exited with status 7"), "\(first)")
        #expect(first.errors.contains("rolled back") && !first.errors.contains("in doubt"), "\(first)")
    }

    @Test func `that fails while others take their rows ends the run, and all the others, soon`() throws {
        try place.sql("INSERT INTO s.d SELECT i FROM generate_series(1, 100000) i")
        let mark = directory.path + "/{table}"
        // It has its rows, and the others take theirs for half a minute.
        let result = try copy(
            "if test {table} = a; then head -n 5000 > \(mark); sleep 0.5; exit 9; fi; cat > \(mark); mv \(mark) \(mark).done",
            "--rate-limit=300k")
        #expect(result.code == 1 && result.errors.contains("s.a: the program exited with status 9"), "\(result)")
        #expect(result.duration < .seconds(60), "\(result)")
        #expect(try done == [] && other.count("s.a") == 0, "\(result)")
    }

    @Test func `is dropped with the others of its endpoint where the rest is to go on`() throws {
        let mark = directory.path + "/{table}"
        let result = try copy("test {table} != 'b c' || exit 3; cat > \(mark); mv \(mark) \(mark).done", "--keep-going")
        #expect(result.code == 3 && result.errors.contains("s.b c: the program exited with status 3"), "\(result)")
        #expect(try other.digest("s.a") == place.digest("s.a") && other.count("s.d") == 1)
        #expect(try done == [], "\(result)")
    }

    @Test func `is ended with all the others by a signal, and by a server that fails`() throws {
        let mark = directory.path + "/{table}"
        let command = "cat > \(mark); mv \(mark) \(mark).done"
        let running = try start(
            "-n", "s", "--rate-limit=100k", place.conninfo, "program:\(command)", other.conninfo)
        try eventually("the first has rows") { try directory.entries().contains("a") }
        let (signalled, _) = try interrupted(running, SIGTERM)
        #expect(signalled.code == 143, "\(signalled)")
        #expect(try leftovers == [])
        try other.sql("ALTER TABLE s.d ADD CHECK (i > 3)")
        let failed = try copy(command)
        #expect(failed.code == 1, "\(failed)")
        #expect(try done == [], "\(failed)")
        #expect(try other.count("s.a") == 0)
    }

    @Test func `whose end a signal cuts short is in doubt`() throws {
        let mark = directory.path + "/{table}"
        let running = try start(
            "-n", "s", place.conninfo, "program:cat > \(mark); test {table} = a || sleep 600; mv \(mark) \(mark).done",
            other.conninfo)
        try eventually("the first has ended well") { directory.exists("a.done") }
        let (result, _) = try interrupted(running, SIGINT)
        #expect(result.code == 4 && result.errors.contains("1 of 3 programs ended well, then: "), "\(result)")
        #expect(try leftovers == [] && other.count("s.a") == 0)
        #expect(try done == ["a.done"])
    }

    @Test func `tells its stderr with the table's name`() throws {
        let result = try copy(": {table}; cat > /dev/null; echo said >&2")
        #expect(result.code == 0 && result.errors.contains(": s.b c: said\n"), "\(result)")
    }

    @Test func `there may be hundreds of, and what cannot run at a time is refused before any row`() throws {
        let many = try Place(
            Servers.source,
            (0..<200).map { "CREATE TABLE t\($0) (i int); INSERT INTO t\($0) VALUES (\($0))" }.joined(separator: ";"))
        func run(_ limits: String, _ command: String, _ options: String...) throws -> ProgramResult {
            try Program(
                "sh",
                ["-c", "\(limits); exec \"$@\"", "sh", try Program.pgcopyPath(), "transfer", "-t", "t*", many.conninfo]
                    + ["program:\(command)"] + options
            ).run()
        }
        let mark = directory.path + "/{table}"
        let refused = try run("ulimit -n 256", "cat > \(mark)")
        #expect(
            refused.code == 1 && refused.errors.contains("200 programs, a table each, run till the commit"),
            "\(refused)")
        #expect(try directory.entries().isEmpty)
        let result = try run("ulimit -S -n 256", "cat > \(mark)")
        #expect(result.code == 0, "\(result)")
        #expect(try directory.entries().count == 200 && directory.text(of: "t199") == "199\n")
        // All are ended in a moment.
        let ended = try run("true", "cat > \(mark); mv \(mark) \(mark).done", "--expect-rows=1")
        #expect(ended.code == 1 && ended.duration < .seconds(60), "\(ended)")
        #expect(try leftovers == [] && directory.entries().count == 200)
    }
}

@Suite struct `A program for each table as the source` {
    private let directory: TemporaryDirectory
    private let place: Place

    init() throws {
        directory = try TemporaryDirectory()
        place = try Place(Servers.first, schema)
    }

    @Test(arguments: [
        ("printf '1\\n'; test {table} != 'b c' || exit 5", "s.b c: the program exited with status 5"),
        ("printf '1\\n'; test {table} != d || exit 5", "s.d: the program exited with status 5"),
        ("printf '1\\n'; test {table} != d || printf 2", "s.d: the data ends inside row 2"),
    ]) func `commits nothing where one fails, and starts none behind it`(command: String, reason: String) throws {
        try place.sql("ALTER TABLE s.a DROP t")
        let command = "echo > \(directory.path)/{table}; \(command)"
        let result = try transfer("-n", "s", "program:\(command)", place.conninfo)
        #expect(result.code == 1 && result.errors.contains(reason), "\(result)")
        #expect(try place.count("s.a") == 0)
        #expect(try directory.entries().contains("d") == reason.contains("s.d"))
        #expect(try processes(naming: directory.path) == [])
    }

    @Test func `is one at a time, and leaves nothing open`() throws {
        let many = try Place(Servers.first, (0..<100).map { "CREATE TABLE t\($0) (i int)" }.joined(separator: ";"))
        // As many as one needs, whatever the number of tables.
        let result = try Program(
            "sh",
            [
                "-c", "ulimit -n 32; exec \"$@\"", "sh", try Program.pgcopyPath(), "transfer", "-t", "t*",
                "program:pgrep -c -f '^sh -c .*[m]ark-' ; : mark- {table}", many.conninfo,
            ]
        ).run()
        #expect(result.code == 0, "\(result)")
        #expect(try many.count("t99") == 1)
    }
}
