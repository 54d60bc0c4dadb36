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
        // Without track_activities only the wait is known.
        let sql = """
            SELECT 1 FROM pg_catalog.pg_stat_activity \
            WHERE pid OPERATOR(pg_catalog.=) $1 AND state OPERATOR(pg_catalog.=) ANY ('{active,disabled}') \
            AND (wait_event_type IS NULL OR wait_event_type OPERATOR(pg_catalog.<>) 'Client')
            """
        var witness: Witness?
        return Inquiry {
            do {
                if witness == nil { witness = try Witness(parameters, open: open) }
                guard let (result, waiting) = try witness?.ask(sql, ["\(pid)"]) else { return .answered(false) }
                if let waiting { return .waiting(waiting) }
                witness?.close()
                return .answered((result?.rowCount ?? 0) > 0)
            } catch {
                return .answered(false)
            }
        }
    }
}
