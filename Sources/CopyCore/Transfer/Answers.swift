// What servers have answered before rows flow, as values.

/// What one server says of what is read or loaded there, under its lock.
struct Answers: Sendable {
    /// The table; nil: rows are a query's.
    var table: TableShape?
    /// A query's columns.
    var columns: [(name: String, type: UInt32)] = []
    /// The table held rows before it was emptied.
    var heldRows = false
    /// It was made in this very transaction.
    var isMade = false
    /// The other tables of the run that its rows refer to, by foreign keys.
    var references: [TableOrder.Reference] = []
    /// The sequences that its columns own, where that was asked.
    var sequences: [OwnedSequence] = []
    /// Its columns that are given other values.
    var computed: [ComputedColumn.Typed] = []
    /// Its unique indexes, where that was asked.
    var uniqueIndexes: [UniqueIndex] = []
    /// How large the table is, where that was asked.
    var size: TableSize?
    /// Where it can be cut.
    var cuts = Division.Cuts.none("its size is not known")
    /// The role may read all columns, and all partitions by themselves.
    var isReadable = true
    /// What tells its rows apart; nil: nobody has asked, or nothing does.
    var key: RowKey?
    /// Its version and encoding.
    var peer: TypeHistory.Peer
    /// Types of columns and all they are made of.
    var types = TypeGraph()

    /// Takes over what was found out about where the table can be cut.
    mutating func note(_ leaves: [Division.Leaf], _ primary: Catalog.PrimaryKey?) {
        guard let table, let size else { return }
        isReadable = isReadable && leaves.allSatisfy(\.isReadable)
        let version = ServerVersion(peer.serverVersion)
        // Types whose text no setting changes: integers, text, name, character, uuid.
        let areHarmless =
            primary?.columns.allSatisfy { [20, 21, 23, 25, 19, 1042, 1043, 2950].contains($0.type) } ?? false
        if let primary, !primary.columns.isEmpty, version.hashesRows || areHarmless {
            key = RowKey(columns: primary.columns.map(\.name), hashesRows: version.hashesRows)
        }
        cuts =
            if let blocks = size.blocks, version.scansBlockRanges {
                .blocks(blocks)
            } else if !leaves.isEmpty {
                .leaves(
                    leaves.sorted { $0.name.quoted < $1.name.quoted }.map { leaf in
                        var leaf = leaf
                        if !version.scansBlockRanges { leaf.blocks = nil }
                        return leaf
                    })
            } else if let primary, let column = primary.columns.first, primary.bounds.count > 2 {
                .keys(column.name, bounds: primary.bounds)
            } else {
                .none(
                    "vf".contains(table.kind)
                        ? "it is no table"
                        : "it has no integer key of whose values the server has a histogram; ANALYZE makes one")
            }
    }

    /// The types of columns that not every server has.
    var unknownTypes: [UInt32] { TypeGraph.unknown(table?.columns.map(\.type) ?? columns.map(\.type)) }
}
