// What a transfer is asked to do.

/// How tables are emptied.
public enum Emptying: Sendable, Hashable {
    /// TRUNCATE: nobody reads them until the commit.
    case truncate
    /// DELETE of all rows: readers see the old ones until the commit, and what others insert meanwhile remains.
    case delete

    /// The right that it takes.
    var right: String { self == .truncate ? "TRUNCATE" : "DELETE" }
}

/// How many rows of a table may be left out (COPY FROM's ON_ERROR and REJECT_LIMIT).
public enum RejectLimit: Sendable, Hashable {
    /// Any number; PostgreSQL 17.
    case none
    /// At most so many, from 1 on; PostgreSQL 18.
    case rows(Int)

    /// The first version that has it.
    var since: Int { self == .none ? 17 : 18 }

    /// COPY's options.
    var sql: String {
        switch self {
        case .none: "ON_ERROR ignore"
        case .rows(let count): "ON_ERROR ignore, REJECT_LIMIT \(count)"
        }
    }

    /// Those of the command line.
    var option: String { self == .none ? "--on-error=ignore" : "--reject-limit" }
}

/// A transfer from one source to many destinations.
public struct TransferRequest: Sendable {
    /// Where the rows come from.
    public var source: Endpoint
    /// Where they go.
    public var destinations: [Endpoint]
    /// The source's table, where the endpoint names none; also the destinations' unless they are told otherwise.
    public var table: SQLName?
    /// Tables of the source by patterns, instead of one by its name.
    public var selection: TableSelection?
    /// The exported snapshot to read in; nil: the source's transaction takes its own.
    public var snapshot: String?
    /// A query whose rows are copied instead of a table's.
    public var query: String?
    /// A condition on the rows of the table.
    public var condition: String?
    /// The columns to copy, in this order; nil: all that can be. With a query: the destinations' names of its columns.
    public var columns: [String]?
    /// Columns whose values the source computes.
    public var computed: [ComputedColumn] = []
    /// The destinations' table, where the endpoint names none.
    public var into: SQLName?
    /// The schema of the destinations' tables, instead of that of the source's.
    public var intoSchema: String?
    /// Tables that are missing at the destinations are made there, by pg_dump's definitions.
    public var creates = false
    /// How the destinations' tables are emptied first, in the transaction that loads them; nil: rows are added.
    public var empties: Emptying?
    /// Rows update those of the same key instead of being added; nil: they are added.
    public var upserts: UpsertKey?
    /// Triggers and foreign keys of the destinations' tables do nothing: session_replication_role is replica.
    public var disablesTriggers = false
    /// Sequences that the destinations' columns own go on where the source's stand.
    public var setsSequences = false
    /// The channel on which each destination's listeners hear of the rows, with the commit.
    public var notifiedChannel: String?
    /// Rows whose values a destination's types do not take are left out there; nil: such a row fails the destination.
    public var leavesOut: RejectLimit?
    /// Empty them even where the source has no row.
    public var allowsEmpty = false
    /// Only say what would be done: nothing is read, loaded or emptied.
    public var isDryRun = false
    /// Load a destination although default_transaction_read_only is on there.
    public var overridesReadOnly = false
    /// A standby and a primary of one system identifier and timeline hold rows of their own.
    public var isNotSame = false
    /// The format; nil: chosen from the catalogs of all sides.
    public var format: CopyFormat?
    /// The format's options; its `format` is not looked at.
    public var options = CopyOptions()
    /// The header line of a file or stream is passed over; else it names its columns, in their order.
    public var skipsHeader = false
    /// A last row of a file or stream may lack its line end.
    public var allowsUnterminated = false
    /// How many rows there have to be; nil: any number.
    public var expectedRows: Int?
    /// How COPY is spoken.
    public var transport = TransportChoice.wire
    /// How long a destination may take nothing; nil: for ever.
    public var timeout: Duration?
    /// How long a lock is waited for; nil: as long as it takes.
    public var lockTimeout: Duration?
    /// How many timeouts in a row, without progress between them, are reconciled.
    public var reconcileTries = 0
    /// A destination that fails is dropped, the others go on.
    public var keepGoing = false
    /// How many streams copy at a time at most, over tables and over parts of one.
    public var jobs = 1
    /// Tables of more bytes are divided; nil: those that would keep one of several streams busy alone.
    public var splitSize: Int?
    /// Only this part of all rows; nil: all of them.
    public var part: RunPart?
    /// Bytes a second read from the source, over all streams.
    public var rateLimit: Int?
    /// After what time progress is told although nothing moved.
    public var idleInterval: Duration?
    /// The time between two reports of progress; nil: none are given.
    public var reportInterval: Duration?
    /// Ask for every server's password before connecting, not only when it wants one.
    public var asksPasswordsFirst = false
    /// How long a failed transfer may take to bring its connections back before they are closed.
    public var grace = Duration.seconds(1)

    /// A transfer of everything the source's endpoint names.
    public init(from source: Endpoint, to destinations: [Endpoint]) {
        self.source = source
        self.destinations = destinations
    }

    /// Each table of a destination is one stream's, which empties it, or has its staging table.
    var bindsTables: Bool { empties != nil || upserts != nil }

    /// Gives its endpoints labels that tell them apart, and the run from others: with the table's name, where there is one.
    public mutating func tellEndpointsApart() {
        var named: SQLName?
        if case .server(_, let table) = source.kind { named = table }
        let table = selection == nil ? named ?? table : nil
        let landing = into ?? (query == nil ? table.map { name in intoSchema.map { name.moved(to: $0) } ?? name } : nil)
        let all = Endpoint.toldApart(
            [source] + destinations,
            tables: [query == nil ? table : nil] + destinations.map { _ in landing })
        source = all[0]
        destinations = Array(all[1...])
    }
}
