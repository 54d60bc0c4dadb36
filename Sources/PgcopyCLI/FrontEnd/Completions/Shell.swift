// The shells that there is a completion script for.

/// A shell by the name of its program.
enum Shell: String, Sendable, CaseIterable {
    case bash
    case zsh
    case fish

    /// The name that the shell looks for.
    var scriptName: String {
        switch self {
        case .bash: "pgcopy.bash"
        case .zsh: "_pgcopy"
        case .fish: "pgcopy.fish"
        }
    }
}
