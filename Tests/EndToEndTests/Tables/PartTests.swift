// A share of a run (`--part`): what several machines bring together is each row once.

import TestKit
import Testing

@Suite struct `Parts of a run` {
    private static let tables =
        "CREATE TABLE a (id int PRIMARY KEY, v text); CREATE TABLE b (id int PRIMARY KEY, v text); CREATE TABLE c (id int PRIMARY KEY, v text)"
    private static let rows = """
        INSERT INTO a SELECT i, 'a' FROM generate_series(1, 50) i; INSERT INTO b SELECT i, 'b' FROM generate_series(1, 60) i;
        INSERT INTO c SELECT i, 'c' FROM generate_series(1, 70) i
        """

    /// Runs while a snapshot of the source is held.
    private func withSnapshot(of place: Place, _ work: (_ id: String) throws -> Void) throws {
        let holding = try Program.pgcopy(["snapshot", place.conninfo]).with { $0.input = .pipe }.start()
        let id = String(try holding.waitForOutput(containing: "\n", on: .output).dropLast())
        try work(id)
        holding.closeInput()
        _ = try holding.wait()
    }

    @Test func `with one piece of several tables load it where it belongs`() throws {
        let trio = try Trio(Self.tables, source: Self.rows)
        let count = 6
        try withSnapshot(of: trio.source) { id in
            for number in 1...count {
                try transfer(
                    "--all-tables", "--part", "\(number)/\(count)", "--snapshot", id, trio.source.conninfo,
                    trio.first.conninfo
                ).expecting(0)
            }
        }
        for table in ["a", "b", "c"] {
            #expect(try trio.first.digest(table) == trio.source.digest(table), "\(table)")
        }
    }

    @Test func `replace each file and each program's output, also those without a row`() throws {
        let trio = try Trio(Self.tables, source: Self.rows)
        let directory = try TemporaryDirectory()
        let count = 3
        try withSnapshot(of: trio.source) { id in
            for number in 1...count {
                for table in ["a", "b", "c"] {
                    try directory.write("from before".utf8, to: "\(number)-\(table).csv")
                }
                try transfer(
                    "--all-tables", "--part", "\(number)/\(count)", "--snapshot", id, trio.source.conninfo,
                    directory.file("\(number)-{table}.csv"), "program:cat > \(directory.path)/p\(number)-{table}.csv"
                ).expecting(0)
            }
        }
        for table in ["a", "b", "c"] {
            let all = try (1...count).map { try directory.text(of: "\($0)-\(table).csv") }
            #expect(all.filter(\.isEmpty).count == count - 1, "a small table is one piece")
            for number in 1...count {
                #expect(try directory.text(of: "p\(number)-\(table).csv") == all[number - 1])
                try transfer(
                    "-t", table, directory.file("\(number)-\(table).csv"), trio.first.conninfo
                )
                .expecting(0)
            }
            #expect(try trio.first.digest(table) == trio.source.digest(table), "\(table)")
        }
    }

    /// Who may not read all columns cannot scan a range of blocks, and would cut elsewhere than the others.
    @Test func `of roles with other rights are refused`() throws {
        let trio = try Trio(Self.tables, source: Self.rows)
        let role = "part\(trio.source.database)"
        try trio.source.sql("CREATE ROLE \(role) LOGIN; GRANT SELECT (id, v) ON a TO \(role)")
        defer { _ = try? trio.source.sql("DROP OWNED BY \(role); DROP ROLE \(role)") }
        let conninfo = trio.source.conninfo.replacing("postgres@", with: "\(role)@")
        try withSnapshot(of: trio.source) { id in
            let refused = try transfer(
                "-t", "a", "--columns", "id,v", "--part", "1/2", "--snapshot", id, conninfo, trio.first.conninfo)
            #expect(refused.code == 1 && refused.errors.contains("would have other borders"), "\(refused)")
            #expect(refused.errors.contains("GRANT SELECT ON TABLE"), "\(refused)")
        }
        #expect(try trio.first.count("a") == 0)
    }
}
