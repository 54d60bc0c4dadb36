// One row of COPY's text format: values to a line and back.

/// Writes and reads lines of the text format with its default delimiter and NULL.
package enum TextRow {
    /// What is wrong with a line.
    package enum Malformation: Error, Sendable, Hashable, CustomStringConvertible {
        /// The line ends with a backslash that escapes nothing.
        case danglingBackslash

        /// For a person.
        package var description: String { "the row ends in the middle of an escape" }
    }

    /// Appends a line of these values, nil for NULL; the line feed included.
    package static func append(_ values: [String?], to bytes: inout [UInt8]) {
        for (index, value) in values.enumerated() {
            if index > 0 { bytes.append(tab) }
            if let value { append(value: value, to: &bytes) } else { append(value: nil, to: &bytes) }
        }
        bytes.append(lineFeed)
    }

    /// Appends one value as COPY … TO would write it with its default options, `\N` for nil.
    package static func append(value: RawSpan?, to bytes: inout [UInt8]) {
        guard let value else {
            bytes.append(backslash)
            bytes.append(UInt8(ascii: "N"))
            return
        }
        bytes.reserveCapacity(bytes.count + value.byteCount)
        for offset in value.byteOffsets {
            // In bounds: the offsets are the span's own.
            append(unsafe value.unsafeLoad(fromByteOffset: offset, as: UInt8.self), to: &bytes)
        }
    }

    /// Appends one value that is text in the same way.
    package static func append(value: String, to bytes: inout [UInt8]) {
        for byte in value.utf8 { append(byte, to: &bytes) }
    }

    private static func append(_ byte: UInt8, to bytes: inout [UInt8]) {
        // Nearly all bytes, and an optional costs instructions.
        guard byte < 0x20 || byte == backslash, let letter = letter(for: byte) else { return bytes.append(byte) }
        bytes.append(backslash)
        bytes.append(letter)
    }

    /// A line of these values, nil for NULL; the line feed included.
    package static func encode(_ values: [String?]) -> [UInt8] {
        var bytes: [UInt8] = []
        append(values, to: &bytes)
        return bytes
    }

    /// The values of a line as bytes, nil for NULL. A line end behind it is no part of the last one.
    ///
    /// An empty line is one empty value: only who knows the columns can tell it from none.
    /// - Parameter delimiter: what stands between two values.
    package static func decodeBytes(
        _ line: [UInt8], delimiter: UInt8 = UInt8(ascii: "\t")
    ) throws(Malformation) -> [[UInt8]?] {
        var rest = line[...]
        if rest.last == lineFeed { rest.removeLast() }
        var values: [[UInt8]?] = []
        var value: [UInt8] = []
        var begin = rest.startIndex
        var index = begin
        func isNull(_ end: Int) -> Bool {
            end == begin + 2 && rest[begin] == backslash && rest[begin + 1] == UInt8(ascii: "N")
        }
        while index < rest.endIndex {
            let byte = rest[index]
            index += 1
            if byte == delimiter {
                values.append(isNull(index - 1) ? nil : value)
                value = []
                begin = index
            } else if byte == backslash {
                guard index < rest.endIndex else { throw .danglingBackslash }
                value.append(unescape(rest, &index))
            } else {
                value.append(byte)
            }
        }
        values.append(isNull(rest.endIndex) ? nil : value)
        return values
    }

    /// The values of a line as text, nil for NULL.
    package static func decode(_ line: [UInt8]) throws(Malformation) -> [String?] {
        try decodeBytes(line).map { value in value.map { String(decoding: $0, as: UTF8.self) } }
    }

    private static let tab = UInt8(ascii: "\t")
    private static let lineFeed = UInt8(ascii: "\n")
    private static let backslash = UInt8(ascii: "\\")

    /// What stands behind the backslash for a byte that needs one.
    private static func letter(for byte: UInt8) -> UInt8? {
        switch byte {
        case 0x08: UInt8(ascii: "b")
        case 0x09: UInt8(ascii: "t")
        case 0x0A: UInt8(ascii: "n")
        case 0x0B: UInt8(ascii: "v")
        case 0x0C: UInt8(ascii: "f")
        case 0x0D: UInt8(ascii: "r")
        case backslash: backslash
        default: nil
        }
    }

    /// The byte an escape stands for; the index is behind its backslash and moves behind it.
    private static func unescape(_ bytes: ArraySlice<UInt8>, _ index: inout Int) -> UInt8 {
        let byte = bytes[index]
        index += 1
        switch byte {
        case UInt8(ascii: "b"): return 0x08
        case UInt8(ascii: "t"): return 0x09
        case UInt8(ascii: "n"): return 0x0A
        case UInt8(ascii: "v"): return 0x0B
        case UInt8(ascii: "f"): return 0x0C
        case UInt8(ascii: "r"): return 0x0D
        case UInt8(ascii: "0")...UInt8(ascii: "7"):
            index -= 1
            return number(bytes, &index, digits: 3, base: 8) ?? byte
        case UInt8(ascii: "x"): return number(bytes, &index, digits: 2, base: 16) ?? byte
        default: return byte
        }
    }

    /// Up to so many digits; nil when there is none.
    private static func number(
        _ bytes: ArraySlice<UInt8>, _ index: inout Int, digits: Int, base: Int
    ) -> UInt8? {
        var value = 0
        var count = 0
        while count < digits, index < bytes.endIndex, let digit = digit(bytes[index]), digit < base {
            value = value * base + digit
            count += 1
            index += 1
        }
        return count == 0 ? nil : UInt8(truncatingIfNeeded: value)
    }

    private static func digit(_ byte: UInt8) -> Int? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): Int(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): Int(byte - UInt8(ascii: "a")) + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): Int(byte - UInt8(ascii: "A")) + 10
        default: nil
        }
    }
}
