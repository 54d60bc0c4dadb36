// Finds where rows end in a byte stream that has no frames: a file, a pipe, a chunk of rows.

/// Follows rows through pieces that cut them anywhere.
package struct RowScanner: Sendable {
    /// Why what is shown cannot be taken for rows.
    package enum Fault: Sendable, Hashable {
        /// Text: `\.` stands beside something else on its line. Servers up to 17 take it for the end there, too.
        case markerNotAlone
        /// Text and csv: more than blank lines follows the line `\.`.
        case behindMarker
        /// Binary: something follows the trailer.
        case behindTrailer
    }

    /// What is left of the data when its stream ends.
    package enum Rest: Sendable, Hashable {
        /// Nothing: the last row has its end.
        case nothing
        /// A whole row: its line end is a carriage return, which only what follows tells from half of a pair.
        case row
        /// A row without its line end, whole or not.
        case partOfRow
        /// Csv: a value whose quote has not come.
        case quotes
        /// Text: a backslash without what it escapes.
        case escape
        /// Text: the end marker without its line end. No server takes it.
        case marker
        /// Csv: the line `\.`; its line end is a carriage return, which only what follows tells from half of a pair.
        case markerLine
        /// Binary: the trailer has not come.
        case noTrailer
    }

    private enum State: Sendable {
        case text(TextRows)
        case csv(CSVRows)
        case binary(BinaryRows)
    }

    private var state: State

    /// A scanner at the start of a stream of this layout.
    package init(_ layout: RowLayout) {
        switch layout {
        case .text: state = .text(TextRows())
        case .csv(let quote, let escape): state = .csv(CSVRows(quote: quote, escape: escape))
        case .binary: state = .binary(BinaryRows())
        }
    }

    /// The offset behind the next row's end in `bytes`, looking from `start`; nil when no row ends in them.
    /// Every byte is to be shown once, in order: after an end at `n` the next call starts at `n`.
    package mutating func nextEnd(in bytes: RawSpan, from start: Int) -> Int? {
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
    package mutating func count(_ bytes: RawSpan) -> Int {
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
    package var hasEnded: Bool {
        switch state {
        case .text(let rows): rows.ended
        case .csv(let rows): rows.ended
        case .binary(let rows): rows.hasEnded
        }
    }

    /// What was found that cannot be; no row ends are told from there on.
    package var fault: Fault? {
        switch state {
        case .text(let rows): rows.fault
        case .csv(let rows): rows.fault
        case .binary(let rows): rows.fault
        }
    }

    /// At the end of the stream: what is left of it.
    package var rest: Rest {
        switch state {
        case .text(let rows): rows.rest
        case .csv(let rows): rows.rest
        case .binary(let rows): rows.hasEnded ? .nothing : .noTrailer
        }
    }

    /// At the end of the stream: whether a last row's end was not told yet. COPY takes it all the same.
    package var endsInsideRow: Bool {
        guard fault == nil else { return false }
        return switch rest {
        case .row, .partOfRow, .quotes, .escape: true
        case .nothing, .marker, .markerLine, .noTrailer: false
        }
    }
}

extension RawSpan {
    /// The byte at an offset that the caller keeps below `byteCount`.
    @inline(__always)
    func byte(_ offset: Int) -> UInt8 { unsafe unsafeLoad(fromByteOffset: offset, as: UInt8.self) }
}
