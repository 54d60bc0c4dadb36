// A transaction of its own.

/// BEGIN … COMMIT.
struct WholeTransaction: TransactionScope {
    private let session: Session
    private let options: TransactionOptions

    init(_ session: Session, _ options: TransactionOptions) {
        self.session = session
        self.options = options
    }

    func begin() throws {
        do {
            try session.run(options.begin)
        } catch {
            // A signal may have come when it was begun already.
            try? rollBack()
            throw error
        }
    }

    func commit() throws {
        guard session.transactionStatus != .idle else { throw PgcopyError.transactionIsOver }
        switch session.commitAnswer(timeout: nil) {
        case .committed: return
        case .refused(let error): throw error
        case .rolledBack: throw PgcopyError.transactionFailed(answer: "ROLLBACK")
        case .lost(let error): throw error
        }
    }

    func rollBack() throws {
        guard session.transactionStatus != .idle else { return }
        try session.undo("ROLLBACK", grace: grace)
    }
}
