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

    @Test func `of large tables come first, a key's index beside the others`() {
        func entry(_ name: String, _ stage: Making.Finishing.Stage, _ table: UInt32, _ pages: Int) -> Making.Finishing {
            Making.Finishing(
                stage: stage, statements: ["ADD CONSTRAINT \(name)", "COMMENT \(name)"], table: table,
                byIndex: stage == .constraint ? ("CREATE \(name)", "ADOPT \(name)") : nil, pages: pages)
        }
        let entries = [
            entry("small", .constraint, 1, 9), entry("alone", .constraint, 3, 2000), entry("key", .constraint, 2, 5000),
            entry("small_i", .index, 1, 9), entry("i", .index, 2, 5000), entry("check", .check, 2, 5000),
        ]
        var queue = FinishQueue(Making.Finishing.sideBySide(entries))
        #expect(queue.largeLeft == 3)
        var order: [String] = []
        var left: [Int] = []
        while let (place, entry) = queue.next() {
            order.append(entry.statements.joined(separator: "; "))
            left.append(queue.largeLeft)
            queue.done(place)
        }
        #expect(
            order == [
                "CREATE key", "ADD CONSTRAINT i", "ADD CONSTRAINT alone; COMMENT alone",
                "ADD CONSTRAINT small; COMMENT small", "ADD CONSTRAINT small_i",
                "ADOPT key; COMMENT key", "COMMENT small_i", "COMMENT i",
                "ADD CONSTRAINT check; COMMENT check",
            ])
        #expect(left == [3, 2, 1, 0, 0, 0, 0, 0, 0])
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
