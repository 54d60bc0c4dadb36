// Who is told what a batch gives.

/// Hears of results in the order in which each session gives them, while the batch runs.
public protocol BatchObserver: AnyObject {
    /// A row, as a result of its own.
    func row(_ row: QueryResult, of statement: BatchStatement, at session: Int)
    /// A statement is over: done, failed, or not run (`PgcopyError` with `.aborted`). The result has no rows left.
    func ended(_ statement: BatchStatement, _ outcome: Result<QueryResult, any Error>, at session: Int)
    /// The commit at the synchronization point behind a statement failed.
    func commitFailed(_ error: PgcopyError, behind statement: Int, at session: Int)
    /// The batch is over and its last transaction, begun by a statement, is still open: it will be rolled back.
    func leftOpen(at session: Int)
    /// The output was lost: what was sent up to this statement is committed, but for what failed.
    func committed(through statement: Int, at session: Int)
    /// The connection was lost before a synchronization point was confirmed: nobody knows whether the statements
    /// from the one number to the other were committed.
    func inDoubt(_ statements: ClosedRange<Int>, at session: Int)
}
