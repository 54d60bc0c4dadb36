// What a stream that is not all there throws.

/// The binary rows ended without the trailer that comes after the last one.
public struct CutOffInput: Error, Sendable, Hashable, CustomStringConvertible {
    /// For a person.
    public var description: String { "the binary data is cut off: its trailer is missing" }
}
