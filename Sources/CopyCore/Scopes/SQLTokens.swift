// The words of a statement, as the server's scanner cuts them.

/// One token, as far as a COPY statement must be understood.
enum SQLToken: Hashable {
    /// A keyword or plain name, in lower case.
    case word(String)
    /// A name in double quotes.
    case quotedName
    /// A string constant of any kind.
    case string
    /// A byte that stands for itself.
    case symbol(Unicode.Scalar)
    /// A number or a parameter.
    case other
    /// A string, name or comment that does not end.
    case unterminated
}

/// Cuts a string of statements into tokens; comments and white space are none.
struct SQLTokens: IteratorProtocol {
    private let bytes: [UInt8]
    private var index = 0
    /// Off: a backslash escapes in plain strings too.
    private let standardStrings: Bool

    init(_ sql: String, standardStrings: Bool) {
        bytes = Array(sql.utf8)
        self.standardStrings = standardStrings
    }

    mutating func next() -> SQLToken? {
        guard skipBlanks() else { return .unterminated }
        guard let byte = peek() else { return nil }
        switch byte {
        case UInt8(ascii: "'"): return quoted(byte, backslash: !standardStrings, .string)
        case UInt8(ascii: "\""): return quoted(byte, backslash: false, .quotedName)
        case UInt8(ascii: "$"): return dollar()
        case _ where Self.beginsWord(byte): return word()
        case UInt8(ascii: "0")...UInt8(ascii: "9"):
            take { Self.continuesWord($0) || $0 == UInt8(ascii: ".") }
            return .other
        default:
            index += 1
            return .symbol(Unicode.Scalar(byte))
        }
    }

    private func peek(_ ahead: Int = 0) -> UInt8? { index + ahead < bytes.count ? bytes[index + ahead] : nil }

    private func isAt(_ first: Unicode.Scalar, _ second: Unicode.Scalar) -> Bool {
        peek() == UInt8(ascii: first) && peek(1) == UInt8(ascii: second)
    }

    private mutating func take(while matches: (UInt8) -> Bool) {
        while let byte = peek(), matches(byte) { index += 1 }
    }

    /// False when a comment does not end.
    private mutating func skipBlanks() -> Bool {
        while let byte = peek() {
            if byte == 0x20 || (0x09...0x0D).contains(byte) {
                index += 1
            } else if isAt("-", "-") {
                take { $0 != 0x0A && $0 != 0x0D }
            } else if isAt("/", "*") {
                guard skipComment() else { return false }
            } else {
                return true
            }
        }
        return true
    }

    /// Comments nest.
    private mutating func skipComment() -> Bool {
        var depth = 0
        repeat {
            guard peek() != nil else { return false }
            if isAt("/", "*") {
                depth += 1
                index += 2
            } else if isAt("*", "/") {
                depth -= 1
                index += 2
            } else {
                index += 1
            }
        } while depth > 0
        return true
    }

    private mutating func word() -> SQLToken {
        let begin = index
        take(while: Self.continuesWord)
        let word = String(decoding: bytes[begin..<index], as: UTF8.self).lowercased()
        let apostrophe = UInt8(ascii: "'")
        switch word {
        case "e" where peek() == apostrophe: return quoted(apostrophe, backslash: true, .string)
        case "n", "b", "x":
            return peek() == apostrophe ? quoted(apostrophe, backslash: !standardStrings, .string) : .word(word)
        case "u" where isAt("&", "'"):
            index += 1
            return quoted(apostrophe, backslash: false, .string)
        case "u" where isAt("&", "\""):
            index += 1
            return quoted(UInt8(ascii: "\""), backslash: false, .quotedName)
        default: return .word(word)
        }
    }

    /// From one quote to the next that is not doubled.
    private mutating func quoted(_ quote: UInt8, backslash: Bool, _ token: SQLToken) -> SQLToken {
        index += 1
        while let byte = peek() {
            index += 1
            if backslash, byte == UInt8(ascii: "\\") {
                index += 1
            } else if byte == quote {
                guard peek() == quote else { return token }
                index += 1
            }
        }
        return .unterminated
    }

    /// `$tag$ … $tag$`, or `$1`.
    private mutating func dollar() -> SQLToken {
        let begin = index
        index += 1
        if let byte = peek(), Self.beginsWord(byte) { take { Self.continuesWord($0) && $0 != UInt8(ascii: "$") } }
        guard peek() == UInt8(ascii: "$") else { return .other }
        index += 1
        let tag = bytes[begin..<index]
        while index + tag.count <= bytes.count {
            if bytes[index] == UInt8(ascii: "$"), bytes[index..<index + tag.count] == tag {
                index += tag.count
                return .string
            }
            index += 1
        }
        return .unterminated
    }

    private static func beginsWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"), 0x80...:
            true
        default: false
        }
    }

    private static func continuesWord(_ byte: UInt8) -> Bool {
        beginsWord(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "$")
    }
}
