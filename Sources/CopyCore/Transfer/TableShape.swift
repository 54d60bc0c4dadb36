// What the catalogs of a server say of one table.

/// A table, or anything else rows can be copied from or to.
struct TableShape: Sendable {
    struct Column: Sendable {
        var name: String
        /// Its type's OID.
        var type: UInt32
        /// pg_attribute.attnum: its place, dropped ones counted.
        var number: Int16 = 0
        /// Its value is computed by the server: COPY leaves it out.
        var isGenerated: Bool
    }

    /// Its schema and name.
    var name: SQLName
    /// pg_class.relkind: r ordinary, p partitioned, v view, m materialized view, f foreign, …
    var kind: Character
    /// Its OID.
    var oid: String
    /// This session holds a lock on it: until the transaction ends it is what it is said to be here.
    var isLocked = true
    /// The name that was asked for stands for it.
    var isAsked = true
    /// In the table's order, without dropped ones.
    var columns: [Column]
    /// xmin and xmax of its schema's row: who has written it, and who has written a newer one, or tried to.
    var schemaVersion = "0 0"
    /// As in `Lookup.Found`.
    var parents: Set<String> = []

    /// The columns of these names with their types.
    func types(of names: [String]) -> [(name: String, type: UInt32)] {
        names.map { ($0, column($0)?.type ?? 0) }
    }

    /// Of one session's: its schema is that session's own.
    var isTemporary: Bool { name.parts.first?.hasPrefix("pg_temp_") ?? false }

    /// What is kept of it where rows land: many tables have many columns.
    var withoutColumns: TableShape {
        var table = self
        table.columns = []
        return table
    }

    func column(_ name: String) -> Column? { columns.first { isSameName($0.name, name) } }

    /// An ordinary table is read, loaded and emptied without its children, as COPY itself does.
    var only: String { Self.only(kind) }

    static func only(_ kind: Character) -> String { kind == "r" ? "ONLY " : "" }
}
