// Which stream takes which part.

import Testing

@testable import CopyCore

@Suite struct `Queue of parts` {
    private func unit(_ label: String, _ sizes: Int..., stream: Int? = nil) -> Division.Unit {
        Division.Unit(
            pieces: sizes.enumerated().map { .init(table: 0, leaf: SQLName([label + "\($0)"]), bytes: $1) },
            stream: stream)
    }

    private func take(_ queue: inout PartQueue, _ stream: Int, _ count: Int = .max) -> [String] {
        var labels: [String] = []
        while labels.count < count, let piece = queue.next(for: stream) { labels.append(piece.name ?? "") }
        return labels
    }

    @Test func `the largest unit is taken first, and of equals the first one`() {
        var queue = PartQueue([unit("a", 1), unit("b", 9), unit("c", 5), unit("d", 9), unit("e", 5)], streams: 1)
        #expect(take(&queue, 0) == ["b0", "d0", "c0", "e0", "a0"])
        #expect(queue.next(for: 0) == nil)
    }

    @Test func `the parts of a unit go through one stream in their order`() {
        var queue = PartQueue([unit("a", 1, 9, 2), unit("b", 7), unit("c", 6)], streams: 2)
        #expect(take(&queue, 0, 1) == ["a0"])
        #expect(take(&queue, 1, 2) == ["b0", "c0"])
        #expect(take(&queue, 0) == ["a1", "a2"])
    }

    @Test func `who is quick leaves one for each of the others`() {
        var queue = PartQueue([unit("a", 1), unit("b", 1), unit("c", 1), unit("d", 1)], streams: 3)
        #expect(take(&queue, 0) == ["a0", "b0"])
        #expect(take(&queue, 2) == ["c0"])
        #expect(take(&queue, 1) == ["d0"])
    }

    @Test func `what is bound to a stream waits for it, and it takes of the others when that is done`() {
        var queue = PartQueue(
            [unit("a", 1, stream: 1), unit("b", 8, stream: 1), unit("c", 2, stream: 0), unit("d", 3)], streams: 2)
        #expect(take(&queue, 0, 1) == ["c0"])
        #expect(take(&queue, 1) == ["b0", "a0", "d0"])
        #expect(take(&queue, 0) == [])
    }

    @Test func `less and less is taken ahead, so that all end together`() {
        var queue = PartQueue((0..<100).map { unit("t\($0)", 1 << 20) }, streams: 4)
        #expect(queue.ahead == 1 << 22)
        _ = take(&queue, 0, 76)
        #expect(queue.ahead == (24 << 20) / 8)
        _ = take(&queue, 0, 21)
        #expect(queue.ahead == (3 << 20) / 8)
        for stream in 1..<4 { _ = take(&queue, stream) }
        #expect(queue.ahead == 1 << 15)
        #expect(PartQueue([unit("a", 1)], streams: 1).ahead == 1 << 22)
    }
}
