// What the catalogs of a server say of one table.

/// A table, or anything else rows can be copied from or to.
struct TableShape: Sendable {
    struct Column: Sendable {
        var name: String
        /// Its type's OID.
        var type: UInt32
        /// Its value is computed by the server: COPY leaves it out.
        var isGenerated: Bool
    }

    /// Its schema and name.
    var name: SQLName
    /// pg_class.relkind: r ordinary, p partitioned, v view, m materialized view, f foreign, …
    var kind: Character
    /// What no other table of any server has.
    var identity: Identity
    /// In the table's order, without dropped ones.
    var columns: [Column]

    /// Cluster, database and table.
    struct Identity: Sendable, Hashable {
        /// A server's start to the microsecond: the one mark of a cluster every role may read.
        var clusterStart: String
        var database: String
        var table: String
    }

    /// The columns of these names with their types.
    func types(of names: [String]) -> [(name: String, type: UInt32)] {
        names.map { ($0, column($0)?.type ?? 0) }
    }

    func column(_ name: String) -> Column? { columns.first { $0.name == name } }
}
