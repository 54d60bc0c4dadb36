// The table's entry for `snapshot`.

extension CommandSpec {
    /// `pgcopy snapshot`.
    static let snapshot = CommandSpec(
        name: .snapshot,
        summary: "export a snapshot and hold it",
        description: [
            "Prints the identifier of an exported snapshot, alone on stdout, and holds it until its stdin closes, where that "
                + "is a pipe or a terminal, or a signal comes. `pgcopy transfer` reads in it by its option of that name, as often and "
                + "on as many machines as wanted: all of them see the rows of one moment.",
            "Tables that are named are locked (ACCESS SHARE) before: nobody can empty, rewrite or replace them while it is "
                + "held. Of others a run finds out, and is refused.",
            "A held snapshot keeps the server from cleaning up what was deleted since: hold it no longer than it is needed.",
        ],
        operands: [OperandSpec("SOURCE", kind: .connection)],
        ownGroups: [
            OptionGroup(
                title: "What to lock",
                options: [
                    .table.locking("lock this table, or all that match the pattern; may be given many times"),
                    .excludeTable.locking("leave out tables that match"),
                    .schema.locking("lock all tables of the schemas that match"),
                    .excludeSchema.locking("leave out schemas that match"),
                    .allTables.locking("lock all tables of the database"),
                ]),
            OptionGroup(title: "Output", options: [.quiet, .verbose]),
            OptionGroup(title: "Connection", options: [.noPassword, .password]),
        ],
        explainsEndpoints: false,
        exitCodes: [
            Definition("0", "its stdin was closed"),
            Definition("1", "failed: the server went away, and the snapshot with it"),
            Definition("2", "usage error, or the connection could not be made"),
            Definition("128 + N", "stopped by signal N, as SIGINT (130) or SIGTERM (143)"),
        ],
        examples: [
            Example(
                "Hold a snapshot of the tables of two schemas", "pgcopy", "snapshot", "-n", "sales", "-n", "stock",
                "shop"),
            Example(
                "Copy one of them in it", "pgcopy", "transfer", "-n", "sales", "--snapshot", "00000003-0000001B-1",
                "shop",
                "service=eu"),
        ],
        hasManPage: true
    )
}

extension OptionSpec {
    /// The same for tables that are only locked.
    fileprivate func locking(_ summary: String) -> OptionSpec {
        OptionSpec(long, shorts, value: value, isRepeatable: isRepeatable, summary: summary)
    }
}
