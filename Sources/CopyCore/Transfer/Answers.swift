// What servers have answered before rows flow, as values.

/// What one server says of what is read or loaded there, under its lock.
struct Answers: Sendable {
    /// The table; nil: rows are a query's.
    var table: TableShape?
    /// A query's columns.
    var columns: [(name: String, type: UInt32)] = []
    /// The table held rows before it was emptied.
    var heldRows = false
    /// The other tables of the run that its rows refer to, by foreign keys.
    var references: [TableOrder.Reference] = []
    /// How large the table is, where that was asked.
    var size: TableSize?
    /// Its version and encoding.
    var peer: TypeHistory.Peer
    /// Types of columns and all they are made of.
    var types = TypeGraph()

    /// The types of columns that not every server has.
    var unknownTypes: [UInt32] { TypeGraph.unknown(table?.columns.map(\.type) ?? columns.map(\.type)) }
}
