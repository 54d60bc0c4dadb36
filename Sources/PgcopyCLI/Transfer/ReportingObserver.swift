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

    func progressed(_ moved: Totals, _ destinations: () -> [DestinationLag]) {
        guard options.progress != .none else { return }
        let now = poller.now
        // The first cycle's data flowed from the moment copying began, which is this one but for a chunk.
        var meter = self.meter ?? RateMeter(start: now)
        meter.add(moved)
        if now.seconds(since: meter.lastReport) >= options.interval {
            report.progressed(meter.read(at: now), destinations())
        }
        self.meter = meter
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
