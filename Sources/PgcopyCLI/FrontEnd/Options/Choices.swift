// What options choose between.

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

/// What `--header=` names.
public enum HeaderChoice: String, Sendable, CaseIterable {
    /// It is the list of the columns.
    case match
    /// It is passed over.
    case skip
}

/// What `--progress` names.
public enum ProgressChoice: String, Sendable, CaseIterable {
    /// A display on a terminal, else lines.
    case auto
    /// A display.
    case bar
    /// Lines for people.
    case plain
    /// A JSON record a line.
    case json
    /// Nothing.
    case none
}

/// What `--quiet` and `--verbose` choose.
public enum Verbosity: Sendable {
    /// Errors only.
    case quiet
    /// Errors, notices, the summary.
    case normal
    /// Every statement too.
    case verbose
}

/// What `--no-password` and `--password` choose.
public enum PasswordPrompt: Sendable {
    /// When a server wants one and none is known.
    case automatic
    /// Not even then.
    case never
    /// Before connecting.
    case always
}
