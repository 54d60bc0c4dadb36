// Row ends of COPY's text format.

/// A row is a line. A backslash takes the byte after it as data, a line end too; the line `\.` ends the data.
struct TextRows: Sendable {
    private var lineEnd = LineEnd.unknown
    private var escaped = false
    private var line = MarkerLine.empty
    private(set) var ended = false
    private(set) var fault: RowScanner.Fault?

    /// What is left when the stream ends here.
    var rest: RowScanner.Rest {
        if ended { return .nothing }
        // A carriage return alone ends its line, although its line feed might still have come.
        if lineEnd == .carriageReturnSeen { return line.isMarker ? .nothing : .row }
        if escaped { return .escape }
        switch line {
        case .empty, .markerReturn: return .nothing
        case .marker: return .marker
        case .backslash, .other: return .partOfRow
        }
    }

    mutating func nextEnd(in bytes: RawSpan, from start: Int) -> Int? {
        var offset = start
        while offset < bytes.byteCount, fault == nil {
            if ended {
                if !bytes.isBlank(from: offset) { fault = .behindMarker }
                return nil
            }
            let byte = bytes.byte(offset)
            // A lone carriage return ended the row already; the line feed of a pair is still to be taken with it.
            if lineEnd == .carriageReturnSeen {
                let paired = byte == UInt8(ascii: "\n")
                lineEnd = paired ? .lineFeed : .carriageReturn
                if paired { offset += 1 }
                if finishLine() { return offset }
                continue
            }
            if escaped {
                offset += 1
                took(escaped: byte)
                continue
            }
            if !line.isMarker, byte != UInt8(ascii: "\n"), byte != UInt8(ascii: "\r"), byte != UInt8(ascii: "\\") {
                line = .other
                offset = bytes.first(
                    of: UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\\"), from: offset + 1)
                continue
            }
            offset += 1
            if lineEnd.isAt(byte) {
                if lineEnd != .carriageReturnSeen, finishLine() { return offset }
            } else {
                took(byte)
            }
        }
        return nil
    }

    private mutating func took(escaped byte: UInt8) {
        escaped = false
        // Servers differ on `\.` behind or before something else; it never stands for data.
        if byte != UInt8(ascii: ".") {
            line = .other
        } else if line == .backslash {
            line = .marker
        } else {
            fault = .markerNotAlone
        }
    }

    private mutating func took(_ byte: UInt8) {
        switch line {
        case .marker where byte == UInt8(ascii: "\r"): line = .markerReturn
        case .marker, .markerReturn: fault = .markerNotAlone
        case .empty where byte == UInt8(ascii: "\\"): (line, escaped) = (.backslash, true)
        case .empty, .backslash, .other: (line, escaped) = (.other, byte == UInt8(ascii: "\\"))
        }
    }

    /// A line is over; false when it was the end marker.
    private mutating func finishLine() -> Bool {
        ended = line.isMarker
        line = .empty
        return !ended
    }
}
