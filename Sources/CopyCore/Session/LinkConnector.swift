// Connections to servers that people name: the one place that makes many, side by side.

/// Connects links, each as soon as its password is known.
///
/// libpq waits while it resolves names, tries one host after the other and keeps `connect_timeout`, so each
/// connection is made on a thread of its own while this one stays interruptible.
public struct LinkConnector {
    /// Some sessions could not be opened.
    public struct Failure: Error {
        /// Whose, by label, and why.
        public let reasons: [(label: String, error: any Error)]
        /// The connections were made, but the servers refused what was to be done over them.
        public var isRefusal = false
    }

    /// Ask for every server's password before connecting, not only when it wants one.
    public var asksPasswordsFirst = false
    /// Asked for a password, by the label of the server; nil: none is to be had.
    public var password: (_ label: String) -> String? = { _ in nil }
    /// Called with each session before its first statement.
    public var prepare: (Session) -> Void = { _ in }
    /// Seconds a try may take where the user set no `connect_timeout`.
    var connectTimeout: Int?
    /// Where it waits.
    let poller: any Poller

    /// A connector that waits by this poller.
    public init(poller: any Poller) { self.poller = poller }

    /// Opens a session for each link, in their order. The links keep the passwords.
    /// - Parameter begin: gives a session its first statements.
    /// - Throws: `Failure` naming every link that failed; all connections are closed then.
    public func open(_ links: inout [ServerLink], begin: (Session) throws -> Void = { _ in }) throws -> [Session] {
        let connections = try connect(&links)
        var sessions: [Session] = []
        var failures: [(label: String, error: any Error)] = []
        for (link, result) in zip(links, connections) {
            do {
                let session = try Session(result.get(), label: link.label, poller: poller)
                prepare(session)
                try begin(session)
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
            let made = try connect(open.map { links[$0].parameters(waitingUpTo: connectTimeout) })
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

    /// Connects with each set of parameters; a failed attempt gives a connection that is not `isUsable`.
    /// libpq: PQconnectdbParams.
    func connect(_ all: [[ServerLink.Parameter]]) throws -> [Connection] {
        let attempts = try all.map { parameters in try ConnectAttempt(parameters) }
        try poller.run(attempts)
        return try attempts.map { attempt in
            guard let connection = attempt.take() else { throw PQError(message: "no connection was made") }
            return connection
        }
    }

    private func askPassword(_ link: ServerLink) throws -> String? {
        let answer = password(link.label)
        try poller.checkInterruption()
        return answer
    }
}

/// Why there is no connection to a server.
public struct ConnectFailure: Error, Sendable, Hashable, CustomStringConvertible {
    /// libpq's words, without what may be a password.
    public let description: String

    /// A failure with libpq's words.
    public init(_ description: String) { self.description = description }
}
