// Where a session's notifications stay until somebody asks for them.

/// The notifications of one session, in order: given to its handlers, or kept where it has none.
public final class NotificationInbox {
    /// Names a handler for its removal.
    public struct Handler: Sendable, Hashable {
        fileprivate let number: Int
    }

    /// Received and not taken yet, oldest first.
    private var waiting: [Notification] = []
    private var handlers: [(name: Handler, call: (Notification) -> Void)] = []
    private var handlersSoFar = 0

    /// How many wait to be taken.
    public var count: Int { waiting.count }
    /// Whether none waits.
    public var isEmpty: Bool { waiting.isEmpty }

    /// Adds a handler, which is called as soon as a notification is read. While there is one, nothing is kept.
    /// It must not use the session.
    @discardableResult
    public func addHandler(_ call: @escaping (Notification) -> Void) -> Handler {
        handlersSoFar += 1
        let name = Handler(number: handlersSoFar)
        handlers.append((name, call))
        return name
    }

    /// False where it is not there.
    func remove(_ name: Handler) -> Bool {
        let count = handlers.count
        handlers.removeAll { $0.name == name }
        return handlers.count < count
    }

    /// Takes all that wait, oldest first.
    public func takeAll() -> [Notification] {
        defer { waiting = [] }
        return waiting
    }

    func receive(_ notification: Notification) {
        if handlers.isEmpty { waiting.append(notification) }
        for handler in handlers { handler.call(notification) }
    }
}
