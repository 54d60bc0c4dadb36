// A session in one line.

extension Session {
    /// Connects by libpq's rules and opens a session. libpq: PQconnectdbParams. Where an answer or rows do not come within a
    /// timeout, whether its server is at work is asked over another connection.
    /// - Parameters:
    ///   - conninfo: a database's name, a URI or a keyword string, `service=NAME` for one.
    ///   - timeout: of a try, where the connection and PGCONNECT_TIMEOUT say none; whole seconds, 2 at least.
    ///   - poller: where the session waits.
    /// - Throws: `PgcopyError` with `.unreachable`, in the server's words or libpq's, without any password; `Interrupted`.
    public static func connect(
        _ conninfo: String, timeout: Duration? = nil, poller: any Poller = SystemPoller()
    ) throws -> Session {
        let endpoint = Endpoint(.server(conninfo: conninfo, table: nil), EndpointNames(server: conninfo))
        let label = endpoint.label
        guard let link = ServerLink(server: endpoint, isNamed: false)
        else { throw PgcopyError(.unreachable, "no connection was made") }
        var connector = LinkConnector(poller: poller)
        connector.connectTimeout = timeout?.connectTimeout
        var links = [link]
        let connection = try connector.connect(&links)[0].get()
        let session = try Session(connection, label: label, poller: poller)
        let (server, pid) = (Server(links[0], connection), connection.backendPID)
        session.inquire = {
            Inquiry.isAtWork(pid, server.parameters(waitingUpTo: (timeout ?? .seconds(10)).connectTimeout)) {
                connection in
                try Session(connection, label: label, poller: poller)
            }
        }
        return session
    }
}

extension Duration {
    /// As libpq takes it: whole seconds, 2 at least.
    var connectTimeout: Int { Int(max(2, min(seconds, 1e6)).rounded(.up)) }
}
