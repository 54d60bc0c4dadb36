// Tables of a server, loaded in one transaction.

/// Rows loaded into tables.
final class ServerDestination: Destination {
    private let receiver: any Receiver
    private let session: Session
    private let timeout: Duration?
    /// Those that it has loaded or emptied, once all rows are there, and which it has emptied.
    private let shapes: () -> [Loaded]

    /// A table that it has loaded or emptied.
    struct Loaded {
        let table: TableShape
        let isEmptied: Bool
        /// By several statements.
        let isDivided: Bool
    }

    private var checks: PipelinePart?
    private var standsFor: PipelineResult?
    private var transaction: PipelineResult?

    /// A destination whose transaction is open and whose tables are ready to be loaded.
    init(
        _ session: Session, _ receiver: any Receiver, timeout: Duration?,
        tables: @escaping () -> [Loaded]
    ) {
        self.session = session
        self.receiver = receiver
        shapes = tables
        self.timeout = timeout
    }

    var label: String { session.label }

    var rows: Int? { rowCount(ofTag: receiver.commandTag) }
    var tables: [String] { shapes().map { $0.table.name.parts.joined(separator: ".") } }

    /// Deferred constraints are checked now, while every destination can still be rolled back.
    func settling(isVital: Bool) -> PipelinePart? {
        let part = PipelinePart(session, timeout: timeout, isVital: isVital)
        part.ask(.statement("SET CONSTRAINTS ALL IMMEDIATE"))
        let tables = shapes().map(\.table)
        standsFor = tables.isEmpty ? nil : part.ask(Catalog.standsForQuestion(tables))
        transaction = part.ask(.statement("SELECT pg_catalog.txid_current_if_assigned()"))
        checks = part
        return part
    }

    /// COPY goes by a table's name, and what is locked is the table: a schema can be renamed in between.
    func settle() throws {
        try checks?.check()
        let tables = shapes()
        let answer = try standsFor?.get()
        var namesakes: [String: Int] = [:]
        for loaded in tables { namesakes[loaded.table.name.parts.last ?? "", default: 0] += 1 }
        for (row, loaded) in tables.enumerated() {
            let table = loaded.table
            guard let answer, row < answer.rowCount, answer.value(row, 0) == table.oid,
                // Of two namesakes that are loaded, each may have got the other's rows for a while.
                try answer.value(row, 1) == table.schemaVersion
                    || namesakes[table.name.parts.last ?? ""] == 1 && !stoodForAnother(loaded)
            else {
                throw PgcopyError(
                    .refused,
                    "\(table.name.quoted) was replaced by another table while it was loaded; nothing was committed here"
                )
            }
        }
    }

    private func stoodForAnother(_ loaded: Loaded) throws -> Bool {
        let question = Catalog.stoodForAnotherQuestion(
            loaded.table, isEmptied: loaded.isEmptied, isDivided: loaded.isDivided)
        return try session.answer(to: question, timeout: timeout).value(0, 0) != "f"
    }

    /// As `xmin` has it: without the epoch.
    var transactionNumber: String? {
        guard let text = try? transaction?.get().value(0, 0), let number = UInt64(text) else { return nil }
        return "\(UInt32(truncatingIfNeeded: number))"
    }

    func requireAlive() throws { try session.requireAlive() }

    func commit() throws {
        try session.commitOrDoubt(timeout: timeout, transaction: try? transaction?.get().value(0, 0))
    }

    /// The server rolls back what its client leaves.
    func rollBack() { session.close() }
}

extension Session {
    /// Commits.
    /// - Parameter transaction: its number, where it is known.
    /// - Throws: `PgcopyError` with `.commitInDoubt` where the answer was lost.
    func commitOrDoubt(timeout: Duration?, transaction: String? = nil) throws {
        switch commitAnswer(timeout: timeout) {
        case .committed: break
        case .refused(let error): throw error
        case .rolledBack: throw PgcopyError(.rolledBack, "the server answered COMMIT with ROLLBACK")
        case .lost(let error): throw PgcopyError.commitInDoubt(error, transaction: transaction)
        }
    }
}
