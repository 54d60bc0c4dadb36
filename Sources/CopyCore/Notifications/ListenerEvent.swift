// What a listener tells.

/// An event of a `Listener`.
public enum ListenerEvent {
    /// Notifications of one connection, in order; never none.
    case notifications(label: String, [Notification])
    /// A connection died.
    case lost(label: String, any Error)
    /// A try to bring one back failed; the next one comes after so many seconds.
    case retrying(label: String, any Error, seconds: Double)
    /// A connection is back and listens again; what was sent meanwhile is missing.
    case gap(label: String)
    /// The time is over, or something else may be ready.
    case idle
}
