// Sessions on servers that people name: passwords asked for, all connected side by side.

/// Opens a session for each of several endpoints.
public struct EndpointSessions {
    /// Ask for every server's password before connecting, not only when it wants one.
    public var asksPasswordsFirst = false
    /// Asked for the password of an endpoint; nil when none can be had.
    public var password: (_ label: String) -> String? = { _ in nil }
    private let poller: any Poller

    /// An opener that waits by this poller.
    public init(poller: any Poller) { self.poller = poller }

    private struct Link {
        let conninfo: String
        let label: String
        var password: String?
        var connection: Connection?

        /// What comes after the connection string overrides it.
        var parameters: [(keyword: String, value: String)] {
            [("dbname", conninfo), ("client_encoding", "UTF8"), ("application_name", "pgcopy")]
                + (password.map { [("password", $0)] } ?? [])
        }
    }

    /// Connects to all, in the order given.
    /// - Returns: for each endpoint its session, or why there is none, without any password.
    public func open(_ endpoints: [Endpoint]) throws -> [Result<Session, ConnectFailure>] {
        var links = endpoints.map { endpoint in
            guard case .server(let conninfo, _) = endpoint.kind else {
                preconditionFailure("only a server has sessions")
            }
            return Link(conninfo: conninfo, label: endpoint.label)
        }
        if asksPasswordsFirst {
            for index in links.indices { links[index].password = try password(for: links[index]) }
        }
        var open = Array(links.indices)
        while !open.isEmpty {
            let made = try Connector(poller: poller).connect(open.map { links[$0].parameters })
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
        return try links.map { link in
            guard let connection = link.connection, connection.isUsable else {
                return .failure(ConnectFailure(link.connection?.errorMessage ?? "no connection was made"))
            }
            return .success(try Session(connection, label: link.label, poller: poller))
        }
    }

    private func password(for link: Link) throws -> String? {
        let password = password(link.label)
        try poller.checkInterruption()
        return password
    }
}
