// Between a transfer and the report on stderr.

internal import CopyCore

/// Passes on what is to be told, and reports at its interval.
final class ReportingObserver: TransferObserver {
    private let report: any TransferReport
    private let options: TransferOptions
    private let poller: any Poller
    private var meter: RateMeter?

    init(_ report: any TransferReport, _ options: TransferOptions, _ poller: any Poller) {
        self.report = report
        self.options = options
        self.poller = poller
    }

    func noticed(_ message: ServerMessage, at label: String) {
        if options.verbosity != .quiet { report.noticed(message, at: label) }
    }

    func stating(_ sql: String, at label: String) {
        if options.verbosity == .verbose { report.stating(sql, at: label) }
    }

    func decided(_ what: String) {
        if options.verbosity == .verbose { report.decided(what) }
    }

    func waiting(for what: String, at label: String) {
        if options.verbosity != .quiet { report.waiting(for: what, at: label) }
    }

    func progressed(_ moved: Totals, _ destinations: () -> [DestinationLag]) {
        let now = poller.now
        // The first cycle's data flowed from the moment copying began, which is this one but for a chunk.
        var meter = self.meter ?? RateMeter(start: now)
        meter.add(moved)
        if options.progress != .none, now.seconds(since: meter.lastReport) >= options.interval {
            tell(meter.read(at: now), at: now, destinations())
        }
        self.meter = meter
    }

    /// A report that was asked for by SIGUSR1: whatever the options say, as dd gives it.
    func reportNow(_ destinations: [DestinationLag]) {
        let now = poller.now
        // Before the copy there is nothing to go on from.
        var meter = self.meter ?? RateMeter(start: now)
        tell(meter.read(at: now), at: now, destinations)
        if self.meter != nil { self.meter = meter }
    }

    private func tell(_ reading: RateMeter.Reading, at now: Instant, _ destinations: [DestinationLag]) {
        report.progressed(reading, at: now.seconds(since: ProgramClock.start), destinations)
    }

    func faulted(_ label: String, _ error: any Error, _ reaction: FaultReaction) {
        // What ends the whole transfer is told by its summary.
        if reaction == .fatal || options.verbosity == .quiet && reaction != .dropped { return }
        report.faulted(label, error, reaction)
    }

    func password(for label: String) -> String? {
        options.passwordPrompt == .never ? nil : PasswordReader.read(prompt: "Password for \(label): ", poller)
    }
}
