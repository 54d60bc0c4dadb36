// libpq's PGTransactionStatusType.

/// Where a session stands in a transaction.
public enum TransactionStatus: Sendable {
    /// No transaction is open.
    case idle
    /// A command is in progress.
    case active
    /// In an open transaction.
    case inTransaction
    /// In a transaction that failed; only a rollback is accepted.
    case inError
    /// The connection is broken.
    case unknown
}
