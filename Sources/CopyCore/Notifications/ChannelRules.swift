// What a server takes as a channel's name and as a payload.

/// The limits, and who keeps to them.
public enum ChannelRules {
    /// NAMEDATALEN - 1: LISTEN would cut a longer name short and say so in a NOTICE only.
    public static let longestName = 63
    /// NOTIFY_PAYLOAD_MAX_LENGTH - 1.
    public static let longestPayload = 7999

    /// What can be told without a server. Lengths cannot: they count in its encoding.
    public static func checkName(_ name: String) throws(PgcopyError) {
        if name.isEmpty { throw .emptyChannel }
        if name.utf8.contains(0) { throw .zeroByte(channel: name) }
    }

    /// As `checkName`, the payload as well.
    public static func check(_ notification: OutgoingNotification) throws(PgcopyError) {
        try checkName(notification.channel)
        if notification.payload.utf8.contains(0) { throw .zeroByte(channel: notification.channel) }
    }
}

extension Session {
    /// Throws unless the server takes every name as it is.
    func checkChannels(_ names: [String]) throws {
        for name in names { try ChannelRules.checkName(name) }
        for (name, bytes) in zip(names, try serverLengths(names)) where bytes > ChannelRules.longestName {
            throw PgcopyError.channelTooLong(name, bytes: bytes)
        }
    }

    /// Throws unless the server takes every name and every payload.
    public func check(_ notifications: [OutgoingNotification]) throws {
        try checkChannels(notifications.map(\.channel))
        for notification in notifications { try ChannelRules.check(notification) }
        for (notification, bytes) in zip(notifications, try serverLengths(notifications.map(\.payload)))
        where bytes > ChannelRules.longestPayload {
            throw PgcopyError.payloadTooLong(channel: notification.channel, bytes: bytes)
        }
    }

    /// The length of each text in the server's encoding; the server is asked only where that is not plain.
    private func serverLengths(_ texts: [String]) throws -> [Int] {
        let isPlain = ["UTF8", "SQL_ASCII"].contains(connection.parameterStatus("server_encoding"))
        if isPlain || texts.allSatisfy({ $0.utf8.allSatisfy { $0 < 0x80 } }) {
            return texts.map { RawText.bytes(of: $0).count }
        }
        let result = try query(
            """
            SELECT pg_catalog.octet_length(t.text) \
            FROM pg_catalog.unnest($1::pg_catalog.text[]) WITH ORDINALITY AS t(text, place) ORDER BY t.place
            """, [arrayLiteral(texts)])
        return (0..<result.rowCount).map { result.value($0, 0).flatMap { Int($0) } ?? 0 }
    }
}
