// The report for programs: a record a line, as man/pgcopy-records.schema.json says.

internal import CopyCore

/// Tells a transfer in JSON lines; the last one is the summary.
final class JSONReport: EventSink {
    private let console: Console
    private let source: String?
    private let head: RecordHead

    /// - Parameter source: its label; nil: nobody knows which it was to be.
    init(_ console: Console, source: String?, head: RecordHead = RecordHead()) {
        self.console = console
        self.source = source
        self.head = head
    }

    func receive(_ event: TransferEvent) {
        switch event {
        case .notice(let message, let label):
            tell("notice", [("endpoint", .string(label)), ("message", .error(message))])
        case .statement(let sql, let label):
            tell("statement", [("endpoint", .string(label)), ("statement", .string(sql))])
        case .stderr(let line, let label): tell("stderr", [("endpoint", .string(label)), ("line", .string(line))])
        case .decision(let what): tell("decision", [("decision", .string(what))])
        case .drift(let drift): tell("drift", [("differences", .array(drift.map(JSONText.difference)))])
        case .warning(let what, let label): tell("warning", [("endpoint", .string(label)), ("warning", .string(what))])
        case .planned(let plan): tell("plan", [("source", .optional(source))] + JSONText.members(of: plan))
        case .waiting(let what, let label): tell("waiting", [("endpoint", .string(label)), ("for", .string(what))])
        case .waitingForLock(let wait, let label):
            tell("waiting", [("endpoint", .string(label)), ("for", .string(wait.sentence)), ("lock", .lock(wait))])
        case .progress(let progress): tell("progress", JSONText.members(of: progress, source: source))
        case .fault(let error, let label, let reaction): tell(error, at: label, reaction)
        case .finished(let outcome): tell("summary", JSONText.members(of: outcome, source: source))
        }
    }

    /// The summary of a run that was refused before it began.
    func refuse(_ message: String, exitCode: Int32) {
        tell("summary", JSONText.members(refused: message, exitCode: exitCode, source: source))
    }

    private func tell(_ type: String, _ members: [(String, JSONText)]) {
        console.line(JSONText.object(head.members(type) + members).text)
    }

    private func tell(_ error: any Error, at label: String, _ reaction: FaultReaction) {
        let members: [(String, JSONText)] = [("destination", .string(label)), ("error", .error(error))]
        switch reaction {
        case .reconciled(let tries, let limit):
            tell("reconciled", members + [("try", .int(tries)), ("tries", .int(limit))])
        case .dropped: tell("fault", members + [("reaction", .string("dropped"))])
        // The summary tells it.
        case .fatal: break
        }
    }
}
