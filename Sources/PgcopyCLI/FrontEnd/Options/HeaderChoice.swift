// What a source's header line is for.

/// What `--header=` names.
public enum HeaderChoice: String, Sendable, CaseIterable {
    /// It is the list of the columns.
    case match
    /// It is passed over.
    case skip
}
