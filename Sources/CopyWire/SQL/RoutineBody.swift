// Semicolons inside BEGIN ATOMIC … END do not end CREATE FUNCTION.

/// psql's own heuristic: in a statement that begins with CREATE [OR REPLACE] FUNCTION or PROCEDURE,
/// BEGIN and CASE open what END closes.
struct RoutineBody {
    private enum Progress { case start, create, or, replace, routine, other }

    private var progress = Progress.start
    /// How many blocks are open.
    private(set) var depth = 0

    private static let create = SQLWord("create")
    private static let or = SQLWord("or")
    private static let replace = SQLWord("replace")
    private static let function = SQLWord("function")
    private static let procedure = SQLWord("procedure")
    private static let begin = SQLWord("begin")
    private static let `case` = SQLWord("case")
    private static let end = SQLWord("end")

    /// The next word outside of quotes and comments.
    mutating func take(_ word: SQLWord, insideParentheses: Bool) {
        switch (progress, word) {
        case (.start, Self.create): progress = .create
        case (.create, Self.or): progress = .or
        case (.or, Self.replace): progress = .replace
        case (.create, Self.function), (.create, Self.procedure), (.replace, Self.function), (.replace, Self.procedure):
            progress = .routine
        case (.routine, _): if !insideParentheses { count(word) }
        default: progress = .other
        }
    }

    private mutating func count(_ word: SQLWord) {
        switch word {
        case Self.begin: depth += 1
        case Self.case: if depth > 0 { depth += 1 }
        case Self.end: if depth > 0 { depth -= 1 }
        default: break
        }
    }
}
