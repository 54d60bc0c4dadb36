// The table's entries for the commands about the program itself.

extension CommandSpec {
    /// `pgcopy completions`.
    static let completions = CommandSpec(
        name: .completions,
        summary: "print a completion script",
        description: [
            "Prints a script that completes commands, options and values, for the shell that is named.",
            "Values are the source's tables and schemas (for `-t`, `-n` and behind `#`), services of pg_service.conf, databases of "
                + "the server that a name alone means, and files. For names the script runs `pgcopy`, which asks the server: "
                + "for a second at most, and without asking for a password.",
        ],
        operands: [OperandSpec("SHELL", kind: .choices(Shell.allCases.map(\.rawValue)))],
        ownGroups: [],
        explainsEndpoints: false,
        exitCodes: SharedText.shortExitCodes,
        examples: [
            Example("Complete in this bash session", "source", "<(pgcopy completions bash)"),
            Example("Complete in every zsh session", "pgcopy", "completions", "zsh", ">", "\"${fpath[1]}/_pgcopy\""),
            Example("Complete in this fish session", "pgcopy", "completions", "fish", "|", "source"),
        ],
        hasManPage: false
    )

    /// `pgcopy help`.
    static let help = CommandSpec(
        name: .help,
        summary: "show the help of a command",
        description: ["Shows what a command does and its options; without `COMMAND`, the commands there are."],
        operands: [
            OperandSpec("COMMAND", kind: .choices(CommandName.allCases.map(\.rawValue)), isRequired: false)
        ],
        ownGroups: [],
        explainsEndpoints: false,
        exitCodes: SharedText.shortExitCodes,
        examples: [],
        hasManPage: false
    )
}
