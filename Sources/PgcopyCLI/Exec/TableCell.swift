// A value as it is shown in a table; pure.

internal import CopyCore

/// A value's lines, without what a terminal would obey, and their widths.
struct TableCell {
    /// A line and its columns on a terminal.
    struct Line {
        var bytes: [UInt8] = []
        var width = 0
    }

    private(set) var lines: [Line] = []

    /// The columns of its widest line.
    var width: Int { lines.reduce(0) { max($0, $1.width) } }
    /// About the bytes it takes.
    var size: Int { lines.reduce(0) { $0 + $1.bytes.count + 48 } }

    /// Line ends are such, tabs are spaces up to the next eighth column, other control characters are spelled out as psql does it.
    init(_ value: [UInt8]) {
        if value.allSatisfy({ (0x20..<0x7F).contains($0) }) {
            lines = [Line(bytes: value, width: value.count)]
            return
        }
        lines = TextWidth.ofEach { width in Self.lines(RawText.shown(RawText.decoding(value)), width) }
    }

    private static func lines(_ text: String, _ width: (Unicode.Scalar) -> Int) -> [Line] {
        var lines: [Line] = []
        var line = Line()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n":
                lines.append(line)
                line = Line()
            case "\r": line.append("\\r")
            case "\t": line.append(String(repeating: " ", count: 8 - line.width % 8))
            default:
                let width = width(scalar)
                if width >= 0 {
                    line.bytes += UTF8.encode(scalar).map { Array($0) } ?? []
                    line.width += width
                } else {
                    line.append(spelled(scalar))
                }
            }
        }
        return lines + [line]
    }

    private static func spelled(_ scalar: Unicode.Scalar) -> String {
        let digits = String(scalar.value, radix: 16, uppercase: true)
        let count = scalar.value < 0x80 ? 2 : 4
        return (count == 2 ? "\\x" : "\\u") + String(repeating: "0", count: max(0, count - digits.count)) + digits
    }
}

extension TableCell.Line {
    fileprivate mutating func append(_ ascii: String) {
        bytes += ascii.utf8
        width += ascii.utf8.count
    }
}
