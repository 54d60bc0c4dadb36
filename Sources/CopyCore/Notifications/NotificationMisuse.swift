// What cannot be asked of notifications.

/// A call that makes no sense, refused before anything is sent.
public enum NotificationMisuse: Error, Sendable, Hashable, CustomStringConvertible {
    /// A timeout below zero, or no number at all.
    case timeout(Double)
    /// Fewer than no notifications to wait for.
    case stopAfter(Int)
    /// A channel without a name.
    case emptyChannel
    /// A zero byte, which no text of a server can hold, in a channel's name or in a payload.
    case zeroByte(channel: String)
    /// A name the server would cut short, with its length in the server's encoding.
    case channelTooLong(String, bytes: Int)
    /// A payload the server does not take, with its length in the server's encoding.
    case payloadTooLong(channel: String, bytes: Int)
    /// Another statement is under way, so nothing can be waited for.
    case busy
    /// The handler was removed before, or never added.
    case noSuchHandler

    /// For a person.
    public var description: String {
        switch self {
        case .timeout(let seconds): "\(seconds) is no timeout; it is a number of seconds, not below 0"
        case .stopAfter(let count): "cannot wait for \(count) notifications"
        case .emptyChannel: "a channel needs a name"
        case .zeroByte(let channel): "channel \(Self.shown(channel)): its name or payload holds a zero byte"
        case .channelTooLong(let name, let bytes):
            "channel \(Self.shown(name)): its name is \(bytes) bytes long, at most \(ChannelRules.longestName) are allowed"
        case .payloadTooLong(let channel, let bytes):
            "channel \(Self.shown(channel)): its payload is \(bytes) bytes long, "
                + "at most \(ChannelRules.longestPayload) are allowed"
        case .busy: "another statement is under way on this connection"
        case .noSuchHandler: "the handler was removed before, or never added"
        }
    }

    private static func shown(_ name: String) -> String {
        if Redaction.mayHoldPassword(name) { return Redaction.mark }
        let start = String(name.prefix(40).map { $0 == "\0" ? "?" : $0 })
        return "\"\(start)\(start.count < name.count ? "…" : "")\""
    }
}
