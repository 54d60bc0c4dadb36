// How a transfer ended.

/// What became of a transfer.
public struct TransferOutcome: Sendable {
    /// What became of one destination.
    public enum Status: Sendable, Hashable {
        /// Its rows are there to stay.
        case committed
        /// Nothing of it is left.
        case rolledBack
        /// No row had begun to flow there.
        case notStarted
        /// Some of its streams' transactions have committed, then one failed.
        case partlyCommitted
        /// Its commit was sent and the answer was lost; the transaction by its number, where known.
        case inDoubt(transaction: String?)
    }

    /// One destination.
    public struct Destination: Sendable {
        /// How messages name it.
        public var label: String
        /// What takes its rows.
        public var taker = Taker.server
        /// What became of it.
        public var status: Status
        /// Rows its server, or the copy, counted; nil when it has none.
        public var rows: Int?
        /// How many of them were inserted and how many replaced others, where they were upserted.
        public var upserted: UpsertCounts?
        /// Of those that came, how many it left out, where that was asked for: their values did not fit, or a trigger took none.
        public var rowsLeftOut: Int?
        /// Bytes of COPY data it took.
        public var bytes: Int
        /// What became of its tables, where some are committed or in doubt and others are not.
        public var ends = TableEnds()
        /// Tables that were emptied before, in a transaction of their own: they are empty, whatever became of the rest.
        public var emptied: [String] = []
        /// What was made for the run, in a transaction of its own before, and could not be dropped, by name.
        public var left: [String] = []
        /// What it failed with itself; nil when it had to go because of another.
        public var error: (any Error)?
        /// The way to it is dead: its server does not know yet, and holds the table's locks.
        public var lingering: Lingering?
    }

    /// What takes a destination's rows.
    public enum Taker: Sendable, Hashable {
        /// A server, which commits them.
        case server
        /// A file, which appears once it is whole.
        case file
        /// Whoever reads a stream, a pipe, a program's input: what he has he keeps.
        case reader
        /// Nobody.
        case nothing
    }

    /// How long a server goes on with a session whose client it cannot hear.
    public enum Lingering: Sendable, Hashable {
        /// No longer than this.
        case atMost(Duration)
        /// As its own settings say (tcp_user_timeout, tcp_keepalives_…).
        case itsOwnSettings
    }

    /// Every destination, in the order given.
    public var destinations: [Destination]
    /// What the source gave.
    public var totals: Totals
    /// Of several tables how many rows each has given, where its server counted them all; in the plan's order.
    public var tables: [Table] = []

    /// A table that was copied.
    public struct Table: Sendable, Hashable {
        /// As `sales.orders`.
        public var name: String
        /// Its rows.
        public var rows: Int
    }

    /// From its beginning, the program's where it said so, to the last answer.
    public var duration: Duration
    /// From the beginning of the copy to the last answer: what a rate is to be reckoned by.
    public var copyDuration: Duration
    /// What failed with the source, or with the transfer as a whole.
    public var error: (any Error)?
    /// The label of what `error` is about; nil: the transfer as a whole.
    public var errorLabel: String?
    /// The signal that ended it.
    public var signal: CInt?
    /// Whether copying had begun: before that it was the preparation that failed.
    public var started: Bool
    /// It only was to say what would be done, and has.
    public var isDryRun = false
    /// The failure lies in what was asked for, or a connection could not be made.
    public var isUsageError = false

    /// The request has to be put otherwise: the help of whoever put it says how.
    public var refusesRequest: Bool {
        isUsageError
            && ([error] + destinations.map(\.error)).contains { ($0 as? PgcopyError)?.isRequests ?? false }
    }

    /// What became of all destinations.
    public var verdict: Committer.Verdict {
        Committer.Verdict(
            destinations.flatMap { destination -> [Committer.State] in
                switch destination.status {
                case .committed: [.committed]
                case .notStarted: [.rolledBack]
                case .rolledBack:
                    destination.emptied.isEmpty && destination.left.isEmpty ? [.rolledBack] : [.committed, .rolledBack]
                case .partlyCommitted: [.committed, .rolledBack]
                case .inDoubt: [.inDoubt]
                }
            })
    }

    /// Bytes a second that a destination took while there was copying.
    public func rate(of destination: Destination) -> Double {
        copyDuration > .zero ? Double(destination.bytes) / copyDuration.seconds : 0
    }
}

extension TransferOutcome.Destination {
    /// What became of it, in the words that reports have for it.
    public var word: String {
        switch status {
        case .committed:
            switch taker {
            case .server: "committed"
            case .file, .reader: "written"
            case .nothing: "discarded"
            }
        case .rolledBack: "rolled back"
        case .notStarted: "not started"
        case .partlyCommitted: "committed in part"
        case .inDoubt: "in doubt"
        }
    }
}

/// What became of the tables of a destination whose streams' transactions did not end alike; each list by names.
public struct TableEnds: Sendable, Hashable {
    /// All rows are there to stay.
    public var committed: [String] = []
    /// Rows of some parts are there to stay, those of others not.
    public var partlyCommitted: [String] = []
    /// A commit of theirs was sent and its answer was lost.
    public var inDoubt: [String] = []
    /// Nothing of them is left.
    public var rolledBack: [String] = []

    /// They did not all end alike.
    public var differ: Bool {
        !partlyCommitted.isEmpty || [committed, inDoubt, rolledBack].count { !$0.isEmpty } > 1
    }

    init() {}

    /// - Parameter transactions: what became of each, and the tables it has loaded.
    init(_ transactions: [(state: Committer.State, tables: [String])]) {
        var states: [String: Set<Committer.State>] = [:]
        for (state, tables) in transactions { for table in tables { states[table, default: []].insert(state) } }
        for (table, states) in states.sorted(by: { $0.key < $1.key }) {
            if !states.isDisjoint(with: [.inDoubt, .committing]) {
                inDoubt.append(table)
            } else if !states.contains(.committed) {
                rolledBack.append(table)
            } else if states == [.committed] {
                committed.append(table)
            } else {
                partlyCommitted.append(table)
            }
        }
    }
}
