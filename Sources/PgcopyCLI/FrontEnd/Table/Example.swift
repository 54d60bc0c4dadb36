// A command line to copy, and what it does.

/// An example of the help and the man page.
struct Example: Sendable {
    /// What it does; no full stop at the end.
    let purpose: String
    /// The words of the command line as typed, quotes included, so that a narrow page can break between them.
    let words: [String]

    /// A purpose and the words that serve it.
    init(_ purpose: String, _ words: String...) {
        self.purpose = purpose
        self.words = words
    }
}
