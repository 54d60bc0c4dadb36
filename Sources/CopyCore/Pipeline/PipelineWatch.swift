// The time one session of a pipeline may take.

/// Gives up a server that says nothing, and stops one that is to stop.
struct PipelineWatch {
    /// How long a server that did not answer in time has to say that it stopped.
    private static let grace = Duration.seconds(1)

    /// How long to wait for an answer while the server does nothing; nil: for ever. As `Session.run(_:timeout:)`.
    var timeout: Duration?
    /// Asks whether the server is at work; nil: as the session does.
    var inquire: (() throws -> Inquiry)?
    /// The question that is under way.
    private(set) var inquiry: Inquiry?
    /// Why it was stopped, where there is a better reason than that it was.
    private(set) var reason: (any Error)?

    private var deadline: Instant?
    /// How much was answered when the wait began.
    private var answered = 0
    /// Cancelled until it has ended; then the connection is closed.
    private var end: (at: Instant, grace: Duration)?
    /// What runs is being cancelled.
    var isStopping: Bool { end != nil }
    private var nextCancel: Instant?
    private var cancels = CancelRepeater()

    /// From now on what runs is cancelled.
    /// - Parameter grace: how long it may take before the connection is closed instead.
    mutating func stop(_ queue: PipelineQueue, because reason: (any Error)?, grace: Duration) {
        guard end == nil else { return }
        inquiry = nil
        self.reason = reason
        let now = queue.session.poller.now
        end = (now + grace, grace)
        nextCancel = now
    }

    /// Looks at the time and gives when to look again; nil: no need.
    /// - Throws: what the question whether the server is at work gave instead of an answer.
    mutating func look(at queue: PipelineQueue) throws -> Instant? {
        let session = queue.session
        guard queue.lost == nil, !queue.isEmpty else { return nil }
        if let end, let due = nextCancel {
            let now = session.poller.now
            guard now < end.at else {
                let told = reason.flatMap { $0.has(.unanswered) ? $0 : nil }
                queue.giveUp(told ?? PgcopyError.unanswered(after: end.grace))
                return nil
            }
            guard now >= due else { return min(due, end.at) }
            cancels.cancel(session.connection)
            nextCancel = now + CancelRepeater.pause
            return min(now + CancelRepeater.pause, end.at)
        }
        guard let timeout, queue.answered < queue.asked else { return nil }
        if deadline == nil || answered != queue.answered {
            deadline = session.poller.now + timeout
            answered = queue.answered
        }
        guard let due = deadline, session.poller.now >= due else {
            inquiry = nil
            return deadline
        }
        if inquiry == nil {
            inquiry = try (inquire ?? session.inquire)?()
            inquiry?.step([])
        }
        guard let inquiry else { return giveUp(queue, timeout) }
        guard let answer = inquiry.answer else { return nil }
        self.inquiry = nil
        guard try answer.get() else { return giveUp(queue, timeout) }
        deadline = session.poller.now + timeout
        return deadline
    }

    /// It may be waiting for a lock, in everybody's way.
    private mutating func giveUp(_ queue: PipelineQueue, _ timeout: Duration) -> Instant? {
        stop(queue, because: PgcopyError.unanswered(after: timeout), grace: Self.grace)
        return nextCancel
    }

    /// What tells that no cancel request can hit a later statement any more, and until when to wait for that; nil: none can.
    func cancelUnderWay(_ session: Session) -> Interest? {
        guard let end, var interest = cancels.underWay(session.connection) else { return nil }
        interest.alarm = end.at
        return interest
    }
}
