// What a batch gives, as values.

/// What happens while a batch runs, in the order in which each session gives it. A session goes by its place.
public enum BatchEvent {
    /// A row, as a result of its own.
    case row(QueryResult, of: BatchStatement, at: Int)
    /// A statement is over: done, failed, or not run (`.aborted`). The result has no rows left.
    case ended(BatchStatement, Result<QueryResult, any Error>, at: Int)
    /// The commit at the synchronization point behind a statement failed.
    case commitFailed(PgcopyError, behind: Int, at: Int)
    /// The answer of a synchronization point: these statements are over, and so is their transaction, but one begun by BEGIN.
    /// The time is that from when the first of them was sent, or from the answer of the point before where that came later.
    case answered(ClosedRange<Int>, after: Duration, at: Int)
    /// Nothing behind this statement is sent: one failed, and an error is to stop the batch, or the connection is gone.
    case stopped(behind: Int, at: Int)
    /// The batch is over and its last transaction, begun by a statement, is still open: it will be rolled back.
    case leftOpen(at: Int)
    /// The output was lost: what was sent up to this statement is committed, but for what failed.
    case committed(through: Int, at: Int)
    /// The connection was lost before a synchronization point was confirmed: nobody knows whether the statements from the
    /// one number to the other were committed.
    case inDoubt(ClosedRange<Int>, at: Int)
    /// Nothing more comes of this session, but that something is committed.
    case over(at: Int)
}

/// Takes what a batch gives, and has no other way to hear.
public protocol BatchSink: AnyObject {
    /// Called where it happens: what takes long here keeps the batch waiting.
    func receive(_ event: BatchEvent)
}
