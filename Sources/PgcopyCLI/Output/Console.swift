// Lines on stderr.

/// Writes messages to stderr. A reader that is gone is no reason to stop.
struct Console {
    private let stream: StandardStream

    init(_ stream: StandardStream = .error) { self.stream = stream }

    /// A line as it is.
    func line(_ text: String) { _ = stream.write(text + "\n") }

    /// A message of the program's own.
    func message(_ text: String) { line("pgcopy: " + text) }

}
