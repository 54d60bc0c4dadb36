// Names of a server that are no UTF-8, in Swift's strings.

/// Bytes as text and back, none of them lost.
///
/// A database of encoding SQL_ASCII holds any bytes, in the names of its tables and columns too. Here a byte that belongs
/// to no character becomes two: a mark, and the character of the byte's number. The mark, a noncharacter, is doubled where
/// the bytes hold it themselves. So different bytes are different texts, and what is sent is what was read.
package enum RawText {
    private static let mark: Unicode.Scalar = "\u{10FFFE}"
    /// What the mark's UTF-8 begins with; few texts have it.
    private static let lead: UInt8 = 0xF4

    /// The text of these bytes.
    package static func decoding(_ bytes: some Collection<UInt8>) -> String {
        let bytes = Array(bytes)
        if !bytes.contains(lead), let text = String(validating: bytes, as: UTF8.self) { return text }
        var text = String.UnicodeScalarView()
        var rest = bytes[...]
        while let byte = rest.first {
            let scalar = (1...4).lazy.compactMap {
                String(validating: rest.prefix($0), as: UTF8.self)?.unicodeScalars.first
            }
            .first
            if scalar == nil || scalar == mark { text.append(mark) }
            text.append(scalar ?? Unicode.Scalar(byte))
            rest = rest.dropFirst(scalar.map { UTF8.width($0) } ?? 1)
        }
        return String(text)
    }

    /// The bytes of a text.
    package static func bytes(of text: String) -> [UInt8] {
        guard isNeeded(for: text) else { return Array(text.utf8) }
        return replacing(in: text) { [$0] }
    }

    /// The text for a person: what is no UTF-8 as `\xE9`.
    package static func shown(_ text: String) -> String {
        guard isNeeded(for: text) else { return text }
        return String(
            decoding: replacing(in: text) { Array("\\x\(String($0, radix: 16, uppercase: true))".utf8) }, as: UTF8.self)
    }

    /// Whether a text may hold a mark.
    static func isNeeded(for text: String) -> Bool { text.utf8.contains(lead) }

    private static func replacing(in text: String, _ replacement: (UInt8) -> [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        var scalars = text.unicodeScalars[...]
        while let scalar = scalars.popFirst() {
            if scalar == mark, let next = scalars.first, (0x80...0xFF).contains(next.value) {
                bytes += replacement(UInt8(next.value))
                scalars = scalars.dropFirst()
                continue
            }
            if scalar == mark, scalars.first == mark { scalars = scalars.dropFirst() }
            bytes += Array(String(scalar).utf8)
        }
        return bytes
    }
}
