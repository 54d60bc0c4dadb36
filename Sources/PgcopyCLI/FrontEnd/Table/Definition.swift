// A term and what it means.

/// An entry of a list such as the exit codes.
struct Definition: Sendable {
    /// What is explained.
    let term: String
    /// Its meaning; no full stop at the end.
    let meaning: String

    /// A term and its meaning.
    init(_ term: String, _ meaning: String) {
        self.term = term
        self.meaning = meaning
    }
}
