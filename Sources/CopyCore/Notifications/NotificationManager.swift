// One loop over many connections, each listening.

/// Waits for the notifications of many sessions.
///
/// ```swift
/// let manager = try NotificationManager([one, other])
/// while let event = try manager.next() {
///     guard case .notifications(let session, let notifications) = event else { continue }
///     …
/// }
/// ```
///
/// Sessions belong to the manager's thread. While one is at other work (a COPY, say) its socket is left alone.
/// The loop can be left and entered again at any event: what was not given yet stays with its session.
public final class NotificationManager {
    /// The sessions waited for. May be changed at any time; the loop ends when there are none.
    public var connections: SessionSet
    /// Sessions that died, after all they had received was given. Yours to take out.
    public var garbage = SessionSet()
    /// Called when a session goes into the garbage, with the reason.
    public var onLost: ((Session, PQError) -> Void)?
    /// Seconds between idle events; nil: none. 0: the loop ends when nothing is pending.
    public private(set) var timeout: Double?

    private let poller: any Poller
    /// When the last idle event was, or the timeout began.
    private var idleSince: Instant
    /// Where the search for the next event begins: everybody gets a turn.
    private var turn = 0
    /// Who had a turn since all were heard.
    private var served: Set<ObjectIdentifier> = []
    /// Of sessions whose socket told so. They are kept alive: an identifier is not used again meanwhile.
    private var losses: [ObjectIdentifier: (session: Session, error: PQError)] = [:]

    /// A manager of these sessions.
    public init(
        _ connections: some Sequence<Session> = [], timeout: Double? = nil, poller: any Poller = SystemPoller()
    ) throws(NotificationMisuse) {
        self.connections = SessionSet(connections)
        self.poller = poller
        idleSince = poller.now
        try setTimeout(timeout)
    }

    /// Changes the timeout, between any two events.
    public func setTimeout(_ seconds: Double?) throws(NotificationMisuse) {
        if let seconds, !(seconds >= 0) { throw .timeout(seconds) }
        timeout = seconds
        idleSince = poller.now
    }

    /// The next event; nil when no connection is left, or nothing is pending and the timeout is 0.
    /// - Parameter others: asked before each wait: what else to wait for. When one of these is ready, or its
    ///   alarm is there, an idle event comes.
    /// - Throws: `Interrupted`, and `NotificationMisuse.busy` when it would wait for ever for nothing.
    public func next(orWhen others: () -> [Interest] = { [] }) throws -> NotificationEvent? {
        while true {
            buryDead()
            if let session = waitingSession() {
                if served.insert(ObjectIdentifier(session)).inserted {
                    return .notifications(session, session.inbox.takeAll())
                }
                // Its second turn: first everybody is heard.
                _ = try look([], until: poller.now)
                continue
            }
            if connections.isEmpty { return nil }
            let idleAt = timeout.map { idleSince + $0 }
            let found = try look(others(), until: idleAt)
            if found.heard { continue }
            if found.others { return .idle }
            if timeout == 0 { return nil }
            let now = poller.now
            if let idleAt, now >= idleAt {
                idleSince = now
                return .idle
            }
        }
    }

    /// Waits, and reads every socket that has something.
    private func look(
        _ others: [Interest], until deadline: Instant?
    ) throws -> (heard: Bool, others: Bool) {
        let watched = connections.all.filter { $0.connection.isUsable && !$0.isAtWork }
        var entries = watched.map { PollEntry(Interest($0.connection.socket, .read)) }
        entries += others.map { PollEntry($0) }
        guard deadline != nil || !entries.isEmpty else { throw NotificationMisuse.busy }
        let alarm = others.reduce(deadline) { earliest($0, $1.alarm) }
        try poller.poll(&entries, until: alarm, interruptible: true)
        served = []
        var heard = false
        for (session, entry) in zip(watched, entries) where !entry.ready.isEmpty {
            heard = true
            if let error = session.hear() { losses[ObjectIdentifier(session)] = (session, error) }
        }
        let now = poller.now
        let others = entries.dropFirst(watched.count).contains { entry in
            !entry.ready.isEmpty || entry.interest.alarm.map { $0 <= now } ?? false
        }
        return (heard, others)
    }

    /// A session that has received something already.
    private func waitingSession() -> Session? {
        let sessions = connections.all
        for offset in sessions.indices {
            let index = (turn + offset) % sessions.count
            sessions[index].hearRemains()
            guard !sessions[index].inbox.isEmpty else { continue }
            turn = index + 1
            return sessions[index]
        }
        return nil
    }

    /// Who is gone goes, once all it had received was given.
    private func buryDead() {
        if !losses.isEmpty { losses = losses.filter { connections.contains($0.value.session) } }
        for session in connections where session.inbox.isEmpty {
            let loss = losses.removeValue(forKey: ObjectIdentifier(session))
            guard loss != nil || !session.connection.isUsable else { continue }
            connections.remove(session)
            garbage.insert(session)
            onLost?(session, loss?.error ?? session.loss(nil))
        }
    }
}

/// An event of a `NotificationManager`.
public enum NotificationEvent {
    /// All that was picked up on one session together; never none.
    case notifications(Session, [Notification])
    /// Nothing came for as long as the timeout says, or something else that was waited for is ready.
    case idle
}
