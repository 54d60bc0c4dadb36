// `pgcopy transfer`, from its options to its exit code.

internal import CopyCore
internal import Glibc

/// Runs a transfer and returns the exit code.
func runTransfer(_ options: TransferOptions) -> Int32 {
    let terminal = Terminal(TerminalTraits(options))
    defer { terminal.close() }
    let console = Console { terminal.write($0) }
    // Before all else: whatever signal comes, the run has a last word.
    var failure: String?
    let caught = Signals.poller(reporting: true) { failure = $0 }
    let made = Result { try TransferRequest(options) }
    let source =
        (try? made.get().source.label) ?? (try? Endpoint(parsing: options.source.bytes))?.label
        ?? Redaction.redacted(options.source.text)
    let records = options.progress == .json ? JSONReport(console, source: source) : nil
    var metrics: MetricsFile?
    func refuse(_ message: String, _ exitCode: Int32) -> Int32 {
        metrics?.refuse(exitCode: exitCode)
        if let records {
            records.refuse(message, exitCode: exitCode)
        } else {
            console.message(message)
            if exitCode == ExitCode.usage { console.line("Try \"pgcopy transfer --help\".") }
        }
        return exitCode
    }
    guard let poller = caught else { return refuse(failure ?? "", ExitCode.failure) }
    do {
        metrics = try MetricsFile(options, source: source)
    } catch {
        return refuse("--metrics-file: \(error)", ExitCode.usage)
    }
    var request: TransferRequest
    do {
        request = try made.get()
    } catch {
        return refuse("\(error)", ExitCode.usage)
    }
    let plain = PlainReport(console, tellsCommits: options.verbosity != .quiet) { text in
        do {
            try TextOutput(blocking: STDOUT_FILENO).write(Array(text.utf8))
        } catch {
            if !((error as? PgcopyError)?.isBrokenPipe ?? false) {
                console.message("cannot write to stdout: \(error)")
            }
        }
    }
    let isLive = terminal.traits.isLive
    let report: any EventSink =
        if let records {
            records
        } else if isLive {
            LiveReport(
                terminal, plain, source: request.source.label, interval: options.interval,
                startsWithRows: ([request.source] + request.destinations).contains(where: \.isProgram))
        } else {
            plain
        }
    // A service manager shows it whatever the log is to have.
    let status = ServiceStatus()
    if status != nil || metrics != nil { request.reportInterval = options.interval }
    if isLive {
        // Five pictures a second; whoever wants reports at the interval waits for them.
        request.reportInterval = LiveReport.interval
        request.idleInterval = LiveReport.interval
    }
    let filtered = ReportFilter(options.verbosity, tellsProgress: options.progress != .none, report)
    metrics?.onFailure = { filtered.receive(.warning($0, at: options.metricsFile?.text ?? "")) }
    // The report's last word comes behind what may still be said of the file.
    var sinks: [any EventSink] = [filtered]
    if let metrics { sinks.insert(isLive ? ReportPacer(options.interval, metrics) : metrics, at: 0) }
    if let status { sinks.append(isLive ? ReportPacer(options.interval, status) : status) }
    let sink = EventFork(sinks)
    let transfer = Transfer(
        request, poller: poller, sink: sink, begun: ProgramClock.start
    ) { login in
        options.passwordPrompt == .never
            ? nil : terminal.lend { PasswordReader.read(prompt: "Password for \(login): ", poller) }
    }
    poller.onReportRequest = { [unowned transfer] in transfer.reportNow() }
    return ExitCode.of(transfer.run())
}

extension TerminalTraits {
    /// What stderr is to this run.
    fileprivate init(_ options: TransferOptions) {
        self.init(isTerminal: isatty(STDERR_FILENO) == 1) { name in
            unsafe getenv(name).map { unsafe String(cString: $0) }
        }
        switch options.progress {
        case .bar: isLive = true
        case .auto:
            // Rows would come in between.
            let takesRows = options.destinations.contains { $0.bytes == [UInt8(ascii: "-")] }
            let givesRows = options.source.bytes == [UInt8(ascii: "-")]
            if takesRows && isatty(STDOUT_FILENO) == 1 || givesRows && isatty(STDIN_FILENO) == 1 { isLive = false }
        case .plain, .json, .none: self = TerminalTraits()
        }
    }
}

extension TransferRequest {
    /// The request the options describe.
    /// - Throws: an error whose text tells what cannot be read.
    init(_ options: TransferOptions) throws {
        self.init(
            from: try Endpoint(parsing: options.source.bytes),
            to: try options.destinations.map { try Endpoint(parsing: $0.bytes) }
        )
        if let name = Self.onlyTable(options.tables) {
            table = name
        } else {
            selection = try options.tables.selection()
        }
        snapshot = options.snapshot
        into = try options.into.map { try Self.table($0, "--into") }
        intoSchema = try options.intoSchema.map { text in
            guard let name = SQLName(text), name.parts.count == 1 else {
                throw PgcopyError(
                    .usage,
                    "--into-schema: \(Echo.quoted(text)) is not a schema's name; one that is not plain goes in double quotes"
                )
            }
            return name.parts[0]
        }
        columns = try options.columns.map { try Self.names($0, "--columns") }
        computed = try options.set.map { text in
            do {
                return try ComputedColumn(parsing: text)
            } catch {
                throw PgcopyError(.usage, "--set: \(error)")
            }
        }
        query = options.query
        condition = options.where
        creates = options.create
        empties = options.truncate ? .truncate : options.delete ? .delete : nil
        upserts =
            options.upsert
            ? try options.upsertColumns.map { .columns(try Self.names($0, "--upsert")) } ?? .primary : nil
        disablesTriggers = options.disableTriggers
        setsSequences = options.sequences
        notifiedChannel = options.notify
        leavesOut = options.ignoresErrors ? options.rejectLimit.map { .rows($0) } ?? RejectLimit.none : nil
        isDryRun = options.dryRun
        allowsEmpty = options.allowEmpty
        overridesReadOnly = options.overrideReadOnly
        isNotSame = options.notSame
        format = try CopyFormat(rawValue: options.format.rawValue) ?? Self.format(byNamesOf: [source] + destinations)
        if format == .binary, destinations.contains(where: { $0.kind == .standardStream }), isatty(STDOUT_FILENO) == 1 {
            throw PgcopyError(.usage, "binary is nothing to look at: send stdout to a file, or choose another format")
        }
        self.options = CopyOptions(options)
        timeout = options.timeout
        lockTimeout = options.lockTimeout
        reconcileTries = options.reconcileTries ?? 0
        keepGoing = options.keepGoing
        skipsHeader = options.formatDetails.skipsHeader
        allowsUnterminated = options.allowUnterminated
        expectedRows = options.expectRows
        rateLimit = options.rateLimit
        jobs = options.jobs
        splitSize = options.splitSize
        part = try options.part.map { part in try RunPart(part.number, of: part.count) }
        // Every cycle is reported with an interval of 0; a stall still shows each second.
        idleInterval = options.interval > .zero ? min(options.interval, .seconds(1)) : .seconds(1)
        reportInterval = options.progress == .none ? nil : options.interval
        asksPasswordsFirst = options.passwordPrompt == .always
        if let name = unsafe getenv(Self.transportVariable) {
            transport = try Self.transport(unsafe String(cString: name))
        }
        tellEndpointsApart()
    }

    /// What files' names say: `.csv` is csv. Nil: they say nothing.
    private static func format(byNamesOf endpoints: [Endpoint]) throws -> CopyFormat? {
        let files = endpoints.filter { if case .file = $0.kind { true } else { false } }.map(\.label)
        let isCSV = { (name: String) in name.lowercased().hasSuffix(".csv") }
        guard let csv = files.first(where: isCSV) else { return nil }
        guard let other = files.first(where: { !isCSV($0) }) else { return .csv }
        throw PgcopyError(
            .usage, "\(csv) is to be csv by its name, and \(other) not: they get the same bytes; say which by --format")
    }

    /// The variable that says how COPY is spoken: for comparing the two ways.
    private static let transportVariable = "PGCOPY_TRANSPORT"

    private static func transport(_ text: String) throws -> TransportChoice {
        switch text {
        case "wire": return .wire
        case "libpq": return .libpq
        default: throw PgcopyError(.usage, "\(transportVariable): \(Echo.quoted(text)) is neither wire nor libpq")
        }
    }

    /// The one table that is named exactly; nil: tables are to be found.
    private static func onlyTable(_ patterns: TablePatterns) -> SQLName? {
        guard patterns.tables.count == 1, patterns.excludedTables.isEmpty else { return nil }
        return SQLName(patterns.tables[0])
    }

    private static func names(_ text: String, _ option: String) throws -> [String] {
        guard let names = SQLName.list(text) else {
            throw PgcopyError(
                .usage,
                "\(option): \(Echo.quoted(text)) is not a list of names; names that are not plain go in double quotes")
        }
        return names
    }

    private static func table(_ text: String, _ option: String) throws -> SQLName {
        if let name = SQLName(text) { return name }
        let isPattern = text.utf8.contains(UInt8(ascii: "*")) || text.utf8.contains(UInt8(ascii: "?"))
        throw PgcopyError(
            .usage,
            isPattern
                ? "\(option): \(Echo.quoted(text)) is a pattern; one exact name is taken"
                : "\(option): \(Echo.quoted(text)) is not a table's name; one that is not plain goes in double quotes")
    }
}

extension CopyOptions {
    /// COPY's options as the command line gives them.
    init(_ options: TransferOptions) {
        self.init()
        func text(_ byte: UInt8?) -> String? { byte.map { String(UnicodeScalar($0)) } }
        header = options.formatDetails.header
        delimiter = text(options.formatDetails.delimiter)
        null = options.formatDetails.null
        quote = text(options.formatDetails.quote)
        escape = text(options.formatDetails.escape)
        encoding = options.formatDetails.encoding
    }
}

/// The beginning of the program, from which the seconds of its reports count.
enum ProgramClock {
    /// The moment it was asked for first: at the beginning of `CLI.run`.
    static let start = SystemPoller().now
}
