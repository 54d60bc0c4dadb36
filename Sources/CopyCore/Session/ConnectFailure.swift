// A connection that could not be made.

/// Why there is no connection to a server.
public struct ConnectFailure: Error, Sendable, Hashable, CustomStringConvertible {
    /// libpq's words, without what may be a password.
    public let description: String

    /// A failure with libpq's words.
    public init(_ description: String) { self.description = description }
}
