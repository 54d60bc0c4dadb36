// What a server is asked first: which server it is, and which table a name stands for.

/// A name is resolved in a transaction of its own, so that what it stands for can be locked before it is looked at.
final class Lookup {
    /// To be run with those of the other servers; nothing here is answered before.
    let part: PipelinePart
    private let names: [SQLName]
    private let tablesResult: PipelineResult?
    private let computed: [ComputedColumn]
    private let typesResult: PipelineResult?
    private let serverResult: PipelineResult

    /// Asks which server it is, and which tables the names stand for by the session's own search_path.
    init(_ part: PipelinePart, tables names: [SQLName], empties: Emptying? = nil, computed: [ComputedColumn] = []) {
        self.part = part
        self.names = names
        part.beginAnew("BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY")
        tablesResult =
            names.isEmpty || names.contains { $0.parts.count > 2 }
            ? nil : part.ask(Catalog.namesQuestion(names, empties: empties))
        self.computed = computed
        typesResult =
            computed.isEmpty || tablesResult == nil
            ? nil : part.ask(Catalog.columnTypesQuestion(names, columns: computed.map(\.column)))
        // The transaction stays open until the next one: no idle_session_timeout ends the session meanwhile.
        serverResult = part.ask(Catalog.serverQuestion(noticing: true))
    }

    /// What a name stands for.
    struct Found: Sendable {
        /// As it was asked for.
        var asked: SQLName
        /// Its schema and name.
        var name: SQLName
        /// As `TableShape.kind`.
        var kind: Character
        var oid: String
        /// The role may read all of it, and no policy hides rows.
        var isReadable = true
        /// Of a partition, the tables that hold its rows as well: OIDs.
        var parents: Set<String> = []
        /// It is this very session's: of an event trigger's or a pooler's other client's making.
        var isTemporary = false
        /// It is unlogged, and this server is a standby.
        var isUnreadable = false
        /// The role may read some of its columns (SELECT), load some (INSERT), empty it (TRUNCATE or DELETE).
        var mayRead = true
        var mayLoad = true
        var mayEmpty = true
        /// Columns of the source's that are given other values.
        var computed: [ComputedColumn.Typed] = []

        /// An ordinary table is read, loaded and emptied without its children, as COPY itself does.
        var only: String { TableShape.only(kind) }

        /// In one database: they are one table, or one is a partition of the other.
        func sharesRows(with other: Found) -> Bool {
            oid == other.oid || parents.contains(other.oid) || other.parents.contains(oid)
        }

        /// The first two of both that do; nil: there are none.
        static func sharingRows(_ tables: [Found], _ others: [Found]) -> (Found, Found)? {
            let known = Dictionary(others.map { ($0.oid, $0) }) { first, _ in first }
            let children = Dictionary(others.flatMap { other in other.parents.map { ($0, other) } }) { first, _ in first
            }
            for table in tables {
                let other = known[table.oid] ?? table.parents.lazy.compactMap { known[$0] }.first ?? children[table.oid]
                if let other { return (table, other) }
            }
            return nil
        }
    }

    /// A server as it was found.
    struct Server: Sendable {
        var cluster: ClusterIdentity
        /// The database's OID.
        var database: String
        /// Somebody set default_transaction_read_only.
        var isReadOnly: Bool
        /// The user gave lock_timeout with the connection; a role's or database's default is not his wish.
        var hasOwnLockTimeout: Bool
        /// Its backends can be told to notice that their client is gone.
        var canNoticeClient = false
    }

    /// What each name stands for, in their order; nil: nothing.
    func present() throws -> [Found?] {
        try part.check()
        if let name = names.first(where: { $0.parts.count > 2 }) {
            throw PgcopyError(
                .usage, "\(name.quoted) names a database; the connection does that, a table is [SCHEMA.]TABLE")
        }
        guard let tablesResult else { return [] }
        return try Catalog.found(tablesResult.get(), asked: names)
    }

    /// What the names stand for, in their order. All that stand for nothing are told.
    func tables() throws -> [Found] {
        let found = try present()
        // What bears the name may be an index.
        let missing = zip(names, found).filter { $1.map { !"rpvmf".contains($0.kind) } ?? true }.map(\.0)
        guard missing.isEmpty else { throw PgcopyError.noTables(missing) }
        var tables = found.compactMap { $0 }
        for table in tables { try Self.refuseHidden(table) }
        if let typesResult {
            let types = Catalog.columnTypes(try typesResult.get(), count: names.count)
            for (place, columns) in try ComputedColumn.resolve(computed, tables.map(\.name), types).enumerated() {
                tables[place].computed = columns
            }
        }
        return tables
    }

    /// Nobody else sees a temporary table's rows, and they go with the session; a standby has none of what is unlogged.
    static func refuseHidden(_ table: Found) throws(PgcopyError) {
        guard !table.isUnreadable else { throw PgcopyError(.refused, PgcopyError.unlogged(table.name)) }
        guard table.isTemporary else { return }
        throw PgcopyError(
            .refused,
            "\(table.name.quoted) is a temporary table of this very session, which hides the one of that name; "
                + "name its schema")
    }

    /// Which server it is.
    func server() throws -> Server {
        try part.check()
        return Catalog.server(try serverResult.get(), part.session.connection)
    }
}

extension PgcopyError {
    static func unlogged(_ name: SQLName) -> String {
        "\(name.quoted) is unlogged, and a standby has no rows of it; name the primary"
    }

    static func noTable(_ name: SQLName) -> PgcopyError { noTables([name]) }

    static func noTables(_ names: [SQLName]) -> PgcopyError {
        PgcopyError(
            .refused, "there is no table \(names.map(\.quoted).joined(separator: ", "))", detail: Lack.tables(names))
    }
}
