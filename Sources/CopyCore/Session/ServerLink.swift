// A server as it was named, and how to connect to it, again and again.

internal import Glibc

/// What it takes to connect to a server.
public struct ServerLink: Sendable {
    /// How messages name it; never holds a password.
    public let label: String
    let conninfo: String
    /// Asked for, or nil.
    var password: String?

    /// The server of an endpoint.
    /// - Throws: `EndpointError` where the endpoint is none, or names a table.
    public init(_ endpoint: Endpoint) throws(EndpointError) {
        guard case .server(let conninfo, let table) = endpoint.kind else {
            throw EndpointError("\(endpoint.label) is not a server")
        }
        guard table == nil else { throw EndpointError("\(endpoint.label) names a table; a connection is wanted here") }
        label = endpoint.label
        self.conninfo = conninfo
    }

    /// What comes before the connection string gives way to it, what comes after overrides it.
    func parameters(waitingUpTo timeout: Int?) -> [(keyword: String, value: String)] {
        // Who only listens never sends, and would not notice for hours that nobody is there any more.
        var parameters = [("keepalives_idle", "60"), ("keepalives_interval", "10"), ("keepalives_count", "3")]
        if let timeout, unsafe getenv("PGCONNECT_TIMEOUT") == nil {
            parameters.append(("connect_timeout", "\(timeout)"))
        }
        parameters += [("dbname", conninfo), ("application_name", "pgcopy")]
        if let password { parameters.append(("password", password)) }
        return parameters.map { (keyword: $0.0, value: $0.1) }
    }

    /// The statements a new session begins with.
    func settings(_ connection: Connection) -> String {
        SessionSettings.statements(serverVersion: connection.serverVersion, keepLockTimeout: true)
    }
}
