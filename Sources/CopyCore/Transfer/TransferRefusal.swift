// What a transfer will not do.

/// A request that cannot be met: told before any row is read.
public struct TransferRefusal: Error, Sendable, Hashable, CustomStringConvertible {
    /// The whole text for a person.
    public let description: String
    /// The request itself is wrong, whatever the servers hold.
    public let isUsageError: Bool

    /// A refusal with this text.
    public init(_ description: String, isUsageError: Bool = false) {
        self.description = description
        self.isUsageError = isUsageError
    }
}
