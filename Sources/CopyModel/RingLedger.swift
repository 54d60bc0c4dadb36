// The arithmetic of one ring of bytes with many readers: positions only, no memory.

/// Where a shared bounded ring is written and where each reader stands.
///
/// Positions count from the beginning of the stream and never wrap; a region is what lies in one piece.
package struct RingLedger: Sendable {
    /// Bytes in one piece inside the ring.
    package typealias Region = Range<Int>

    /// The ring's size in bytes.
    package let capacity: Int
    /// The position behind the last byte written.
    package private(set) var head = 0
    /// Each reader's position; nil for one that left and holds nothing back.
    private var cursors: [Int?]
    /// The position that lies at the ring's beginning.
    private var origin = 0

    /// An empty ring for so many readers.
    package init(capacity: Int, readers: Int) {
        precondition(capacity > 0, "a ring holds at least a byte")
        self.capacity = capacity
        cursors = Array(repeating: 0, count: readers)
    }

    /// The oldest position some reader still needs.
    private var tail: Int {
        var oldest = head
        for cursor in cursors {
            if let cursor, cursor < oldest { oldest = cursor }
        }
        return oldest
    }

    /// How many bytes may be written in all.
    package var space: Int { capacity - (head - tail) }

    /// Where to write next: empty when the ring is full.
    package var writable: Region {
        let offset = (head - origin) % capacity
        return offset..<(offset + min(space, capacity - offset))
    }

    /// So many bytes were written at `writable`.
    package mutating func wrote(_ count: Int) {
        precondition(count <= space, "more written than there was room for")
        head += count
    }

    /// How far a reader is behind the writer, in bytes; 0 for one that left.
    package func backlog(_ reader: Int) -> Int { cursors[reader].map { head - $0 } ?? 0 }

    /// Where a reader reads next: empty when it has everything.
    package func readable(_ reader: Int) -> Region {
        guard let cursor = cursors[reader] else { return 0..<0 }
        let offset = (cursor - origin) % capacity
        return offset..<(offset + min(head - cursor, capacity - offset))
    }

    /// A reader took so many bytes of `readable`.
    package mutating func took(_ count: Int, _ reader: Int) {
        guard let cursor = cursors[reader] else { return }
        precondition(cursor + count <= head, "more taken than there was")
        cursors[reader] = cursor + count
    }

    /// A reader leaves for good and holds nothing back any more.
    package mutating func leave(_ reader: Int) { cursors[reader] = nil }

    /// Begins anew where the ring is empty: the same few pages then stay in the processor's cache while every
    /// reader keeps up.
    package mutating func rewind() {
        if tail == head { origin = head }
    }
}
