// Two ways a transaction ends other than by its commit.

/// Thrown inside of `Session.transaction` it rolls that transaction, or savepoint, back and goes no further.
public struct Rollback: Error, Sendable, Hashable {
    /// Ends the innermost transaction quietly.
    public init() {}
}

/// A block went through, but its transaction had failed before: the server rolled back what was to be committed.
public struct TransactionFailed: Error, Sendable, Hashable, CustomStringConvertible {
    /// What the server answered COMMIT with; nil when it was a savepoint.
    public let answer: String?

    /// For a person.
    public var description: String { "the transaction had failed and was rolled back instead of committed" }
}
