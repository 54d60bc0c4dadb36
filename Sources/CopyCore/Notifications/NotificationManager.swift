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
public final class NotificationManager: LoopTask {
    /// The sessions waited for. May be changed at any time; the loop ends when there are none.
    public var connections: SessionSet
    /// Sessions that died, after all they had received was given. Yours to take out.
    public var garbage = SessionSet()
    /// Called when a session goes into the garbage, with the reason.
    public var onLost: ((Session, PgcopyError) -> Void)?
    /// The time between idle events; nil: there are none. Zero: the loop ends when nothing is pending.
    public private(set) var timeout: Duration?

    private let poller: any Poller
    /// When the last idle event was, or the timeout began.
    private var idleSince: Instant
    /// Where the search for the next event begins: everybody gets a turn.
    private var turn = 0
    /// Who had a turn since all were heard.
    private var served: Set<ObjectIdentifier> = []
    /// Of sessions whose socket told so. They are kept alive: an identifier is not used again meanwhile.
    private var losses: [ObjectIdentifier: (session: Session, error: PgcopyError)] = [:]

    /// Whose sockets are watched.
    private var watched: [Session] = []
    /// Everybody is to be heard before one has its second turn.
    private var mustHear = false
    /// Sockets were looked at.
    private var hasHeard = false

    /// A manager of these sessions.
    public init(
        _ connections: some Sequence<Session> = [], timeout: Duration? = nil, poller: any Poller = SystemPoller()
    ) throws(PgcopyError) {
        self.connections = SessionSet(connections)
        self.poller = poller
        idleSince = poller.now
        try setTimeout(timeout)
    }

    /// Changes the timeout, between any two events.
    public func setTimeout(_ timeout: Duration?) throws(PgcopyError) {
        if let timeout, timeout < .zero { throw .invalidTimeout(timeout) }
        self.timeout = timeout
        idleSince = poller.now
    }

    /// The next event; nil when no connection is left, or nothing is pending and the timeout is 0.
    /// - Parameter others: asked before each wait: what else to wait for. When one of these is ready, or its
    ///   alarm is there, an idle event comes.
    /// - Throws: `Interrupted`, and `PgcopyError.busy` when it would wait for ever for nothing.
    public func next(orWhen others: () -> [Interest] = { [] }) throws -> NotificationEvent? {
        while true {
            if let event = take() { return event }
            if connections.isEmpty { return nil }
            let idleAt = timeout.map { idleSince + $0 }
            let lookout = Lookout(mustHear ? [] : others())
            guard mustHear || idleAt != nil || !lookout.interests.isEmpty || !audible.isEmpty else {
                throw PgcopyError.busy
            }
            hasHeard = false
            try poller.run([self, lookout], until: idleAt) { hasHeard || lookout.isReady }
            if hasHeard { continue }
            if lookout.isReady { return .idle }
            if timeout == .zero { return nil }
            idleSince = poller.now
            return .idle
        }
    }

    /// The next event that needs no waiting; nil: there is none by now.
    public func take() -> NotificationEvent? {
        buryDead()
        guard let session = waitingSession() else { return nil }
        guard served.insert(ObjectIdentifier(session)).inserted else {
            mustHear = true
            return nil
        }
        return .notifications(session, session.inbox.takeAll())
    }

    /// Reads every socket that has something.
    public func step(_ polled: ArraySlice<PollEntry>) {
        if polled.isEmpty { return }
        hasHeard = true
        mustHear = false
        served = []
        for (session, entry) in zip(watched, polled) where !entry.ready.isEmpty {
            if let error = session.hear() { losses[ObjectIdentifier(session)] = (session, error) }
        }
    }

    /// The sockets; a task among others it is as long as there are connections, and gives its events by `take()`.
    public func watch(_ entries: inout [PollEntry]) -> Bool {
        watched = audible
        for session in watched { entries.append(PollEntry(Interest(session.connection.socket, .read))) }
        if mustHear { entries.append(PollEntry(.at(poller.now))) }
        return !connections.isEmpty
    }

    private var audible: [Session] { connections.all.filter { $0.connection.isUsable && !$0.isAtWork } }

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
