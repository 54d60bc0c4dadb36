// Listens on servers for as long as it takes: a manager, and what brings lost connections back.

/// Listens on the same channels of many servers.
public final class Listener: LoopTask {
    private final class Member {
        let link: ServerLink
        var backoff: Backoff
        var openSince: Instant

        init(_ link: ServerLink, _ backoff: Backoff, _ now: Instant) {
            self.link = link
            self.backoff = backoff
            openSince = now
        }
    }

    /// A connection that held so long starts over with short delays when it is lost again.
    private static let steady = Duration.seconds(60)

    private let channels: [String]
    private let reconnects: Bool
    private let poller: any Poller
    private let connector: LinkConnector
    private let manager: NotificationManager
    private var members: [ObjectIdentifier: Member] = [:]
    private var lost: [(member: Member, reconnection: Reconnection)] = []
    /// What those that are brought back wait for.
    private var waiting: [Interest] = []
    private var places = TaskPlaces()
    /// Not told yet, oldest first.
    private var events: [ListenerEvent] = []

    /// A listener that has not begun.
    public init(_ channels: [String], reconnects: Bool, connector: LinkConnector) throws {
        for channel in channels { try ChannelRules.checkName(channel) }
        self.channels = channels
        self.reconnects = reconnects
        self.connector = connector
        poller = connector.poller
        manager = try NotificationManager([], poller: poller)
    }

    /// Connects to all of them and listens.
    /// - Parameter seed: gives the delays between tries.
    /// - Throws: `PgcopyError` with `.unreachable`, `.usage`, or `.server` for what servers have against LISTEN; `Interrupted`.
    public func open(_ links: [ServerLink], seed: UInt64) throws {
        var links = links
        let sessions = try connector.openPinned(&links)
        do {
            try listen(Array(zip(links, sessions)), seed)
        } catch {
            for session in sessions { session.close() }
            close()
            throw error
        }
        manager.onLost = { [unowned self] session, error in noteLoss(session, error) }
    }

    private func listen(_ pairs: [(ServerLink, Session)], _ seed: UInt64) throws {
        var refused: [PgcopyError] = []
        for (index, (link, session)) in pairs.enumerated() {
            do {
                try session.listen(channels)
            } catch let error as PgcopyError where error.isOfConnection {
                refused.append(.of(error, at: link.label))
            }
            add(session, Member(link, Backoff(seed: seed &+ UInt64(index)), poller.now))
        }
        guard refused.isEmpty else { throw PgcopyError.several(.server, refused) }
    }

    /// Closes every connection.
    public func close() {
        for session in manager.connections { session.close() }
        manager.connections.removeAll()
        lost = []
    }

    /// The next event; nil when no connection is left, nor will be.
    /// - Parameters:
    ///   - deadline: when an idle event comes at the latest, unless something is pending.
    ///   - others: what else to wait for.
    public func next(until deadline: Instant? = nil, orWhen others: [Interest] = []) throws -> ListenerEvent? {
        while true {
            if let event = take() { return event }
            if isOver { return nil }
            let lookout = Lookout(others)
            var event: ListenerEvent?
            let isInTime = try poller.run([self, lookout], until: deadline) {
                event = take()
                return event != nil || isOver || lookout.isReady
            }
            if let event { return event }
            if lookout.isReady || !isInTime { return .idle }
        }
    }

    /// No connection is left, nor will be.
    private var isOver: Bool { manager.connections.isEmpty && lost.isEmpty }

    /// The next event that needs no waiting; nil: there is none by now.
    public func take() -> ListenerEvent? {
        if events.isEmpty, case .notifications(let session, let notifications) = manager.take() {
            return .notifications(label: session.label, notifications)
        }
        return events.isEmpty ? nil : events.removeFirst()
    }

    /// Reads every socket that has something, and brings lost connections back.
    public func step(_ polled: ArraySlice<PollEntry>) throws {
        try places.step([manager], polled, at: poller.now)
        stepReconnections()
    }

    /// The sockets, and rests between two tries; its events it gives by `take()`.
    public func watch(_ entries: inout [PollEntry]) -> Bool {
        _ = places.watch([manager], &entries)
        for interest in waiting { entries.append(PollEntry(interest)) }
        return !isOver
    }

    private func add(_ session: Session, _ member: Member) {
        member.openSince = poller.now
        members[ObjectIdentifier(session)] = member
        manager.connections.insert(session)
    }

    private func noteLoss(_ session: Session, _ error: PgcopyError) {
        manager.garbage.remove(session)
        events.append(.lost(label: session.label, error, isReopened: reconnects))
        guard let member = members.removeValue(forKey: ObjectIdentifier(session)), reconnects else { return }
        if poller.now.duration(since: member.openSince) >= Self.steady { member.backoff.reset() }
        let reconnection = Reconnection(
            member.link, channels: channels, backoff: member.backoff, poller: poller, onSession: connector.onSession)
        lost.append((member, reconnection))
        waiting.append(.at(poller.now))
    }

    /// Lets every reconnection go on.
    private func stepReconnections() {
        waiting.removeAll(keepingCapacity: true)
        lost.removeAll { member, reconnection in
            switch reconnection.step() {
            case .waiting(let interest): waiting.append(interest)
            case .failed(let error, let delay):
                events.append(.retrying(label: member.link.label, error, delay: delay))
                waiting.append(.at(poller.now))
            case .open(let session):
                member.backoff = reconnection.backoff
                add(session, member)
                events.append(.gap(label: member.link.label))
                return true
            }
            return false
        }
    }
}

/// What happens while one listens. `Listener.next` gives those of its connections and of the time, a `Listening` tells a sink
/// all but `idle`.
public enum ListenerEvent {
    /// A server said something that is not an error, or why it ends a session; the loss of that comes by itself.
    case notice(label: String, ServerMessage)
    /// A statement is about to be sent.
    case statement(label: String, String)
    /// Every server is listened on.
    case listening
    /// Notifications of one connection, in order; never none.
    case notifications(label: String, [Notification])
    /// The command for this notification failed, or was ended.
    case commandFailed(label: String, Notification, PgcopyError)
    /// A connection died; whether it is opened again.
    case lost(label: String, any Error, isReopened: Bool)
    /// A try to bring one back failed; the next one comes after the delay.
    case retrying(label: String, any Error, delay: Duration)
    /// A connection is back and listens again; what was sent meanwhile is missing.
    case gap(label: String)
    /// No connection is left, nor will be. The last one.
    case deserted
    /// The time is over, or something else may be ready.
    case idle
}
