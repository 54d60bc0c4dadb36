// Connections of a transfer: passwords, all servers at once.

extension Transfer {
    /// Opens a session for every server of the request; nothing is sent over it yet.
    func openSessions() throws {
        let servers = ([source] + destinations).filter(\.endpoint.isServer)
        var links = servers.compactMap { ServerLink(server: $0.endpoint) }
        var connector = LinkConnector(poller: poller)
        connector.asksPasswordsFirst = request.asksPasswordsFirst
        connector.connectTimeout = connectTimeout
        connector.holdsInTransaction = true
        connector.password = password
        connector.tellWaiting = { [sink] label in sink?.receive(.waiting(for: "the server to answer", at: label)) }
        connector.tellInterval = request.reportInterval ?? .seconds(1)
        let connections = try connector.connect(&links)
        try noteFailures(zip(servers, connections))
        for (index, side) in servers.enumerated() where side.isActive {
            try attributing(to: side) {
                let connection = try connections[index].get()
                side.server = Server(links[index], connection)
                side.sessions = [try openSession(side, connection)]
            }
        }
    }

    var connectTimeout: Int? { request.timeout?.connectTimeout }

    private func noteFailures(_ results: some Sequence<(Side, Result<Connection, PgcopyError>)>) throws {
        var first: PgcopyError?
        for (server, result) in results {
            guard case .failure(let failure) = result else { continue }
            if !server.isSource, request.keepGoing {
                drop(server, failure)
            } else {
                server.error = failure
                first = first ?? .of(failure, at: server.label)
            }
        }
        if let first { throw first }
    }

    func openSession(_ side: Side, _ connection: Connection) throws -> Session {
        let session = try Session(connection, label: side.label, poller: poller)
        session.onNotice = { [sink] session, notice in sink?.receive(.notice(notice, at: session.label)) }
        session.onStatement = { [sink] session, sql in sink?.receive(.statement(sql, at: session.label)) }
        session.inquire = { [unowned self, unowned session] in
            guard let server = side.server else { return Inquiry { .answered(true) } }
            let preparation = participants.first { $0.preparation.session === session }?.preparation
            return isAtWork(preparation?.backendPID ?? connection.backendPID, server)
        }
        return session
    }

    private func isAtWork(_ pid: Int32, _ server: Server) -> Inquiry {
        Inquiry.isAtWork(pid, server.parameters(waitingUpTo: connectTimeout), open: opening(server))
    }

    func opening(_ server: Server) -> (Connection) throws -> Session {
        { [poller, sink] connection in
            let session = try Session(connection, label: server.label, poller: poller)
            session.onStatement = { session, sql in sink?.receive(.statement(sql, at: session.label)) }
            return session
        }
    }
}
