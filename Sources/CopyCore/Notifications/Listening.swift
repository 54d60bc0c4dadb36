// `listen` as a whole: a listener, a command for each notification, an output, and when it is over.

/// Listens until it has heard enough, and tells a sink what happens. What that appends to the output is written at once.
public final class Listening {
    /// How it ended.
    public enum Outcome: Sendable, Hashable {
        /// The number was reached or the time is over.
        case complete
        /// The same, but some command failed.
        case commandsFailed
        /// No connection is left, nor will be.
        case deserted
    }

    private let listener: Listener
    private let command: NotificationCommand?
    private let output: TextOutput
    private let sink: any ListenerSink
    private let poller: any Poller
    private var commandFailed = false

    /// One that has not begun; its sessions tell the sink what they say and are told.
    /// - Parameters:
    ///   - command: run for each notification, one after the other.
    ///   - output: what the sink appends to; a reader that leaves ends it all.
    public init(
        _ channels: [String], reconnects: Bool, connector: LinkConnector, command: NotificationCommand? = nil,
        output: TextOutput, sink: any ListenerSink
    ) throws {
        var connector = connector
        let onSession = connector.onSession
        connector.onSession = { session in
            onSession(session)
            session.onNotice = { session, notice in sink.receive(.notice(label: session.label, notice)) }
            session.onStatement = { session, sql in sink.receive(.statement(label: session.label, sql)) }
        }
        listener = try Listener(channels, reconnects: reconnects, connector: connector)
        poller = connector.poller
        self.command = command
        self.output = output
        self.sink = sink
    }

    /// Connects to all of them and listens, as `Listener.open`.
    public func open(_ links: [ServerLink], seed: UInt64) throws {
        try listener.open(links, seed: seed)
        try tell(.listening)
    }

    /// Closes every connection.
    public func close() { listener.close() }

    /// Takes what comes until it is over.
    /// - Parameters:
    ///   - deadline: when it is over, a command included; nil: no end.
    ///   - onlyPending: it is over once all that is pending was taken, whatever time that takes; the deadline is past then.
    ///   - count: how many notifications it is over after; nil: no number is enough.
    /// - Throws: `PgcopyError` with `.system` when the output is lost; `Interrupted`.
    public func run(until deadline: Instant?, onlyPending: Bool = false, count: Int? = nil) throws -> Outcome {
        var left = count ?? .max
        func isOver() -> Bool { deadline.map { $0 <= poller.now } ?? false }
        while let event = try listener.next(until: deadline, orWhen: output.attention.map { [$0] } ?? []) {
            switch event {
            case .notifications(let label, let notifications):
                for portion in portions(notifications.prefix(left)) {
                    try take(portion, at: label, until: onlyPending ? nil : deadline)
                    left -= portion.count
                    if !onlyPending, isOver() { break }
                }
            case .idle:
                try output.requireReader()
                if isOver() { return outcome }
            default: try tell(event)
            }
            if left == 0 || !onlyPending && isOver() { return outcome }
        }
        try tell(.deserted)
        return .deserted
    }

    private var outcome: Outcome { commandFailed ? .commandsFailed : .complete }

    /// A command stands behind its own notification's line and before the next one's.
    private func portions(_ notifications: ArraySlice<Notification>) -> [[Notification]] {
        command == nil ? [Array(notifications)] : notifications.map { [$0] }
    }

    private func take(_ notifications: [Notification], at label: String, until deadline: Instant?) throws {
        try tell(.notifications(label: label, notifications))
        guard let command else { return }
        for notification in notifications {
            guard let failure = try command.run(notification, until: deadline, poller: poller) else { continue }
            commandFailed = true
            try tell(.commandFailed(label: label, notification, failure))
        }
    }

    private func tell(_ event: ListenerEvent) throws {
        sink.receive(event)
        if output.unwritten > 0 { try output.write([], poller) }
    }
}

/// Takes what happens while one listens, and has no other way to hear.
public protocol ListenerSink: AnyObject {
    /// Called where it happens: what takes long here keeps the listener waiting.
    func receive(_ event: ListenerEvent)
}
