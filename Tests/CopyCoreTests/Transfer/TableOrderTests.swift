// The order in which tables are loaded.

import Testing

@testable import CopyCore

@Suite struct `The order of tables` {
    private func reference(_ parent: Int, deferrable: Bool = false) -> TableOrder.Reference {
        TableOrder.Reference(parent: parent, constraint: "to_\(parent)", isDeferrable: deferrable)
    }

    @Test func `is as given, but for those that others refer to`() throws {
        #expect(try TableOrder.sorted([[], [], []]).order == [0, 1, 2])
        let sorted = try TableOrder.sorted([[reference(2)], [], [reference(3), reference(1)], [reference(3)]])
        #expect(sorted.order == [1, 3, 2, 0] && !sorted.defers)
        #expect(try TableOrder.sorted([]).order == [])
    }

    @Test func `of a circle needs constraints that can be deferred`() throws {
        let sorted = try TableOrder.sorted([[reference(1, deferrable: true)], [reference(0)], [reference(0)]])
        #expect(sorted.order == [0, 1, 2] && sorted.defers)
        #expect(throws: TableOrder.Cycle(tables: [1, 2], constraints: ["to_2", "to_1"])) {
            try TableOrder.sorted([[reference(1)], [reference(2)], [reference(1)], [reference(0)]])
        }
    }

    @Test(arguments: 1...40 as ClosedRange<UInt64>)
    func `puts every parent before its children`(seed: UInt64) throws {
        var random = SystemRandomNumberGenerator()
        let count = Int(seed)
        let ranks = Array(0..<count).shuffled(using: &random)
        let references = (0..<count).map { child in
            (0..<Int.random(in: 0...3)).map { _ in Int.random(in: 0..<count) }
                .filter { ranks[$0] < ranks[child] || $0 == child }.map { reference($0) }
        }
        let order = try TableOrder.sorted(references).order
        #expect(order.sorted() == Array(0..<count))
        for (child, list) in references.enumerated() {
            for parent in list where parent.parent != child {
                #expect(order.firstIndex(of: parent.parent)! < order.firstIndex(of: child)!)
            }
        }
    }
}
