// The table's entry for `notify`.

extension CommandSpec {
    /// `pgcopy notify`.
    static let notify = CommandSpec(
        name: .notify,
        summary: "send notifications",
        description: [
            "Sends every notification to every CONNECTION, in the order given, in one transaction per connection. "
                + "All transactions are ready before the first one commits: what one server would not take, "
                + "a name too long, say, is sent nowhere.",
            "A CONNECTION is a URI or keyword string of libpq's, or the name of a database, as in psql.",
            "The server sends a notification once where the same channel and payload are given twice.",
        ],
        operands: [OperandSpec("CONNECTION", kind: .connection, isRepeated: true)],
        ownGroups: [
            OptionGroup(title: "What to send", options: [.notifyChannel]),
            OptionGroup(title: "Output", options: [.quiet, .verbose]),
            OptionGroup(title: "Connection", options: [.noPassword, .password]),
        ],
        explainsEndpoints: false,
        exitCodes: [
            Definition("0", "everything was sent"),
            Definition("1", "failed; nothing was sent anywhere"),
            Definition("2", "usage error, or a connection could not be made; nothing was sent"),
            Definition("3", "sent to some connections, not to others; each is named"),
            Definition("4", "in doubt: a commit was sent to a server and its answer was lost"),
            Definition("128 + N", "stopped by signal N, as SIGINT (130) or SIGTERM (143): nothing was sent"),
        ],
        examples: [
            Example("Wake who listens on a channel", "pgcopy", "notify", "-c", "jobs", "shop"),
            Example(
                "Send payloads to two servers", "pgcopy", "notify", "-c", "'cache={\"table\": \"orders\"}'", "-c",
                "audit=deployed", "postgresql://db1/shop", "postgresql://db2/shop"),
        ],
        hasManPage: true
    )
}

extension OptionSpec {
    /// `--channel` of `notify`.
    static let notifyChannel = OptionSpec(
        "channel", "c",
        value: .required("CHANNEL[=PAYLOAD]", .text),
        isRepeatable: true,
        summary: "notify this channel; may be given again",
        details: [
            "The payload is everything behind the first equals sign, up to 7999 bytes. "
                + "The name is taken as it is, up to 63 bytes: letters are not folded to lower case. "
                + "A name that holds an equals sign goes in double quotes, as in `'\"odd=name\"=payload'`."
        ]
    )
}
