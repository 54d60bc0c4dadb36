// Sessions on many servers at once, pinned.

/// Opens a session for each link, side by side.
public struct SessionOpener {
    /// Some connections could not be made.
    public struct Failure: Error {
        /// Whose, by label, and why.
        public let reasons: [(label: String, error: any Error)]
        /// The connections were made, but the servers refused what was to be done over them.
        public var isRefusal = false
    }

    /// Called with each session before its first statement.
    public var prepare: (Session) -> Void = { _ in }
    private let connector: LinkConnector

    /// An opener of sessions on the connections of a connector.
    public init(_ connector: LinkConnector) { self.connector = connector }

    /// Opens the sessions, in the order of the links, which keep the passwords.
    /// - Throws: `Failure` naming every link that failed; all connections are closed then.
    public func open(_ links: inout [ServerLink]) throws -> [Session] {
        let connections = try connector.connect(&links)
        var sessions: [Session] = []
        var failures: [(label: String, error: any Error)] = []
        for (link, result) in zip(links, connections) {
            do {
                let connection = try result.get()
                let session = try Session(connection, label: link.label, poller: connector.poller)
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
}
