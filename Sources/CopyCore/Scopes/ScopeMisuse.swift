// Programming errors of who uses a scope.

extension PgcopyError {
    /// The copy was finished, failed or left already.
    public static let copyIsOver = PgcopyError(.misuse, "the copy is over")
    /// The block of a COPY FROM STDIN was left without `finish()` and without `abort`: nothing was stored.
    public static let copyNotFinished = PgcopyError(
        .misuse, "the copy was left without being finished: nothing was stored")
    /// Rows and chunks of one copy do not mix.
    public static let mixedReading = PgcopyError(.misuse, "a copy is read by rows or by chunks, not by both")
    /// A text row in a binary copy, or a binary row in another.
    public static let wrongFormat = PgcopyError(.misuse, "the row is not in the format of the copy")
    /// A row that was begun by `write` of bytes cannot be told from the header a binary copy begins with.
    public static let mixedWriting = PgcopyError(.misuse, "a binary copy is written by rows or by bytes, not by both")
    /// Options belong to a whole transaction, not to a savepoint inside of it.
    public static let optionsOfSavepoint = PgcopyError(
        .misuse, "a transaction inside of a transaction takes no options")
    /// The block of a transaction ended it by a statement of its own.
    public static let transactionIsOver = PgcopyError(.misuse, "the transaction was ended inside of its block")
}
