// What can stand in the place of a value or an operand; completions offer it.

/// What a value is, as far as a shell can help to write it.
enum ValueKind: Sendable {
    /// Free text: a shell has nothing to offer.
    case text
    /// The path of a file.
    case file
    /// A connection, a file, a stream or `null:`.
    case endpoint
    /// One of a few words; the parser refuses others.
    case choices([String])

    /// The words, where there are a few.
    var choices: [String]? {
        switch self {
        case .choices(let choices): choices
        case .text, .file, .endpoint: nil
        }
    }

    /// Whether a word is surely such a value: one of the words, or a number where text is taken.
    func looksLike(_ word: String) -> Bool {
        switch self {
        case .choices(let choices): choices.contains(word)
        case .text: !word.isEmpty && word.utf8.allSatisfy { (0x30...0x39).contains($0) }
        case .file, .endpoint: false
        }
    }
}
