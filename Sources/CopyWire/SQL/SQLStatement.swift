// One statement of an SQL text.

/// A statement as the splitter found it.
public struct SQLStatement: Sendable, Hashable {
    /// Its bytes, without the semicolon, blanks around it and `--` comments before it.
    public let bytes: [UInt8]
    /// The line of its first word, counted from 1.
    public let line: Int
    /// It begins with the word COPY.
    public let isCopy: Bool

    /// A statement.
    public init(bytes: [UInt8], line: Int, isCopy: Bool) {
        self.bytes = bytes
        self.line = line
        self.isCopy = isCopy
    }
}
