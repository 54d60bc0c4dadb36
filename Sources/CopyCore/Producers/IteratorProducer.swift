// Rows a program makes itself.

/// Produces the chunks of rows an iterator gives. Each row is one message, line end included in text and CSV.
public final class IteratorProducer<Chunks: IteratorProtocol>: Producer where Chunks.Element == [[UInt8]] {
    /// How messages name it.
    public let label: String
    /// What was produced so far.
    public private(set) var totals = Totals.zero
    /// How the rows lie.
    public let layout: RowLayout

    private var chunks: Chunks
    private var rows: [[UInt8]] = []
    private var row = 0
    private var offset = 0
    private var used = false

    /// A producer of these chunks of rows.
    public init<S: Sequence>(_ chunks: S, layout: RowLayout = .text, label: String = "iterator")
    where S.Iterator == Chunks {
        self.chunks = chunks.makeIterator()
        self.layout = layout
        self.label = label
    }

    /// Throws when it was used before.
    public func enter() throws -> Step {
        guard !used else { throw PgcopyError.alreadyUsed }
        used = true
        return .done
    }

    /// Copies as many rows as the space takes; a larger row goes in pieces.
    public func fill(_ space: inout MutableRawSpan) throws -> Filled {
        var moved = Totals.zero
        while moved.bytes < space.byteCount {
            if row == rows.count {
                guard let chunk = chunks.next() else { break }
                rows = chunk
                row = 0
                continue
            }
            if offset == 0, isMarker(rows[row]) {
                throw PgcopyError.ambiguousMarker(row: totals.messages + moved.messages + 1)
            }
            let count = min(rows[row].count - offset, space.byteCount - moved.bytes)
            for index in 0..<count {
                space.storeBytes(of: rows[row][offset + index], toByteOffset: moved.bytes + index, as: UInt8.self)
            }
            moved.bytes += count
            offset += count
            if offset == rows[row].count {
                moved.messages += 1
                row += 1
                offset = 0
            }
        }
        totals += moved
        if moved.bytes > 0 { return .moved(moved) }
        return .ended(moved)
    }

    /// Whether a row is the line that ends the data: what follows would be lost without a word.
    private func isMarker(_ row: [UInt8]) -> Bool {
        layout != .binary && row.count <= 4 && row.starts(with: [UInt8(ascii: "\\"), UInt8(ascii: ".")])
            && row.dropFirst(2).allSatisfy { $0 == UInt8(ascii: "\r") || $0 == UInt8(ascii: "\n") }
    }

    /// Nothing to undo.
    public func realign() -> Step { .done }
    /// Nothing to let go.
    public func abandon() {}
}
