// What a transfer will not do.

/// A request that cannot be met; nothing of it is committed.
public struct TransferRefusal: Error, Sendable, Hashable, CustomStringConvertible {
    /// The whole text for a person.
    public let description: String
    /// The request itself is wrong, whatever the servers hold.
    public let isUsageError: Bool
    /// It is about one destination: the others can do without it.
    public let isOneDestinations: Bool

    /// A refusal with this text.
    public init(_ description: String, isUsageError: Bool = false, isOneDestinations: Bool = false) {
        self.description = description
        self.isUsageError = isUsageError
        self.isOneDestinations = isOneDestinations
    }

    /// The request has to be put otherwise: going on without one destination would not do.
    var isRequests: Bool { isUsageError && !isOneDestinations }
}

/// What is read did not stay what it was at the snapshot: rows that came would be of no one moment.
public struct SourceChanged: Error, Sendable, Hashable, CustomStringConvertible {
    /// The tables.
    public let names: [String]
    /// It happened again and again before the first row.
    public let isStuck: Bool

    init(names: [String], isStuck: Bool = false) {
        self.names = names
        self.isStuck = isStuck
    }

    /// For a person.
    public var description: String {
        let what = "\(names.joined(separator: ", ")): emptied, rewritten, replaced or altered"
        return isStuck
            ? "\(what) again and again before it could be locked; nothing was copied"
            : "\(what) while it was read; nothing was committed, run it again"
    }
}
