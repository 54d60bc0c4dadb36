// A second connection to a server, to ask what its backends are at.

/// Connects and asks without ever waiting; made for one question, or for the same again and again.
final class Witness {
    private enum Phase {
        case connecting(ConnectAttempt)
        /// A role that was set by default would not see the backends of who has logged in; names are the catalog's own.
        case preparing(Session, QueryWork, rest: [String])
        case ready(Session)
        case asking(Session, QueryWork)
        case lost
    }

    private var phase: Phase
    private let open: (Connection) throws -> Session

    /// How long each answer may take.
    private static let timeout = Duration.seconds(2)
    private static let settings = ["SET ROLE NONE", "SET search_path TO pg_catalog, pg_temp"]

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
                let session = try open(connection)
                phase = try prepare(session, Self.settings)
            }
            while case .preparing(let session, var work, let rest) = phase {
                let (_, waiting) = try work.step()
                phase = .preparing(session, work, rest: rest)
                if let waiting { return (nil, waiting) }
                phase = try prepare(session, rest)
            }
            if case .ready(let session) = phase {
                phase = .asking(session, try QueryWork(sql, parameters, on: session, timeout: Self.timeout))
            }
            guard case .asking(let session, var work) = phase else {
                throw PgcopyError(.connectionLost, "the connection was lost")
            }
            let (result, waiting) = try work.step()
            phase = waiting == nil ? .ready(session) : .asking(session, work)
            return (result, waiting)
        } catch {
            close()
            throw error
        }
    }

    private func prepare(_ session: Session, _ settings: [String]) throws -> Phase {
        guard let next = settings.first else { return .ready(session) }
        let work = try QueryWork(next, [], on: session, timeout: Self.timeout)
        return .preparing(session, work, rest: Array(settings.dropFirst()))
    }

    /// It is asked no more.
    func close() {
        switch phase {
        case .preparing(let session, _, _), .ready(let session), .asking(let session, _): session.close()
        case .connecting, .lost: break
        }
        phase = .lost
    }
}
