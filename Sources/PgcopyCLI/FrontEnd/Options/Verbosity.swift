// How much is said.

/// What `--quiet` and `--verbose` choose.
public enum Verbosity: Sendable {
    /// Errors only.
    case quiet
    /// Errors, notices, the summary.
    case normal
    /// Every statement too.
    case verbose
}
