// What the records say of the end, and of errors.

internal import CopyCore

extension JSONText {
    static func members(of outcome: TransferOutcome, source: String?) -> [(String, JSONText)] {
        [
            ("exit_code", .int(Int(ExitCode.of(outcome)))), ("signal", .optional(outcome.signal.map(Int.init))),
            ("error", outcome.error.map(error) ?? .null),
            ("error_endpoint", .optional(outcome.error == nil ? nil : outcome.errorLabel)),
            ("source", .optional(source)), ("rows", .int(outcome.totals.messages)),
            ("bytes", .int(outcome.totals.bytes)), ("seconds", .double(outcome.duration.seconds)),
            ("copy_seconds", .double(outcome.copyDuration.seconds)),
            ("destinations", .array(outcome.destinations.map { destination($0, outcome) })),
            (
                "tables",
                .array(outcome.tables.map { .object([("table", .string($0.name)), ("rows", .int($0.rows))]) })
            ),
        ]
    }

    /// The same of a run that has not begun.
    static func members(refused message: String, exitCode: Int32, source: String?) -> [(String, JSONText)] {
        [
            ("exit_code", .int(Int(exitCode))), ("signal", .null), ("error", error(PgcopyError(.usage, message))),
            ("error_endpoint", .null), ("source", .optional(source)), ("rows", .int(0)), ("bytes", .int(0)),
            ("seconds", .double(0)), ("copy_seconds", .double(0)), ("destinations", .array([])),
            ("tables", .array([])),
        ]
    }

    private static func destination(
        _ destination: TransferOutcome.Destination, _ outcome: TransferOutcome
    ) -> JSONText {
        var members: [(String, JSONText)] = [("destination", .string(destination.label))]
        switch destination.status {
        case .committed, .rolledBack, .notStarted, .partlyCommitted:
            members.append(("status", .string(destination.word)))
        case .inDoubt(let transaction):
            members.append(("status", .string(destination.word)))
            members.append(("transaction", .optional(transaction)))
        }
        members.append(("rows", .optional(destination.rows)))
        if let counts = destination.upserted {
            members += [("rows_inserted", .int(counts.inserted)), ("rows_updated", .int(counts.updated))]
            members.append(("rows_unchanged", .int(counts.unchanged)))
        }
        if let count = destination.rowsLeftOut { members.append(("rows_left_out", .int(count))) }
        members.append(("bytes", .int(destination.bytes)))
        members.append(("bytes_per_second", .double(outcome.rate(of: destination))))
        members.append(("error", destination.error.map(error) ?? .null))
        let ends = destination.ends
        if ends.differ || !ends.committed.isEmpty {
            for (name, tables) in [
                ("committed_tables", ends.committed), ("partly_committed_tables", ends.partlyCommitted),
                ("doubtful_tables", ends.inDoubt), ("rolled_back_tables", ends.rolledBack),
            ] {
                members.append((name, strings(tables)))
            }
        }
        if !destination.emptied.isEmpty { members.append(("emptied_before", strings(destination.emptied))) }
        if !destination.left.isEmpty { members.append(("left_behind", strings(destination.left))) }
        // A number only where it is known.
        if let lingering = destination.lingering {
            let seconds: JSONText =
                if case .atMost(let time) = lingering { .int(Int(time.components.seconds)) } else { .null }
            members.append(("locks_may_last_seconds", seconds))
        }
        return .object(members)
    }

    /// The same members whoever made the error.
    static func error(_ error: any Error) -> JSONText {
        let hint = (error as? PgcopyError)?.hint
        if var server = ErrorLines.serverMessage(error) {
            server.hint = server.hint ?? hint
            return self.error(server)
        }
        return .object([
            ("message", .string("\(error)")), ("severity", .null), ("sqlstate", .null), ("detail", .null),
            ("hint", .optional(hint)), ("context", .null),
        ])
    }

    static func error(_ message: ServerMessage) -> JSONText {
        .object([
            ("message", .string(message.message)), ("severity", .string(message.severity)),
            ("sqlstate", .string(message.sqlState)), ("detail", .optional(message.detail)),
            ("hint", .optional(message.hint)), ("context", .optional(message.context)),
        ])
    }
}
