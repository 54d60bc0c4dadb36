// A table of a server, loaded in one transaction.

/// Rows loaded into a table.
final class ServerDestination: Destination {
    private let statement: StatementReceiver
    var receiver: any Receiver { statement }
    private let timeout: Duration?
    private let table: TableShape
    private let isEmptied: Bool
    private var checks: PipelinePart?
    private var standsFor: PipelineResult?
    private var transaction: PipelineResult?

    /// A destination whose transaction is open and whose table is ready to be loaded.
    init(_ receiver: StatementReceiver, _ table: TableShape, isEmptied: Bool, timeout: Duration?) {
        statement = receiver
        self.table = table
        self.isEmptied = isEmptied
        self.timeout = timeout
    }

    private var session: Session { statement.session }

    var label: String { session.label }

    var rows: Int? { rowCount(ofTag: receiver.commandTag) }

    /// Deferred constraints are checked now, while every destination can still be rolled back.
    func settling(isVital: Bool) -> PipelinePart? {
        let part = PipelinePart(session, timeout: timeout, isVital: isVital)
        part.ask(.statement("SET CONSTRAINTS ALL IMMEDIATE"))
        standsFor = part.ask(Catalog.standsForQuestion(table))
        transaction = part.ask(.statement("SELECT pg_catalog.txid_current_if_assigned()"))
        checks = part
        return part
    }

    /// COPY goes by the table's name, and what is locked is the table: a schema can be renamed in between.
    func settle() throws {
        try checks?.check()
        let answer = try standsFor?.get()
        guard answer?.value(0, 0) == table.oid,
            try answer?.value(0, 1) == table.schemaVersion || !stoodForAnother()
        else {
            throw PgcopyError(
                .refused,
                "\(table.name.quoted) was replaced by another table while it was loaded; nothing was committed here")
        }
    }

    private func stoodForAnother() throws -> Bool {
        try session.answer(to: Catalog.stoodForAnotherQuestion(table, isEmptied: isEmptied), timeout: timeout).value(
            0, 0) != "f"
    }

    func commit() throws {
        switch session.commitAnswer(timeout: timeout) {
        case .committed: break
        case .refused(let error): throw error
        case .rolledBack: throw PgcopyError(.rolledBack, "the server answered COMMIT with ROLLBACK")
        case .lost(let error): throw PgcopyError.commitInDoubt(error, transaction: try? transaction?.get().value(0, 0))
        }
    }

    /// The server rolls back what its client leaves.
    func rollBack() { session.close() }
}
