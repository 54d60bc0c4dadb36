// One option: everything the parser, the help, the man pages and the completions know about it.

/// An option of the table. Two options are the same when their long names are.
struct OptionSpec: Sendable {
    /// The long name, without its dashes.
    let long: String
    /// The short letters, without their dashes; the first is the usual one.
    let shorts: [Character]
    /// Whether a value follows, and what it is.
    let value: OptionValue
    /// Whether it may be given more than once with a value.
    let isRepeatable: Bool
    /// Long names of options that it cannot be given with.
    let conflicts: [String]
    /// One line for `--help` and the completions; no full stop.
    let summary: String
    /// What the man page adds, a paragraph each.
    let details: [String]

    /// An option; a switch unless a value is told.
    init(
        _ long: String,
        _ shorts: Character...,
        value: OptionValue = .none,
        isRepeatable: Bool = false,
        conflicts: [String] = [],
        summary: String,
        details: [String] = []
    ) {
        self.init(
            long, shorts, value: value, isRepeatable: isRepeatable, conflicts: conflicts, summary: summary,
            details: details)
    }

    /// The same of a list of letters.
    init(
        _ long: String, _ shorts: [Character], value: OptionValue = .none, isRepeatable: Bool = false,
        conflicts: [String] = [], summary: String, details: [String] = []
    ) {
        self.long = long
        self.shorts = shorts
        self.value = value
        self.isRepeatable = isRepeatable
        self.conflicts = conflicts
        self.summary = summary
        self.details = details
    }

    /// The long name as it is typed.
    var spelling: String { "--" + long }

    /// Whether the next word of the command line is the value where none is attached.
    var takesNextWord: Bool {
        switch value {
        case .required: true
        case .none, .optional: false
        }
    }

    /// The long name with the value that it takes: `--table=NAME`, `--reconcile-timeouts[=TRIES]`.
    var spellingWithValue: String {
        switch value {
        case .none: spelling
        case .required(let placeholder, _): "\(spelling)=\(placeholder)"
        case .optional(let placeholder, _): "\(spelling)[=\(placeholder)]"
        }
    }

    /// Every spelling, short ones first: `-t, --table=NAME`.
    var allSpellings: String {
        (shorts.map { "-\($0)" } + [spellingWithValue]).joined(separator: ", ")
    }
}

/// A group of options in the help and the man page.
struct OptionGroup: Sendable {
    /// The title, without a colon.
    let title: String
    /// In the order of the documentation.
    let options: [OptionSpec]
}
