// Role: user instructions a row, by callgrind: a figure that other programs on the machine do not disturb.

import TestKit

/// Instructions a row in text format, start-up taken off.
struct InstructionCounts {
    /// A way, and what it took a row.
    struct Count {
        let name: String
        let perRow: Double
        /// The most that is wanted; nil where only compared.
        let limit: Double?
    }

    /// How many rows, and how long one is in text format.
    let rows: Int
    let width: Int
    /// In the order they were taken.
    private(set) var counts: [Count] = []
    /// How to get what it takes.
    static let missing = "valgrind: `apt-get install valgrind`, to count instructions"

    /// Counts; nil without valgrind.
    init?(_ arena: Arena, rows: Int) throws {
        guard (try? Program("valgrind", ["--version"]).run())?.code == 0 else { return nil }
        let full = SampleTable.counted(rows)
        let empty = full.named("counted_none", rows: 0)
        self.rows = rows
        try arena.make(full)
        try arena.make(empty)
        width = try arena.textBytes(full) / rows
        let files = [full, empty].map { arena.files.file("\($0.name).copy") }
        for (table, file) in zip([full, empty], files) {
            let sql = "COPY \(table.name) TO STDOUT"
            try arena.shell(#""$PSQL" -qX -d "$1" -c "$2" > "$3""#, [arena.sourceAddress, sql, file]).run().expecting(0)
        }
        let source = arena.sourceAddress
        let destination = arena.addresses(1)[0]
        let pgcopy = try Program.pgcopyPath()
        try count("pgcopy to null", limit: 100, arena, [full, empty]) { table in
            [pgcopy, "transfer", "-q", "-w", "--format=text", "\(source)#\(table)", "null:"]
        }
        try count("pgcopy to one destination", limit: 130, arena, [full, empty]) { table in
            [pgcopy, "transfer", "-q", "-w", "--format=text", "\(source)#\(table)", destination]
        }
        try count("psql, COPY TO STDOUT", limit: nil, arena, [full, empty]) { table in
            [arena.psql, "-qX", "-d", source, "-c", "COPY \(table) TO STDOUT"]
        }
        try count("psql, COPY FROM STDIN", limit: nil, arena, [full, empty]) { table in
            [arena.psql, "-qX", "-d", destination, "-c", "COPY \(table) FROM STDIN"]
        }
        try arena.drop(full)
        try arena.drop(empty)
    }

    private mutating func count(
        _ name: String, limit: Double?, _ arena: Arena, _ tables: [SampleTable],
        _ command: (_ table: String) -> [String]
    ) throws {
        let totals = try tables.map { table in
            try arena.empty(table, 1)
            return try Self.instructions(command(table.name), input: arena.files.file("\(table.name).copy"))
        }
        let count = Count(name: name, perRow: Double(totals[0] - totals[1]) / Double(rows), limit: limit)
        counts.append(count)
        say("instructions a row: \(name): \(Figures.fixed(count.perRow, 1))")
    }

    /// Runs a command under callgrind, its stdin a file, its stdout nowhere, and gives what it collected.
    private static func instructions(_ command: [String], input: String) throws -> Int {
        var program = Program(
            "sh",
            ["-c", #"exec valgrind --tool=callgrind --callgrind-out-file=/dev/null "$@" > /dev/null"#, "sh"] + command)
        program.input = .file(input)
        program.timeout = .seconds(900)
        return try collected(program.run().expecting(0).errors)
    }

    /// What callgrind says it collected.
    static func collected(_ words: String) throws -> Int {
        let line = words.split(separator: "\n").last { $0.contains("Collected :") }
        guard let total = line?.split(separator: " ").last.flatMap({ Int($0) }) else {
            throw BenchError("callgrind says no total: \(words)")
        }
        return total
    }
}
