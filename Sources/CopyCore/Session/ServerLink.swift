// A server as it was named, and how to connect to it, again and again.

internal import Glibc

/// What it takes to connect to a server.
public struct ServerLink: Sendable {
    /// One of libpq's parameters.
    public typealias Parameter = (keyword: String, value: String)

    /// How messages name it; never holds a password.
    public let label: String
    /// Who logs in where, for whoever is asked for the password: `user bob at host:port/database`.
    let login: String
    let conninfo: String
    /// What the connection string is preferred to.
    private let defaults: [Parameter]
    /// What is preferred to the connection string.
    private let overrides: [Parameter]
    /// Asked for, or nil.
    var password: String?

    /// The server of an endpoint; nil where it is none.
    /// - Parameters:
    ///   - defaults: parameters that give way to the connection string.
    ///   - overrides: parameters that it gives way to.
    ///   - isNamed: its application_name is pgcopy.
    public init?(
        server endpoint: Endpoint, defaults: [Parameter] = [], overrides: [Parameter] = [], isNamed: Bool = true
    ) {
        guard case .server(let conninfo, _) = endpoint.kind else { return nil }
        label = endpoint.label
        login = endpoint.names.login
        self.conninfo = conninfo
        self.defaults = defaults
        self.overrides = overrides + (isNamed ? [("application_name", "pgcopy")] : [])
    }

    /// Why there is no connection, in libpq's words or the server's, without any password.
    func failure(_ connection: Connection?) -> PgcopyError {
        guard let connection else {
            return PgcopyError(.unreachable, "no connection was made", endpoint: label)
        }
        let isName = !Endpoint.isURI(conninfo) && !Endpoint.isKeywordString(conninfo)
        let scrubber =
            isName
            ? MessageScrubber(database: conninfo) : MessageScrubber(ShownConnection(conninfo), password: password)
        let message = connection.errorMessage
        var said = isName ? ["dbname": conninfo] : ShownConnection(conninfo).values
        // What is not shown was said all the same.
        for parameter in plainParameters where said[parameter.keyword] == nil { said[parameter.keyword] = "" }
        let hint =
            isName && conninfo.hasFileExtension
            ? "it is taken for a database's name; for a file write ./\(conninfo)"
            : ConnectionAdvice.hint(
                message, said: said, wantedPassword: connection.needsPassword && password == nil)
        return PgcopyError(.unreachable, scrubber.scrubbed(message), hint: hint, endpoint: label)
    }

    /// The database that it names itself.
    var database: String? {
        guard Endpoint.isURI(conninfo) || Endpoint.isKeywordString(conninfo) else { return conninfo }
        return ShownConnection(conninfo).values["dbname"]
    }

    /// Which database it is, PGDATABASE says, or the user's name.
    var leavesDatabaseOpen: Bool {
        guard Endpoint.isURI(conninfo) || Endpoint.isKeywordString(conninfo) else { return false }
        return !plainParameters.contains { ["dbname", "service"].contains($0.keyword) }
    }

    /// What the connection string says, without passwords.
    var plainParameters: [Parameter] {
        guard Endpoint.isURI(conninfo) || Endpoint.isKeywordString(conninfo),
            case .success(let parameters) = ConnectionString.parse(conninfo)
        else { return conninfo.isEmpty ? [] : [("dbname", conninfo)] }
        return parameters.filter { !Redaction.secretKeywords.contains($0.keyword) && $0.keyword != "application_name" }
    }

    /// libpq takes the last of what is said twice.
    /// - Parameter timeout: seconds a try may take where the user set no `connect_timeout`.
    func parameters(waitingUpTo timeout: Int?) -> [Parameter] {
        var parameters = defaults
        if let timeout, unsafe getenv("PGCONNECT_TIMEOUT") == nil {
            parameters.append(("connect_timeout", "\(timeout)"))
        }
        parameters.append(("dbname", conninfo))
        parameters += overrides
        if let password { parameters.append(("password", password)) }
        return parameters
    }
}

extension String {
    /// As orders.csv has one.
    fileprivate var hasFileExtension: Bool {
        guard let dot = utf8.lastIndex(of: UInt8(ascii: ".")), dot != startIndex else { return false }
        let rest = utf8[utf8.index(after: dot)...]
        return (1...5).contains(rest.count)
            && rest.allSatisfy { UInt8(ascii: "a") <= $0 | 0x20 && $0 | 0x20 <= UInt8(ascii: "z") }
    }
}
