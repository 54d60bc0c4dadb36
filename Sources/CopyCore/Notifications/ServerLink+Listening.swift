// Links and their sessions for `listen` and `notify`.

extension ServerLink {
    /// The server of an endpoint.
    /// - Throws: `PgcopyError` with `.usage` where the endpoint is none, or names a table.
    public init(_ endpoint: Endpoint) throws(PgcopyError) {
        // Who only listens never sends, and would not notice for hours that nobody is there any more.
        let keepalives = [("keepalives_idle", "60"), ("keepalives_interval", "10"), ("keepalives_count", "3")]
        guard let link = ServerLink(server: endpoint, defaults: keepalives) else {
            throw PgcopyError(.usage, "\(endpoint.label) is not a server")
        }
        guard case .server(_, nil) = endpoint.kind else {
            throw PgcopyError(.usage, "\(endpoint.label) names a table; a connection is wanted here")
        }
        self = link
    }
}

extension LinkConnector {
    /// Opens sessions whose settings are pinned, as `open` does.
    public func openPinned(_ links: inout [ServerLink]) throws -> [Session] {
        try open(&links) { session in try session.run(session.pinningSettings) }
    }
}

extension Session {
    /// The statements it begins with.
    var pinningSettings: String { SessionSettings.statements(connection, pinsMoney: false) }
}
