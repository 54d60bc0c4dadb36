// The shells that there is a completion script for.

/// A shell by the name of its program.
enum Shell: String, Sendable, CaseIterable {
    /// From 3.2 on.
    case bash
    /// With its compinit.
    case zsh
    /// From 3.0 on.
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

/// Renders completion scripts.
enum CompletionScript {
    /// The script for a shell.
    static func text(for shell: Shell) -> String {
        switch shell {
        case .bash: BashCompletion.script
        case .zsh: ZshCompletion.script
        case .fish: FishCompletion.script
        }
    }
}
