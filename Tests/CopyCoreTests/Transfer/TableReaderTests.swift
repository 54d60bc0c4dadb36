// How columns are put together.

import Testing

@testable import CopyCore

@Suite struct `Columns of many tables` {
    @Test(arguments: [[1, 2, 4], [4, 2, 1], [2, 4, 1]]) func `come in any order`(numbers: [Int16]) {
        var table = TableShape(name: SQLName(["s", "t"]), kind: "r", oid: "1", columns: [])
        for number in numbers {
            table.insert(TableShape.Column(name: "c\(number)", type: 23, number: number, isGenerated: false))
        }
        #expect(table.columns.map(\.name) == ["c1", "c2", "c4"])
    }

    @Test func `share names that are the same, byte by byte`() {
        let names = SharedNames()
        // For Swift these two are equal.
        let composed = "a rather long caf\u{E9}"
        let decomposed = "a rather long cafe\u{301}"
        for name in [composed, decomposed, "a", "", composed] { #expect(isSameName(names.shared(name), name)) }
    }
}
