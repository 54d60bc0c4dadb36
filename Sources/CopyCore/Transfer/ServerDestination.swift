// A table of a server, loaded in one transaction.

/// Rows loaded into a table.
final class ServerDestination: Destination {
    private let statement: StatementReceiver
    var receiver: any Receiver { statement }
    private let timeout: Double?
    private let table: TableShape
    private var checks: PipelinePart?
    private var standsFor: PipelineResult?
    private var transaction: PipelineResult?

    /// A destination whose transaction is open and whose table is ready to be loaded.
    init(_ receiver: StatementReceiver, _ table: TableShape, timeout: Double?) {
        statement = receiver
        self.table = table
        self.timeout = timeout
    }

    private var session: Session { statement.session }

    var label: String { session.label }

    var rows: Int? { rowCount(ofTag: receiver.commandTag) }

    /// Deferred constraints are checked now, while every destination can still be rolled back.
    func settling(isVital: Bool) -> PipelinePart? {
        let part = PipelinePart(session, within: timeout, isVital: isVital)
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
        guard answer?.value(0, 0) == table.oid, answer?.value(0, 1) == "f" else {
            throw TransferRefusal(
                "\(table.name.quoted) was replaced by another table while it was loaded; nothing was committed here")
        }
    }

    func commit() throws {
        let answer: String?
        do {
            answer = try session.commit(within: timeout)
        } catch let error as PQError where !error.connectionLost {
            throw error
        } catch {
            throw CommitInDoubt(error: error, transaction: try? transaction?.get().value(0, 0))
        }
        // A transaction that failed unnoticed answers so.
        guard answer == "COMMIT" else {
            throw PQError(message: "the server answered COMMIT with \(answer ?? "nothing")")
        }
        session.close()
    }

    /// The server rolls back what its client leaves.
    func rollBack() { session.close() }
}
