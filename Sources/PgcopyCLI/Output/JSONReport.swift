// The report for programs: an object a line, its kind in "event".

internal import CopyCore

/// Tells a transfer in JSON lines; the last one is the summary.
final class JSONReport: EventSink {
    private let console: Console
    private let source: String

    /// - Parameter source: its label.
    init(_ console: Console, source: String) {
        self.console = console
        self.source = source
    }

    func receive(_ event: TransferEvent) {
        switch event {
        case .notice(let message, let label):
            tell("notice", [("endpoint", .string(label)), ("message", error(message))])
        case .statement(let sql, let label):
            tell("statement", [("endpoint", .string(label)), ("statement", .string(sql))])
        case .stderr(let line, let label): tell("stderr", [("endpoint", .string(label)), ("line", .string(line))])
        case .decision(let what): tell("decision", [("decision", .string(what))])
        case .drift(let drift): tell(drift)
        case .warning(let what, let label): tell("warning", [("endpoint", .string(label)), ("warning", .string(what))])
        case .planned(let plan): tell(plan)
        case .waiting(let what, let label): tell("waiting", [("endpoint", .string(label)), ("for", .string(what))])
        case .waitingForLock(let wait, let label):
            tell(
                "waiting",
                [
                    ("endpoint", .string(label)), ("for", .string(wait.sentence)), ("table", .optional(wait.table)),
                    ("pid", .int(Int(wait.holder.pid))), ("application", .optional(wait.holder.program)),
                    ("state", .optional(wait.holder.state)),
                    ("state_seconds", wait.holder.duration.map { .int(Int($0.components.seconds)) } ?? .null),
                ])
        case .progress(let progress): tell(progress)
        case .fault(let error, let label, let reaction): tell(error, at: label, reaction)
        case .finished(let outcome): tell(outcome)
        }
    }

    private func tell(_ event: String, _ members: [(String, JSONText)]) {
        console.line(JSONText.object([("event", .string(event))] + members).text)
    }

    private func tell(_ drift: [Drift]) {
        let differences = drift.map { drift in
            JSONText.object([
                ("table", .string(drift.table)), ("what", .string(drift.what)), ("source", .string(drift.source)),
                ("there", .string(drift.destination)), ("endpoint", .string(drift.label)),
            ])
        }
        tell("drift", [("differences", .array(differences))])
    }

    private func tell(_ plan: TransferPlan) {
        func number(_ number: Int?) -> JSONText { number.map(JSONText.int) ?? .null }
        let tables = plan.tables.map { table in
            JSONText.object([
                ("table", .optional(table.name)), ("rows", number(table.rows)), ("bytes", number(table.bytes)),
                ("format", .string(table.format.rawValue)), ("reason", .optional(table.reason)),
                ("statement", .optional(table.statement)),
                ("parts", .array(table.parts.map(part))), ("undivided", .optional(table.undivided)),
                (
                    "destinations",
                    .array(
                        table.landings.map { landing in
                            .object([
                                ("destination", .string(landing.label)), ("table", .string(landing.table)),
                                ("made", .bool(landing.isMade)), ("made_first", .bool(landing.isMadeFirst)),
                                ("emptied", .bool(landing.isEmptied)),
                                ("emptied_first", .bool(landing.isEmptiedFirst)), ("rows", number(landing.rows)),
                                ("key", landing.key.map { .array($0.map(JSONText.string)) } ?? .null),
                                ("statement", .string(landing.statement)),
                            ])
                        })
                ),
            ])
        }
        tell(
            "plan",
            [
                ("schema", .int(TransferEvent.schema)), ("dry_run", .bool(plan.isDryRun)), ("source", .string(source)),
                ("rows", number(plan.rows)), ("bytes", number(plan.bytes)),
                ("streams", .int(plan.streams)), ("constraints_deferred", .bool(plan.defersConstraints)),
                ("tables", .array(tables)),
                (
                    "locks",
                    .array(
                        plan.locks.map { locks in
                            .object([
                                ("endpoint", .string(locks.label)), ("held", .int(locks.held)),
                                ("limit", .int(locks.limit)),
                            ])
                        })
                ),
            ])
    }

    private func part(_ part: TransferPlan.Part) -> JSONText {
        .object([
            ("part", .string(part.name)), ("bytes", .int(part.bytes)), ("statement", .string(part.statement)),
        ])
    }

    /// Its name, who is waited for, and which commit it is.
    private func members(_ stage: TransferStage) -> [(String, JSONText)] {
        func members(_ name: String, _ labels: [String]) -> [(String, JSONText)] {
            [("stage", .string(name)), ("waiting_for", .array(labels.map(JSONText.string)))]
        }
        return switch stage {
        case .preparing(let labels): members("preparing", labels)
        case .copying: [("stage", .string("copying"))]
        case .waitingForSource: members("copying", [source])
        case .finishing(let labels): members("finishing", labels)
        case .settling(let labels): members("settling", labels)
        case .merging(let labels): members("merging", labels)
        case .indexing(let labels): members("indexing", labels)
        case .committing(let label, let number, let count):
            members("committing", [label]) + [("commit", .int(number)), ("commits", .int(count))]
        }
    }

    private func tell(_ progress: TransferProgress) {
        let reading = progress.reading
        tell(
            "progress",
            [
                ("seconds", .double(progress.duration.seconds)),
                ("copy_seconds", .double(reading.duration.seconds)),
                ("rows", .int(reading.total.messages)),
                ("bytes", .int(reading.total.bytes)),
                ("bytes_per_second", .double(reading.rate)),
                (
                    "cycle",
                    .object([
                        ("seconds", .double(reading.cycleDuration.seconds)),
                        ("rows", .int(reading.cycle.messages)),
                        ("bytes", .int(reading.cycle.bytes)),
                        ("bytes_per_second", .double(reading.cycleRate)),
                    ])
                ),
                (
                    "destinations",
                    .array(
                        progress.destinations.map { destination in
                            .object([
                                ("destination", .string(destination.label)),
                                ("bytes_behind", .int(destination.behind)),
                                ("active", .bool(destination.isActive)),
                            ])
                        })
                ),
            ] + members(progress.stage)
                + (progress.tables.map { [("tables_done", .int($0.done)), ("tables", .int($0.count))] } ?? []))
    }

    private func tell(_ error: any Error, at label: String, _ reaction: FaultReaction) {
        var members: [(String, JSONText)] = [("destination", .string(label)), ("error", self.error(error))]
        switch reaction {
        case .reconciled(let tries, let limit):
            members += [("reaction", .string("reconciled")), ("try", .int(tries)), ("tries", .int(limit))]
        case .dropped: members.append(("reaction", .string("dropped")))
        case .fatal: members.append(("reaction", .string("fatal")))
        }
        tell("fault", members)
    }

    private func tell(_ outcome: TransferOutcome) {
        tell(
            "summary",
            [
                ("schema", .int(TransferEvent.schema)),
                ("exit_code", .int(Int(ExitCode.of(outcome)))),
                ("source", .string(source)),
                ("rows", .int(outcome.totals.messages)),
                ("bytes", .int(outcome.totals.bytes)),
                ("seconds", .double(outcome.duration.seconds)),
                ("copy_seconds", .double(outcome.copyDuration.seconds)),
                ("destinations", .array(outcome.destinations.map { destination($0, outcome) })),
                (
                    "tables",
                    .array(
                        outcome.tables.map { .object([("table", .string($0.name)), ("rows", .int($0.rows))]) })
                ),
                ("error", outcome.error.map(error) ?? .null),
                ("error_endpoint", outcome.error == nil ? .null : .optional(outcome.errorLabel)),
                ("signal", outcome.signal.map { .int(Int($0)) } ?? .null),
            ])
    }

    private func destination(_ destination: TransferOutcome.Destination, _ outcome: TransferOutcome) -> JSONText {
        var members: [(String, JSONText)] = [("destination", .string(destination.label))]
        switch destination.status {
        case .committed: members.append(("status", .string("committed")))
        case .rolledBack: members.append(("status", .string("rolled back")))
        case .partlyCommitted: members.append(("status", .string("committed in part")))
        case .inDoubt(let transaction):
            members.append(("status", .string("in doubt")))
            members.append(("transaction", .optional(transaction)))
        }
        members.append(("rows", destination.rows.map(JSONText.int) ?? .null))
        if let counts = destination.upserted {
            members += [("rows_inserted", .int(counts.inserted)), ("rows_updated", .int(counts.updated))]
            members.append(("rows_unchanged", .int(counts.unchanged)))
        }
        if let count = destination.rowsLeftOut { members.append(("rows_left_out", .int(count))) }
        members.append(("bytes", .int(destination.bytes)))
        members.append(("bytes_per_second", .double(outcome.rate(of: destination))))
        members.append(("error", destination.error.map(error) ?? .null))
        let ends = destination.ends
        if !ends.committed.isEmpty || !ends.partlyCommitted.isEmpty {
            for (name, tables) in [
                ("committed_tables", ends.committed), ("partly_committed_tables", ends.partlyCommitted),
                ("doubtful_tables", ends.inDoubt), ("rolled_back_tables", ends.rolledBack),
            ] {
                members.append((name, .array(tables.map(JSONText.string))))
            }
        }
        if !destination.emptied.isEmpty {
            members.append(("emptied_before", .array(destination.emptied.map(JSONText.string))))
        }
        if !destination.left.isEmpty { members.append(("left_behind", .array(destination.left.map(JSONText.string)))) }
        // A number only where it is known.
        if let lingering = destination.lingering {
            let seconds: JSONText =
                if case .atMost(let time) = lingering { .int(Int(time.components.seconds)) } else { .null }
            members.append(("locks_may_last_seconds", seconds))
        }
        return .object(members)
    }

    private func error(_ error: any Error) -> JSONText {
        let hint = (error as? PgcopyError)?.hint
        if var server = ErrorLines.serverMessage(error) {
            server.hint = server.hint ?? hint
            return self.error(server)
        }
        var members: [(String, JSONText)] = [("message", .string("\(error)"))]
        if let hint { members.append(("hint", .string(hint))) }
        return .object(members)
    }

    private func error(_ message: ServerMessage) -> JSONText {
        .object([
            ("severity", .string(message.severity)),
            ("sqlstate", .string(message.sqlState)),
            ("message", .string(message.message)),
            ("detail", .optional(message.detail)),
            ("hint", .optional(message.hint)),
            ("context", .optional(message.context)),
        ])
    }
}
