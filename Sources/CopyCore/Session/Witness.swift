// A second connection to a server, to ask what its backends are at.

/// Connects and asks without ever waiting; made for one question, or for the same again and again.
final class Witness {
    private enum Phase {
        case connecting(ConnectAttempt)
        case ready(Session)
        /// One statement of a round after the other; the last one but one is the question.
        case asking(Session, QueryWork, rest: ArraySlice<Statement>, result: QueryResult?)
        case lost
    }

    private struct Statement {
        var sql: String
        var parameters: [String?] = []
    }

    private var phase: Phase
    private let open: (Connection) throws -> Session

    /// How long each answer may take.
    private static let timeout = Duration.seconds(2)

    /// Begins to connect.
    /// - Parameters:
    ///   - parameters: how to connect to the very server.
    ///   - open: makes a session of the connection.
    init(_ parameters: [ServerLink.Parameter], open: @escaping (Connection) throws -> Session) throws {
        phase = .connecting(try ConnectAttempt(parameters))
        self.open = open
    }

    deinit { close() }

    /// Goes on with the question until its answer is there.
    /// - Throws: where the server cannot be asked, or does not answer: it is asked no more then.
    func ask(_ sql: String, _ parameters: [String?]) throws -> (result: QueryResult?, waiting: Interest?) {
        do {
            if case .connecting(let attempt) = phase {
                guard attempt.isDone else { return (nil, attempt.interest) }
                guard let connection = attempt.take(), connection.isUsable else {
                    throw PgcopyError(.unreachable, "no connection was made")
                }
                phase = .ready(try open(connection))
            }
            if case .ready(let session) = phase { phase = try next(session, Self.round(sql, parameters), nil) }
            while case .asking(let session, var work, let rest, let result) = phase {
                let (answer, waiting) = try work.step()
                phase = .asking(session, work, rest: rest, result: result)
                if let waiting { return (nil, waiting) }
                guard !rest.isEmpty else {
                    phase = .ready(session)
                    return (result, nil)
                }
                phase = try next(session, rest, answer)
            }
            throw PgcopyError(.connectionLost, "the connection was lost")
        } catch {
            close()
            throw error
        }
    }

    /// All in one transaction that waits for nobody, whatever the role's settings are, and leaves nothing: the session behind a pooler is another client's afterwards. A role that is set
    /// by default would not see the backends of who has logged in.
    ///
    /// Whoever is not waited for any more ends by itself; and no question here is worth compiling, which takes seconds of a core.
    private static func round(_ sql: String, _ parameters: [String?]) -> ArraySlice<Statement> {
        [
            Statement(sql: "BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY NOT DEFERRABLE"),
            Statement(sql: "SET LOCAL statement_timeout = '\(Int(timeout.seconds))s'"),
            Statement(sql: "SET LOCAL jit = off"),
            Statement(sql: "SET LOCAL ROLE NONE"),
            Statement(sql: "SET LOCAL search_path TO pg_catalog, pg_temp"),
            Statement(sql: sql, parameters: parameters), Statement(sql: "ROLLBACK"),
        ]
    }

    private func next(_ session: Session, _ statements: ArraySlice<Statement>, _ result: QueryResult?) throws -> Phase {
        guard let next = statements.first else { return .ready(session) }
        let work = try QueryWork(next.sql, next.parameters, on: session, timeout: Self.timeout)
        return .asking(session, work, rest: statements.dropFirst(), result: result)
    }

    /// It is asked no more.
    func close() {
        switch phase {
        case .ready(let session), .asking(let session, _, _, _): session.close()
        case .connecting, .lost: break
        }
        phase = .lost
    }
}
