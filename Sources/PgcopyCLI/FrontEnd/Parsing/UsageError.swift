// A command line that cannot be meant, and where to read on.

internal import CopyCore

/// A usage error: exit 2, and nothing was started.
struct UsageError: Error, Equatable {
    /// What is wrong, naming the option or operand; no full stop.
    let message: String
    /// The command whose help to read; nil is the program's own.
    let command: CommandName?
    /// Whether to show the commands there are.
    let showsUsage: Bool

    /// An error in the command line of this command, or of the program.
    init(_ message: String, in command: CommandName?, showsUsage: Bool = false) {
        self.message = message
        self.command = command
        self.showsUsage = showsUsage
    }

    /// The lines for stderr.
    var text: String {
        var lines = ["pgcopy: \(message)"]
        if showsUsage {
            lines.append("Usage:")
            lines += CommandTable.commands.map { "  \($0.synopsis)" }
        }
        let words = ["pgcopy", command?.rawValue, "--help"].compactMap { $0 }
        lines.append("Try \"\(words.joined(separator: " "))\".")
        return lines.map { $0 + "\n" }.joined()
    }
}

/// Words suggestions.
enum Suggestion {
    /// `; did you mean WORD?`, or nothing.
    static func ending(for typed: String, among words: [String], prefix: String = "") -> String {
        NearestWord.find(typed, among: words).map { "; did you mean \(prefix)\($0)?" } ?? ""
    }
}
