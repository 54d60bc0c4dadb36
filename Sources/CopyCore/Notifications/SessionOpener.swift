// Sessions on many servers at once: passwords, connections, settings.

/// Opens a session for each link, side by side.
public struct SessionOpener {
    /// Some connections could not be made.
    public struct Failure: Error {
        /// Whose, by label, and why.
        public let reasons: [(label: String, error: any Error)]
        /// The connections were made, but the servers refused what was to be done over them.
        public var isRefusal = false
    }

    /// Asks the user for a password, by the label of the server; nil: none is to be had.
    public var password: (String) -> String? = { _ in nil }
    /// Ask before connecting, not only when a server wants one.
    public var asksPasswordsFirst = false
    /// Called with each session before its first statement.
    public var prepare: (Session) -> Void = { _ in }

    private let poller: any Poller

    /// An opener that waits by this poller.
    public init(poller: any Poller) { self.poller = poller }

    /// Opens the sessions, in the order of the links, which keep the passwords.
    /// - Throws: `Failure` naming every link that failed; all connections are closed then.
    public func open(_ links: inout [ServerLink]) throws -> [Session] {
        if asksPasswordsFirst {
            for index in links.indices { links[index].password = try askPassword(links[index]) }
        }
        let connections = try connect(&links)
        var sessions: [Session] = []
        var failures: [(label: String, error: any Error)] = []
        for (link, connection) in zip(links, connections) {
            do {
                guard connection.isUsable else { throw ConnectFailure(connection.errorMessage) }
                let session = try Session(connection, label: link.label, poller: poller)
                prepare(session)
                try session.run(link.settings(connection))
                sessions.append(session)
            } catch let interrupted as Interrupted {
                throw interrupted
            } catch {
                failures.append((link.label, error))
            }
        }
        guard failures.isEmpty else {
            for session in sessions { session.close() }
            throw Failure(reasons: failures)
        }
        return sessions
    }

    private func connect(_ links: inout [ServerLink]) throws -> [Connection] {
        var connections: [Connection?] = Array(repeating: nil, count: links.count)
        var open = Array(links.indices)
        while !open.isEmpty {
            let made = try Connector(poller: poller).connect(open.map { links[$0].parameters(waitingUpTo: nil) })
            var again: [Int] = []
            for (index, connection) in zip(open, made) {
                connections[index] = connection
                // Asked for once, where none was given: a wrong one is the server's to refuse.
                if !connection.isUsable, connection.needsPassword, links[index].password == nil,
                    let password = try askPassword(links[index])
                {
                    links[index].password = password
                    again.append(index)
                }
            }
            open = again
        }
        return connections.compactMap { $0 }
    }

    private func askPassword(_ link: ServerLink) throws -> String? {
        let answer = password(link.label)
        try poller.checkInterruption()
        return answer
    }
}
