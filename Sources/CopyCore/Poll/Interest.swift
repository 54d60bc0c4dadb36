// What a participant waits for.

/// A descriptor, the directions it is watched in, and perhaps a time at which to be called all the same.
public struct Interest: Sendable, Hashable {
    /// The descriptor to poll.
    public var descriptor: CInt
    /// The directions.
    public var events: Readiness
    /// When to be called although nothing is ready.
    public var alarm: Instant?
    /// It was read empty in the middle of a stream: in a moment one read takes what would now take several.
    public var gathers: Bool

    /// An interest in a descriptor.
    public init(_ descriptor: CInt, _ events: Readiness, alarm: Instant? = nil, gathers: Bool = false) {
        self.descriptor = descriptor
        self.events = events
        self.alarm = alarm
        self.gathers = gathers
    }
}

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

/// An interest and what came of it.
public struct PollEntry: Sendable, Hashable {
    /// What is watched.
    public var interest: Interest
    /// What is ready.
    public var ready: Readiness = []

    /// An entry that nothing came of yet.
    public init(_ interest: Interest) { self.interest = interest }
}
