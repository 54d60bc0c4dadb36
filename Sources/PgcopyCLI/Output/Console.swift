// Lines on stderr.

internal import CopyCore

/// Writes messages to stderr. A reader that is gone is no reason to stop.
struct Console {
    private let stream: StandardStream

    init(_ stream: StandardStream = .error) { self.stream = stream }

    /// A line as it is; names that are no UTF-8, and control characters, are spelled out.
    func line(_ text: String) { _ = stream.write(Echo.lines(RawText.shown(text)) + "\n") }

    /// A message of the program's own.
    func message(_ text: String) { line("pgcopy: " + text) }

}
