// The forms of a printed notification.

/// What `listen --format` names.
public enum ListenFormat: String, Sendable, CaseIterable {
    /// Columns separated by tabs, as COPY writes text.
    case text
    /// An object a line.
    case json
}
