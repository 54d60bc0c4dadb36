// A transaction in a scope: begun, then committed or rolled back, whatever way its block is left.

extension Session {
    /// Runs the block in a transaction, or in a savepoint where a transaction is open already.
    ///
    /// It commits when the block returns and rolls back when it throws. A COMMIT once sent is not cut short.
    /// - Parameter options: of a whole transaction; a savepoint takes none.
    /// - Returns: what the block returned; nil when it threw `Rollback`.
    /// - Throws: what the block throws, unchanged, except `Rollback`; `PgcopyError` with `.rolledBack` when the server rolled
    ///   back what was to be committed; the server's error.
    @discardableResult
    public func transaction<R>(
        _ options: TransactionOptions = TransactionOptions(), _ body: (Session) throws -> R
    ) throws -> R? {
        try poller.checkInterruption()
        let scope: any TransactionScope =
            transactionStatus == .idle ? WholeTransaction(self, options) : try Savepoint(self, options)
        try labelling { try scope.begin() }
        let value: R
        do {
            value = try body(self)
        } catch is Rollback {
            try scope.rollBack()
            return nil
        } catch {
            // The block's error is the one to know; a connection that cannot roll back is closed.
            try? scope.rollBack()
            throw error
        }
        try labelling { try scope.commit() }
        return value
    }
}

/// The statements around a block of a transaction.
protocol TransactionScope {
    func begin() throws
    func commit() throws
    func rollBack() throws
}

extension TransactionScope {
    /// How long a rollback may take before the connection is closed.
    var grace: Duration { CopySettings().grace }
}

/// Thrown inside of `Session.transaction` it rolls that transaction, or savepoint, back and goes no further.
public struct Rollback: Error, Sendable, Hashable {
    /// Ends the innermost transaction quietly.
    public init() {}
}

extension PgcopyError {
    /// A block went through, but its transaction had failed before: the server rolled back what was to be committed.
    /// - Parameter answer: what the server answered COMMIT with; nil when it was a savepoint.
    static func transactionFailed(answer: String?) -> PgcopyError {
        PgcopyError(
            .rolledBack, "the transaction had failed and was rolled back instead of committed", detail: answer)
    }

    /// What the server answered COMMIT with where it rolled back instead.
    public var answer: String? { code == .rolledBack ? detail as? String : nil }
}
