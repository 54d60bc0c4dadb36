// What a scoped copy came to.

/// The outcome of a copy whose block was left without an error.
public struct CopyResult<Value> {
    /// What the block returned.
    public let value: Value
    /// As `COPY 10`; nil when the server did not confirm the whole copy, because its block left early.
    public let commandTag: String?

    /// Rows the server counted; nil when it did not.
    public var rowCount: Int? { CopyCore.rowCount(ofTag: commandTag) }
}

extension CopyResult: Sendable where Value: Sendable {}
