// How a transaction begins.

/// The characteristics of a transaction; what is nil is left to the session's defaults.
public struct TransactionOptions: Sendable, Hashable {
    /// What a transaction sees of others.
    public enum Isolation: String, Sendable, CaseIterable {
        /// What was committed when each statement began.
        case readCommitted = "READ COMMITTED"
        /// What was committed when the transaction began.
        case repeatableRead = "REPEATABLE READ"
        /// As if transactions ran one after the other.
        case serializable = "SERIALIZABLE"
    }

    /// The isolation level.
    public var isolation: Isolation?
    /// Whether it may write.
    public var isReadOnly: Bool?
    /// Whether a serializable read-only transaction waits for a snapshot that cannot fail.
    public var isDeferrable: Bool?

    /// Options, the session's defaults unless said.
    public init(isolation: Isolation? = nil, isReadOnly: Bool? = nil, isDeferrable: Bool? = nil) {
        self.isolation = isolation
        self.isReadOnly = isReadOnly
        self.isDeferrable = isDeferrable
    }

    var begin: String {
        var words: [String] = []
        if let isolation { words.append("ISOLATION LEVEL \(isolation.rawValue)") }
        if let isReadOnly { words.append(isReadOnly ? "READ ONLY" : "READ WRITE") }
        if let isDeferrable { words.append(isDeferrable ? "DEFERRABLE" : "NOT DEFERRABLE") }
        return words.isEmpty ? "BEGIN" : "BEGIN \(words.joined(separator: ", "))"
    }
}
