// SQL byte by byte, as the server's scanner cuts it.

/// Tells where words, strings, quoted names and comments begin and end. The bytes may be cut anywhere.
///
/// `StatementSplitter` and `SQLTokens` read by it. It keeps no bytes of the text, and `step` is
/// inlined where `exec` splits: it pays for each instruction once a byte.
struct SQLScanner {
    /// What a byte is, or what it says of the one before.
    enum Step {
        /// Between two tokens, or in a line comment.
        case blank
        /// In a token or in a block comment, or what may yet become one.
        case part
        /// The second dash of a line comment.
        case lineComment
        /// The first byte of a word, or of the prefix of a string.
        case wordBegins
        /// A quote that begins a string or a name, a dollar sign, or a byte that stands for itself.
        case token
        /// The second dollar sign of `$tag$`: a string begins.
        case dollarQuote
        /// The byte before this one, a dash or a slash, stood for itself. This one is to be given again.
        case signEnded
        /// The word before this byte is whole. This one is to be given again.
        case wordEnded
    }

    /// What the end of a text leaves open.
    enum Rest {
        case nothing
        case word
        /// A dash or a slash that stands for itself.
        case sign
        case blockComment
        /// A string or a name in quotes.
        case quote
    }

    private enum State {
        case plain
        /// After the first byte of what may be `--`.
        case dash
        /// After the first byte of what may be `/*`.
        case slash
        case lineComment
        case blockComment
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
        case dollarQuoted
    }

    private var state = State.plain
    /// The word that goes on, or has ended.
    private(set) var word = SQLWord()
    private var commentDepth = 0
    private var previousInComment: UInt8 = 0
    private var tag: [UInt8] = []
    /// How much of the closing `$tag$` was seen.
    private var matched = 0
    /// An escape string ended, and since then there were only blanks, line comments and …
    private var followsEscapeString = false
    /// … a line end: a quote that comes now goes on with it.
    private var lineEnded = false
    /// `standard_conforming_strings` is off: a backslash escapes in plain strings too.
    private let escapesEverywhere: Bool

    init(standardStrings: Bool = true) { escapesEverywhere = !standardStrings }

    var rest: Rest {
        switch state {
        case .plain, .lineComment, .escapeStringQuote, .dollar: .nothing
        case .word, .unicodePrefix: .word
        case .dash, .slash: .sign
        case .blockComment: .blockComment
        case .string, .escapeString, .escapeStringBackslash, .quotedIdentifier, .dollarQuoted: .quote
        }
    }

    @inline(__always)
    mutating func step(_ byte: UInt8) -> Step {
        while true {
            switch state {
            case .plain: return plain(byte)
            case .word:
                if Self.continuesWord(byte) || byte == UInt8(ascii: "$") {
                    word.append(byte)
                    return .part
                }
                return afterWord(byte)
            case .string:
                if byte == UInt8(ascii: "'") { state = .plain }
                return .part
            case .quotedIdentifier:
                if byte == UInt8(ascii: "\"") { state = .plain }
                return .part
            case .lineComment:
                guard byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") else { return .blank }
                state = .plain
            case .blockComment:
                blockComment(byte)
                return .part
            case .dash, .slash:
                return afterSign(byte)
            case .escapeString:
                if byte == UInt8(ascii: "\\") { state = .escapeStringBackslash }
                if byte == UInt8(ascii: "'") { state = .escapeStringQuote }
                return .part
            case .escapeStringBackslash:
                state = .escapeString
                return .part
            case .escapeStringQuote:
                if byte == UInt8(ascii: "'") {
                    state = .escapeString
                    return .part
                }
                followsEscapeString = true
                lineEnded = false
                state = .plain
            case .unicodePrefix:
                state = .plain
                if byte != UInt8(ascii: "'"), byte != UInt8(ascii: "\"") { return .wordEnded }
            case .dollar:
                if let step = dollar(byte) { return step }
            case .dollarQuoted:
                dollarQuoted(byte)
                return .part
            }
        }
    }

    private mutating func plain(_ byte: UInt8) -> Step {
        if Self.startsWord(byte) {
            followsEscapeString = false
            word = SQLWord()
            word.append(byte)
            state = .word
            return .wordBegins
        }
        switch byte {
        case UInt8(ascii: " "), 9...13:
            if byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") { lineEnded = true }
            return .blank
        case UInt8(ascii: "-"):
            state = .dash
            return .part
        case UInt8(ascii: "/"):
            state = .slash
            return .part
        case UInt8(ascii: "'"):
            state = escapesEverywhere || followsEscapeString && lineEnded ? .escapeString : .string
        case UInt8(ascii: "\""): state = .quotedIdentifier
        case UInt8(ascii: "$"):
            state = .dollar
            tag = []
        default: break
        }
        followsEscapeString = false
        return .token
    }

    /// A letter that a quote follows at once is the quote's prefix, and no word.
    private mutating func afterWord(_ byte: UInt8) -> Step {
        if byte == UInt8(ascii: "'"), word.isStringPrefix {
            state = .plain
            guard word.isEscapePrefix else { return plain(byte) }
            state = .escapeString
            return .token
        }
        if byte == UInt8(ascii: "&"), word.isUnicodePrefix {
            state = .unicodePrefix
            return .part
        }
        state = .plain
        return .wordEnded
    }

    private mutating func afterSign(_ byte: UInt8) -> Step {
        if state == .dash, byte == UInt8(ascii: "-") {
            state = .lineComment
            return .lineComment
        }
        followsEscapeString = false
        if state == .slash, byte == UInt8(ascii: "*") {
            state = .blockComment
            commentDepth = 1
            previousInComment = 0
            return .part
        }
        state = .plain
        return .signEnded
    }

    private mutating func blockComment(_ byte: UInt8) {
        switch (previousInComment, byte) {
        case (UInt8(ascii: "*"), UInt8(ascii: "/")):
            commentDepth -= 1
            if commentDepth == 0 { state = .plain }
            previousInComment = 0
        case (UInt8(ascii: "/"), UInt8(ascii: "*")):
            commentDepth += 1
            previousInComment = 0
        default: previousInComment = byte
        }
    }

    /// Nil when the byte is to be looked at again in another state.
    private mutating func dollar(_ byte: UInt8) -> Step? {
        if byte == UInt8(ascii: "$") {
            state = .dollarQuoted
            matched = 0
            return .dollarQuote
        }
        if tag.isEmpty ? Self.startsWord(byte) : Self.continuesWord(byte) {
            tag.append(byte)
            return .part
        }
        state = .plain
        if !tag.isEmpty {
            // No tag after all: a lone dollar sign and a word.
            word = SQLWord()
            for letter in tag { word.append(letter) }
            state = .word
        }
        return nil
    }

    private mutating func dollarQuoted(_ byte: UInt8) {
        if byte == UInt8(ascii: "$") {
            if matched == tag.count + 1 { state = .plain }
            matched = 1
        } else {
            matched = matched > 0 && matched <= tag.count && byte == tag[matched - 1] ? matched + 1 : 0
        }
    }

    private static func startsWord(_ byte: UInt8) -> Bool {
        let folded = byte | 0x20
        return folded >= UInt8(ascii: "a") && folded <= UInt8(ascii: "z") && byte < 0x80 || byte >= 0x80
            || byte == UInt8(ascii: "_")
    }

    private static func continuesWord(_ byte: UInt8) -> Bool {
        startsWord(byte) || byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
    }
}
