// Semicolons inside BEGIN ATOMIC … END do not end CREATE FUNCTION.

/// Follows CREATE [OR REPLACE] FUNCTION and PROCEDURE, token by token, the way PostgreSQL's grammar reads them.
///
/// BEGIN opens the body unless it stands where a name must be. In a body END closes it at the beginning of a statement
/// and nowhere else: in `SELECT 1 AS end` it is a column. BEGIN without ATOMIC, an error at every server, opens a body
/// too: the statements in it were never meant to run by themselves. What is in parentheses does not count.
struct RoutineBody {
    private enum Progress {
        /// At the beginning of a statement.
        case start
        case create, or, replace
        /// In the head of a routine. `nameNext`: whatever comes now is a name.
        case head(nameNext: Bool)
        /// After the BEGIN of a body.
        case begun
        /// In a statement, or the rest of one, that opens nothing.
        case other
    }

    private var progress = Progress.start
    /// How many bodies are open.
    private(set) var depth = 0

    private static let create = SQLWord("create")
    private static let or = SQLWord("or")
    private static let replace = SQLWord("replace")
    private static let routines = [SQLWord("function"), SQLWord("procedure")]
    private static let begin = SQLWord("begin")
    private static let atomic = SQLWord("atomic")
    private static let end = SQLWord("end")
    private static let `return` = SQLWord("return")
    /// In the head of a routine, what a name follows.
    private static let beforeNames = ["returns", "setof", "language", "support", "set", "to"].map { SQLWord($0) }

    /// The next word outside of quotes, comments and parentheses.
    mutating func take(_ word: SQLWord) {
        switch progress {
        case .begun where word == Self.atomic: progress = .start
        case .start, .begun: begin(with: word)
        case .create where word == Self.or: progress = .or
        case .or where word == Self.replace: progress = .replace
        case .create where Self.routines.contains(word), .replace where Self.routines.contains(word):
            progress = .head(nameNext: true)
        case .head(nameNext: false) where word == Self.begin: open()
        // An expression follows, and no body.
        case .head(nameNext: false) where word == Self.return: progress = .other
        case .head: progress = .head(nameNext: Self.beforeNames.contains(word))
        case .create, .or, .replace, .other: progress = .other
        }
    }

    /// Anything but a word, outside of parentheses: its first byte.
    mutating func take(_ byte: UInt8) {
        if case .head = progress {
            progress = .head(nameNext: ".,=".utf8.contains(byte))
        } else {
            progress = .other
        }
    }

    /// A semicolon in a body.
    mutating func endStatement() { progress = .start }

    private mutating func begin(with word: SQLWord) {
        switch word {
        case Self.create: progress = .create
        case Self.begin where depth > 0: open()
        case Self.end where depth > 0:
            depth -= 1
            progress = .other
        default: progress = .other
        }
    }

    private mutating func open() {
        depth += 1
        progress = .begun
    }
}
