// The format between versions of the server: pure, no server is asked.

import Testing

@testable import CopyCore

@Suite struct `The format between versions` {
    private typealias Node = TypeGraph.Node

    /// Types as catalogs have them: an interval in everything that can hold one.
    private static let types = TypeGraph(nodes: [
        23: Node(schema: "pg_catalog", name: "int4", kind: "b"),
        25: Node(schema: "pg_catalog", name: "text", kind: "b"),
        18: Node(schema: "pg_catalog", name: "char", kind: "b"),
        1186: Node(schema: "pg_catalog", name: "interval", kind: "b"),
        1187: Node(schema: "pg_catalog", name: "_interval", kind: "b", element: 1186),
        20000: Node(schema: "public", name: "span", kind: "r", subtype: 1186),
        20001: Node(schema: "public", name: "period", kind: "d", base: 1186),
        20002: Node(schema: "public", name: "pair", kind: "c", members: [25, 1187]),
        20003: Node(schema: "public", name: "_pair", kind: "b", element: 20002),
        20004: Node(schema: "public", name: "spans", kind: "m", subtype: 1186),
        20005: Node(schema: "public", name: "interval", kind: "b"),
    ])
    private static let holdingIntervals: [UInt32] = [1186, 1187, 20000, 20001, 20002]

    private func side(_ type: UInt32, _ version: Int, label: String = "there") -> FormatPlan.Side {
        FormatPlan.Side(
            label: label, columns: [(name: "a", type: 23), (name: "v v", type: type)], types: Self.types,
            peer: .init(serverVersion: version, encoding: "UTF8"))
    }

    private func format(_ type: UInt32, _ source: Int, _ destinations: Int...) -> CopyFormat {
        FormatPlan.automatic(side(type, source), destinations.map { side(type, $0) }, encoding: nil).format
    }

    @Test(arguments: holdingIntervals) func `is text where an interval would be another one`(type: UInt32) {
        #expect(format(type, 160_014, 170_000) == .text)
        #expect(format(type, 180_001, 160_014) == .text)
        #expect(format(type, 150_000, 160_000) == .binary)
        #expect(format(type, 170_000, 180_000) == .binary)
        #expect(format(type, 160_000, 160_014) == .binary)
        // Hours that 14 cannot print; whatever it holds, 15 and 16 print.
        #expect(format(type, 150_000, 140_000) == .text)
        #expect(format(type, 130_000, 160_000) == .binary)
        #expect(format(type, 130_000, 180_000) == .text)
        // One of them is enough.
        #expect(format(type, 180_000, 180_000, 160_000) == .text)
    }

    @Test func `says which column, which versions and why`() {
        let choice = FormatPlan.automatic(side(20002, 160_014), [side(20002, 180_006)], encoding: nil)
        #expect(
            choice.reason == """
                column "v v" is of interval, whose binary form has another meaning since PostgreSQL 17: \
                the source is 16, there is 18
                """)
    }

    @Test func `a type of that name that is the user's own is no interval`() {
        #expect(Self.types.builtIns(20005) == [])
        #expect(Self.types.builtIns(20003) == ["text", "_interval", "interval"])
        #expect(throws: Never.self) { try FormatPlan.checkBinary(side(20005, 160_000), [side(20005, 180_000)]) }
    }

    @Test(arguments: holdingIntervals + [20003, 20004]) func `binary that was asked for is refused`(type: UInt32) {
        for (source, destination) in [(160_000, 170_000), (170_000, 160_000), (150_000, 140_000)] {
            let error = #expect(throws: TransferRefusal.self) {
                try FormatPlan.checkBinary(side(type, source), [side(type, source), side(type, destination)])
            }
            #expect(error?.isUsageError == true)
            let words = error.map(\.description) ?? ""
            #expect(words.hasPrefix("--format=binary: column \"v v\" is of interval"))
        }
        #expect(throws: Never.self) { try FormatPlan.checkBinary(side(type, 170_000), [side(type, 180_000)]) }
    }

    @Test func `is text between versions of which nothing is known`() {
        #expect(format(25, 180_000, 190_000) == .text)
        #expect(format(25, 190_000, 180_000) == .text)
        #expect(format(25, 120_000, 130_000) == .text)
        #expect(format(25, 190_000, 190_003) == .binary)
        #expect(format(25, 90_600, 90_500) == .text)
        #expect(format(25, 130_000, 180_000) == .binary)
        let choice = FormatPlan.automatic(side(25, 180_000), [side(25, 190_000)], encoding: nil)
        #expect(choice.reason.contains("version 18 at the source and 19 at there"))
        #expect(throws: Never.self) { try FormatPlan.checkBinary(side(25, 180_000), [side(25, 190_000)]) }
    }

    private func selection(
        _ type: UInt32, _ source: Int, _ destination: Int, from encoding: String = "UTF8"
    ) -> [String]? {
        var source = side(type, source)
        source.peer.encoding = encoding
        return FormatPlan.selection(source, [side(type, destination)], encoding: "UTF8")
    }

    @Test func `only columns that could be misread in text are watched`() throws {
        for type in Self.holdingIntervals + [20003, 20004] {
            let list = try #require(selection(type, 160_000, 170_000))
            #expect(list.count == 2 && list[0] == "\"a\"")
            #expect(list[1].hasPrefix("CASE WHEN (CASE WHEN ") && list[1].hasSuffix(" THEN \"v v\" END AS \"v v\""))
            #expect(selection(type, 170_000, 160_000) == nil)
            #expect(selection(type, 170_000, 180_000) == nil)
        }
        #expect(selection(18, 150_000, 140_000) != nil)
        #expect(selection(18, 140_000, 150_000) == nil)
        #expect(selection(18, 140_000, 150_000, from: "LATIN1") != nil)
        #expect(selection(18, 140_000, 150_000, from: "SQL_ASCII") == nil)
        #expect(selection(18, 150_000, 150_000, from: "LATIN1") == nil)
        #expect(selection(25, 160_000, 140_000, from: "LATIN1") == nil)
    }
}
