// Connecting: all servers at once, each by libpq's own rules.

/// Opens many connections side by side.
///
/// libpq waits while it resolves names, tries one host after the other and keeps `connect_timeout`, so each
/// connection is made on a thread of its own while this one stays interruptible.
public struct Connector {
    private let poller: any Poller

    /// A connector that waits by this poller.
    public init(poller: any Poller) { self.poller = poller }

    /// Connects with each set of parameters; a failed attempt gives a connection that is not `isUsable`.
    /// libpq: PQconnectdbParams.
    public func connect(_ all: [[(keyword: String, value: String)]]) throws -> [Connection] {
        let attempts = try all.map { parameters in try ConnectAttempt(parameters) }
        return try attempts.map { attempt in
            while !attempt.isDone { try poller.wait(for: attempt.interest) }
            guard let connection = attempt.take() else { throw PQError(message: "no connection was made") }
            return connection
        }
    }
}
