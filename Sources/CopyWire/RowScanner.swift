// Finds where rows end in a byte stream that has no frames: a file, a pipe, a chunk of rows.

/// Follows rows through pieces that cut them anywhere.
public struct RowScanner: Sendable {
    private enum State: Sendable {
        case text(TextRows)
        case csv(CSVRows)
        case binary(BinaryRows)
    }

    private var state: State

    /// A scanner at the start of a stream of this layout.
    public init(_ layout: RowLayout) {
        switch layout {
        case .text: state = .text(TextRows())
        case .csv(let quote, let escape): state = .csv(CSVRows(quote: quote, escape: escape))
        case .binary: state = .binary(BinaryRows())
        }
    }

    /// The offset behind the next row's end in `bytes`, looking from `start`; nil when no row ends in them.
    /// Every byte is to be shown once, in order: after an end at `n` the next call starts at `n`.
    public mutating func nextEnd(in bytes: RawSpan, from start: Int) -> Int? {
        switch state {
        case .text(var rows):
            defer { state = .text(rows) }
            return rows.nextEnd(in: bytes, from: start)
        case .csv(var rows):
            defer { state = .csv(rows) }
            return rows.nextEnd(in: bytes, from: start)
        case .binary(var rows):
            defer { state = .binary(rows) }
            return rows.nextEnd(in: bytes, from: start)
        }
    }

    /// How many rows end in the next bytes of the stream.
    public mutating func count(_ bytes: RawSpan) -> Int {
        var rows = 0
        var offset = 0
        while let end = nextEnd(in: bytes, from: offset) {
            rows += 1
            offset = end
            if offset == bytes.byteCount { break }
        }
        return rows
    }

    /// Whether the data's own end has come, a marker or a trailer: no row follows, whatever does.
    public var hasEnded: Bool {
        switch state {
        case .text(let rows): rows.ended
        case .csv: false
        case .binary(let rows): rows.hasEnded
        }
    }

    /// At the end of the stream: whether a last row lacks its line end. COPY takes it all the same.
    public var endsInsideRow: Bool {
        switch state {
        case .text(let rows): rows.insideRow
        case .csv(let rows): rows.insideRow
        case .binary: false
        }
    }

    /// At the end of the stream: whether it was cut off. Only the binary format tells: its trailer has not come.
    public var isCutOff: Bool {
        switch state {
        case .text, .csv: false
        case .binary(let rows): !rows.hasEnded
        }
    }
}

extension RawSpan {
    /// The byte at an offset that the caller keeps below `byteCount`.
    @inline(__always)
    func byte(_ offset: Int) -> UInt8 { unsafe unsafeLoad(fromByteOffset: offset, as: UInt8.self) }
}
