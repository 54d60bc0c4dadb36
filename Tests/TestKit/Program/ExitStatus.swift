// Role: how a program ended.

/// The end of a process.
public enum ExitStatus: Hashable, Sendable {
    /// It exited with this code.
    case exited(Int32)
    /// This signal killed it.
    case signalled(Int32)
}
