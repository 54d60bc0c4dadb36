// A value as COPY's text format writes it.

/// Escapes values for lines of tab separated text.
package enum CopyTextValue {
    /// Appends a value, `\N` for nil, as COPY … TO would write it with its default options.
    package static func append(_ value: RawSpan?, to line: inout [UInt8]) {
        guard let value else {
            line += [UInt8(ascii: "\\"), UInt8(ascii: "N")]
            return
        }
        line.reserveCapacity(line.count + value.byteCount)
        for offset in value.byteOffsets {
            // In bounds: the offsets are the span's own.
            append(unsafe value.unsafeLoad(fromByteOffset: offset, as: UInt8.self), to: &line)
        }
    }

    /// Appends text in the same way.
    package static func append(_ text: String, to line: inout [UInt8]) {
        for byte in text.utf8 { append(byte, to: &line) }
    }

    private static func append(_ byte: UInt8, to line: inout [UInt8]) {
        let letter: UInt8
        switch byte {
        case 0x08: letter = UInt8(ascii: "b")
        case 0x0C: letter = UInt8(ascii: "f")
        case UInt8(ascii: "\n"): letter = UInt8(ascii: "n")
        case UInt8(ascii: "\r"): letter = UInt8(ascii: "r")
        case UInt8(ascii: "\t"): letter = UInt8(ascii: "t")
        case 0x0B: letter = UInt8(ascii: "v")
        case UInt8(ascii: "\\"): letter = byte
        default:
            line.append(byte)
            return
        }
        line += [UInt8(ascii: "\\"), letter]
    }
}
