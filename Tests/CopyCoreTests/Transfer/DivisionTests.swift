// How tables are divided among streams.

import ErrorKit
import Testing

@testable import CopyCore

@Suite struct `Division of tables` {
    private static let gigabyte = 1 << 30

    private func pieces(_ units: [Division.Unit], of table: Int) -> [Division.Piece] {
        units.flatMap(\.pieces).filter { $0.table == table }
    }

    /// Each block is in one piece; the last one is open.
    private func expectWhole(_ pieces: [Division.Piece], blocks: Int, open: Bool = true) {
        var next = 0
        for piece in pieces {
            guard case .blocks(let from, let before) = piece.range else {
                Issue.record("\(piece)")
                return
            }
            #expect(from == next && before.map { $0 > from } ?? true)
            next = before ?? blocks
        }
        guard case .blocks(_, let end) = pieces.last?.range else { return }
        #expect(open ? end == nil : end == blocks)
    }

    @Test func `large tables are cut into smaller and smaller ranges, the last one without an end`() {
        let tables = [
            Division.Table(bytes: 100 * Self.gigabyte, cuts: .blocks(13_107_200)),
            Division.Table(bytes: 100, cuts: .blocks(1)),
        ]
        let units = Division(streams: 4).units(tables, ties: [[0], [1]])
        let cut = pieces(units, of: 0)
        expectWhole(cut, blocks: 13_107_200)
        #expect(cut.count > 20 && cut.count < 100, "\(cut.count)")
        #expect(cut.first.map { $0.bytes > 12 * Self.gigabyte } ?? false)
        #expect(cut.suffix(3).allSatisfy { $0.bytes <= 16 << 20 }, "\(cut.suffix(3))")
        #expect(zip(cut, cut.dropFirst().dropLast()).allSatisfy { $0.bytes + 8192 >= $1.bytes })
        #expect(pieces(units, of: 1) == [Division.Piece(table: 1, bytes: 100)])
    }

    @Test(arguments: [1, 2, 3, 7, 64]) func `any size is divided into whole blocks`(streams: Int) {
        for blocks in [1, 2, 3, 10, 97, 5000] {
            for limit in [1, 8192, 100_000, nil] as [Int?] {
                // TOAST: a block of the heap may stand for gigabytes.
                for bytes in [blocks * 8192, blocks * 8192 * 100_000] {
                    let table = Division.Table(bytes: bytes, cuts: .blocks(blocks))
                    let units = Division(streams: streams, limit: limit).units([table], ties: [[0]])
                    let cut = pieces(units, of: 0)
                    if cut.count > 1 { expectWhole(cut, blocks: blocks) } else { #expect(cut[0].range == nil) }
                    #expect(cut.count <= blocks)
                }
            }
        }
    }

    @Test func `tables that are tied, bound or cannot be cut stay whole`() {
        let large = Division.Table(bytes: Self.gigabyte, cuts: .blocks(131_072))
        var bound = large
        bound.stream = 1
        let view = Division.Table(bytes: Self.gigabyte, cuts: .none("it is no table"))
        let units = Division(streams: 2, limit: 1 << 20).units([large, large, bound, view], ties: [[1, 0], [2], [3]])
        #expect(units.map { $0.pieces.map(\.table) } == [[1, 0], [2], [3]])
        #expect(units.map(\.stream) == [nil, 1, nil] && units.allSatisfy { $0.pieces.allSatisfy { $0.range == nil } })
    }

    @Test func `partitions are read by themselves, and cut where they are large`() {
        let leaves = [
            Division.Leaf(name: SQLName(["s", "a"]), bytes: 64 << 20, blocks: 8192),
            Division.Leaf(name: SQLName(["s", "b"]), bytes: 100, blocks: 1),
            Division.Leaf(name: SQLName(["s", "c"]), bytes: 64 << 20, blocks: nil),
        ]
        let table = Division.Table(bytes: 128 << 20, cuts: .leaves(leaves))
        let cut = pieces(Division(streams: 2).units([table], ties: [[0]]), of: 0)
        #expect(Set(cut.compactMap(\.leaf)).count == 3)
        expectWhole(cut.filter { $0.leaf == leaves[0].name }, blocks: 8192)
        #expect(cut.filter { $0.range == nil }.map(\.leaf) == [leaves[1].name, leaves[2].name])
        let alone = Division.Table(bytes: 128 << 20, cuts: .leaves([leaves[2]]))
        #expect(
            pieces(Division(streams: 2).units([alone], ties: [[0]]), of: 0) == [
                Division.Piece(table: 0, bytes: 128 << 20)
            ])
    }

    @Test func `keys are cut at the bounds of the histogram, open at both ends`() {
        let table = Division.Table(
            bytes: 100 << 20, cuts: .keys("id", bounds: Array(stride(from: -50, through: 50, by: 1))))
        let cut = pieces(Division(streams: 2).units([table], ties: [[0]]), of: 0)
        var next: Int?
        for piece in cut {
            guard case .keys("id", let from, let before) = piece.range else {
                Issue.record("\(piece)")
                return
            }
            #expect(from == next && (before ?? .max) > (from ?? .min))
            next = before
        }
        #expect(next == nil && cut.count > 3)
        #expect(cut[0].range?.condition.hasPrefix(#""id" OPERATOR(pg_catalog.<) '"#) ?? false)
    }

    @Test func `ties are found through others, in the order in which they are loaded`() {
        // 0 ← 2 ← 4, 1 ← 1, 3 ↔ 5
        let references: [[Int]] = [[], [1], [0], [5], [2], [3]]
        #expect(Division.ties([0, 1, 2, 5, 3, 4], references: references) == [[0, 2, 4], [1], [5, 3]])
    }

    @Test func `what is emptied is dealt so that each stream has about as much`() {
        let dealt = Division.deal([5, 1, 1, 1, 2, 4], among: 2)
        let loads = (0..<2).map { stream in
            zip([5, 1, 1, 1, 2, 4], dealt).filter { $1 == stream }.map(\.0).reduce(0, +)
        }
        #expect(loads == [7, 7], "\(dealt)")
        #expect(Set(Division.deal([0, 0, 0], among: 3)).count == 3, "empty ones, too")
    }

    @Test func `all parts together are each stripe once`() throws {
        for count in [1, 2, 3, 8] {
            for blocks in [0, 1, 16_384, 16_385, 100_000] {
                let cuts = Division.Cuts.blocks(blocks)
                let all = try (1...count).flatMap { number in
                    try RunPart(number, of: count).pieces(0, blocks * 8192, cuts, key: nil)
                }.sorted { $0.condition < $1.condition }
                let borders = all.compactMap { piece -> Int? in
                    if case .blocks(let from, let before) = piece.range, before == from + RunPart.stripe {
                        from
                    } else {
                        nil
                    }
                }
                #expect(
                    borders.sorted() == Array(stride(from: 0, to: blocks, by: RunPart.stripe)), "\(count) \(blocks)")
            }
            let key = RowKey(columns: ["a", "b"], hashesRows: true)
            let hashed = try (1...count).flatMap { try RunPart($0, of: count).pieces(0, 9, .none(""), key: key) }
            #expect(hashed.map(\.range) == (0..<count).map { .hash(key, remainder: $0, of: count) })
            let whole = try (1...count).flatMap { try RunPart($0, of: count).pieces(0, 9, .none(""), key: nil) }
            #expect(whole == [Division.Piece(table: 0, bytes: 9)])
        }
        #expect(throws: PgcopyError.self) { try RunPart(0, of: 2) }
        #expect(throws: PgcopyError.self) { try RunPart(3, of: 2) }
    }
}

extension Division.Piece {
    fileprivate var condition: String { range?.condition ?? "" }
}
