// Programming errors of who uses a scope.

/// A call that does not fit the state of a scoped COPY or transaction.
public enum ScopeMisuse: Error, Sendable, Hashable, CustomStringConvertible {
    /// The copy was finished, failed or left already.
    case copyIsOver
    /// The block of a COPY FROM STDIN was left without `finish()` and without `abort`: nothing was stored.
    case copyNotFinished
    /// Rows and chunks of one copy do not mix.
    case mixedReading
    /// A text row in a binary copy, or a binary row in another.
    case wrongFormat
    /// A row that was begun by `write` of bytes cannot be told from the header a binary copy begins with.
    case mixedWriting
    /// Options belong to a whole transaction, not to a savepoint inside of it.
    case optionsOfSavepoint
    /// The block of a transaction ended it by a statement of its own.
    case transactionIsOver

    /// For a person.
    public var description: String {
        switch self {
        case .copyIsOver: "the copy is over"
        case .copyNotFinished: "the copy was left without being finished: nothing was stored"
        case .mixedReading: "a copy is read by rows or by chunks, not by both"
        case .wrongFormat: "the row is not in the format of the copy"
        case .mixedWriting: "a binary copy is written by rows or by bytes, not by both"
        case .optionsOfSavepoint: "a transaction inside of a transaction takes no options"
        case .transactionIsOver: "the transaction was ended inside of its block"
        }
    }
}
