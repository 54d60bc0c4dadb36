// A connection in few words: where it leads, not how.

/// What a connection string says, as libpq takes it, in the form `host:port/database`.
struct ConnectionLabel {
    private let values: [String: String]

    /// - Parameter values: what is said of each keyword; nothing that may not be shown.
    init(_ values: [String: String]) { self.values = values.filter { !$0.value.isEmpty } }

    /// Where it leads: `host:port/database`, `service=eu`; nil where nothing is said of that.
    var place: String? {
        if values["service"] != nil { return words(["service", "host", "hostaddr", "port", "dbname"]) }
        let servers = servers
        guard let database = values["dbname"] else { return servers.isEmpty ? nil : servers }
        return servers.isEmpty ? database : servers + "/" + database
    }

    /// The same with the user: what tells two of one place apart. Nil where none is named.
    var placeOfUser: String? {
        guard let user = values["user"], place != nil else { return nil }
        if values["service"] != nil { return words(["service", "host", "hostaddr", "port", "dbname", "user"]) }
        let servers = servers
        return "\(user)@\(servers)" + (values["dbname"].map { "/\($0)" } ?? "")
    }

    /// Whom the server asks for a password, and where.
    var login: String? {
        guard let user = values["user"] else { return place }
        return "user \(user)" + (place.map { " at \($0)" } ?? "")
    }

    /// Besides a service only what overrides it is said.
    private func words(_ keywords: [String]) -> String {
        keywords.compactMap { keyword in
            values[keyword].map { $0.contains(" ") ? "\(keyword)='\($0)'" : "\(keyword)=\($0)" }
        }.joined(separator: " ")
    }

    private var servers: String {
        func elements(_ keyword: String) -> [Substring] {
            values[keyword]?.split(separator: ",", omittingEmptySubsequences: false) ?? []
        }
        var hosts = elements("host")
        if hosts.isEmpty { hosts = elements("hostaddr") }
        let ports = elements("port").map { port in String(port.filter { $0 != " " }) }
        if hosts.isEmpty { hosts = ports.map { _ in "" } }
        return hosts.enumerated().map { place, host in
            // One port is every host's.
            let port = ports.count == 1 ? ports[0] : place < ports.count ? ports[place] : ""
            return Self.shown(host) + (port.isEmpty ? "" : ":\(port)")
        }.joined(separator: ",")
    }

    /// A folder of sockets as psql's prompt shows one; an address whose colons are no port's in brackets.
    private static func shown(_ host: Substring) -> String {
        if host.hasPrefix("/") || host.hasPrefix("@") { return "[local:\(host)]" }
        return host.contains(":") ? "[\(host)]" : String(host)
    }
}
