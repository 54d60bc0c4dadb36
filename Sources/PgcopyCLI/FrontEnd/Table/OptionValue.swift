// Whether an option takes a value, and what can stand there.

/// The value of an option.
enum OptionValue: Sendable {
    /// A switch.
    case none
    /// `--name VALUE` or `--name=VALUE`; the placeholder is what the help shows for the value.
    case required(String, ValueKind)
    /// `--name` or `--name=VALUE`.
    case optional(String, ValueKind)

    /// One of these words.
    static func choice(_ choices: [String]) -> OptionValue {
        .required(choices.joined(separator: "|"), .choices(choices))
    }

    /// What the help shows for the value.
    var placeholder: String? {
        switch self {
        case .none: nil
        case .required(let placeholder, _), .optional(let placeholder, _): placeholder
        }
    }

    /// What can be written there.
    var kind: ValueKind? {
        switch self {
        case .none: nil
        case .required(_, let kind), .optional(_, let kind): kind
        }
    }
}
