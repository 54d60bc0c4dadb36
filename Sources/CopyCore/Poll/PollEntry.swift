// One line of a poll.

/// An interest and what came of it.
public struct PollEntry: Sendable, Hashable {
    /// What is watched.
    public var interest: Interest
    /// What is ready.
    public var ready: Readiness = []

    /// An entry that nothing came of yet.
    public init(_ interest: Interest) { self.interest = interest }
}
