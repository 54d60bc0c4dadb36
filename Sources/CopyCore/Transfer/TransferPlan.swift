// What a run is going to do, for people and programs.

/// The plan of a transfer as it is told: which rows go where, and how.
public struct TransferPlan: Sendable, Hashable {
    /// One table, or the rows of a query, a file, a stream.
    public struct Table: Sendable, Hashable {
        /// As `sales.orders`; nil: rows are of no one table.
        public var name: String?
        /// About how many rows it has; nil: not known.
        public var rows: Int?
        /// How many bytes it takes on the source's disk, with its TOAST table; nil: not known.
        public var bytes: Int?
        /// COPY's format.
        public var format: CopyFormat
        /// Why that one, where it was left open.
        public var reason: String?
        /// The statement that reads it; nil: no server gives the rows.
        public var statement: String?
        /// The parts that are copied one by one, in the order in which they are given out; none: all of it is one.
        public var parts: [Part] = []
        /// Why it is not divided although it is large; or why it is bound to others.
        public var undivided: String?
        /// Where it lands on servers.
        public var landings: [Landing]
    }

    /// A piece of a table.
    public struct Part: Sendable, Hashable {
        /// As `blocks 0 to 99`.
        public var name: String
        /// About how many bytes it has.
        public var bytes: Int
        /// The statement that reads it.
        public var statement: String
    }

    /// A table of a destination.
    public struct Landing: Sendable, Hashable {
        /// The destination.
        public var label: String
        /// As `sales.orders`.
        public var table: String
        /// It is not there, and is made.
        public var isMade = false
        /// In a transaction of its own, before all else: other streams are to see it.
        public var isMadeFirst = false
        /// It is emptied before.
        public var isEmptied: Bool
        /// In a transaction of its own, before all else: it is divided, and holds rows.
        public var isEmptiedFirst = false
        /// About how many rows it holds; nil: not known.
        public var rows: Int?
        /// The columns by which rows that are there are updated; nil: none are.
        public var key: [String]?
        /// The statement that loads it.
        public var statement: String
    }

    /// It is only told.
    public var isDryRun: Bool
    /// In the order in which their rows flow, where they go through one stream.
    public var tables: [Table]
    /// How many streams copy side by side.
    public var streams = 1
    /// Foreign keys go in a circle: they are checked behind the last row.
    public var defersConstraints: Bool

    /// What is locked at servers of which many tables are.
    public var locks: [Locks] = []

    /// The locks of a run at one server.
    public struct Locks: Sendable, Hashable {
        /// Its endpoint.
        public var label: String
        /// About how many the run holds.
        public var held: Int
        /// How many are sure to fit, for all sessions of the server together:
        /// max_locks_per_transaction × (max_connections + max_prepared_transactions).
        public var limit: Int
    }

    /// About how many rows all of them have; nil where one is not known.
    public var rows: Int? { Self.sum(tables.map(\.rows)) }
    /// About how many bytes all of them take; nil where one is not known.
    public var bytes: Int? { Self.sum(tables.map(\.bytes)) }

    private static func sum(_ numbers: [Int?]) -> Int? {
        let known = numbers.compactMap { $0 }
        return known.count == numbers.count ? known.reduce(0, +) : nil
    }
}
