// What a failed libpq call throws.

/// A failure reported by the server or by libpq itself.
public struct PQError: Error, Sendable, CustomStringConvertible {
    /// The whole text for a person, without DETAIL, HINT and CONTEXT.
    public let message: String
    /// The server's own words and SQLSTATE; nil where libpq speaks for itself.
    public let server: ServerMessage?
    /// The connection cannot be used any more.
    public let connectionLost: Bool

    /// An error with these parts.
    public init(message: String, server: ServerMessage? = nil, connectionLost: Bool = false) {
        self.message = message
        self.server = server
        self.connectionLost = connectionLost
    }

    /// The message.
    public var description: String { message }
}
