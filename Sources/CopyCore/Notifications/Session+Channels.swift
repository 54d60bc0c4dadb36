// LISTEN, UNLISTEN and NOTIFY. Names are quoted, so any name works.

extension Session {
    /// Listens on all of the channels, or on none of them more when it throws. Listening twice is listening once.
    ///
    /// Outside of a transaction it is in force when this returns; inside, when that commits.
    public func listen(_ channels: [String]) throws {
        guard !channels.isEmpty else { return }
        try checkChannels(channels)
        // One string is one transaction.
        try run(Self.listenStatements(channels))
    }

    /// Stops listening on these channels; one that was not listened on is fine.
    public func unlisten(_ channels: [String]) throws {
        guard !channels.isEmpty else { return }
        try checkChannels(channels)
        try run(channels.map { "UNLISTEN \(quoteIdentifier($0))" }.joined(separator: "; "))
    }

    /// Stops listening on every channel.
    public func unlistenAll() throws { try run("UNLISTEN *") }

    /// The channels listened on, as the server has them.
    public func listeningChannels() throws -> Set<String> {
        let result = try query("SELECT pg_catalog.pg_listening_channels()")
        return Set((0..<result.rowCount).compactMap { result.value($0, 0) })
    }

    /// Sends notifications in this order: all of them, or none when it throws.
    ///
    /// Outside of a transaction they are sent when this returns; inside, when that commits. The server sends
    /// two with the same channel and payload in one transaction as one.
    public func notify(_ notifications: [OutgoingNotification]) throws {
        guard !notifications.isEmpty else { return }
        try check(notifications)
        // One statement whatever their number; functions scan an array in its order.
        _ = try query(
            """
            SELECT pg_catalog.count(pg_catalog.pg_notify(n.channel, n.payload) IS NULL) FROM ROWS FROM (\
            pg_catalog.unnest($1::pg_catalog.text[]), pg_catalog.unnest($2::pg_catalog.text[])) AS n(channel, payload)
            """, [arrayLiteral(notifications.map(\.channel)), arrayLiteral(notifications.map(\.payload))])
    }

    /// Sends one notification.
    public func notify(_ channel: String, _ payload: String = "") throws {
        try notify([OutgoingNotification(channel: channel, payload: payload)])
    }

    /// The string that listens on all of the channels.
    static func listenStatements(_ channels: [String]) -> String {
        channels.map { "LISTEN \(quoteIdentifier($0))" }.joined(separator: "; ")
    }
}

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
