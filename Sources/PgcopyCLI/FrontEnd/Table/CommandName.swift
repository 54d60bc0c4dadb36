// The commands there are.

/// A command by its name; the dispatcher switches over it without a default.
enum CommandName: String, Sendable, CaseIterable {
    /// Stream rows.
    case transfer
    /// Print notifications.
    case listen
    /// Send notifications.
    case notify
    /// Run statements in pipeline mode.
    case exec
    /// Export a snapshot and hold it.
    case snapshot
    /// Print a completion script.
    case completions
    /// Show help.
    case help
}
