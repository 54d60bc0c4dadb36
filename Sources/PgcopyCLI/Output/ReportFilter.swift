// Which events a user wants to hear of.

internal import CopyCore

/// Passes on what the options ask for.
final class ReportFilter: EventSink {
    private let verbosity: Verbosity
    private let tellsProgress: Bool
    private let report: any EventSink

    /// - Parameter tellsProgress: at an interval; who asks for a report gets it all the same.
    init(_ verbosity: Verbosity, tellsProgress: Bool = true, _ report: any EventSink) {
        self.verbosity = verbosity
        self.tellsProgress = tellsProgress
        self.report = report
    }

    func receive(_ event: TransferEvent) { if isWanted(event) { report.receive(event) } }

    private func isWanted(_ event: TransferEvent) -> Bool {
        switch event {
        case .statement, .decision: verbosity == .verbose
        case .planned(let plan): plan.isDryRun || verbosity != .quiet
        case .warning, .notice, .waiting, .waitingForLock: verbosity != .quiet
        case .progress(let progress): tellsProgress || progress.wasAskedFor
        // A program's own words, as a shell would show them.
        case .stderr: true
        case .drift: true
        // What ends the whole transfer is told by its summary.
        case .fault(_, _, .fatal): false
        case .fault(_, _, .dropped): true
        case .fault(_, _, .reconciled): verbosity != .quiet
        // A program that reads the records waits for the last one.
        case .finished(let outcome): report is JSONReport || !outcome.isQuietEnd
        }
    }
}

extension TransferOutcome {
    /// `| head` had enough, which is not an error.
    fileprivate var isQuietEnd: Bool {
        destinations.count == 1 && destinations[0].label == "-"
            && (destinations[0].error as? PgcopyError)?.isBrokenPipe ?? false
    }
}
