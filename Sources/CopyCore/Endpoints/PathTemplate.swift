// A file's name in which a table's stands.

/// `{schema}` and `{table}` in a path stand for the names of the table that is copied.
struct PathTemplate: Sendable, Hashable {
    private let template: NameTemplate

    /// Nil: no name stands in it.
    init?(_ path: Path) {
        guard let template = try? NameTemplate(path.bytes) else { return nil }
        self.template = template
    }

    /// Many tables have each a file of their own.
    var tellsTablesApart: Bool { template.holds(.table) }

    /// The path for a table.
    /// - Throws: where its name would lead to another folder.
    func path(for name: SQLName) throws(PgcopyError) -> Path {
        Path(try template.filled { mark throws(PgcopyError) in try mark.fileName(of: name) })
    }
}
