// A statement under way as a task beside others.

/// Hears the answers to what was sent; where they take long the server is asked whether it is at work.
final class StatementTask: StoppableTask {
    /// What it is to be stopped.
    enum Stopping {
        /// What runs is cancelled, and the connection closed where that takes over a second.
        case cancels
        /// It cannot be undone: its answer is waited for, but no longer than this.
        case waits(grace: Duration)
    }

    private enum Phase {
        case hearing
        /// The last cancel request may be on its way yet.
        case cancelling(CancelRepeater, until: Instant, isHeard: Bool, because: any Error)
        case over(Result<[QueryResult], any Error>)
    }

    /// How long what is cancelled may take to end.
    private static let grace = Duration.seconds(1)

    private let session: Session
    private let stopping: Stopping
    /// How long to wait while the server does nothing; nil: for ever.
    private let timeout: Duration?
    private let inquire: (() throws -> Inquiry)?
    private var phase = Phase.hearing
    private var drain = StatementDrain()
    private var waiting: Interest?
    private var deadline: Instant?
    private var inquiry: Inquiry?
    private var isStopped = false

    /// Hears what the session was just sent.
    /// - Parameter inquire: asks whether the server is at work; nil: as the session does.
    init(
        _ session: Session, timeout: Duration?, inquire: (() throws -> Inquiry)? = nil,
        stopping: Stopping = .cancels
    ) {
        self.session = session
        self.stopping = stopping
        self.timeout = timeout
        self.inquire = inquire ?? session.inquire
        deadline = timeout.map { session.poller.now + $0 }
    }

    /// What came of it; nil: it goes on.
    var outcome: Result<[QueryResult], any Error>? { if case .over(let outcome) = phase { outcome } else { nil } }

    func step(_ polled: ArraySlice<PollEntry>) {
        do {
            switch phase {
            case .hearing: try hear(polled.dropFirst())
            case .cancelling(let cancels, let end, let isHeard, let cause):
                try cancel(cancels, until: end, isHeard: isHeard, because: cause)
            case .over: return
            }
        } catch {
            fail(error)
        }
    }

    func watch(_ entries: inout [PollEntry]) -> Bool {
        guard outcome == nil, var interest = waiting else { return false }
        if inquiry == nil { interest.alarm = earliest(interest.alarm, deadline) }
        entries.append(PollEntry(interest))
        _ = inquiry?.watch(&entries)
        return true
    }

    func stop(_ cause: any Error) {
        guard case .hearing = phase, !isStopped else { return }
        isStopped = true
        inquiry = nil
        switch stopping {
        case .cancels:
            deadline = nil
            phase = .cancelling(
                CancelRepeater(), until: session.poller.now + Self.grace, isHeard: false, because: cause)
        case .waits(let grace): deadline = session.poller.now + grace
        }
    }

    // MARK: Hearing

    private func hear(_ answering: ArraySlice<PollEntry>) throws {
        guard case .waiting(let interest) = try drain.step(session) else {
            phase = .over(drain.error.map { .failure($0) } ?? .success(drain.results))
            return
        }
        waiting = interest
        guard let limit, let deadline, session.poller.now >= deadline else { return }
        guard try isAtWork(answering, limit) else { return }
        self.deadline = session.poller.now + limit
    }

    /// How long to wait now.
    private var limit: Duration? { if isStopped, case .waits(let grace) = stopping { grace } else { timeout } }

    /// False: that is not known yet.
    private func isAtWork(_ answering: ArraySlice<PollEntry>, _ limit: Duration) throws -> Bool {
        let now = session.poller.now
        if let inquiry {
            if answering.contains(where: { $0.isDue(at: now) }) { inquiry.step(answering) }
        } else if !isStopped {
            inquiry = try inquire?()
            inquiry?.step([])
        }
        guard let inquiry else { throw PgcopyError.unanswered(after: limit) }
        guard let answer = inquiry.answer else { return false }
        self.inquiry = nil
        guard try answer.get() else { throw PgcopyError.unanswered(after: limit) }
        return true
    }

    private func fail(_ error: any Error) {
        if case .cancelling(_, _, _, let cause) = phase {
            session.connection.finish()
            phase = .over(.failure(cause))
            return
        }
        switch (stopping, error) {
        case (.waits, _): phase = .over(.failure(error))
        case (.cancels, let own as PgcopyError) where own.isOfConnection: phase = .over(.failure(error))
        case (.cancels, PgcopyError.Code.unanswered):
            session.connection.finish()
            phase = .over(.failure(error))
        case (.cancels, _):
            stop(error)
            step([])
        }
    }

    // MARK: Cancelling

    private func cancel(
        _ cancels: CancelRepeater, until end: Instant, isHeard: Bool, because cause: any Error
    ) throws {
        var cancels = cancels
        let now = session.poller.now
        if !isHeard, case .waiting(var interest) = try drain.step(session) {
            guard now < end else { throw PgcopyError.unanswered(after: Self.grace) }
            cancels.cancel(session.connection)
            interest.alarm = min(end, now + CancelRepeater.pause)
            waiting = interest
            phase = .cancelling(cancels, until: end, isHeard: false, because: cause)
        } else if let interest = cancels.underWay(session.connection) {
            guard now < end else { throw PgcopyError.unanswered(after: Self.grace) }
            waiting = Interest(interest.descriptor, interest.events, alarm: end)
            phase = .cancelling(cancels, until: end, isHeard: true, because: cause)
        } else {
            phase = .over(.failure(cause))
        }
    }
}
