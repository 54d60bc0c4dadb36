// Row ends of COPY's CSV format.

/// A row is a line; line ends between quotes belong to a value.
struct CSVRows: Sendable {
    let quote: UInt8
    let escape: UInt8
    private var lineEnd = LineEnd.unknown
    private var quoted = false
    private var escaped = false
    private(set) var insideRow = false

    init(quote: UInt8, escape: UInt8) {
        self.quote = quote
        self.escape = escape
    }

    mutating func nextEnd(in bytes: RawSpan, from start: Int) -> Int? {
        var offset = start
        while offset < bytes.byteCount {
            let byte = bytes.byte(offset)
            if lineEnd == .carriageReturnSeen {
                let paired = byte == UInt8(ascii: "\n")
                lineEnd = paired ? .lineFeed : .carriageReturn
                insideRow = false
                return paired ? offset + 1 : offset
            }
            offset += 1
            if !quoted, lineEnd.isAt(byte) {
                if lineEnd == .carriageReturnSeen {
                    // An empty row too is one when the stream ends here.
                    insideRow = true
                    continue
                }
                insideRow = false
                return offset
            }
            insideRow = true
            if quoted {
                // A doubled quote closes and opens again, which comes to the same.
                if escaped {
                    escaped = false
                } else if escape != quote, byte == escape {
                    escaped = true
                } else if byte == quote {
                    quoted = false
                }
            } else if byte == quote {
                quoted = true
            }
        }
        return nil
    }
}
