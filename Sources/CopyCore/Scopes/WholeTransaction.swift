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
        guard session.transactionStatus != .idle else { throw ScopeMisuse.transactionIsOver }
        let answer: String?
        do {
            answer = try session.commit(within: nil)
        } catch let unanswered as Unanswered {
            // Only the server knows whether it was committed; the next statement must not be asked.
            session.close()
            throw unanswered
        }
        guard answer == "COMMIT" else { throw TransactionFailed(answer: answer) }
    }

    func rollBack() throws {
        guard session.transactionStatus != .idle else { return }
        try session.undo("ROLLBACK", within: patience)
    }
}
