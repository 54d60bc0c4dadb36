// The report for people: a line a report, a line a destination at the end.

internal import CopyCore

/// Tells a transfer in plain lines.
final class PlainReport: EventSink {
    private let console: Console
    private let tellsCommits: Bool
    private let showPlan: (String) -> Void
    private var columns = ReportColumns()
    /// What differs between tables: behind the line that says what is wrong.
    private var drift: [Drift] = []
    /// What was said of each destination that was dropped: once is enough.
    private var told: [String: [String]] = [:]

    /// - Parameters:
    ///   - tellsCommits: at the end, those that committed as well.
    ///   - showPlan: writes what was asked for as the result, a plan.
    init(_ console: Console, tellsCommits: Bool, showPlan: @escaping (String) -> Void = { _ in }) {
        self.console = console
        self.tellsCommits = tellsCommits
        self.showPlan = showPlan
    }

    func receive(_ event: TransferEvent) {
        switch event {
        case .notice(let message, let label): tell(label, ErrorLines.of(notice: message))
        case .statement(let sql, let label): console.message(at(label) + sql)
        case .stderr(let line, let label): console.message(at(label) + line)
        case .decision(let what): console.message(what)
        case .drift(let drift): self.drift = drift
        case .warning(let what, let label): console.message(at(label) + "warning: " + what)
        case .planned(let plan):
            if plan.isDryRun { showPlan(PlanText.of(plan)) }
        case .waiting(let what, let label): console.message(at(label) + "waiting for \(what)")
        case .waitingForLock(let wait, let label): console.message(at(label) + "waiting for \(wait.sentence)")
        case .progress(let progress): tell(progress)
        case .fault(let error, let label, let reaction): tell(error, at: label, reaction)
        case .finished(let outcome): tell(outcome)
        }
    }

    private func tell(_ progress: TransferProgress) {
        let reading = progress.reading
        let time = Units.clock(progress.duration)
        if case .preparing(let labels) = progress.stage {
            // Who keeps it waiting is told as such.
            guard progress.wasAskedFor else { return }
            let end = labels.isEmpty ? "" : "; waiting for \(labels.joined(separator: ", ")) to answer"
            return console.message("\(time) preparing\(end)")
        }
        var line = columns.padded(amounts(progress))
        let behind = progress.destinations.filter { $0.behind > 0 && $0.isActive }.map { destination in
            "\(destination.label) is \(Units.bytes(Double(destination.behind))) behind"
        }
        switch progress.stage {
        case .preparing: break
        case .waitingForSource where reading.cycle.bytes == 0 && progress.destinations.allSatisfy { $0.behind == 0 }:
            line += "; waiting for the source"
        case .copying, .waitingForSource:
            line += columns.padded(rates(progress), from: 4)
            if !behind.isEmpty { line += "; " + behind.joined(separator: ", ") }
        case .finishing(let labels):
            if !labels.isEmpty { line += "; waiting for \(labels.joined(separator: ", ")) to finish" }
            if !behind.isEmpty { line += "; " + behind.joined(separator: ", ") }
        case .settling(let labels):
            line += "; last checks" + (labels.isEmpty ? "" : " at " + labels.joined(separator: ", "))
        case .merging(let labels): line += "; inserting and updating at \(labels.joined(separator: ", "))"
        case .indexing(let labels): line += "; indexes and constraints at \(labels.joined(separator: ", "))"
        case .committing(let label, let number, let count): line += "; committing \(number) of \(count): \(label)"
        }
        console.message("\(time) \(line)")
    }

    /// How much there is by now: percent, bytes, rows, tables. Each with what stands before it.
    private func amounts(_ progress: TransferProgress) -> [(before: String, text: String)] {
        let moved = progress.reading.total
        let percent = progress.coming?.percent.map { "\($0)%" }
        let (bytes, total) = (Units.bytes(Double(moved.bytes)), progress.coming?.bytes)
        let tables = progress.tables.map { done, count in "\(Units.thousands(done)) of \(Units.thousands(count)) tables"
        }
        return [
            ("", percent ?? ""),
            (percent == nil ? "" : " ", total.map { Units.pair(bytes, " of ~", Units.bytes($0)) } ?? bytes),
            (", ", Units.rows(moved.messages)), (tables == nil ? "" : ", ", tables ?? ""),
        ]
    }

    /// Of this stretch and of all of it, and when it will be over.
    private func rates(_ progress: TransferProgress) -> [(before: String, text: String)] {
        let reading = progress.reading
        let (now, mean) = (Units.rate(reading.cycleRate), Units.rate(reading.rate))
        let left = progress.forecast.remaining
        return [
            (", ", now), (" (mean ", Units.number(mean, besides: now)), (")", ""),
            (left == nil ? "" : ", ETA ", left.map(Units.left) ?? ""),
        ]
    }

    private func tell(_ error: any Error, at label: String, _ reaction: FaultReaction) {
        switch reaction {
        case .reconciled(let tries, let limit):
            console.message(at(label) + "\(error); reconciled, try \(tries) of \(limit)")
        case .dropped:
            var lines = ErrorLines.of(error)
            told[label] = lines
            lines[0] += "; dropped, the others go on"
            tell(label, lines)
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

    private func tell(_ outcome: TransferOutcome) {
        if let error = outcome.error { tell(outcome.errorLabel, error) }
        for destination in outcome.destinations {
            guard let error = destination.error else { continue }
            let lines = ErrorLines.of(error)
            if told[destination.label] != lines { tell(destination.label, lines) }
        }
        if !drift.isEmpty { for line in DriftText.of(drift) { console.line(line) } }
        if let signal = outcome.signal { console.message(SignalName.sentence(signal)) }
        if outcome.refusesRequest { console.line("Try \"pgcopy transfer --help\".") }
        for destination in outcome.destinations {
            let isCommitted = destination.status == .committed
            // Where nothing can have been begun at all, as the exit code says, the error is enough.
            let saysNothing = destination.status == .notStarted && (outcome.isUsageError || outcome.isDryRun)
            guard tellsCommits || !isCommitted, !saysNothing else { continue }
            console.message(line(destination, outcome))
        }
    }

    private func sentence(_ lingering: TransferOutcome.Lingering) -> String {
        let end =
            switch lingering {
            case .atMost(let time): "\(time.components.seconds) s at the most"
            case .itsOwnSettings: "see its tcp_user_timeout and tcp_keepalives_idle"
            }
        return "where the link is dead its server holds the table's locks until it notices, \(end)"
    }

    /// Its tables, each by what became of it.
    private func ends(_ destination: TransferOutcome.Destination) -> String {
        let lists = [
            ("committed", destination.ends.committed), ("committed in part", destination.ends.partlyCommitted),
            ("in doubt", destination.ends.inDoubt), ("rolled back", destination.ends.rolledBack),
        ]
        // One transaction that is in doubt is all that there is.
        guard destination.ends.differ else { return emptied(destination) }
        return lists.filter { !$0.1.isEmpty }.map { "; \($0.0): \($0.1.joined(separator: ", "))" }.joined()
            + emptied(destination)
    }

    private func emptied(_ destination: TransferOutcome.Destination) -> String {
        let made =
            destination.left.isEmpty ? "" : "; made before, and left so: \(destination.left.joined(separator: ", "))"
        let filled = destination.ends.committed + destination.ends.partlyCommitted
        let left = destination.emptied.filter { !filled.contains($0) }
        return made + (left.isEmpty ? "" : "; emptied before, and left so: \(left.joined(separator: ", "))")
    }

    private static func shown(_ counts: UpsertCounts) -> String {
        " (\(Units.thousands(counts.inserted)) inserted, \(Units.thousands(counts.updated)) updated"
            + (counts.unchanged > 0 ? "; \(Units.thousands(counts.unchanged)) more changed nothing)" : ")")
    }

    private func line(_ destination: TransferOutcome.Destination, _ outcome: TransferOutcome) -> String {
        switch destination.status {
        case .committed:
            let tables = outcome.tables.isEmpty ? "" : "\(Units.thousands(outcome.tables.count)) tables, "
            return at(destination.label) + "\(destination.word), \(tables)\(Units.rows(destination.rows ?? 0))"
                + (destination.upserted.map { Self.shown($0) } ?? "")
                + (destination.rowsLeftOut.map { " (\($0) left out)" } ?? "") + ", "
                + "\(Units.bytes(Double(destination.bytes))) in \(Units.seconds(outcome.duration)), "
                + "\(Units.rate(outcome.rate(of: destination))) while copying"
        case .rolledBack:
            return at(destination.label) + "\(destination.word) after \(Units.bytes(Double(destination.bytes)))"
                + (destination.taker == .reader && destination.bytes > 0 ? "; its reader keeps what it has" : "")
                + emptied(destination)
                + (destination.lingering.map { "; " + sentence($0) } ?? "")
        case .notStarted: return at(destination.label) + destination.word
        case .partlyCommitted: return at(destination.label) + destination.word + ends(destination)
        case .inDoubt(let transaction):
            let ask = transaction.map { "; ask its server with SELECT pg_xact_status('\($0)')" } ?? ""
            return at(destination.label) + "\(destination.word): it may have committed\(ask)" + ends(destination)
        }
    }
}
