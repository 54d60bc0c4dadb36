// Which tables are meant, as the command line says it.

internal import CopyCore

/// The patterns for tables and schemas, as written: case is not folded yet, quotes are still there.
public struct TablePatterns: Sendable, Equatable {
    /// For the source's tables.
    public var tables: [String] = []
    /// For those that are left out.
    public var excludedTables: [String] = []
    /// For schemas of which all tables are meant.
    public var schemas: [String] = []
    /// For those of which none are.
    public var excludedSchemas: [String] = []
    /// All tables of the database.
    public var all = false

    /// None.
    public init() {}

    /// Those of an invocation.
    init(_ invocation: Invocation) throws(UsageError) {
        tables = try invocation.allNames(of: .table)
        excludedTables = try invocation.allNames(of: .excludeTable)
        schemas = try invocation.allNames(of: .schema)
        excludedSchemas = try invocation.allNames(of: .excludeSchema)
        all = invocation.has(.allTables)
        guard isEmpty, let lone = [OptionSpec.excludeTable, .excludeSchema].first(where: invocation.has) else { return }
        throw invocation.error(
            "option \(lone.spelling) leaves out of what? --all-tables, --schema or --table say what is copied")
    }

    /// Nothing is meant by them.
    var isEmpty: Bool { tables.isEmpty && schemas.isEmpty && !all }

    /// What they select; nil: nothing.
    func selection() throws(PgcopyError) -> TableSelection? {
        guard !isEmpty else { return nil }
        return try TableSelection(
            tables: tables, excluding: excludedTables, schemas: schemas, excludingSchemas: excludedSchemas, all: all)
    }
}
