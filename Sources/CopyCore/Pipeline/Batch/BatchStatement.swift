// One statement of a batch.

/// A statement, and where it stands.
public struct BatchStatement: Sendable {
    /// Its place in the batch, counted from 1.
    public let number: Int
    /// The line it begins in, counted from 1, in its file or argument.
    public let line: Int
    /// The statement.
    let sql: String
    /// Why it is not sent.
    private(set) var refusal: PgcopyError?

    /// Its keywords and plain names, in lower case; comments, strings and quoted names are none.
    var words: [String] {
        var tokens = SQLTokens(sql, standardStrings: true)
        var words: [String] = []
        while let token = tokens.next(), token != .unterminated {
            if case .word(let word) = token { words.append(word) }
        }
        return words
    }

    /// - Parameter isOffByDefault: what resets a session's settings turns standard_conforming_strings off.
    init(_ statement: SQLStatement, number: Int, isOffByDefault: Bool = false) {
        self.number = number
        line = statement.line
        let text = String(validating: statement.bytes, as: UTF8.self)
        sql = text == nil ? "" : RawText.decoding(statement.bytes)
        if statement.isCopy {
            refusal = .copyInBatch
        } else if statement.bytes.contains(0) {
            refusal = .zeroByteInBatch
        } else if text == nil {
            refusal = .notUTF8InBatch
        } else {
            refusal = nil
            if mayTurnStandardOff(isOffByDefault: isOffByDefault) { refusal = .stringsOffStandardInBatch }
        }
    }

    /// Strings would be cut otherwise than they are read here, and what is in them run.
    private func mayTurnStandardOff(isOffByDefault: Bool) -> Bool {
        guard names("standard_conforming_strings") else {
            guard isOffByDefault, names("reset") || names("discard") else { return false }
            return words == ["reset", "all"] || words == ["discard", "all"]
        }
        var tokens = SQLTokens(sql, standardStrings: true)
        switch tokens.next() {
        // Of later sessions.
        case .word("alter"), .word("show"): return false
        case .word("set"):
            var setting = tokens.next()
            while setting == .word("local") || setting == .word("session") { setting = tokens.next() }
            if case .word(let name) = setting, name != "standard_conforming_strings" { return false }
            return setting == .quotedName || !isSetToOn
        case .word("reset"), .word("do"), .word("call"): return true
        default: return names("set_config") || names("pg_settings")
        }
    }

    private var isSetToOn: Bool {
        let last = words.last ?? ""
        if last != "to", last != "standard_conforming_strings" { return ["on", "true", "yes"].contains(last) }
        // A number or a string, which has to be the last in the text, too.
        guard !names("--"), !names("/*") else { return false }
        let value = sql.split { " \t\r\n='".contains($0) }.last?.lowercased() ?? ""
        return ["on", "true", "yes", "1"].contains(value)
    }

    /// Its text has this in it, in any case; it is given in lower case.
    private func names(_ text: StaticString) -> Bool {
        text.withUTF8Buffer { wanted in
            var sql = sql
            return sql.withUTF8 { bytes in
                guard bytes.count >= wanted.count else { return false }
                return (0...bytes.count - wanted.count).contains { start in
                    wanted.indices.allSatisfy { place in
                        let (byte, letter) = unsafe (bytes[start + place], wanted[place])
                        return byte == letter || (0x41...0x5A).contains(byte) && byte | 0x20 == letter
                    }
                }
            }
        }
    }
}

/// Statements that are not sent. What follows them is not read: behind COPY … FROM STDIN it may be data.
extension PgcopyError {
    /// PostgreSQL has no COPY in pipeline mode.
    public static let copyInBatch = PgcopyError(.usage, "\(copyInPipeline); pgcopy transfer copies rows")
    /// The sessions speak UTF8.
    static let notUTF8InBatch = PgcopyError(.usage, "the statement is not valid UTF-8")
    /// It would change what the statements behind it are.
    static let stringsOffStandardInBatch = PgcopyError(
        .usage, "statements are read with standard_conforming_strings on; E'...' takes backslashes")
    /// C strings end at a zero byte.
    static let zeroByteInBatch = PgcopyError(.usage, "the statement holds a zero byte")
}
