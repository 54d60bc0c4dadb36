// What cannot be asked of notifications: refused before anything is sent.

extension PgcopyError {
    /// A timeout below zero.
    public static func invalidTimeout(_ timeout: Duration) -> PgcopyError {
        PgcopyError(.usage, "\(timeout.seconds) is no timeout; it is a number of seconds, not below 0")
    }

    /// Fewer than no notifications to wait for.
    public static func invalidCount(_ count: Int) -> PgcopyError {
        PgcopyError(.usage, "cannot wait for \(count) notifications")
    }

    /// A channel without a name.
    public static let emptyChannel = PgcopyError(.usage, "a channel needs a name")

    /// A zero byte, which no text of a server can hold, in a channel's name or in a payload.
    public static func zeroByte(channel: String) -> PgcopyError {
        PgcopyError(.usage, "channel \(shown(channel)): its name or payload holds a zero byte")
    }

    /// A name the server would cut short, with its length in the server's encoding.
    public static func channelTooLong(_ name: String, bytes: Int) -> PgcopyError {
        PgcopyError(
            .usage,
            "channel \(shown(name)): its name is \(bytes) bytes long, at most \(ChannelRules.longestName) are allowed")
    }

    /// A payload the server does not take, with its length in the server's encoding.
    public static func payloadTooLong(channel: String, bytes: Int) -> PgcopyError {
        PgcopyError(
            .usage,
            "channel \(shown(channel)): its payload is \(bytes) bytes long, "
                + "at most \(ChannelRules.longestPayload) are allowed")
    }

    /// The handler was removed before, or never added.
    public static let noSuchHandler = PgcopyError(.misuse, "the handler was removed before, or never added")

    private static func shown(_ name: String) -> String {
        if Redaction.mayHoldPassword(name) { return Redaction.mark }
        let start = String(name.prefix(40).map { $0 == "\0" ? "?" : $0 })
        return "\"\(start)\(start.count < name.count ? "…" : "")\""
    }
}
