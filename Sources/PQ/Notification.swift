// A NOTIFY as it arrives.

/// A notification from the server. Where a database knows no encoding its bytes can be no UTF-8: see `RawText`.
public struct Notification: Sendable, Hashable {
    /// The channel it was sent on.
    public let channel: String
    /// The payload, "" when none was given.
    public let payload: String
    /// The server process of the session that sent it.
    public let pid: Int32

    /// A notification with these parts.
    public init(channel: String, payload: String, pid: Int32) {
        self.channel = channel
        self.payload = payload
        self.pid = pid
    }
}
