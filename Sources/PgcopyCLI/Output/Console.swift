// Lines for people and programs, on stderr.

internal import CopyCore

/// Writes messages.
struct Console {
    private let write: (String) -> Void

    /// To stderr.
    init() {
        let stderr = StandardError()
        self.init { stderr.write($0) }
    }

    /// To whatever takes whole lines.
    init(_ write: @escaping (String) -> Void) { self.write = write }

    /// The same, with something done before each line.
    func behind(_ first: @escaping () -> Void) -> Console {
        Console { [write] in
            first()
            write($0)
        }
    }

    /// A line as it is; names that are no UTF-8, and control characters, are spelled out.
    func line(_ text: String) { write(Echo.lines(RawText.shown(text)) + "\n") }

    /// A message of the program's own.
    func message(_ text: String) { line("pgcopy: " + text) }

    /// Lines that belong together, about an endpoint.
    func message(_ lines: [String], at label: String) {
        for (index, line) in lines.enumerated() { message("\(label): \(index > 0 ? "  " : "")\(line)") }
    }
}
