// The completion script for zsh.

enum ZshCompletion { static var script: String { "" } }
