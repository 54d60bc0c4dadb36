// What opens and closes around a block.

/// The statements around a block of a transaction.
protocol TransactionScope {
    func begin() throws
    func commit() throws
    func rollBack() throws
}

extension TransactionScope {
    /// How long a rollback may take before the connection is closed.
    var patience: Double { CopySettings().realignmentTimeout }
}
