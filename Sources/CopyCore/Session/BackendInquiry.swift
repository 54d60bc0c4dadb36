// Whether a backend is at work: asked over a connection of its own, which it may have to wait for.

/// A statement with parameters as work that never waits.
struct QueryWork {
    private let session: Session
    private let deadline: Instant
    private let timeout: Duration
    private var drain = StatementDrain()

    /// Sends it.
    init(_ sql: String, _ parameters: [String?], on session: Session, timeout: Duration) throws {
        try session.requireIdle()
        try PipelineMessage.statement(sql, parameters).send(by: session)
        self.session = session
        self.timeout = timeout
        deadline = session.poller.now + timeout
    }

    /// The result once it is there.
    /// - Throws: `PgcopyError` with `.server`, `.unanswered`; the connection is closed then.
    mutating func step() throws -> (result: QueryResult?, waiting: Interest?) {
        do {
            if case .waiting(var interest) = try drain.step(session) {
                guard session.poller.now < deadline else { throw PgcopyError.unanswered(after: timeout) }
                interest.alarm = earliest(interest.alarm, deadline)
                return (nil, interest)
            }
        } catch {
            session.close()
            throw error
        }
        if let error = drain.error { throw error }
        return (drain.results.last, nil)
    }
}

extension Inquiry {
    /// Whether a backend is at work, or waits for its client: then it is the way there that is blocked. What cannot be
    /// asked is not at work.
    /// - Parameters:
    ///   - parameters: how to connect to its server.
    ///   - open: makes a session of the connection.
    static func isAtWork(
        _ pid: Int32, _ parameters: [ServerLink.Parameter], open: @escaping (Connection) throws -> Session
    ) -> Inquiry {
        enum Phase {
            case connecting(ConnectAttempt)
            /// A role that was set by default would not see the backends of who has logged in.
            case settingRole(Session, QueryWork)
            case asking(Session, QueryWork)
        }
        var phase: Phase?
        return Inquiry {
            do {
                if phase == nil { phase = .connecting(try ConnectAttempt(parameters)) }
                if case .connecting(let attempt) = phase {
                    guard attempt.isDone else { return .waiting(attempt.interest) }
                    guard let connection = attempt.take(), connection.isUsable else { return .answered(false) }
                    let session = try open(connection)
                    phase = .settingRole(session, try QueryWork("SET ROLE NONE", [], on: session, timeout: .seconds(2)))
                }
                if case .settingRole(let session, var work) = phase {
                    let (_, waiting) = try work.step()
                    phase = .settingRole(session, work)
                    if let waiting { return .waiting(waiting) }
                    // Without track_activities only the wait is known.
                    let sql = """
                        SELECT 1 FROM pg_catalog.pg_stat_activity \
                        WHERE pid OPERATOR(pg_catalog.=) $1 AND state OPERATOR(pg_catalog.=) ANY ('{active,disabled}') \
                        AND (wait_event_type IS NULL OR wait_event_type OPERATOR(pg_catalog.<>) 'Client')
                        """
                    phase = .asking(session, try QueryWork(sql, ["\(pid)"], on: session, timeout: .seconds(2)))
                }
                guard case .asking(let session, var work) = phase else { return .answered(false) }
                let (result, waiting) = try work.step()
                phase = .asking(session, work)
                if let waiting { return .waiting(waiting) }
                session.close()
                return .answered((result?.rowCount ?? 0) > 0)
            } catch {
                return .answered(false)
            }
        }
    }
}
