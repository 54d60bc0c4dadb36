// The same notifications on many servers.

/// Sends notifications on many sessions: everything is ready everywhere before the first one commits.
public enum Broadcast {
    /// What became of one session's transaction.
    public enum Status {
        /// They are sent.
        case committed
        /// None is sent; the error is nil where another session's failure was the reason.
        case rolledBack((any Error)?)
        /// The commit was sent and its answer was lost.
        case inDoubt(any Error)
    }

    /// What became of all, in the order of the sessions.
    public struct Outcome {
        /// One for each session.
        public var statuses: [Status]
        /// The signal that ended it.
        public var signal: CInt?

        /// What became of all sessions.
        public var verdict: Committer.Verdict {
            Committer.Verdict(
                statuses.map { status in
                    switch status {
                    case .committed: .committed
                    case .rolledBack: .rolledBack
                    case .inDoubt: .inDoubt
                    }
                })
        }

        /// An outcome of these parts.
        public init(statuses: [Status], signal: CInt? = nil) {
            self.statuses = statuses
            self.signal = signal
        }
    }

    /// Sends the notifications on every session, each in one transaction.
    /// - Throws: `PgcopyError` with `.usage` when a server would not take one of them: nothing is sent then.
    public static func send(
        _ notifications: [OutgoingNotification], on sessions: [Session]
    ) throws(PgcopyError) -> Outcome {
        var outcome = Outcome(statuses: sessions.map { _ in .rolledBack(nil) })
        do {
            for (index, session) in sessions.enumerated() {
                try noting(index, &outcome) { try session.check(notifications) }
            }
            for (index, session) in sessions.enumerated() {
                try noting(index, &outcome) {
                    try session.run("BEGIN")
                    try session.notify(notifications)
                }
            }
            var committer = Committer(order: Array(sessions.indices), goesOn: false)
            while !committer.isOver {
                // A signal between two of them: those that are open are rolled back.
                try sessions.first?.poller.checkInterruption()
                guard let index = committer.next() else { break }
                outcome.statuses[index] = commit(sessions[index])
                committer.answered(outcome.statuses[index].answer)
            }
        } catch let misuse as PgcopyError where misuse.code == .usage {
            throw misuse
        } catch let interrupted as Interrupted {
            outcome.signal = interrupted.signal
        } catch {
            // It is noted with its session.
        }
        rollBack(
            zip(sessions, outcome.statuses).compactMap { session, status in
                if case .rolledBack = status { session } else { nil }
            })
        return outcome
    }

    /// How long a rollback may take.
    private static let grace = Duration.seconds(1)

    /// What was begun is not to be sent later, by whoever goes on with the sessions; those that do not answer are closed.
    private static func rollBack(_ sessions: [Session]) {
        let open = sessions.filter { $0.connection.isUsable && $0.transactionStatus != .idle }
        guard let poller = open.first?.poller else { return }
        let work = open.map { session in
            var drain: StatementDrain?
            return {
                if drain == nil {
                    try session.announce("ROLLBACK")
                    try session.connection.sendQuery("ROLLBACK")
                    drain = StatementDrain()
                }
                return try drain?.step(session) ?? .done
            }
        }
        let late = PgcopyError.unanswered(after: grace)
        let task = Together(work, poller, until: (poller.now + grace, late)) { index, _ in open[index].close() }
        _ = try? poller.run([task], interruptible: false)
    }

    private static func noting(_ index: Int, _ outcome: inout Outcome, _ body: () throws -> Void) throws {
        do {
            try body()
        } catch let error as PgcopyError where error.isOfConnection {
            outcome.statuses[index] = .rolledBack(error)
            throw error
        }
    }

    private static func commit(_ session: Session) -> Status {
        switch session.commitAnswer(timeout: nil) {
        case .committed: .committed
        case .refused(let error): .rolledBack(error)
        case .rolledBack: .rolledBack(PgcopyError(.rolledBack, "the transaction was rolled back"))
        case .lost(let error): .inDoubt(error)
        }
    }
}

extension Broadcast.Status {
    fileprivate var answer: Committer.Answer {
        switch self {
        case .committed: .committed
        case .rolledBack: .refused
        case .inDoubt: .lost
        }
    }
}
