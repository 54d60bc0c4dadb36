// Role: ways to copy the tables of a schema: ours, pg_dump's pipe, and what a server does alone.

import TestKit

extension Contender {
    /// All tables of the schema in so many streams.
    static func pgcopyTables(jobs: Int = 1) -> Contender {
        Contender(name: jobs == 1 ? "pgcopy" : "pgcopy -j \(jobs)", isPgcopy: true, counts: 1...3) {
            arena, schema, count in
            try Program.pgcopy(
                ["transfer", "-q", "-w", "-j", "\(jobs)", "-n", schema, arena.sourceAddress] + arena.addresses(count))
        }
    }

    /// The whole schema from nothing.
    static func pgcopyClone(jobs: Int = 1) -> Contender {
        let streams = jobs == 1 ? "" : " -j \(jobs)"
        return Contender(name: "pgcopy --create --sequences" + streams, isPgcopy: true, counts: 1...1) {
            arena, schema, count in
            try Program.pgcopy(
                [
                    "transfer", "-q", "-w", "--create", "--sequences", "-j", "\(jobs)", "-n", schema,
                    arena.sourceAddress,
                ] + arena.addresses(count))
        }
    }

    /// What one types without us.
    static let pgDumpClone = Contender(name: "pg_dump | psql -1", counts: 1...1) { arena, schema, _ in
        arena.shell(
            #""$PG_DUMP" -n "$1" -d "$2" | \#(load)"#, [schema, arena.sourceAddress, arena.addresses(1)[0], "-"])
    }

    /// One table in so many streams, divided as said.
    static func pgcopyStreams(_ jobs: Int, _ options: String...) -> Contender {
        let options = ["-j", "\(jobs)"] + options
        return Contender(
            name: "pgcopy " + options.joined(separator: " "), isPgcopy: true, counts: 1...3
        ) { arena, table, count in
            try Program.pgcopy(
                ["transfer", "-q", "-w"] + options + [arena.sourceAddress + "#" + table] + arena.addresses(count))
        }
    }

    /// What one types without us.
    static let pgDumpPipe = pgDumpPipe(rounds: nil)

    /// The same, so often: over long links it takes long.
    static func pgDumpPipe(rounds: Int?) -> Contender {
        Contender(name: "pg_dump -a | psql -1", rounds: rounds, counts: 1...1) { arena, schema, _ in
            arena.shell(
                #""$PG_DUMP" -a -n "$1" -d "$2" | \#(load)"#, [schema, arena.sourceAddress, arena.addresses(1)[0], "-"])
        }
    }

    /// Its second half alone.
    static func psqlOfFile(_ file: String) -> Contender {
        Contender(name: "psql -1 of a file of pg_dump", counts: 1...1) { arena, schema, _ in
            arena.shell(load, [schema, arena.sourceAddress, arena.addresses(1)[0], file])
        }
    }

    private static let load = #""$PSQL" -qX -1 -v ON_ERROR_STOP=1 -d "$3" -f "$4" > /dev/null"#

    /// What the destination's server needs when the rows lie on its own disk, a file for each table, and it goes from
    /// one to the next by itself.
    static func limit(files: String, of schema: SampleSchema) -> Contender {
        let copies = schema.each(
            "COPY \(schema.name).table_{t} FROM \(sqlLiteral(files + "{t}")) (FORMAT binary)")
        return Contender(name: "limit: COPY FROM files of the server, binary", isLimit: true, counts: 1...1) {
            arena, _, _ in
            Program(arena.psql, ["-qX", "-d", arena.addresses(1)[0], "-c", copies])
        }
    }
}
