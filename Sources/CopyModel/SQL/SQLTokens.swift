// The words of a statement, as the server's scanner cuts them.

/// One token, as far as a statement must be understood.
package enum SQLToken: Hashable {
    /// A keyword or plain name, in lower case.
    case word(String)
    /// A name in double quotes.
    case quotedName
    /// A string constant of any kind.
    case string
    /// A byte that stands for itself, or one digit of a number.
    case symbol(Unicode.Scalar)
    /// The string, name or comment before it does not end.
    case unterminated
}

/// Cuts a string of statements into tokens; comments and white space are none.
package struct SQLTokens: IteratorProtocol {
    private let bytes: [UInt8]
    private var index = 0
    private var wordStart = 0
    private var scanner: SQLScanner
    private var hasEnded = false

    /// The tokens of a text. Where strings are not standard, a backslash escapes in plain ones too.
    package init(_ sql: String, standardStrings: Bool) {
        bytes = Array(sql.utf8)
        scanner = SQLScanner(standardStrings: standardStrings)
    }

    package mutating func next() -> SQLToken? {
        while index < bytes.count {
            let byte = bytes[index]
            switch scanner.step(byte) {
            case .wordEnded: return word
            case .signEnded: return .symbol(Unicode.Scalar(bytes[index - 1]))
            case .wordBegins: wordStart = index
            case .dollarQuote:
                index += 1
                return .string
            case .token:
                index += 1
                switch byte {
                case UInt8(ascii: "'"): return .string
                case UInt8(ascii: "\""): return .quotedName
                // What follows tells whether a string begins, or a word.
                case UInt8(ascii: "$"): wordStart = index
                default: return .symbol(Unicode.Scalar(byte))
                }
                continue
            case .blank, .part, .lineComment: break
            }
            index += 1
        }
        if hasEnded { return nil }
        hasEnded = true
        return switch scanner.rest {
        case .nothing: nil
        case .word: word
        case .sign: bytes.last.map { .symbol(Unicode.Scalar($0)) }
        case .blockComment, .quote: .unterminated
        }
    }

    private var word: SQLToken {
        .word(String(decoding: bytes[wordStart..<wordStart + scanner.word.count], as: UTF8.self).lowercased())
    }
}
