// What a descriptor can be ready for.

/// Directions a descriptor is watched in, or is ready in.
public struct Readiness: OptionSet, Sendable, Hashable {
    /// The bits.
    public let rawValue: UInt8
    /// From bits.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Something can be read, the end of the stream and an error included.
    public static let read = Readiness(rawValue: 1)
    /// Something can be written, or the attempt would fail at once.
    public static let write = Readiness(rawValue: 2)
}
