// Sessions, each once, in the order they were added.

/// A set of sessions by identity.
public struct SessionSet: Sequence {
    private var sessions: [Session] = []

    /// A set of these.
    public init(_ sessions: some Sequence<Session> = []) {
        for session in sessions { insert(session) }
    }

    /// How many there are.
    public var count: Int { sessions.count }
    /// Whether there are none.
    public var isEmpty: Bool { sessions.isEmpty }
    /// The sessions in order.
    public var all: [Session] { sessions }

    /// Whether this very session is in it.
    public func contains(_ session: Session) -> Bool { sessions.contains { $0 === session } }

    /// Adds a session at the end, unless it is there.
    public mutating func insert(_ session: Session) {
        if !contains(session) { sessions.append(session) }
    }

    /// Takes a session out; one that is not there is fine.
    public mutating func remove(_ session: Session) { sessions.removeAll { $0 === session } }

    /// Takes all out.
    public mutating func removeAll() { sessions = [] }

    /// Over the sessions that are in it now: the set may be changed meanwhile.
    public func makeIterator() -> IndexingIterator<[Session]> { sessions.makeIterator() }
}
