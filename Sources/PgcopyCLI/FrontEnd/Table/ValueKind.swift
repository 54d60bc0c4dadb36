// What can stand in the place of a value or an operand; completions offer it.

/// What a value is, as far as a shell can help to write it.
enum ValueKind: Sendable {
    /// Free text: a shell has nothing to offer.
    case text
    /// The path of a file.
    case file
    /// A connection, a file, a stream or `null:`.
    case endpoint
    /// A server alone.
    case connection
    /// A pattern for tables of the source, which is the first operand.
    case table
    /// A pattern for its schemas.
    case schema
    /// One of a few words; the parser refuses others.
    case choices([String])

    /// The words, where there are a few.
    var choices: [String]? {
        switch self {
        case .choices(let choices): choices
        case .text, .file, .endpoint, .connection, .table, .schema: nil
        }
    }

    /// Whether a word is surely such a value: one of the words, or a number where text is taken.
    func looksLike(_ word: String) -> Bool {
        switch self {
        case .choices(let choices): choices.contains(word)
        case .text: !word.isEmpty && word.utf8.allSatisfy { (0x30...0x39).contains($0) }
        case .file, .endpoint, .connection, .table, .schema: false
        }
    }

    /// It may be a file, too.
    var isEndpoint: Bool { if case .endpoint = self { true } else { false } }
}
