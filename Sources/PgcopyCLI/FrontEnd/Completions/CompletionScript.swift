// The completion scripts, made from the table.

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
