// The report for people: a line a report, a line a destination at the end.

internal import CopyCore

/// Tells a transfer in plain lines.
struct PlainReport: TransferReport {
    let console = Console()
    private let quiet: Bool

    init(_ options: TransferOptions) {
        quiet = options.verbosity == .quiet
    }

    func noticed(_ message: ServerMessage, at label: String) {
        tell(label, ErrorLines.of(notice: message))
    }

    func stating(_ sql: String, at label: String) { console.message(at(label) + "\(sql)") }

    func decided(_ what: String) { console.message(what) }

    func waiting(for what: String, at label: String) { console.message(at(label) + "waiting for \(what)") }

    func progressed(_ reading: RateMeter.Reading, at seconds: Double, _ destinations: [DestinationLag]) {
        let behind = destinations.filter { $0.bytes > 0 || !$0.isActive }.map { lag in
            lag.isActive ? "\(lag.label) \(Units.bytes(Double(lag.bytes)))" : "\(lag.label) dropped"
        }
        console.message(
            "\(Units.seconds(seconds)): \(Units.rows(reading.total.messages)), "
                + "\(Units.bytes(Double(reading.total.bytes))), \(Units.rate(reading.cycleRate)) now, "
                + "\(Units.rate(reading.rate)) on average; behind: "
                + (behind.isEmpty ? "nobody" : behind.joined(separator: ", ")))
    }

    func faulted(_ label: String, _ error: any Error, _ reaction: FaultReaction) {
        switch reaction {
        case .reconciled(let tries, let limit):
            console.message(at(label) + "\(error); reconciled, try \(tries) of \(limit)")
        case .dropped:
            // The whole of it comes with the summary.
            console.message(at(label) + "\(ErrorLines.of(error).first ?? ""); dropped, the others go on")
        case .fatal:
            tell(label, error)
        }
    }

    /// "null:" brings its colon along.
    private func at(_ label: String) -> String { label.hasSuffix(":") ? label + " " : label + ": " }

    private func tell(_ label: String?, _ error: any Error) { tell(label, ErrorLines.of(error)) }

    private func tell(_ label: String?, _ lines: [String]) {
        let prefix = label.map(at) ?? ""
        for (index, line) in lines.enumerated() {
            console.message(prefix + (index > 0 ? "  " : "") + line)
        }
    }

    func finished(_ outcome: TransferOutcome, _ code: Int32) {
        if let error = outcome.error { tell(outcome.errorLabel, error) }
        for destination in outcome.destinations {
            if let error = destination.error { tell(destination.label, error) }
        }
        if let signal = outcome.signal { console.message(SignalName.sentence(signal)) }
        // Nothing was begun: the error says it all.
        guard outcome.started else { return }
        for destination in outcome.destinations where !quiet || destination.status != .committed {
            console.message(line(destination, outcome))
        }
    }

    private func sentence(_ lingering: TransferOutcome.Lingering) -> String {
        let end =
            switch lingering {
            case .seconds(let seconds): "\(seconds) s at the most"
            case .itsOwnSettings: "see its tcp_user_timeout and tcp_keepalives_idle"
            }
        return "where the link is dead its server holds the table's locks until it notices, \(end)"
    }

    private func line(_ destination: TransferOutcome.Destination, _ outcome: TransferOutcome) -> String {
        switch destination.status {
        case .committed:
            return at(destination.label) + "committed, \(Units.rows(destination.rows ?? 0)), "
                + "\(Units.bytes(Double(destination.bytes))) in \(Units.seconds(outcome.seconds)), "
                + "\(Units.rate(outcome.rate(of: destination))) while copying"
        case .rolledBack:
            return at(destination.label) + "rolled back after \(Units.bytes(Double(destination.bytes)))"
                + (destination.lingering.map { "; " + sentence($0) } ?? "")
        case .inDoubt(let transaction):
            let ask = transaction.map { "; ask its server with SELECT pg_xact_status('\($0)')" } ?? ""
            return at(destination.label) + "in doubt: it may have committed\(ask)"
        }
    }
}
