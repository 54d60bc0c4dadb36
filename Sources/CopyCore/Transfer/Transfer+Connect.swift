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
                side.session = try openSession(links[index], connection)
            }
        }
    }

    private var connectTimeout: Int? { request.timeout?.connectTimeout }

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

    private func openSession(_ link: ServerLink, _ connection: Connection) throws -> Session {
        let session = try Session(connection, label: link.label, poller: poller)
        session.onNotice = { [sink] session, notice in sink?.receive(.notice(notice, at: session.label)) }
        session.onStatement = { [sink] session, sql in sink?.receive(.statement(sql, at: session.label)) }
        let server = Server(link, connection)
        session.inquire = { [unowned self, unowned session] in
            let preparation = participants.first { $0.preparation.session === session }?.preparation
            return isAtWork(preparation?.backendPID ?? connection.backendPID, server)
        }
        return session
    }

    private func isAtWork(_ pid: Int32, _ server: Server) -> Inquiry {
        Inquiry.isAtWork(pid, server.parameters(waitingUpTo: connectTimeout), open: opening(server))
    }

    private func opening(_ server: Server) -> (Connection) throws -> Session {
        { [poller, sink] connection in
            let session = try Session(connection, label: server.label, poller: poller)
            session.onStatement = { session, sql in sink?.receive(.statement(sql, at: session.label)) }
            return session
        }
    }

    // MARK: Who waits for whom

    /// Watches over the whole run.
    func makeLockWatch() -> LockWatch {
        LockWatch(
            poller, interval: request.reportInterval ?? .seconds(1), lockTimeout: request.lockTimeout,
            timeout: request.timeout, mark: { [unowned self] in lockMark }, watched: { [unowned self] in watched },
            open: { [unowned self] server in
                // A server that does not answer is asked no longer than it may take to answer.
                try Witness(server.parameters(waitingUpTo: connectTimeout ?? 5), open: opening(server))
            },
            tell: { [sink] wait, side in sink?.receive(.waitingForLock(wait, at: side.label)) },
            tellAbroad: { [sink] waiting, holder, visitor in
                let what = "a foreign server; there \(visitor.shown) waits for \(holder.label) of the same run"
                sink?.receive(.waiting(for: what, at: waiting.label))
            },
            tellUnasked: { [sink] error, side in
                sink?.receive(.waiting(for: "the server; whom it waits for cannot be asked: \(error)", at: side.label))
            },
            drop: { [unowned self] side, error in goOnWithout(side, error) })
    }

    private var watched: [LockWatch.Watched] {
        var first: [Participant] = []
        return participants.filter(\.isActive).compactMap { participant in
            guard let session = participant.side.session, session.connection.isUsable,
                let server = participant.side.server
            else { return nil }
            let group = first.firstIndex { $0.isOnServer(of: participant) } ?? first.count
            if group == first.count { first.append(participant) }
            return LockWatch.Watched(
                side: participant.side, pid: participant.preparation.backendPID ?? session.connection.backendPID,
                trace: participant.preparation.backendPID == nil ? participant.preparation.trace : "",
                server: server, group: group, rests: rests(participant.side), holdsUp: holdsUp(participant.side),
                tables: Dictionary(
                    participant.preparation.found.map {
                        ("\(participant.located.server.database)/\($0.oid)", $0.name.parts.joined(separator: "."))
                    }
                ) { first, _ in first })
        }
    }
}
