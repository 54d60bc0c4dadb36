// A part of a transaction that can be rolled back alone.

/// SAVEPOINT … RELEASE. Savepoints of one name shadow each other, which is just how blocks nest.
struct Savepoint: TransactionScope {
    private static let name = "pgcopy_scope"
    private let session: Session

    init(_ session: Session, _ options: TransactionOptions) throws(PgcopyError) {
        guard options == TransactionOptions() else { throw .optionsOfSavepoint }
        self.session = session
    }

    func begin() throws { try session.run("SAVEPOINT \(Self.name)") }

    func commit() throws {
        switch session.transactionStatus {
        case .idle: throw PgcopyError.transactionIsOver
        case .inError:
            try rollBack()
            throw PgcopyError.transactionFailed(answer: nil)
        case .active, .inTransaction, .unknown: try session.run("RELEASE SAVEPOINT \(Self.name)")
        }
    }

    func rollBack() throws {
        guard session.transactionStatus != .idle else { return }
        try session.undo("ROLLBACK TO SAVEPOINT \(Self.name); RELEASE SAVEPOINT \(Self.name)", grace: grace)
    }
}
