// The ways to report progress.

/// What `--progress` names.
public enum ProgressChoice: String, Sendable, CaseIterable {
    /// Lines for people.
    case plain
    /// A JSON record a line.
    case json
    /// Nothing.
    case none
}
