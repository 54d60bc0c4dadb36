// The format between versions of the server: pure, no server is asked.

import ErrorKit
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
        20002: Node(schema: "public", name: "pair", kind: "c", attributes: attributes(25, 1187)),
        20003: Node(schema: "public", name: "_pair", kind: "b", element: 20002),
        20004: Node(schema: "public", name: "spans", kind: "m", subtype: 1186),
        20005: Node(schema: "public", name: "interval", kind: "b"),
        2249: Node(schema: "pg_catalog", name: "record", kind: "p"),
        // It contains itself.
        20006: Node(schema: "public", name: "ring", kind: "c", attributes: attributes(23, 20007)),
        20007: Node(schema: "public", name: "rings", kind: "m", subtype: 20006),
    ])

    private static func attributes(_ types: UInt32...) -> [TypeGraph.Attribute] {
        types.enumerated().map { TypeGraph.Attribute(name: "a\($0)", type: $1) }
    }

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
        #expect(!Self.types.mayHold("interval", 20005))
        #expect(["text", "_interval", "interval"].allSatisfy { Self.types.mayHold($0, 20003) })
        #expect(throws: Never.self) { try FormatPlan.checkBinary(side(20005, 160_000), [side(20005, 180_000)]) }
    }

    @Test(arguments: holdingIntervals + [20003, 20004]) func `binary that was asked for is refused`(type: UInt32) {
        for (source, destination) in [(160_000, 170_000), (170_000, 160_000), (150_000, 140_000)] {
            let error = thrown(.usage) {
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
        _ type: UInt32, _ source: Int, _ destination: Int, to other: UInt32? = nil, from encoding: String = "UTF8",
        in sent: String = "UTF8"
    ) -> [String]? {
        var source = side(type, source)
        source.peer.encoding = encoding
        return FormatPlan.selection(source, [side(other ?? type, destination)], encoding: sent)
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
        // However the encoding is spelt.
        #expect(selection(18, 140_000, 150_000, from: "LATIN1", in: "iso-8859-1") == nil)
    }

    @Test func `a record may hold every type, and a column of text takes nothing for another`() {
        #expect(selection(2249, 160_000, 170_000, to: 20002) != nil)
        #expect(selection(2249, 160_000, 140_000, to: 18) != nil)
        #expect(selection(2249, 160_000, 170_000, to: 25) == nil)
        #expect(selection(1186, 160_000, 170_000, to: 25) == nil)
        thrown(.usage) {
            try FormatPlan.checkBinary(side(2249, 160_000), [side(2249, 170_000)])
        }
    }

    @Test func `a type that contains itself has an end`() {
        #expect(Self.types.structure(20006) == "public.ring(pg_catalog.int4, public.rings<public.ring>)")
        #expect(!Self.types.mayHold("interval", 20006) && !Self.types.mayHoldText(20006))
        #expect(!Self.types.holdsNames(20007))
        #expect(format(20006, 160_000, 160_000) == .text && format(20007, 160_000, 160_000) == .text)
        #expect(Self.types.displaced(20006, at: Self.types, 20006) == nil)
    }
}
