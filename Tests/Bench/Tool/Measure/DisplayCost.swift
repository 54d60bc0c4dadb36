// Role: what the display costs the client: user instructions with and without it, by callgrind.

import TestKit

/// A copy whose rows are kept nowhere, on a terminal, with the display and with plain lines.
struct DisplayCost {
    static let words = "the display, to 3 `null:`"

    let rows: Int
    /// User instructions of each run.
    private(set) var display: [Double] = []
    private(set) var plain: [Double] = []

    /// The median with the display for that without. Pictures are drawn as time goes by, of which callgrind takes several
    /// times as much: rather too many are in it.
    var ratio: Double { Series.median(display) / Series.median(plain) }

    init(_ arena: Arena, rows: Int, rounds: Int) throws {
        self.rows = rows
        let table = SampleTable.counted(rows)
        try arena.make(table)
        let source = "\(arena.sourceAddress)#\(table.name)"
        for _ in 0..<rounds {
            plain.append(try Self.instructions(arena, source, "plain"))
            display.append(try Self.instructions(arena, source, "bar"))
        }
        try arena.drop(table)
        say("user instructions with the display: \(Figures.fixed(ratio, 3)) of those with plain lines")
    }

    private static func instructions(_ arena: Arena, _ source: String, _ progress: String) throws -> Double {
        let log = arena.files.file("callgrind.log")
        var program = Program(
            "valgrind",
            [
                "--tool=callgrind", "--callgrind-out-file=/dev/null", "--log-file=\(log)", try Program.pgcopyPath(),
                "transfer", "-w", "--progress=\(progress)", source, "null:", "null:", "null:",
            ])
        program.terminal = .all
        program.environment["TERM"] = "xterm-256color"
        program.timeout = .seconds(900)
        let result = try program.run().expecting(0)
        let isDrawn = result.screenText.contains("\u{1B}[")
        guard isDrawn == (progress == "bar") else { throw BenchError("not what \(progress) shows: \(result)") }
        return Double(try InstructionCounts.collected(String(decoding: try readFile(log), as: UTF8.self)))
    }
}
