// Lines for people and programs, on stderr.

internal import CopyCore
internal import Glibc

/// Writes messages. A reader that is gone is no reason to stop.
struct Console {
    private let write: (String) -> Void

    /// To stderr.
    init() { self.init { try? TextOutput(blocking: STDERR_FILENO).write(Array($0.utf8)) } }

    /// To whatever takes whole lines.
    init(_ write: @escaping (String) -> Void) { self.write = write }

    /// A line as it is; names that are no UTF-8, and control characters, are spelled out.
    func line(_ text: String) { write(Echo.lines(RawText.shown(text)) + "\n") }

    /// A message of the program's own.
    func message(_ text: String) { line("pgcopy: " + text) }
}
