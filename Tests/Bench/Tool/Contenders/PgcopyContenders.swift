// Role: our own ways.

import TestKit

extension Contender {
    /// As a user would call it.
    static let pgcopyAuto = pgcopy("pgcopy", ["--format=auto"], counts: 1...3)
    /// Binary, where there is no destination to choose a format for.
    static let pgcopyBinary = pgcopy("pgcopy --format=binary", ["--format=binary"], counts: 0...0)
    /// Text.
    static let pgcopyText = pgcopy("pgcopy --format=text", ["--format=text"], counts: 0...3)
    /// Text by libpq's own calls.
    static let pgcopyLibpq = pgcopy(
        "pgcopy --format=text, libpq's calls", ["--format=text"], ["PGCOPY_TRANSPORT": "libpq"], counts: 0...3)

    /// The same from a shell, as a pipe is.
    static let pgcopyInShell = Contender(name: "pgcopy", isPgcopy: true, counts: 1...3) { arena, table, count in
        let program = try pgcopyAuto.program(arena, table, count)
        return Program("sh", ["-c", #""$0" "$@""#, program.executable]).with {
            $0.rawArguments += program.rawArguments
            $0.environment = program.environment
        }
    }

    private static func pgcopy(
        _ name: String, _ options: [String], _ environment: [String: String] = [:], counts: ClosedRange<Int>
    ) -> Contender {
        Contender(name: name, isPgcopy: true, counts: counts) { arena, table, count in
            let destinations = count == 0 ? ["null:"] : arena.addresses(count)
            let arguments = ["transfer", "-q", "-w"] + options + [arena.sourceAddress + "#" + table] + destinations
            return try Program.pgcopy(arguments).with { $0.environment.merge(environment) { _, wanted in wanted } }
        }
    }
}
