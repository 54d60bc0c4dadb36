// Row ends of COPY's text format.

/// A row is a line. A backslash takes the byte after it as data, a line end too; the line `\.` ends the data.
struct TextRows: Sendable {
    private var lineEnd = LineEnd.unknown
    private var escaped = false
    /// Bytes of the current line so far, counted to 3: enough to know `\.`.
    private var length = 0
    private var isMarker = false
    private(set) var ended = false

    /// A carriage return alone is an empty row already, although its line feed might still come.
    var insideRow: Bool {
        (length > 0 || lineEnd == .carriageReturnSeen) && !ended && !(isMarker && length >= 2)
    }

    mutating func nextEnd(in bytes: RawSpan, from start: Int) -> Int? {
        guard !ended else { return nil }
        var offset = start
        while offset < bytes.byteCount {
            let byte = bytes.byte(offset)
            // A lone carriage return ended the row already; the line feed of a pair is still to be taken with it.
            if lineEnd == .carriageReturnSeen {
                lineEnd = byte == UInt8(ascii: "\n") ? .lineFeed : .carriageReturn
                let end = byte == UInt8(ascii: "\n") ? offset + 1 : offset
                if finishLine() { return end }
                offset = end
                if ended { return nil }
                continue
            }
            offset += 1
            if !escaped, lineEnd.isAt(byte) {
                if lineEnd == .carriageReturnSeen { continue }
                if finishLine() { return offset }
                if ended { return nil }
                continue
            }
            isMarker =
                switch length {
                case 0: byte == UInt8(ascii: "\\")
                case 1: isMarker && byte == UInt8(ascii: ".")
                default: isMarker && byte == UInt8(ascii: "\r") && length == 2
                }
            if length < 3 { length += 1 }
            escaped = !escaped && byte == UInt8(ascii: "\\")
        }
        return nil
    }

    /// A line is over; false when it was the end marker.
    private mutating func finishLine() -> Bool {
        let marker = isMarker && length >= 2
        length = 0
        isMarker = false
        escaped = false
        ended = marker
        return !marker
    }
}
