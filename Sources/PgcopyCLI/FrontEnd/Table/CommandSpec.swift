// One command: everything the parser, the help, the man pages and the completions know about it.

/// A command of the table.
struct CommandSpec: Sendable {
    /// What is typed after `pgcopy`.
    let name: CommandName
    /// One line for the overview; no full stop.
    let summary: String
    /// Paragraphs for the man page; the first opens the help too.
    let description: [String]
    /// In the order of the command line.
    let operands: [OperandSpec]
    /// Its own groups, in the order of the documentation.
    let ownGroups: [OptionGroup]
    /// The endpoints are explained where they are operands.
    let explainsEndpoints: Bool
    /// What its exit codes mean.
    let exitCodes: [Definition]
    /// Examples for the help and the man page.
    let examples: [Example]
    /// Whether it has a man page of its own; the others are explained in pgcopy(1).
    let hasManPage: Bool

    /// Every group, those of every command last.
    var groups: [OptionGroup] { ownGroups + [CommandTable.generalGroup] }

    /// Every option, in the order of the documentation.
    var options: [OptionSpec] { groups.flatMap(\.options) }

    /// The command line in short: `pgcopy transfer [OPTION]... SOURCE DESTINATION...`.
    var synopsis: String {
        let options = ownGroups.isEmpty ? [] : ["[OPTION]..."]
        return (["pgcopy", name.rawValue] + options + operands.map(\.synopsis)).joined(separator: " ")
    }
}

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
