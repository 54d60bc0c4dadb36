// What a command line asks for.

/// The parser's answer.
enum Request: Sendable {
    /// Run a command.
    case run(Invocation)
    /// Show the help of a command, or of the program.
    case help(CommandSpec?)
    /// Show the version.
    case version
}
