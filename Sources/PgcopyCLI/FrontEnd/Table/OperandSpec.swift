// One operand of a command.

/// What stands on the command line without dashes.
struct OperandSpec: Sendable {
    /// What the help shows for it.
    let placeholder: String
    /// What it can be.
    let kind: ValueKind
    /// Whether the command fails without it.
    let isRequired: Bool
    /// Whether it takes every operand that is left; only the last one of a command does.
    let isRepeated: Bool

    /// An operand, required and single unless told otherwise.
    init(_ placeholder: String, kind: ValueKind, isRequired: Bool = true, isRepeated: Bool = false) {
        self.placeholder = placeholder
        self.kind = kind
        self.isRequired = isRequired
        self.isRepeated = isRepeated
    }

    /// As the synopsis writes it.
    var synopsis: String {
        let name = isRepeated ? placeholder + "..." : placeholder
        return isRequired ? name : "[\(name)]"
    }
}
