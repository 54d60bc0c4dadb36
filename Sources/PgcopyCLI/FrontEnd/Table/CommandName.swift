// The commands there are.

/// A command by its name; the dispatcher switches over it without a default.
enum CommandName: String, Sendable, CaseIterable {
    case transfer
    case completions
    case help
}
