// Splits SQL texts into statements, each of which a server takes as one.

/// Finds the semicolons that end statements; an empty statement is left out.
///
/// The bytes may come in pieces, cut anywhere; only the statement that is not complete is kept.
/// It reads as a server with `standard_conforming_strings = on` does; as in psql, a semicolon ends nothing inside
/// parentheses, nor inside the body of a routine.
package struct StatementSplitter {
    private enum State: Equatable {
        case plain
        /// After the first byte of what may be `--`.
        case dash
        /// After the first byte of what may be `/*`.
        case slash
        case lineComment
        case blockComment(depth: Int, previous: UInt8)
        /// In '…'; a doubled quote is two strings that touch.
        case string
        /// In E'…'.
        case escapeString
        case escapeStringBackslash
        /// After a quote in E'…': the end, unless another one follows.
        case escapeStringQuote
        case quotedIdentifier
        case word
        /// After `U&`, which may be the prefix of a quote.
        case unicodePrefix
        /// After `$`, or in what may become `$tag$`.
        case dollar
        case dollarQuoted(matched: Int)
    }

    private var state = State.plain
    private var bytes: [UInt8] = []
    private var line = 1
    private var firstLine = 1
    private var sawToken = false
    private var isCopy = false
    private var parentheses = 0
    private var body = RoutineBody()
    private var word = SQLWord()
    private var wordIsFirst = false
    private var tag: [UInt8] = []
    /// An escape string ended, and since then there were only blanks, line comments and …
    private var followsEscapeString = false
    /// … a line end: a quote that comes now goes on with it.
    private var lineEnded = false

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
        switch state {
        case .word, .unicodePrefix: endWord()
        // A comment without an end is the server's to refuse: it may hide statements.
        case .dash, .slash, .blockComment: noteToken()
        default: break
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
        while !step(byte) {}
        guard byte == UInt8(ascii: ";"), state == .plain, parentheses == 0, body.depth == 0 else { return nil }
        bytes.removeLast()
        return completed()
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
        while let last = bytes.last, Self.isBlank(last) { bytes.removeLast() }
        return SQLStatement(bytes: bytes, line: firstLine, isCopy: isCopy)
    }

    /// False when the byte is to be looked at again in another state.
    private mutating func step(_ byte: UInt8) -> Bool {
        switch state {
        case .plain: return plain(byte)
        case .dash:
            guard byte == UInt8(ascii: "-") else { return leaveOperator() }
            // As in psql: comments before a statement are no part of it.
            if bytes.count == 1 { bytes = [] } else { bytes.append(byte) }
            state = .lineComment
            return true
        case .slash:
            guard byte == UInt8(ascii: "*") else { return leaveOperator() }
            state = .blockComment(depth: 1, previous: 0)
        case .lineComment:
            if byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") { return again(.plain) }
            if bytes.isEmpty { return true }
        case .blockComment(let depth, let previous): blockComment(byte, depth, previous)
        case .string: if byte == UInt8(ascii: "'") { state = .plain }
        case .quotedIdentifier: if byte == UInt8(ascii: "\"") { state = .plain }
        case .escapeString:
            if byte == UInt8(ascii: "\\") { state = .escapeStringBackslash }
            if byte == UInt8(ascii: "'") { state = .escapeStringQuote }
        case .escapeStringBackslash: state = .escapeString
        case .escapeStringQuote:
            guard byte == UInt8(ascii: "'") else {
                followsEscapeString = true
                lineEnded = false
                return again(.plain)
            }
            state = .escapeString
        case .word:
            guard Self.continuesWord(byte) || byte == UInt8(ascii: "$") else { return afterWord(byte) }
            word.append(byte)
        case .unicodePrefix:
            if byte != UInt8(ascii: "'"), byte != UInt8(ascii: "\"") { endWord() }
            return again(.plain)
        case .dollar: return dollar(byte)
        case .dollarQuoted(let matched): dollarQuoted(byte, matched)
        }
        bytes.append(byte)
        return true
    }

    private mutating func again(_ next: State) -> Bool {
        state = next
        return false
    }

    /// The byte before was an operator after all.
    private mutating func leaveOperator() -> Bool {
        noteToken()
        if let before = bytes.last { notePunctuation(before) }
        return again(.plain)
    }

    private mutating func plain(_ byte: UInt8) -> Bool {
        switch byte {
        case _ where Self.isBlank(byte):
            if byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") { lineEnded = true }
            if bytes.isEmpty { return true }
        case UInt8(ascii: "-"): state = .dash
        case UInt8(ascii: "/"): state = .slash
        case UInt8(ascii: ";"):
            followsEscapeString = false
            if parentheses > 0 || body.depth > 0 { noteToken() }
            if parentheses == 0, body.depth > 0 { body.endStatement() }
        case UInt8(ascii: "'"):
            state = followsEscapeString && lineEnded ? .escapeString : .string
            noteToken()
            notePunctuation(byte)
        default:
            token(byte)
        }
        bytes.append(byte)
        return true
    }

    private mutating func token(_ byte: UInt8) {
        wordIsFirst = !sawToken
        noteToken()
        if !Self.startsWord(byte) { notePunctuation(byte) }
        switch byte {
        case UInt8(ascii: "\""): state = .quotedIdentifier
        case UInt8(ascii: "$"):
            state = .dollar
            tag = []
        case UInt8(ascii: "("): parentheses += 1
        case UInt8(ascii: ")"): if parentheses > 0 { parentheses -= 1 }
        case _ where Self.startsWord(byte):
            state = .word
            word = SQLWord()
            word.append(byte)
        default: break
        }
    }

    private mutating func noteToken() {
        followsEscapeString = false
        if !sawToken { firstLine = line }
        sawToken = true
    }

    /// A letter that a quote follows at once is the quote's prefix, and no word.
    private mutating func afterWord(_ byte: UInt8) -> Bool {
        if byte == UInt8(ascii: "'"), word.isStringPrefix {
            guard word.isEscapePrefix else { return again(.plain) }
            notePunctuation(byte)
            state = .escapeString
        } else if byte == UInt8(ascii: "&"), word.isUnicodePrefix {
            state = .unicodePrefix
        } else {
            endWord()
            return again(.plain)
        }
        bytes.append(byte)
        return true
    }

    private mutating func endWord() {
        if wordIsFirst { isCopy = word == Self.copy }
        if parentheses == 0 { body.take(word) }
    }

    private mutating func notePunctuation(_ byte: UInt8) { if parentheses == 0 { body.take(byte) } }

    private mutating func blockComment(_ byte: UInt8, _ depth: Int, _ previous: UInt8) {
        followsEscapeString = false
        switch (previous, byte) {
        case (UInt8(ascii: "*"), UInt8(ascii: "/")):
            state = depth == 1 ? .plain : .blockComment(depth: depth - 1, previous: 0)
        case (UInt8(ascii: "/"), UInt8(ascii: "*")): state = .blockComment(depth: depth + 1, previous: 0)
        default: state = .blockComment(depth: depth, previous: byte)
        }
    }

    private mutating func dollar(_ byte: UInt8) -> Bool {
        if byte == UInt8(ascii: "$") {
            state = .dollarQuoted(matched: 0)
        } else if tag.isEmpty ? Self.startsWord(byte) : Self.continuesWord(byte) {
            tag.append(byte)
        } else if tag.isEmpty {
            return again(.plain)
        } else {
            // No tag after all: a lone dollar sign and a word.
            wordIsFirst = false
            word = SQLWord()
            for letter in tag { word.append(letter) }
            return again(.word)
        }
        bytes.append(byte)
        return true
    }

    private mutating func dollarQuoted(_ byte: UInt8, _ matched: Int) {
        if byte == UInt8(ascii: "$") {
            state = matched == tag.count + 1 ? .plain : .dollarQuoted(matched: 1)
        } else if matched > 0, matched <= tag.count, byte == tag[matched - 1] {
            state = .dollarQuoted(matched: matched + 1)
        } else {
            state = .dollarQuoted(matched: 0)
        }
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || (9...13).contains(byte) }

    private static func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

    private static func startsWord(_ byte: UInt8) -> Bool {
        let folded = byte | 0x20
        return folded >= UInt8(ascii: "a") && folded <= UInt8(ascii: "z") && byte < 0x80 || byte >= 0x80
            || byte == UInt8(ascii: "_")
    }

    private static func continuesWord(_ byte: UInt8) -> Bool { startsWord(byte) || isDigit(byte) }
}
