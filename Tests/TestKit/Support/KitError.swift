// Role: the one error of the test kit. A test that meets it fails with these words.

/// What the kit could not do, in words that a failing test can show.
public struct KitError: Error, CustomStringConvertible {
    /// The whole message, output of the failed program included.
    public let description: String

    /// Makes an error with this message.
    public init(_ description: String) {
        self.description = description
    }
}
