// A notification to be sent.

/// What NOTIFY is told.
public struct OutgoingNotification: Sendable, Hashable {
    /// The channel, exactly: nothing is folded.
    public let channel: String
    /// The payload, "" for none.
    public let payload: String

    /// A notification with these parts.
    public init(channel: String, payload: String = "") {
        self.channel = channel
        self.payload = payload
    }
}
