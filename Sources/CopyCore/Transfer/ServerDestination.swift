// A table of a server, loaded in one transaction.

/// Rows loaded into a table.
final class ServerDestination: Destination {
    let session: Session
    let receiver: any Receiver
    private let timeout: Double?
    private var transaction: String?

    /// A destination whose transaction is open and whose table is ready to be loaded.
    init(_ session: Session, copy sql: String, timeout: Double?) {
        self.session = session
        self.timeout = timeout
        receiver = StatementReceiver(session, sql)
    }

    var label: String { session.label }

    var rows: Int? { rowCount(ofTag: receiver.commandTag) }

    /// Deferred constraints are checked now, while every destination can still be rolled back.
    func settle() throws {
        let results = try session.run(
            "SET CONSTRAINTS ALL IMMEDIATE; SELECT pg_catalog.txid_current_if_assigned()",
            within: timeout)
        transaction = results.last?.value(0, 0)
    }

    func commit() throws {
        let answer: String?
        do {
            answer = try session.commit(within: timeout)
        } catch let error as PQError where !error.connectionLost {
            throw error
        } catch {
            throw CommitInDoubt(error: error, transaction: transaction)
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
