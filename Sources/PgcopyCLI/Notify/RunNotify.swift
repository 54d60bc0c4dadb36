// `pgcopy notify`, from its options to its exit code.

internal import CopyCore

/// Sends notifications and returns the exit code.
func runNotify(_ options: NotifyOptions) -> Int32 {
    let talk = ServerTalk(
        console: Console(), verbosity: options.verbosity, passwordPrompt: options.passwordPrompt)
    guard let poller = Signals.poller({ talk.console.message($0) }) else { return ExitCode.failure }
    do {
        for notification in options.notifications { try ChannelRules.check(notification) }
        var links = try ServerLink.links(to: options.connections)
        let sessions = try talk.connector(poller).openPinned(&links)
        defer { for session in sessions { session.close() } }
        let outcome = try Broadcast.send(options.notifications, on: sessions)
        tell(outcome, sessions, talk)
        return ExitCode.of(outcome)
    } catch {
        return talk.tellRefusal(error, of: .notify)
    }
}

private func tell(_ outcome: Broadcast.Outcome, _ sessions: [Session], _ talk: ServerTalk) {
    if let signal = outcome.signal { talk.console.message(SignalName.sentence(signal)) }
    let someWereSent = outcome.statuses.contains { if case .rolledBack = $0 { false } else { true } }
    for (session, status) in zip(sessions, outcome.statuses) {
        switch status {
        case .committed:
            // Said only where others were not.
            if outcome.verdict != .all { talk.console.message("\(session.label): sent") }
        case .rolledBack(let error):
            if let error { talk.tell(session.label, error) }
            if someWereSent || error != nil { talk.console.message("\(session.label): nothing was sent") }
        case .inDoubt(let error):
            talk.tell(session.label, error)
            talk.console.message("\(session.label): in doubt: the commit was sent, its answer was lost")
        }
    }
}
