// A transaction in a scope: begun, then committed or rolled back, whatever way its block is left.

extension Session {
    /// Runs the block in a transaction, or in a savepoint where a transaction is open already.
    ///
    /// It commits when the block returns and rolls back when it throws. A COMMIT once sent is not cut short.
    /// - Parameter options: of a whole transaction; a savepoint takes none.
    /// - Returns: what the block returned; nil when it threw `Rollback`.
    /// - Throws: what the block throws, unchanged, except `Rollback`; `TransactionFailed` when the server rolled
    ///   back what was to be committed; the server's error.
    @discardableResult
    public func transaction<R>(
        _ options: TransactionOptions = TransactionOptions(), _ body: (Session) throws -> R
    ) throws -> R? {
        try poller.checkInterruption()
        let scope: any TransactionScope =
            transactionStatus == .idle ? WholeTransaction(self, options) : try Savepoint(self, options)
        try scope.begin()
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
        try scope.commit()
        return value
    }
}
