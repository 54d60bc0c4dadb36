// The options of `transfer` as typed values.

internal import CopyCore

/// Everything that the command line says about a transfer.
public struct TransferOptions: Sendable, Equatable {
    /// Where the rows come from, as written.
    public var source: Argument
    /// Where they go, as written; at least one.
    public var destinations: [Argument]

    /// Which tables of the source, as written.
    public var tables: TablePatterns
    /// The exported snapshot to read in.
    public var snapshot: String?
    /// A query instead of a table.
    public var query: String?
    /// An SQL condition on the table's rows.
    public var `where`: String?
    /// The columns to copy, as written.
    public var columns: String?
    /// Columns that the source computes, as written.
    public var set: [String]
    /// The table at the destinations, as written.
    public var into: String?
    /// The schema at the destinations, as written.
    public var intoSchema: String?
    /// Empty the destinations' tables first.
    public var truncate: Bool
    /// The same by DELETE.
    public var delete: Bool
    /// Update rows of the same key, instead of adding.
    public var upsert: Bool
    /// `--create`.
    public var create: Bool
    /// The columns that are the key, as written; nil: the primary key.
    public var upsertColumns: String?
    /// Set the destinations' sequences.
    public var sequences: Bool
    /// The channel that hears of the rows.
    public var notify: String?
    /// The destinations' triggers and foreign keys do nothing.
    public var disableTriggers: Bool
    /// Only say what would be done.
    public var dryRun: Bool
    /// Empty them even where the source has no row.
    public var allowEmpty: Bool
    /// Load a destination that is read-only by default.
    public var overrideReadOnly: Bool
    /// A standby and a primary that seem to be of one cluster are not.
    public var notSame: Bool

    /// COPY's format.
    public var format: FormatChoice
    /// COPY's options for text and csv.
    public var formatDetails: FormatDetails

    /// Leave out rows whose values do not fit.
    public var ignoresErrors: Bool
    /// How many of each table at most, at least 1; nil: any number.
    public var rejectLimit: Int?

    /// How long a receiver may take no data before it faults; more than nothing.
    public var timeout: Duration?
    /// How long a lock is waited for; more than nothing.
    public var lockTimeout: Duration?
    /// How often a receiver that timed out is reconciled without progress, at least 1; nil drops it at once.
    public var reconcileTries: Int?
    /// Commit the others when a receiver faults.
    public var keepGoing: Bool
    /// A last row of a file or stream may lack its line end.
    public var allowUnterminated: Bool
    /// How many rows there have to be; nil: any number.
    public var expectRows: Int?
    /// Bytes a second, at least 1.
    public var rateLimit: Int?
    /// How many streams copy at a time.
    public var jobs: Int
    /// Bytes of the largest table that is not divided.
    public var splitSize: Int?
    /// Only this part of so many.
    public var part: Part?

    /// One of so many parts, from 1 on.
    public struct Part: Sendable, Equatable {
        /// Which one.
        public var number: Int
        /// How many there are.
        public var count: Int
    }

    /// How to report on stderr.
    public var progress: ProgressChoice
    /// The time between reports; zero reports every cycle.
    public var interval: Duration
    /// Where the run's metrics go, as written.
    public var metricsFile: Argument?
    /// How much is said.
    public var verbosity: Verbosity
    /// When to ask for a password.
    public var passwordPrompt: PasswordPrompt

    /// What `--reconcile-timeouts` without a value means.
    public static let defaultReconcileTries = 10
    /// The timeout that `--reconcile-timeouts` implies.
    public static let impliedTimeout = Duration.seconds(30)
}

extension TransferOptions {
    /// Poll takes milliseconds in a C int.
    private static let longestTime = 2_147_483.0

    /// Reads and checks the options of an invocation of `transfer`.
    init(_ invocation: Invocation) throws(UsageError) {
        source = invocation.operands[0]
        destinations = Array(invocation.operands.dropFirst())

        tables = try TablePatterns(invocation)
        snapshot = try invocation.nonEmptyText(of: .snapshot)
        query = try invocation.nonEmptyText(of: .query)
        `where` = try invocation.nonEmptyText(of: .where)
        columns = try invocation.names(of: .columns)
        set = try invocation.allNames(of: .set)
        into = try invocation.names(of: .into)
        intoSchema = try invocation.names(of: .intoSchema)
        truncate = invocation.has(.truncate)
        delete = invocation.has(.delete)
        disableTriggers = invocation.has(.disableTriggers)
        create = invocation.has(.create)
        upsert = invocation.has(.upsert)
        upsertColumns = try invocation.names(of: .upsert)
        sequences = invocation.has(.sequences)
        notify = try invocation.value(of: .notify).map { value throws(UsageError) in
            try ChannelArgument.name(value, invocation, of: .notify)
        }
        dryRun = invocation.has(.dryRun)
        allowEmpty = invocation.has(.allowEmpty)
        overrideReadOnly = invocation.has(.overrideReadOnly)
        notSame = invocation.has(.notSame)

        let format = invocation.value(of: .format).flatMap { FormatChoice(rawValue: $0.text) } ?? .auto
        self.format = format
        formatDetails = try FormatDetails(invocation, format: format)

        rejectLimit = try Self.rejectLimit(invocation)
        ignoresErrors = invocation.value(of: .onError)?.text == "ignore"

        reconcileTries = try Self.reconcileTries(invocation)
        let impliedTimeout = reconcileTries == nil ? nil : Self.impliedTimeout
        timeout = try Self.time(.timeout, invocation, canBeZero: false) ?? impliedTimeout
        lockTimeout = try Self.time(.lockTimeout, invocation, canBeZero: false)
        keepGoing = invocation.has(.keepGoing)
        allowUnterminated = invocation.has(.allowUnterminated)
        expectRows = try Self.expectRows(invocation)
        rateLimit = try Self.size(.rateLimit, invocation)
        jobs = try Self.jobs(invocation)
        splitSize = try Self.size(.splitLargerThan, invocation)
        part = try Self.part(invocation)

        verbosity = invocation.has(.quiet) ? .quiet : invocation.has(.verbose) ? .verbose : .normal
        let asked = invocation.value(of: .progress).flatMap { ProgressChoice(rawValue: $0.text) }
        progress = asked ?? (verbosity == .quiet ? .none : .auto)
        interval = try Self.time(.interval, invocation, canBeZero: true) ?? .seconds(1)
        metricsFile = try Self.metricsFile(invocation)
        passwordPrompt = invocation.has(.noPassword) ? .never : invocation.has(.password) ? .always : .automatic
    }

    private static func time(
        _ option: OptionSpec, _ invocation: Invocation, canBeZero: Bool
    ) throws(UsageError) -> Duration? {
        guard let text = try invocation.text(of: option) else { return nil }
        guard let seconds = NumberReading.decimal(text), seconds > 0 || canBeZero else {
            let wanted = canBeZero ? "a number of seconds" : "a number of seconds greater than 0"
            throw invocation.error("option \(option.spelling): \(Echo.quoted(text)) is not \(wanted)")
        }
        if seconds > longestTime {
            throw invocation.error("option \(option.spelling): at most \(Int(longestTime)) seconds")
        }
        return .seconds(seconds)
    }

    private static func metricsFile(_ invocation: Invocation) throws(UsageError) -> Argument? {
        guard let file = invocation.value(of: .metricsFile) else { return nil }
        if file.bytes.isEmpty { throw invocation.error("option --metrics-file: its value is empty") }
        // Such a name would be told to everybody who reads the metrics.
        if Redaction.mayHoldPassword(file.text) {
            throw invocation.error(
                "option --metrics-file: the value given looks like a connection; a file's name begins with / or ./")
        }
        if file.text == "-" {
            throw invocation.error("option --metrics-file: stdout cannot be replaced; a file of that name is ./-")
        }
        return file
    }

    private static func reconcileTries(_ invocation: Invocation) throws(UsageError) -> Int? {
        guard invocation.has(.reconcileTimeouts) else { return nil }
        guard let text = try invocation.text(of: .reconcileTimeouts) else { return defaultReconcileTries }
        guard let tries = NumberReading.count(text), tries >= 1 else {
            throw invocation.error("option --reconcile-timeouts: \(Echo.quoted(text)) is not a whole number from 1 on")
        }
        return tries
    }

    private static func expectRows(_ invocation: Invocation) throws(UsageError) -> Int? {
        guard let text = try invocation.text(of: .expectRows) else { return nil }
        guard let rows = NumberReading.count(text) else {
            throw invocation.error("option --expect-rows: \(Echo.quoted(text)) is not a number of rows")
        }
        return rows
    }

    private static func rejectLimit(_ invocation: Invocation) throws(UsageError) -> Int? {
        guard let text = try invocation.text(of: .rejectLimit) else { return nil }
        guard let rows = NumberReading.count(text), rows >= 1 else {
            throw invocation.error("option --reject-limit: \(Echo.quoted(text)) is not a number of rows from 1 on")
        }
        guard invocation.value(of: .onError)?.text == "ignore" else {
            throw invocation.error("option --reject-limit is for --on-error=ignore")
        }
        return rows
    }

    private static func size(_ option: OptionSpec, _ invocation: Invocation) throws(UsageError) -> Int? {
        guard let text = try invocation.text(of: option) else { return nil }
        guard let bytes = NumberReading.bytes(text), bytes >= 1 else {
            throw invocation.error(
                "option \(option.spelling): \(Echo.quoted(text)) is not a number of bytes such as 500k, 10M or 1.5GB"
            )
        }
        return bytes
    }

    private static func jobs(_ invocation: Invocation) throws(UsageError) -> Int {
        guard let text = try invocation.text(of: .jobs) else { return 1 }
        guard let jobs = NumberReading.count(text), (1...mostJobs).contains(jobs) else {
            throw invocation.error(
                "option --jobs: \(Echo.quoted(text)) is not a number of streams from 1 to \(mostJobs)")
        }
        return jobs
    }

    /// More connections than servers commonly take.
    private static let mostJobs = 1000

    private static func part(_ invocation: Invocation) throws(UsageError) -> Part? {
        guard let text = try invocation.text(of: .part) else { return nil }
        let numbers = text.split(separator: "/", omittingEmptySubsequences: false).map {
            NumberReading.count(String($0))
        }
        guard numbers.count == 2, let number = numbers[0], let count = numbers[1], number >= 1, number <= count else {
            throw invocation.error("option --part: \(Echo.quoted(text)) is not a part such as 1/4 or 4/4")
        }
        guard invocation.has(.snapshot) else {
            throw invocation.error(
                "option --part needs --snapshot: all parts are to see the same rows; `pgcopy snapshot` gives one")
        }
        return Part(number: number, count: count)
    }
}
