// Connections to servers that people name: passwords asked for, all made side by side.

/// Connects links, each as soon as its password is known.
public struct LinkConnector {
    /// Ask for every server's password before connecting, not only when it wants one.
    public var asksPasswordsFirst = false
    /// Asked for a password, by the label of the server; nil: none is to be had.
    public var password: (_ label: String) -> String? = { _ in nil }
    /// Seconds a try may take where the user set no `connect_timeout`.
    var connectTimeout: Int?
    /// Where it waits.
    let poller: any Poller

    /// A connector that waits by this poller.
    public init(poller: any Poller) { self.poller = poller }

    /// Connects all of them, in the order given. The links keep the passwords.
    /// - Returns: for each link its connection, or why there is none, without any password.
    public func connect(_ links: inout [ServerLink]) throws -> [Result<Connection, ConnectFailure>] {
        if asksPasswordsFirst {
            for index in links.indices { links[index].password = try askPassword(links[index]) }
        }
        var results = [Result<Connection, ConnectFailure>](
            repeating: .failure(ConnectFailure("no connection was made")), count: links.count)
        var open = Array(links.indices)
        while !open.isEmpty {
            let made = try Connector(poller: poller).connect(
                open.map { links[$0].parameters(waitingUpTo: connectTimeout) })
            var again: [Int] = []
            for (index, connection) in zip(open, made) {
                guard !connection.isUsable else {
                    results[index] = .success(connection)
                    continue
                }
                results[index] = .failure(links[index].failure(connection))
                // Asked for once, where none was given: a wrong one is the server's to refuse.
                if connection.needsPassword, links[index].password == nil,
                    let password = try askPassword(links[index])
                {
                    links[index].password = password
                    again.append(index)
                }
            }
            open = again
        }
        return results
    }

    private func askPassword(_ link: ServerLink) throws -> String? {
        let answer = password(link.label)
        try poller.checkInterruption()
        return answer
    }
}
