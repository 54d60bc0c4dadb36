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
