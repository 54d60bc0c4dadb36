// The fault of a receiver that takes nothing.

/// A receiver made no progress for so long although something waited for it.
public struct SocketTimeout: Error, Sendable, Hashable, CustomStringConvertible {
    /// The timeout in seconds.
    public let seconds: Double
    /// It had taken everything and did not confirm the end.
    public let awaitingConfirmation: Bool

    /// For a person.
    public var description: String {
        awaitingConfirmation
            ? "socket timeout: no answer within \(seconds) s of the last row"
            : "socket timeout: took no data for \(seconds) s"
    }
}
