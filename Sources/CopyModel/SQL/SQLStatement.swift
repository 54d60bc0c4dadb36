// One statement of an SQL text.

/// A statement as the splitter found it.
package struct SQLStatement: Sendable, Hashable {
    /// Its bytes, without the semicolon, blanks around it and `--` comments before it.
    package let bytes: [UInt8]
    /// The line of its first word, counted from 1.
    package let line: Int
    /// It begins with the word COPY.
    package let isCopy: Bool

    /// A statement.
    package init(bytes: [UInt8], line: Int, isCopy: Bool) {
        self.bytes = bytes
        self.line = line
        self.isCopy = isCopy
    }
}
