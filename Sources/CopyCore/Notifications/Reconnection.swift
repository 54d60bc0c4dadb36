// Brings a lost connection back without keeping anybody waiting.

/// Rests, connects, pins the session and listens again; on a failure it rests longer and tries again, for ever.
final class Reconnection {
    /// What came of a step.
    enum Outcome {
        /// Call again when this is ready, or its alarm is there.
        case waiting(Interest)
        /// A try failed; the next one comes after the delay.
        case failed(any Error, delay: Duration)
        /// The session listens.
        case open(Session)
    }

    private enum State {
        /// → connecting
        case resting(until: Instant)
        /// → preparing, resting
        case connecting(ConnectAttempt)
        /// The statements are under way. → resting; no way out once open
        case beginning(Session, StatementDrain, until: Instant)
    }

    /// How long a try may take where the user set no connect_timeout, and the first statements in any case.
    private static let timeout = Duration.seconds(10)

    let link: ServerLink
    private let channels: [String]
    private let poller: any Poller
    private let onSession: (Session) -> Void
    private(set) var backoff: Backoff
    private var state: State

    /// Begins with a rest.
    init(
        _ link: ServerLink, channels: [String], backoff: Backoff, poller: any Poller,
        onSession: @escaping (Session) -> Void
    ) {
        self.link = link
        self.channels = channels
        self.poller = poller
        self.onSession = onSession
        self.backoff = backoff
        state = .resting(until: poller.now + self.backoff.delay())
    }

    /// Goes on as far as it can without waiting.
    func step() -> Outcome {
        do {
            while true {
                switch state {
                case .resting(let until):
                    // No descriptor: only the time counts.
                    if poller.now < until { return .waiting(Interest(-1, [], alarm: until)) }
                    state = .connecting(try ConnectAttempt(link.parameters(waitingUpTo: Self.timeout.connectTimeout)))
                case .connecting(let attempt):
                    guard attempt.isDone else { return .waiting(attempt.interest) }
                    state = try begin(attempt.take())
                case .beginning(let session, var drain, let until):
                    if case .waiting(var interest) = try drain.step(session) {
                        guard poller.now < until else { throw PgcopyError.unanswered(after: Self.timeout) }
                        interest.alarm = until
                        state = .beginning(session, drain, until: until)
                        return .waiting(interest)
                    }
                    if let error = drain.error { throw error }
                    return .open(session)
                }
            }
        } catch {
            if case .beginning(let session, _, _) = state { session.close() }
            let delay = backoff.delay()
            state = .resting(until: poller.now + delay)
            return .failed(error, delay: delay)
        }
    }

    private func begin(_ connection: Connection?) throws -> State {
        guard let connection, connection.isUsable else {
            throw link.failure(connection)
        }
        let session = try Session(connection, label: link.label, poller: poller)
        onSession(session)
        let statements = session.pinningSettings + "; " + Session.listenStatements(channels)
        try session.announce(statements)
        try connection.sendQuery(statements)
        return .beginning(session, StatementDrain(), until: poller.now + Self.timeout)
    }
}
