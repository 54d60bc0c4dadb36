// How a transfer ended.

/// What became of a transfer.
public struct TransferOutcome: Sendable {
    /// What became of one destination.
    public enum Status: Sendable, Hashable {
        /// Its rows are there to stay.
        case committed
        /// Nothing of it is left.
        case rolledBack
        /// Its commit was sent and the answer was lost; the transaction by its number, where known.
        case inDoubt(transaction: String?)
    }

    /// One destination.
    public struct Destination: Sendable {
        /// How messages name it.
        public var label: String
        /// What became of it.
        public var status: Status
        /// Rows its server, or the copy, counted; nil when it has none.
        public var rows: Int?
        /// Bytes of COPY data it took.
        public var bytes: Int
        /// What it failed with itself; nil when it had to go because of another.
        public var error: (any Error)?
    }

    /// Every destination, in the order given.
    public var destinations: [Destination]
    /// What the source gave.
    public var totals: Totals
    /// From the first row to the last answer, in seconds.
    public var seconds: Double
    /// What failed with the source, or with the transfer as a whole.
    public var error: (any Error)?
    /// The label of what `error` is about; nil: the transfer as a whole.
    public var errorLabel: String?
    /// The signal that ended it.
    public var signal: CInt?
    /// Whether copying had begun: before that it was the preparation that failed.
    public var started: Bool
    /// The failure lies in what was asked for, or a connection could not be made.
    public var isUsageError = false
}
