// Patterns over names of tables and schemas, by the rules of psql and pg_dump.

/// A pattern as people write it for `--table` and `--schema`: `*` and `?` as in a shell, other special characters as in a
/// regular expression, letters folded to lower case; in double quotes everything is itself. A dot separates schema and name.
package struct NamePattern: Sendable, Hashable {
    /// One side of a dot.
    package struct Part: Sendable, Hashable {
        /// What a whole name has to match, as POSIX has it; nil: any does.
        package let expression: String?
        /// The one name it stands for; nil: it could be several.
        package let literal: String?

        /// Any name.
        package static let any = Part(expression: nil, literal: nil)
    }

    /// As it was written.
    package let text: String
    /// Outermost first: schema and name, or a name alone.
    package let parts: [Part]

    /// The name it stands for; nil: it could be several.
    package var literals: [String]? {
        let names = parts.compactMap(\.literal)
        return names.count == parts.count ? names : nil
    }

    /// Nil where quotes are not closed, a part is empty, or there are more parts than that.
    package init?(_ text: String, atMost limit: Int) {
        var parts: [Part] = []
        var rest = Array(text.utf8)[...]
        repeat {
            guard parts.count < limit, let part = Self.part(&rest) else { return nil }
            parts.append(part)
        } while rest.popFirst() != nil
        self.text = text
        self.parts = parts
    }

    /// Special in a regular expression.
    private static let special = Set("|*+?()[]{}.^$\\".utf8)

    /// Reads up to a dot, or to the end.
    private static func part(_ rest: inout ArraySlice<UInt8>) -> Part? {
        var expression: [UInt8] = []
        var literal: [UInt8]? = []
        var isQuoted = false
        var isEmpty = true
        while let byte = rest.first {
            if byte == UInt8(ascii: "."), !isQuoted { break }
            rest.removeFirst()
            if byte == UInt8(ascii: "\"") {
                if isQuoted, rest.first == byte {
                    rest.removeFirst()
                } else {
                    isQuoted.toggle()
                    continue
                }
            }
            isEmpty = false
            switch byte {
            case UInt8(ascii: "*") where !isQuoted:
                expression += Array(".*".utf8)
                literal = nil
                continue
            case UInt8(ascii: "?") where !isQuoted:
                expression.append(UInt8(ascii: "."))
                literal = nil
                continue
            case UInt8(ascii: "A")...UInt8(ascii: "Z") where !isQuoted:
                expression.append(byte + 32)
                literal?.append(byte + 32)
                continue
            case _ where byte == UInt8(ascii: "$") || isQuoted && special.contains(byte):
                expression.append(UInt8(ascii: "\\"))
            case UInt8(ascii: "[") where rest.first == UInt8(ascii: "]"):
                // As pg_dump has it: the name of an array's type.
                expression.append(UInt8(ascii: "\\"))
            case _ where special.contains(byte): literal = nil
            default: break
            }
            expression.append(byte)
            literal?.append(byte)
        }
        guard !isQuoted, !isEmpty else { return nil }
        let whole = String(decoding: expression, as: UTF8.self)
        return Part(
            expression: whole == ".*" ? nil : "^(\(whole))$",
            literal: literal.map { String(decoding: $0, as: UTF8.self) })
    }
}
