// Connections of a transfer: passwords, all servers at once, pinned sessions.

internal import Glibc

extension Transfer {
    /// A server of the request and what became of connecting to it.
    private struct Link {
        let endpoint: Endpoint
        let conninfo: String
        /// The destination's, nil for the source.
        let entry: Entry?
        var password: String?
        var connection: Connection?
    }

    /// Opens a session for every server of the request.
    func openSessions() throws {
        var links = self.links()
        if request.asksPasswordsFirst {
            for index in links.indices { links[index].password = try password(for: links[index]) }
        }
        var open = Array(links.indices)
        while !open.isEmpty {
            let made = try Connector(poller: poller).connect(open.map { parameters(links[$0]) })
            var again: [Int] = []
            for (index, connection) in zip(open, made) {
                links[index].connection = connection
                // Asked for once, where none was given: a wrong one is the server's to refuse.
                if !connection.isUsable, connection.needsPassword, links[index].password == nil,
                    let password = try password(for: links[index])
                {
                    links[index].password = password
                    again.append(index)
                }
            }
            open = again
        }
        try reportFailures(links)
        for link in links where link.entry?.isActive ?? true { try openSession(link) }
    }

    private func password(for link: Link) throws -> String? {
        let password = observer?.password(for: link.endpoint.label)
        try poller.checkInterruption()
        return password
    }

    private func links() -> [Link] {
        let endpoints: [(Endpoint, Entry?)] = [(request.source, nil)] + entries.map { ($0.endpoint, $0) }
        return endpoints.compactMap { endpoint, entry in
            guard case .server(let conninfo, _) = endpoint.kind else { return nil }
            return Link(endpoint: endpoint, conninfo: conninfo, entry: entry)
        }
    }

    /// What comes before the connection string gives way to it, what comes after overrides it.
    private func parameters(_ link: Link) -> [(keyword: String, value: String)] {
        var parameters: [(keyword: String, value: String)] = []
        if let timeout = connectTimeout, unsafe getenv("PGCONNECT_TIMEOUT") == nil {
            parameters.append(("connect_timeout", timeout))
        }
        parameters.append(("dbname", link.conninfo))
        parameters.append(("application_name", "pgcopy"))
        if let password = link.password { parameters.append(("password", password)) }
        return parameters
    }

    /// libpq takes whole seconds, 2 at least.
    private var connectTimeout: String? {
        request.timeout.map { "\(max(2, Int(min($0, 1e6).rounded(.up))))" }
    }

    private func reportFailures(_ links: [Link]) throws {
        var fatal = false
        for link in links {
            guard let connection = link.connection, !connection.isUsable else { continue }
            let failure = ConnectFailure(connection.errorMessage)
            if let entry = link.entry, request.keepGoing {
                try preparing(entry) { throw failure }
            } else if let entry = link.entry {
                entry.error = failure
                fatal = true
            } else {
                failingLabel = link.endpoint.label
                throw failure
            }
        }
        if fatal { throw ConnectFailure("not every destination can be reached") }
    }

    private func openSession(_ link: Link) throws {
        guard let connection = link.connection else { return }
        func open() throws {
            let session = try Session(connection, label: link.endpoint.label, poller: poller)
            session.onNotice = { [weak self] session, notice in self?.observer?.noticed(notice, at: session.label) }
            session.onStatement = { [weak self] session, sql in self?.observer?.stating(sql, at: session.label) }
            session.isServerWorking = { [unowned self, pid = connection.backendPID] in try isWorking(pid, link) }
            try session.run(
                SessionSettings.statements(
                    serverVersion: connection.serverVersion, keepLockTimeout: givesLockTimeout(link.conninfo)),
                within: request.timeout)
            if let entry = link.entry { entry.session = session } else { sourceSession = session }
        }
        if let entry = link.entry {
            try preparing(entry, open)
        } else {
            failingLabel = link.endpoint.label
            try open()
            failingLabel = nil
        }
    }

    /// Asks over a connection of its own whether a backend is at work, or waits for its client: then it is
    /// the way there that is blocked. What cannot be asked is not at work.
    private func isWorking(_ pid: Int32, _ link: Link) throws -> Bool {
        var parameters = parameters(link)
        if let connectTimeout { parameters.append(("connect_timeout", connectTimeout)) }
        // Of several hosts the very one: elsewhere the number is another backend's.
        if let connection = link.connection, !connection.host.isEmpty {
            parameters += [("host", connection.host), ("port", connection.port)]
        }
        do {
            guard let connection = try Connector(poller: poller).connect([parameters]).first, connection.isUsable
            else { return false }
            defer { connection.finish() }
            let session = try Session(connection, label: link.endpoint.label, poller: poller)
            session.onStatement = { [weak self] session, sql in self?.observer?.stating(sql, at: session.label) }
            let result = try session.query(
                """
                SELECT 1 FROM pg_catalog.pg_stat_activity \
                WHERE pid OPERATOR(pg_catalog.=) $1 AND state OPERATOR(pg_catalog.=) 'active' \
                AND wait_event_type IS DISTINCT FROM 'Client'
                """, ["\(pid)"], within: 2)
            return result.rowCount > 0
        } catch let interrupted as Interrupted {
            throw interrupted
        } catch {
            return false
        }
    }

    private func givesLockTimeout(_ conninfo: String) -> Bool {
        if let options = unsafe getenv("PGOPTIONS"),
            SessionSettings.givesLockTimeout(unsafe String(cString: options))
        {
            return true
        }
        guard case .success(let parameters) = ConnectionString.parse(conninfo) else { return false }
        return SessionSettings.givesLockTimeout(parameters.last { $0.keyword == "options" }?.value)
    }
}
