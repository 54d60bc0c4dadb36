// In which order indexes and constraints are made side by side.

import CopyModel
import Testing

@testable import CopyCore

@Suite struct `Indexes and constraints of tables that were made` {
    private func entry(_ type: String, _ table: UInt32?, _ referenced: UInt32? = nil) -> Making.Finishing {
        Making.Finishing(type: type, statements: [], table: table, referenced: referenced)
    }

    /// What can be begun now.
    private func begun(_ queue: inout FinishQueue) -> [Int] {
        var places: [Int] = []
        while let (place, _) = queue.next() { places.append(place) }
        return places
    }

    @Test func `of one table go side by side where they are indexes`() {
        var queue = FinishQueue([entry("INDEX", 1), entry("INDEX", 1), entry("CONSTRAINT", 1), entry("INDEX", 2)])
        #expect(begun(&queue) == [0, 1, 3])
        queue.done(0)
        #expect(begun(&queue) == [])
        queue.done(1)
        #expect(begun(&queue) == [2])
        queue.done(2)
        #expect(!queue.isEmpty)
        queue.done(3)
        #expect(queue.isEmpty)
    }

    /// Each takes locks on two tables.
    @Test func `between tables never wait for each other`() {
        var queue = FinishQueue([
            entry("FK CONSTRAINT", 1, 2), entry("FK CONSTRAINT", 2, 1), entry("FK CONSTRAINT", 3, 4),
            entry("FK CONSTRAINT", 4, 5), entry("TRIGGER", 5),
        ])
        #expect(begun(&queue) == [0, 2, 4])
        queue.done(2)
        #expect(begun(&queue) == [])
        queue.done(4)
        #expect(begun(&queue) == [3])
        queue.done(0)
        #expect(begun(&queue) == [1])
    }

    @Test func `come behind what they look at`() {
        var queue = FinishQueue([
            entry("COMMENT", nil), entry("FK CONSTRAINT", 1, 2), entry("INDEX ATTACH", nil), entry("INDEX ATTACH", nil),
            entry("CONSTRAINT", 1), entry("INDEX", 2), entry("POLICY", 1),
        ])
        var order: [[Int]] = []
        while !queue.isEmpty {
            let places = begun(&queue)
            order.append(places)
            for place in places { queue.done(place) }
        }
        #expect(order == [[4, 5], [2], [3], [1], [0], [6]])
    }
}
