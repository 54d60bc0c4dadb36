// The line `\.`, which ends the data of COPY in text, and at servers up to 17 in csv.

/// The end marker itself.
package enum EndMarker {
    /// Whether csv's delimiter or quote could make it of a row, being a part of it.
    package static func contains(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "\\") || byte == UInt8(ascii: ".") }
}

/// How much of a line is the end marker's.
enum MarkerLine: Sendable {
    /// No byte of the line yet. → backslash, other
    case empty
    /// `\` so far. → marker, other
    case backslash
    /// `\.` so far: the marker, when the line ends here. → markerReturn, other
    case marker
    /// `\.` and a carriage return before the line feed that ends lines. → other
    case markerReturn
    /// A line as any.
    case other

    /// The marker, should the line end here.
    var isMarker: Bool {
        switch self {
        case .marker, .markerReturn: true
        case .empty, .backslash, .other: false
        }
    }
}

extension RawSpan {
    /// Whether there are only line ends from an offset on: blank lines may follow the end marker.
    func isBlank(from start: Int) -> Bool {
        for offset in start..<max(start, byteCount) {
            let byte = byte(offset)
            if byte != UInt8(ascii: "\n"), byte != UInt8(ascii: "\r") { return false }
        }
        return true
    }
}
