// Role: the contenders that may be installed or not, and how to get those that are not.

import Glibc
import TestKit

/// Other people's programs.
struct Installed {
    /// Those that are there.
    private(set) var contenders: [Contender] = []
    /// Those that copy the tables of a schema.
    private(set) var schemaContenders: [Contender] = []
    /// Those that clone a schema from nothing.
    private(set) var cloneContenders: [Contender] = []
    /// A line for each that is not.
    private(set) var missing: [String] = []

    /// Looks for them.
    init(_ files: TemporaryDirectory) throws {
        try findPython(files)
        if let version = Self.firstLine("pgcopydb", ["--version"]) {
            contenders.append(.pgcopydb(version))
            schemaContenders.append(.pgcopydb(version, jobs: 2))
            cloneContenders.append(.pgcopydbClone(version))
        } else {
            missing.append("pgcopydb: `apt-get install pgcopydb`")
        }
    }

    private mutating func findPython(_ files: TemporaryDirectory) throws {
        // The interpreter itself, not a script that looks for it.
        let python = Self.firstLine("python3", ["-c", "import sys; print(sys.executable)"])
        func version(_ script: String) -> String? { python.flatMap { Self.firstLine($0, ["-c", script]) } }
        let asksPsycopg = "import psycopg; print(psycopg.__version__ + ' (' + psycopg.pq.__impl__ + ')')"
        if let python, let version = version(asksPsycopg) {
            let path = try files.write(PythonScripts.psycopg.utf8, to: "psycopg_copy.py")
            contenders += Self.formats.map { .python("psycopg \(version), \($0)", python, path, $1) }
        } else {
            missing.append("psycopg: `pip install 'psycopg[binary]'`")
        }
        if let python, let version = version("import postgresql, postgresql.copyman; print(postgresql.version)") {
            let path = try files.write(PythonScripts.copyman.utf8, to: "copyman_copy.py")
            contenders += Self.formats.map { .python("copyman of py-postgresql \(version), \($0)", python, path, $1) }
        } else {
            missing.append("copyman: `pip install py-postgresql`")
        }
    }

    private static let formats = [("text", ""), ("binary", " (FORMAT binary)")]

    /// What a program says first; nil when it is not there or fails.
    private static func firstLine(_ program: String, _ arguments: [String]) -> String? {
        let program = Program(program, arguments).with { $0.environment["HOME"] = home }
        guard let result = try? program.run(), result.code == 0 else { return nil }
        return result.output.split(separator: "\n").first.map(String.init)
    }

    /// The user's home, where some tools keep what they need.
    static var home: String { getenv("HOME").map { String(cString: $0) } ?? "/" }
}

extension Contender {
    /// A script: statement out, statement in, source, destinations.
    static func python(_ name: String, _ python: String, _ script: String, _ options: String) -> Contender {
        Contender(name: name, isOthers: true) { arena, table, count in
            Program(
                python,
                [
                    script, "COPY \(table) TO STDOUT\(options)", "COPY \(table) FROM STDIN\(options)",
                    arena.sourceAddress,
                ]
                    + arena.addresses(count)
            ).with { $0.environment["HOME"] = Installed.home }
        }
    }

    /// Its copy of table data, of one table, in one process.
    static func pgcopydb(_ version: String) -> Contender {
        Contender(name: version, isOthers: true, counts: 1...1) { arena, table, _ in
            let filter = try arena.files.write(
                "[include-only-table]\npublic.\(table)\n".utf8, to: "pgcopydb.ini")
            return pgcopydb(arena, ["--filters", filter, "--table-jobs", "1"])
        }
    }

    /// Its copy of the data of all tables of the database, which are those of the schema.
    static func pgcopydb(_ version: String, jobs: Int) -> Contender {
        Contender(name: "\(version), \(jobs) jobs", isOthers: true, counts: 1...1) { arena, _, _ in
            pgcopydb(arena, ["--table-jobs", "\(jobs)"])
        }
    }

    /// Its clone of the whole database, which holds nothing but the schema.
    static func pgcopydbClone(_ version: String) -> Contender {
        Contender(name: "\(version) clone, 2 jobs", isOthers: true, counts: 1...1) { arena, _, _ in
            arena.shell(
                """
                rm -rf pgcopydb
                pgcopydb clone --dir pgcopydb --source "$1" --target "$2" --table-jobs 2 --index-jobs 2 \
                --not-consistent >pgcopydb.log 2>&1 || { code=$?; tail -n 20 pgcopydb.log >&2; exit $code; }
                """,
                [arena.sourceAddress, arena.addresses(1)[0]])
        }
    }

    private static func pgcopydb(_ arena: Arena, _ options: [String]) -> Program {
        arena.shell(
            """
            rm -rf pgcopydb; source=$1; target=$2; shift 2
            pgcopydb copy table-data --dir pgcopydb --source "$source" --target "$target" "$@" \
            --index-jobs 1 --not-consistent >pgcopydb.log 2>&1 \
            || { code=$?; tail -n 20 pgcopydb.log >&2; exit $code; }
            """,
            [arena.sourceAddress, arena.addresses(1)[0]] + options)
    }
}
