// How far a piece of work that never blocks has come, and what it moved.

/// The outcome of one call of a piece of work that is called until it is done.
public enum Step: Sendable, Hashable {
    /// Nothing is left to do.
    case done
    /// Call again when this is ready.
    case waiting(Interest)
}

/// What came of a drain.
public struct Drained: Sendable, Hashable {
    /// Bytes taken: they are the receiver's now and will not be given again.
    public var taken: Int
    /// What keeps it from taking more, or from sending on what it took; nil when nothing does.
    public var blocked: Interest?

    /// So much taken.
    public init(taken: Int, blocked: Interest? = nil) {
        self.taken = taken
        self.blocked = blocked
    }
}

/// What came of a fill.
public enum Filled: Sendable, Hashable {
    /// So much was written; at least one byte. Where it is known that no more is there, what to wait for:
    /// that saves the call that would find out.
    case moved(Totals, blocked: Interest? = nil)
    /// Nothing is there until this is ready.
    case blocked(Interest)
    /// Everything was produced, and a server confirmed that it was everything.
    /// What only the end completes, such as a last line without a line end, is counted here; no bytes are.
    case ended(Totals)
}
