// Which option a name stands for: exact, or cut short as getopt_long allows.

/// The option that a typed name stands for.
enum OptionMatch {
    /// Exactly one.
    case found(OptionSpec)
    /// Cut too short.
    case ambiguous([OptionSpec])
    /// None.
    case unknown

    /// Matches a long name without its dashes.
    static func long(_ name: String, among options: [OptionSpec]) -> OptionMatch {
        if let exact = options.first(where: { $0.long == name }) { return .found(exact) }
        let candidates = name.isEmpty ? [] : options.filter { $0.long.hasPrefix(name) }
        switch candidates.count {
        case 0: return .unknown
        case 1: return .found(candidates[0])
        default: return .ambiguous(candidates)
        }
    }

    /// The option with this short letter.
    static func short(_ letter: Character, among options: [OptionSpec]) -> OptionSpec? {
        options.first { $0.shorts.contains(letter) }
    }
}
