// What a server is asked first: which server it is, and which table a name stands for.

/// A name is resolved in a transaction of its own, so that what it stands for can be locked before it is looked at.
final class Lookup {
    /// To be run with those of the other servers; nothing here is answered before.
    let part: PipelinePart
    private let name: SQLName?
    private let tableResult: PipelineResult?
    private let serverResult: PipelineResult

    /// Asks which server it is, and which table the name stands for by the session's own search_path.
    init(_ part: PipelinePart, table name: SQLName?) {
        self.part = part
        self.name = name
        if part.session.connection.transactionStatus != .idle { part.ask(.statement("ROLLBACK")) }
        part.ask(.statement("BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY"))
        for setting in SessionSettings.first(part.session.connection) { part.ask(.statement(setting)) }
        tableResult = name.flatMap { $0.parts.count > 2 ? nil : part.ask(Catalog.namesQuestion([$0])) }
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

        /// An ordinary table is read, loaded and emptied without its children, as COPY itself does.
        var only: String { TableShape.only(kind) }

        /// In one database: they are one table, or one is a partition of the other.
        func sharesRows(with other: Found) -> Bool {
            oid == other.oid || parents.contains(other.oid) || other.parents.contains(oid)
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

    /// What the name stands for; nil where none was asked for.
    func table() throws -> Found? {
        try part.check()
        guard let name else { return nil }
        guard name.parts.count <= 2 else {
            throw PgcopyError(
                .usage, "\(name.quoted) names a database; the connection does that, a table is [SCHEMA.]TABLE")
        }
        guard let table = try tableResult.flatMap({ try Catalog.found($0.get(), asked: [name])[0] }) else {
            throw PgcopyError.noTable(name)
        }
        try Self.refuseTemporary(table)
        return table
    }

    /// Nobody else sees its rows, and they go with the session.
    static func refuseTemporary(_ table: Found) throws(PgcopyError) {
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
    static func noTable(_ name: SQLName) -> PgcopyError { PgcopyError(.refused, "there is no table \(name.quoted)") }
}
