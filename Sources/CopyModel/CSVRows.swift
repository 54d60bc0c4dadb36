// Row ends of COPY's CSV format.

/// A row is a line; line ends between quotes belong to a value. The line `\.` ends the data.
///
/// Servers up to 17 read that line so, later ones as a value: whoever uses the scanner decides whether to allow it.
struct CSVRows: Sendable {
    let quote: UInt8
    let escape: UInt8
    private var lineEnd = LineEnd.unknown
    private var quoted = false
    private var escaped = false
    private var line = MarkerLine.empty
    private(set) var ended = false
    private(set) var fault: RowScanner.Fault?

    init(quote: UInt8, escape: UInt8) {
        self.quote = quote
        self.escape = escape
    }

    /// What is left when the stream ends here. Without its line end `\.` is a value to every server.
    var rest: RowScanner.Rest {
        if ended { return .nothing }
        if quoted { return .quotes }
        if lineEnd == .carriageReturnSeen { return line.isMarker ? .markerLine : .row }
        return line == .empty ? .nothing : .partOfRow
    }

    mutating func nextEnd(in bytes: RawSpan, from start: Int) -> Int? {
        var offset = start
        while offset < bytes.byteCount, fault == nil {
            if ended {
                if !bytes.isBlank(from: offset) { fault = .behindMarker }
                return nil
            }
            if quoted {
                offset = readQuoted(bytes, offset)
                continue
            }
            let byte = bytes.byte(offset)
            if lineEnd == .carriageReturnSeen {
                let paired = byte == UInt8(ascii: "\n")
                lineEnd = paired ? .lineFeed : .carriageReturn
                if paired { offset += 1 }
                if finishLine() { return offset }
                continue
            }
            offset += 1
            if lineEnd.isAt(byte) {
                if lineEnd != .carriageReturnSeen, finishLine() { return offset }
                continue
            }
            took(byte)
            if byte == quote {
                quoted = true
            } else if line == .other {
                offset = bytes.first(of: UInt8(ascii: "\n"), UInt8(ascii: "\r"), quote, from: offset)
            }
        }
        return nil
    }

    /// Reads on to the end of the quotes, or of the bytes; gives the offset behind.
    private mutating func readQuoted(_ bytes: RawSpan, _ start: Int) -> Int {
        var offset = start
        while offset < bytes.byteCount {
            if escaped {
                escaped = false
                offset += 1
                continue
            }
            offset = bytes.first(of: quote, escape, quote, from: offset)
            guard offset < bytes.byteCount else { break }
            let byte = bytes.byte(offset)
            offset += 1
            // A doubled quote closes and opens again, which comes to the same.
            if escape != quote, byte == escape {
                escaped = true
            } else {
                quoted = false
                break
            }
        }
        return offset
    }

    private mutating func took(_ byte: UInt8) {
        line =
            switch line {
            case .empty where byte == UInt8(ascii: "\\"): .backslash
            case .backslash where byte == UInt8(ascii: "."): .marker
            case .marker where byte == UInt8(ascii: "\r"): .markerReturn
            default: .other
            }
    }

    /// A line is over; false when it was the end marker.
    private mutating func finishLine() -> Bool {
        ended = line.isMarker
        line = .empty
        return !ended
    }
}
