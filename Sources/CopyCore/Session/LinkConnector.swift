// Connections to servers that people name: the one place that makes many, side by side.

/// Connects links, each as soon as its password is known.
///
/// libpq waits while it resolves names, tries one host after the other and keeps `connect_timeout`, so each
/// connection is made on a thread of its own while this one stays interruptible.
public struct LinkConnector {
    /// Ask for every server's password before connecting, not only when it wants one.
    public var asksPasswordsFirst = false
    /// Asked for a password, by who logs in where, `user bob at host:port/database`; nil: none is to be had.
    public var password: (_ login: String) -> String? = { _ in nil }
    /// Where a server has no such database it is asked which one was meant.
    public var advises = true
    /// Called with each session before its first statement.
    public var onSession: (Session) -> Void = { _ in }
    /// Called with the label of each server that has not answered yet: after a second, and as often as `tellInterval`.
    var tellWaiting: (_ label: String) -> Void = { _ in }
    var tellInterval = Duration.seconds(1)
    /// Seconds a try may take where the user set no `connect_timeout`.
    var connectTimeout: Int?
    /// Connections that wait for others are held in a transaction, so that no idle_session_timeout ends them.
    var holdsInTransaction = false
    /// Where it waits.
    let poller: any Poller

    /// A connector that waits by this poller.
    public init(poller: any Poller) { self.poller = poller }

    /// Opens a session for each link, in their order. The links keep the passwords.
    /// - Parameter begin: gives a session its first statements.
    /// - Throws: `PgcopyError` with `.unreachable` and a cause for every link that failed; all connections are closed then.
    public func open(_ links: inout [ServerLink], begin: (Session) throws -> Void = { _ in }) throws -> [Session] {
        let connections = try connect(&links)
        var sessions: [Session] = []
        var failures: [PgcopyError] = []
        for (link, result) in zip(links, connections) {
            do {
                let session = try Session(result.get(), label: link.label, poller: poller)
                onSession(session)
                try begin(session)
                sessions.append(session)
            } catch let interrupted as Interrupted {
                throw interrupted
            } catch {
                failures.append(.of(error, at: link.label))
            }
        }
        guard failures.isEmpty else {
            for session in sessions { session.close() }
            throw PgcopyError.several(.unreachable, failures)
        }
        return sessions
    }

    /// Connects all of them, in the order given. The links keep the passwords.
    /// - Returns: for each link its connection, or why there is none, without any password.
    public func connect(_ links: inout [ServerLink]) throws -> [Result<Connection, PgcopyError>] {
        // They hear notices until the sessions proper do.
        var held: [Session] = []
        if asksPasswordsFirst {
            for index in links.indices { links[index].password = try askPassword(links[index]) }
        }
        var results = [Result<Connection, PgcopyError>](
            repeating: .failure(PgcopyError(.unreachable, "no connection was made")), count: links.count)
        var open = Array(links.indices)
        while !open.isEmpty {
            let made = try connect(
                open.map { links[$0].parameters(waitingUpTo: connectTimeout) },
                tellWaiting: { tellWaiting(links[open[$0]].label) }
            ) { place, connection in
                try hold(connection, links[open[place]].label, &held)
            }
            var again: [Int] = []
            // To type a password takes its time.
            if made.contains(where: \.needsPassword) {
                for (index, connection) in zip(open, made) { try hold(connection, links[index].label, &held) }
            }
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
        if advises { try nameNearDatabases(links, &results) }
        return results
    }

    /// Connects with each set of parameters; a failed attempt gives a connection that is not `isUsable`.
    /// libpq: PQconnectdbParams.
    /// - Parameters:
    ///   - tellWaiting: called with each that is waited for.
    ///   - keptWaiting: called with each that waits for the others.
    func connect(
        _ all: [[ServerLink.Parameter]], tellWaiting: (Int) -> Void = { _ in },
        keptWaiting: (Int, Connection) throws -> Void = { _, _ in }
    ) throws -> [Connection] {
        var telling = poller.now + 1
        let attempts = try all.map { parameters in try ConnectAttempt(parameters) }
        var made: [Connection?] = attempts.map { _ in nil }
        func take() {
            for (place, attempt) in attempts.enumerated() where made[place] == nil && attempt.isDone {
                made[place] = attempt.take()
            }
        }
        while try !poller.run(attempts, until: poller.now + Self.holdDelay) {
            take()
            let now = poller.now
            let tells = telling <= now
            if tells { telling = now + max(tellInterval, .seconds(1)) }
            for (place, connection) in made.enumerated() {
                if let connection { try keptWaiting(place, connection) } else if tells { tellWaiting(place) }
            }
        }
        take()
        return try made.map { connection in
            guard let connection else { throw PgcopyError(.unexpected, "no connection was made") }
            return connection
        }
    }

    /// Seconds after which whoever is connected is held: hardly any idle_session_timeout is shorter.
    private static let holdDelay = 0.5

    /// Begins a transaction that nothing ends; whoever uses the connection ends it.
    private func hold(_ connection: Connection, _ label: String, _ held: inout [Session]) throws {
        guard holdsInTransaction, connection.isUsable, connection.transactionStatus == .idle,
            ServerVersion(connection.serverVersion).endsIdleSessions
        else { return }
        let session = try Session(connection, label: label, poller: poller)
        held.append(session)
        let settings = SessionSettings.first(connection).map { "; " + $0 }.joined()
        do {
            try session.run("BEGIN READ ONLY" + settings, timeout: connectTimeout.map { .seconds($0) })
        } catch let interrupted as Interrupted {
            throw interrupted
        } catch {
            // It is told where its first question goes.
        }
    }

    private func askPassword(_ link: ServerLink) throws -> String? {
        let answer = password(link.login)
        try poller.checkInterruption()
        return answer
    }
}

// MARK: Databases that are not there

extension LinkConnector {
    /// Where a server has no such database it is asked, by that of the name postgres, which one was meant.
    private func nameNearDatabases(
        _ links: [ServerLink], _ results: inout [Result<Connection, PgcopyError>]
    ) throws {
        let places = results.indices.filter { place in
            guard case .failure(let error) = results[place], error.hint == nil, links[place].database != nil else {
                return false
            }
            return ConnectionAdvice.lacksDatabase(error.message)
        }
        guard !places.isEmpty else { return }
        let made = try connect(places.map { links[$0].parameters(waitingUpTo: 2) + [("dbname", "postgres")] })
        for (place, connection) in zip(places, made) where connection.isUsable {
            guard case .failure(let error) = results[place], let name = links[place].database,
                let session = try? Session(connection, label: links[place].label, poller: poller)
            else { continue }
            defer { session.close() }
            let sql = "SELECT datname FROM pg_catalog.pg_database WHERE datallowconn AND NOT datistemplate ORDER BY 1"
            let answer = try? session.query(sql, timeout: .seconds(2))
            let names = answer.map { answer in (0..<answer.rowCount).compactMap { answer.name($0, 0) } } ?? []
            guard let near = NearestWord.find(name, among: names), HarmlessValue.isDatabase(near) else { continue }
            results[place] = .failure(error.advised(hint: "did you mean the database \(near)?"))
        }
    }
}
