// How far a piece of work that never blocks has come.

/// The outcome of one call of a piece of work that is called until it is done.
public enum Step: Sendable, Hashable {
    /// Nothing is left to do.
    case done
    /// Call again when this is ready.
    case waiting(Interest)
}
