// Brings a connection to the end of what it was told to do, wherever it stands.

/// Collects the results of what is under way until the server is ready for the next statement.
/// COPY data on the way is discarded, and a COPY that waits for data is failed.
struct StatementDrain {
    /// What the statements gave.
    private(set) var results: [QueryResult] = []
    /// The first error among them.
    private(set) var error: PgcopyError?

    private var copyingOut = false

    /// Goes on as far as it can without waiting. Throws only when the connection is lost.
    /// - Parameter limit: bytes of COPY data to discard before others have their turn.
    mutating func step(_ session: Session, discarding limit: Int = .max) throws(PgcopyError) -> Step {
        var discarded = 0
        let connection = session.connection
        // On a connection that is lost libpq sends nothing more, but still gives out the server's last words.
        if connection.isUsable, try !connection.flush() {
            // Both ways: a server that cannot send does not read either.
            try session.takeInput()
            return .waiting(Interest(connection.socket, [.read, .write]))
        }
        var consumed = false
        while true {
            if copyingOut {
                switch try connection.getCopyData() {
                case .message(let message):
                    discarded += message.count
                    if discarded < limit { continue }
                    return .waiting(Interest(connection.socket, .read, alarm: session.poller.now))
                case .end: copyingOut = false
                case .wouldBlock:
                    if consumed { return .waiting(Interest(connection.socket, .read)) }
                    try session.takeInput()
                    consumed = true
                }
                continue
            }
            if connection.isBusy {
                if consumed { return .waiting(Interest(connection.socket, .read)) }
                try session.takeInput()
                consumed = true
                continue
            }
            guard let result = connection.nextResult() else {
                session.deliverNotifications()
                return .done
            }
            consumed = false
            try take(result, connection)
            if case .copyIn = result.status, try !connection.flush() {
                return .waiting(Interest(connection.socket, [.read, .write]))
            }
        }
    }

    private mutating func take(_ result: QueryResult, _ connection: Connection) throws(PgcopyError) {
        switch result.status {
        case .copyOut: copyingOut = true
        case .copyIn: try connection.putCopyEnd(failing: "no data is to be copied")
        case .copyBoth: throw PgcopyError(.connectionLost, "the server speaks replication")
        case .fatalError:
            let failure = result.error(connectionLost: !connection.isUsable)
            error = error ?? failure
            // libpq repeats itself for ever on a connection that is gone.
            if !connection.isUsable, let failure { throw failure }
        case .emptyQuery, .commandOK, .tuplesOK, .pipelineSync, .pipelineAborted: break
        }
        results.append(result)
    }
}
