// In which order indexes and constraints are made side by side.

import CopyModel
import Testing

@testable import CopyCore

@Suite struct `Indexes and constraints of tables that were made` {
    private func entry(
        _ stage: Making.Finishing.Stage, _ table: UInt32?, _ referenced: UInt32? = nil
    ) -> Making.Finishing {
        Making.Finishing(stage: stage, statements: [], table: table, referenced: referenced)
    }

    /// What can be begun now.
    private func begun(_ queue: inout FinishQueue) -> [Int] {
        var places: [Int] = []
        while let (place, _) = queue.next() { places.append(place) }
        return places
    }

    @Test func `of one table go side by side where they are indexes`() {
        var queue = FinishQueue([entry(.index, 1), entry(.index, 1), entry(.constraint, 1), entry(.index, 2)])
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
            entry(.check, 1, 2), entry(.check, 2, 1), entry(.check, 3, 4),
            entry(.check, 4, 5), entry(.check, 5),
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
            entry(.rest, nil), entry(.check, 1, 2), entry(.attaching, nil), entry(.attaching, nil),
            entry(.constraint, 1), entry(.index, 2), entry(.rest, 1),
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
