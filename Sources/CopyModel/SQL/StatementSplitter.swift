// Splits SQL texts into statements, each of which a server takes as one.

/// Finds the semicolons that end statements; an empty statement is left out.
///
/// The bytes may come in pieces, cut anywhere; only the statement that is not complete is kept.
/// It reads as a server with `standard_conforming_strings = on` does; as in psql, a semicolon ends nothing inside
/// parentheses, nor inside the body of a routine.
package struct StatementSplitter {
    private var scanner = SQLScanner()
    private var bytes: [UInt8] = []
    private var line = 1
    private var firstLine = 1
    private var sawToken = false
    private var isCopy = false
    private var parentheses = 0
    private var body = RoutineBody()
    private var wordIsFirst = false

    private static let copy = SQLWord("copy")

    /// A splitter at the beginning of a text.
    package init() {}

    /// The statements that a piece of the text completes.
    package mutating func push(_ piece: RawSpan, _ emit: (SQLStatement) -> Void) {
        for offset in piece.byteOffsets {
            // In bounds: the offsets are the span's own.
            let byte = unsafe piece.unsafeLoad(fromByteOffset: offset, as: UInt8.self)
            if let statement = push(byte) { emit(statement) }
        }
    }

    /// The last statement, which no semicolon ended; the splitter can be used for another text then.
    package mutating func finish() -> SQLStatement? {
        switch scanner.rest {
        case .word: endWord()
        // A comment without an end is the server's to refuse: it may hide statements.
        case .sign, .blockComment: noteToken()
        case .quote, .nothing: break
        }
        let last = completed()
        self = StatementSplitter()
        return last
    }

    /// All statements of a text.
    package static func split(_ text: String) -> [SQLStatement] {
        var splitter = StatementSplitter()
        var statements: [SQLStatement] = []
        for byte in text.utf8 { if let statement = splitter.push(byte) { statements.append(statement) } }
        if let last = splitter.finish() { statements.append(last) }
        return statements
    }

    /// The statement that this byte completes.
    package mutating func push(_ byte: UInt8) -> SQLStatement? {
        defer { if byte == UInt8(ascii: "\n") { line += 1 } }
        while true {
            switch scanner.step(byte) {
            case .part, .dollarQuote: break
            case .blank: if bytes.isEmpty { return nil }
            case .wordBegins:
                wordIsFirst = !sawToken
                noteToken()
            case .token:
                if byte == UInt8(ascii: ";"), parentheses == 0, body.depth == 0 { return completed() }
                noteToken()
                token(byte)
            case .lineComment:
                // As in psql: comments before a statement are no part of it.
                if bytes.count == 1 {
                    bytes = []
                    return nil
                }
            case .wordEnded:
                endWord()
                continue
            case .signEnded:
                noteToken()
                if parentheses == 0, let sign = bytes.last { body.take(sign) }
                continue
            }
            bytes.append(byte)
            return nil
        }
    }

    private mutating func completed() -> SQLStatement? {
        defer {
            bytes = []
            sawToken = false
            isCopy = false
            parentheses = 0
            body = RoutineBody()
        }
        guard sawToken else { return nil }
        while let last = bytes.last, last == UInt8(ascii: " ") || (9...13).contains(last) { bytes.removeLast() }
        return SQLStatement(bytes: bytes, line: firstLine, isCopy: isCopy)
    }

    private mutating func noteToken() {
        if !sawToken { firstLine = line }
        sawToken = true
    }

    private mutating func token(_ byte: UInt8) {
        wordIsFirst = false
        if parentheses == 0 { if byte == UInt8(ascii: ";") { body.endStatement() } else { body.take(byte) } }
        if byte == UInt8(ascii: "(") { parentheses += 1 }
        if byte == UInt8(ascii: ")"), parentheses > 0 { parentheses -= 1 }
    }

    private mutating func endWord() {
        if wordIsFirst { isCopy = scanner.word == Self.copy }
        if parentheses == 0 { body.take(scanner.word) }
    }
}
