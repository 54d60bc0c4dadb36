// The formats of COPY.

/// What `--format` names.
public enum FormatChoice: String, Sendable, CaseIterable {
    /// Binary between servers where it is safe, else text.
    case auto
    /// A line a row, columns separated by tabs.
    case text
    /// Comma separated values.
    case csv
    /// PostgreSQL's binary format.
    case binary
}
