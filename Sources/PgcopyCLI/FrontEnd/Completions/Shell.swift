// The shells that there is a completion script for.

/// A shell by the name of its program.
enum Shell: String, Sendable, CaseIterable {
    case bash
    case zsh
    case fish
}
