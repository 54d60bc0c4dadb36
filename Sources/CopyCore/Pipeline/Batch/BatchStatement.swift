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
    let refusal: PgcopyError?

    /// Its keywords and plain names, in lower case; comments, strings and quoted names are none.
    var words: [String] {
        var tokens = SQLTokens(sql, standardStrings: true)
        var words: [String] = []
        while let token = tokens.next(), token != .unterminated {
            if case .word(let word) = token { words.append(word) }
        }
        return words
    }

    init(_ statement: SQLStatement, number: Int) {
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
            refusal = Self.turnsStandardOff(sql) ? .stringsOffStandardInBatch : nil
        }
    }

    /// Strings would be cut otherwise than they are read here, and what is in them run.
    private static func turnsStandardOff(_ sql: String) -> Bool {
        // Most statements are none, which their first letter tells.
        guard let first = sql.utf8.first, first & 0xDF == UInt8(ascii: "S"),
            sql.prefix(3).uppercased() == "SET", sql.lowercased().contains("standard_conforming_strings")
        else { return false }
        let value = sql.split { " \t\r\n='\"".contains($0) }.last?.lowercased() ?? ""
        return !["on", "true", "yes", "1"].contains(value)
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
