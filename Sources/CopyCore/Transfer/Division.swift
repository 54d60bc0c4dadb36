// How the tables of a run are divided among its streams.

/// What of a table is copied at a time.
enum PartRange: Sendable, Hashable {
    /// From one block on and before another; nil: to the end, wherever that is.
    case blocks(from: Int, before: Int?)
    /// From one value of an integer column on and before another; nil: no end on that side.
    case keys(String, from: Int?, before: Int?)
    /// Those whose key has this remainder: its hash by the count.
    case hash(RowKey, remainder: Int, of: Int)
    /// Not one row.
    case nothing

    /// The condition that its rows meet; no search_path changes its meaning.
    var condition: String {
        switch self {
        case .blocks(let from, let before):
            Self.between(
                "ctid", from == 0 && before != nil ? nil : "'(\(from),0)'::pg_catalog.tid",
                before.map { "'(\($0),0)'::pg_catalog.tid" })
        case .keys(let column, let from, let before):
            Self.between(
                quoteIdentifier(column), from.map { "'\($0)'::pg_catalog.int8" },
                before.map { "'\($0)'::pg_catalog.int8" })
        case .hash(let key, let remainder, let count):
            """
            (\(key.hash) OPERATOR(pg_catalog.&) '9223372036854775807'::pg_catalog.int8) \
            OPERATOR(pg_catalog.%) '\(count)'::pg_catalog.int8 OPERATOR(pg_catalog.=) '\(remainder)'::pg_catalog.int8
            """
        case .nothing: "false"
        }
    }

    private static func between(_ column: String, _ from: String?, _ before: String?) -> String {
        let conditions = [
            from.map { "\(column) OPERATOR(pg_catalog.>=) \($0)" },
            before.map { "\(column) OPERATOR(pg_catalog.<) \($0)" },
        ]
        return conditions.compactMap { $0 }.joined(separator: " AND ")
    }

    /// As it is told.
    var shown: String {
        switch self {
        case .blocks(let from, let before): "blocks \(from) to \(before.map { "\($0 - 1)" } ?? "the end")"
        case .keys(let column, let from, let before):
            [from.map { "\(column) from \($0)" }, before.map { "\(from == nil ? "\(column) " : "")below \($0)" }]
                .compactMap { $0 }.joined(separator: " ")
        case .hash(_, let remainder, let count): "keys \(remainder + 1) of \(count)"
        case .nothing: "nothing"
        }
    }
}

/// The columns that tell the rows of a table apart.
struct RowKey: Sendable, Hashable {
    var columns: [String]
    /// The server hashes rows (14 on); else their text, of types that no setting writes otherwise.
    var hashesRows: Bool

    /// A number of 64 bits, the same on every machine.
    var hash: String {
        let row = "ROW(\(columns.map(quoteIdentifier).joined(separator: ", ")))"
        return hashesRows
            ? "pg_catalog.hash_record_extended(\(row), 0)" : "pg_catalog.hashtextextended(\(row)::pg_catalog.text, 0)"
    }
}

/// Divides tables into what streams take at a time; pure.
struct Division {
    /// What can be cut, and where.
    enum Cuts: Sendable, Hashable {
        /// Why it cannot be.
        case none(String)
        /// Between its partitions, and these where they can be.
        case leaves([Leaf])
        /// So many blocks, in which rows lie evenly.
        case blocks(Int)
        /// Between these values there are about as many rows, with its bounds below and above.
        case keys(String, bounds: [Int])
    }

    /// A partition that holds rows itself.
    struct Leaf: Sendable, Hashable {
        var name: SQLName
        var bytes: Int
        /// Nil: it cannot be cut.
        var blocks: Int?
        /// By itself, not only through the table that it is of.
        var isReadable = true
        /// Its rows lie on another server, perhaps on one that is loaded.
        var isForeign = false
        /// Of its columns, other than the table's.
        var hasOtherOrder = false
    }

    struct Table: Sendable {
        /// Heap and TOAST.
        var bytes: Int
        var cuts: Cuts
        /// The stream that it is bound to, from 0 on; nil: whichever is free.
        var stream: Int?
    }

    struct Piece: Sendable, Equatable {
        var table: Int
        /// The partition that is read; nil: the table itself.
        var leaf: SQLName?
        /// Nil: all of it.
        var range: PartRange?
        var bytes: Int
        /// More of the table that the same statement reads.
        var also: [Piece] = []

        /// As `blocks 0 to 99`, behind the partition's name; nil: it is all of the table.
        var name: String? {
            guard range != nil || leaf != nil else { return nil }
            return ([self] + also).map { piece in
                [piece.leaf?.parts.joined(separator: "."), piece.range?.shown].compactMap { $0 }.joined(separator: ", ")
            }.joined(separator: "; ")
        }
    }

    /// What one stream takes, in this order.
    struct Unit: Sendable, Equatable {
        var pieces: [Piece]
        var stream: Int?

        var bytes: Int { pieces.reduce(0) { $0 + $1.bytes } }
    }

    /// How many streams are wanted.
    var streams: Int
    /// Larger tables are cut; nil: those that would keep one stream busy while others have nothing left.
    var limit: Int?

    /// A table of so many bytes is worth several statements: over a slow link it takes seconds.
    static let leastCut = 4 << 20
    /// A statement of a kilobyte each.
    private static let mostParts = 10_000
    /// The last parts of a table: so much costs a server some milliseconds, a statement less than one.
    private static let leastPart = 512 << 10

    /// What a table is to be larger than to be cut.
    func share(_ tables: [Table]) -> Int {
        limit ?? max(Self.leastCut, tables.reduce(0) { $0 + $1.bytes } / (2 * max(1, streams)))
    }

    /// - Parameters:
    ///   - tables: by their places.
    ///   - ties: tables that go through one stream, in this order; every table in one of them.
    func units(_ tables: [Table], ties: [[Int]]) -> [Unit] {
        let share = share(tables)
        return ties.flatMap { tie -> [Unit] in
            if tie.count == 1, tables[tie[0]].stream == nil, tables[tie[0]].bytes > share,
                let pieces = cut(tie[0], tables[tie[0]], share)
            {
                return pieces.map { Unit(pieces: [$0]) }
            }
            return [
                Unit(
                    pieces: tie.map { Piece(table: $0, bytes: tables[$0].bytes) },
                    stream: tie.lazy.compactMap { tables[$0].stream }.first)
            ]
        }
    }

    /// Smaller and smaller ones; nil: it cannot be cut.
    private func cut(_ number: Int, _ table: Table, _ share: Int) -> [Piece]? {
        switch table.cuts {
        case .none: return nil
        case .leaves(let leaves):
            guard leaves.count > 1 || leaves.first?.blocks != nil else { return nil }
            return leaves.flatMap { leaf -> [Piece] in
                var cut: [Piece]?
                if leaf.bytes > share, let blocks = leaf.blocks {
                    cut = self.cut(number, Table(bytes: leaf.bytes, cuts: .blocks(blocks)), share)
                }
                return (cut ?? [Piece(table: number, bytes: leaf.bytes)]).map { piece in
                    var piece = piece
                    piece.leaf = leaf.name
                    return piece
                }
            }
        case .blocks(let count):
            return pieces(number, table.bytes, steps: count) { from, before in .blocks(from: from, before: before) }
        case .keys(let column, let bounds):
            return pieces(number, table.bytes, steps: bounds.count - 1) { from, before in
                .keys(column, from: from == 0 ? nil : bounds[from], before: before.map { bounds[$0] })
            }
        }
    }

    private func pieces(
        _ number: Int, _ bytes: Int, steps: Int, _ range: (_ from: Int, _ before: Int?) -> PartRange
    ) -> [Piece]? {
        guard steps > 1 else { return nil }
        let most = max(limit ?? Int.max, bytes / Self.mostParts)
        let least = min(Self.leastPart, most)
        var pieces: [Piece] = []
        var from = 0
        while from < steps {
            let rest = Int(Double(bytes) * Double(steps - from) / Double(steps))
            // With half of what is left for each, one is at its last part when the others are.
            let size = min(most, max(least, rest / (2 * max(1, streams))))
            var count = max(1, Int(Double(steps) * Double(size) / Double(max(1, bytes))))
            if rest - size < least / 2 || from + count >= steps { count = steps - from }
            let isLast = from + count >= steps
            pieces.append(
                Piece(
                    table: number, range: range(from, isLast ? nil : from + count),
                    bytes: Int(Double(bytes) * Double(count) / Double(steps))))
            from += count
        }
        return pieces.count > 1 ? pieces : nil
    }

    /// Deals units to streams so that each has about as much.
    /// - Returns: the stream of each.
    static func deal(_ sizes: [Int], among streams: Int) -> [Int] {
        var loads = Array(repeating: (bytes: 0, count: 0), count: streams)
        var dealt = sizes.map { _ in 0 }
        for (place, size) in sizes.enumerated().sorted(by: { ($1.element, $0.offset) < ($0.element, $1.offset) }) {
            let least = loads.indices.min {
                (loads[$0].bytes, loads[$0].count, $0) < (loads[$1].bytes, loads[$1].count, $1)
            }
            dealt[place] = least ?? 0
            loads[dealt[place]].bytes += size
            loads[dealt[place]].count += 1
        }
        return dealt
    }

    /// Tables that refer to each other, directly or not, each in the order in which it is loaded.
    /// - Parameters:
    ///   - order: every table, parents first.
    ///   - references: the tables that each refers to.
    static func ties(_ order: [Int], references: [[Int]]) -> [[Int]] {
        var root = Array(order.indices)
        func find(_ table: Int) -> Int {
            var table = table
            while root[table] != table {
                root[table] = root[root[table]]
                table = root[table]
            }
            return table
        }
        for (table, parents) in references.enumerated() {
            for parent in parents { root[find(parent)] = find(table) }
        }
        var ties: [[Int]] = []
        var place: [Int: Int] = [:]
        for table in order {
            let root = find(table)
            if let known = place[root] {
                ties[known].append(table)
            } else {
                place[root] = ties.count
                ties.append([table])
            }
        }
        return ties
    }
}

/// A part of a run that many runs, perhaps on many machines, share: the borders hang on no size.
public struct RunPart: Sendable, Hashable {
    /// From 1 on.
    public var number: Int
    /// How many there are.
    public var count: Int

    /// - Throws: `PgcopyError` with `.usage` unless it is one of that many.
    public init(_ number: Int, of count: Int) throws(PgcopyError) {
        guard count > 0, (1...count).contains(number) else {
            throw PgcopyError(.usage, "there is no part \(number) of \(count)")
        }
        self.number = number
        self.count = count
    }

    /// 128 MiB of a table's blocks go together: seldom enough that a scan of them is cheap, often enough to be dealt evenly.
    static let stripe = 16_384

    /// What of a table belongs to it; nothing: another part has all of it.
    /// - Parameter key: what tells rows apart, where blocks do not.
    func pieces(_ table: Int, _ bytes: Int, _ cuts: Division.Cuts, key: RowKey?) -> [Division.Piece] {
        switch cuts {
        case .blocks(let blocks): return stripes(table, nil, bytes, blocks)
        case .leaves(let leaves) where leaves.allSatisfy({ $0.blocks != nil }):
            return leaves.flatMap { stripes(table, $0.name, $0.bytes, $0.blocks ?? 0) }
        case .none, .keys, .leaves:
            if let key {
                let range = PartRange.hash(key, remainder: number - 1, of: count)
                return [Division.Piece(table: table, range: range, bytes: bytes / count)]
            }
            return number == 1 ? [Division.Piece(table: table, bytes: bytes)] : []
        }
    }

    private func stripes(_ table: Int, _ leaf: SQLName?, _ bytes: Int, _ blocks: Int) -> [Division.Piece] {
        stride(from: 0, to: blocks, by: Self.stripe).enumerated().filter { $0.offset % count == number - 1 }.map {
            _, from in
            let share = Double(min(Self.stripe, blocks - from)) / Double(max(1, blocks))
            return Division.Piece(
                table: table, leaf: leaf, range: .blocks(from: from, before: from + Self.stripe),
                bytes: Int(Double(bytes) * share))
        }
    }
}
