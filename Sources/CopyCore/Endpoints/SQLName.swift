// Names as people write them in SQL: folded, quoted, dotted.

/// A possibly qualified name, folded and unquoted.
public struct SQLName: Sendable, Hashable {
    /// Its parts, outermost first, as the catalogs hold them.
    public let parts: [String]

    /// A name of these parts.
    public init(_ parts: [String]) { self.parts = parts }

    /// Quoted so that a server reads exactly these parts.
    public var quoted: String { parts.map(quoteIdentifier).joined(separator: ".") }

    /// As a person writes it: quotes where they are needed.
    package var plain: String {
        parts.map { part in SQLName(part) == SQLName([part]) ? part : quoteIdentifier(part) }.joined(separator: ".")
    }

    /// Reads a whole text as a name by SQL's rules: unquoted parts are folded to lower case, in quotes
    /// everything is itself and a quote is doubled. Nil when the text is no such name.
    public init?(_ text: String) {
        var reader = Reader(text)
        guard let parts = reader.name(), reader.isAtEnd else { return nil }
        self.parts = parts
    }

    /// A part is longer than names can be: servers cut it.
    var isCut: Bool { parts.contains { RawText.bytes(of: $0).count > 63 } }

    /// The name with its schema, which is this one where none was given.
    func inside(_ schema: String) -> SQLName { SQLName(([schema] + parts).suffix(2)) }

    /// The name in this schema, whichever was given.
    func moved(to schema: String) -> SQLName { SQLName([schema, parts[parts.count - 1]]) }

    /// Reads a whole text as names between commas; nil when it is no such list.
    public static func list(_ text: String) -> [String]? {
        var reader = Reader(text)
        var names: [String] = []
        repeat {
            reader.skipSpaces()
            guard let name = reader.part() else { return nil }
            names.append(name)
            reader.skipSpaces()
        } while reader.take(UInt8(ascii: ","))
        return reader.isAtEnd ? names : nil
    }

    private struct Reader {
        private let bytes: [UInt8]
        private var offset = 0

        init(_ text: String) { bytes = Array(text.utf8) }

        var isAtEnd: Bool { offset == bytes.count }

        mutating func take(_ byte: UInt8) -> Bool {
            guard offset < bytes.count, bytes[offset] == byte else { return false }
            offset += 1
            return true
        }

        mutating func skipSpaces() { while take(UInt8(ascii: " ")) {} }

        mutating func name() -> [String]? {
            var parts: [String] = []
            repeat {
                guard let part = part() else { return nil }
                parts.append(part)
            } while take(UInt8(ascii: "."))
            return parts
        }

        mutating func part() -> String? {
            var found: [UInt8] = []
            if take(UInt8(ascii: "\"")) {
                while true {
                    guard offset < bytes.count else { return nil }
                    if take(UInt8(ascii: "\"")) {
                        guard take(UInt8(ascii: "\"")) else { break }
                        found.append(UInt8(ascii: "\""))
                        continue
                    }
                    found.append(bytes[offset])
                    offset += 1
                }
            } else {
                while offset < bytes.count, Self.isPlain(bytes[offset], first: found.isEmpty) {
                    found.append(Self.folded(bytes[offset]))
                    offset += 1
                }
            }
            return found.isEmpty ? nil : String(decoding: found, as: UTF8.self)
        }

        private static func isPlain(_ byte: UInt8, first: Bool) -> Bool {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
            case UInt8(ascii: "_"), 0x80...: true
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "$"): !first
            default: false
            }
        }

        private static func folded(_ byte: UInt8) -> UInt8 {
            (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte + 32 : byte
        }
    }
}

/// Whether a server takes two names for one: byte by byte. For Swift a letter and its accent are one character, however
/// it is composed.
func isSameName(_ one: String, _ other: String) -> Bool {
    // What differs for Swift has other bytes, and that it finds out sooner.
    one == other && one.utf8.elementsEqual(other.utf8)
}

/// An identifier in quotes.
public func quoteIdentifier(_ name: String) -> String { "\"" + doubling("\"", in: name) + "\"" }

/// A string literal that reads the same whatever `standard_conforming_strings` says.
public func quoteLiteral(_ text: String) -> String {
    guard text.utf8.contains(UInt8(ascii: "\\")) else { return "'" + doubling("'", in: text) + "'" }
    return "E'" + doubling("\\", in: doubling("'", in: text)) + "'"
}

private func doubling(_ character: Unicode.Scalar, in text: String) -> String {
    escaping([character], in: text, by: character)
}

private func escaping(_ characters: [Unicode.Scalar], in text: String, by escape: Unicode.Scalar) -> String {
    guard text.utf8.contains(where: { byte in characters.contains { $0.value == byte } }) else { return text }
    var escaped = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
        if characters.contains(scalar) { escaped.append(escape) }
        escaped.append(scalar)
    }
    return String(escaped)
}

/// An array of texts as a server reads it.
func arrayLiteral(_ texts: [String]) -> String {
    var literal = "{"
    for (index, text) in texts.enumerated() {
        literal += index > 0 ? ",\"" : "\""
        literal += escaping(["\"", "\\"], in: text, by: "\\")
        literal += "\""
    }
    return literal + "}"
}
