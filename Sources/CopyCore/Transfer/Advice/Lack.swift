// What a refusal lacks, for whoever looks for what was meant.

/// What a server does not have, or does not allow: it goes with the error that says so.
enum Lack: Sendable {
    /// There are no tables of these names.
    case tables([SQLName])
    /// Lines of the message that tell what matched nothing: a name, the plain beginning of a pattern, a schema.
    case patterns([(line: Int, Unmatched)])
    /// What the role may not do: with which tables, and by which right.
    case rights([(right: String, tables: [SQLName])])

    /// What matched nothing.
    enum Unmatched: Sendable {
        case table(SQLName)
        case beginning(String)
        case schema(String)
    }
}

extension PgcopyError {
    /// What it lacks, where that is known.
    var lack: Lack? { detail as? Lack }
}
