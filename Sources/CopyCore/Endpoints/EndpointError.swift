// An endpoint nobody can make sense of.

/// A usage error: what is wrong with an endpoint, without any password.
public struct EndpointError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The whole text for a person.
    public let description: String

    /// An error with this text.
    public init(_ description: String) { self.description = description }
}
