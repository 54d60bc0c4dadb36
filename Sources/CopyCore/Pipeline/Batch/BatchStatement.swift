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
    let refusal: BatchRefusal?

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
            refusal = .copy
        } else if statement.bytes.contains(0) {
            refusal = .zeroByte
        } else {
            refusal = text == nil ? .notUTF8 : nil
        }
    }
}

/// A statement that is not sent. What follows it is not read: behind COPY … FROM STDIN it may be data.
public enum BatchRefusal: Error, Sendable, Hashable, CustomStringConvertible {
    /// PostgreSQL has no COPY in pipeline mode.
    case copy
    /// The sessions speak UTF8.
    case notUTF8
    /// C strings end at a zero byte.
    case zeroByte

    /// For a person.
    public var description: String {
        switch self {
        case .copy: "\(PipelineRefusal.copy); pgcopy transfer copies rows"
        case .notUTF8: "the statement is not valid UTF-8"
        case .zeroByte: "the statement holds a zero byte"
        }
    }
}
