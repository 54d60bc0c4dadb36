// The one table of commands. Its order is the order of the documentation.

/// Every command, and what is common to them all.
enum CommandTable {
    /// What the program does, in a line; no full stop.
    static let summary = "stream PostgreSQL COPY data from one source to many destinations"

    /// What the program does, for the man page.
    static let description = [
        "`pgcopy` reads the source once, feeds every destination at its own pace, and never commits a truncated stream. "
            + "Sources and destinations are servers, files and streams, in any combination.",
        "Options may stand before or after operands; `--` ends them. A value is written `--name=VALUE` or `--name VALUE`. "
            + "A long name may be cut short as long as it stays unambiguous. "
            + "Short options cluster (`-qw`), and their value may follow at once (`-tpublic.t`).",
    ]

    /// The commands.
    static let commands: [CommandSpec] = [.transfer, .listen, .notify, .exec, .snapshot, .completions, .help]

    /// The options of every command, and of `pgcopy` alone.
    static let generalGroup = OptionGroup(title: "General", options: [.help, .version])

    /// The command with this name.
    static func command(_ name: String) -> CommandSpec? {
        commands.first { $0.name.rawValue == name }
    }
}

extension OptionSpec {
    /// `--help`.
    static let help = OptionSpec(
        "help", "h", "?",
        summary: "show this help, then exit",
        details: [
            "It wins over every other option, mistakes included, but where it stands as the value of one. "
                + "`-h` beside operands is an error: in psql it names a host, which belongs into the connection here."
        ]
    )
    /// `--version`.
    static let version = OptionSpec("version", "V", summary: "show the version, then exit")
}
