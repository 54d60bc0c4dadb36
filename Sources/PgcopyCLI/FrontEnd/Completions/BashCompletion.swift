// The completion script for bash.

enum BashCompletion { static var script: String { "" } }
