// The table's entry for `listen`.

extension CommandSpec {
    /// `pgcopy listen`.
    static let listen = CommandSpec(
        name: .listen,
        summary: "print notifications as they come",
        description: [
            "Listens on every channel at every CONNECTION, and writes a line to stdout for each notification, at once: "
                + "the connection, the channel, the payload, and the process id of the backend that sent it.",
            "A CONNECTION is a URI or keyword string of libpq's, or the name of a database, as in psql. "
                + "It is shown without its password.",
            "With `--verbose`, `pgcopy: listening` on stderr says that every connection listens on every channel: "
                + "what is sent from then on is printed.",
            "It ends after `--count` notifications or `--timeout` seconds, when no connection is left, "
                + "or when nobody reads stdout any more.",
            "A connection that dies is reported on stderr. With `--reconnect` it is opened again, "
                + "and a record on stdout says that notifications may have been missed: in text format "
                + "the connection, `\\N`, `gap` and `\\N` (no notification has `\\N` for its channel), "
                + "in json an object with `type`, which is \"gap\", and `connection`.",
        ],
        operands: [OperandSpec("CONNECTION", kind: .connection, isRepeated: true)],
        ownGroups: [
            OptionGroup(title: "What to listen for", options: [.listenChannel]),
            OptionGroup(title: "When to end", options: [.count, .listenTimeout]),
            OptionGroup(title: "What to do", options: [.listenFormat, .exec]),
            OptionGroup(title: "Output", options: [.quiet, .verbose]),
            OptionGroup(title: "Connection", options: [.reconnect, .noPassword, .password]),
        ],
        explainsEndpoints: false,
        exitCodes: [
            Definition("0", "ended by `--count` or `--timeout`"),
            Definition("1", "no connection is left, a server refused to listen, or stdout could not be written"),
            Definition("2", "usage error, or a connection could not be made; nothing was printed"),
            Definition("3", "as 0, but a command of `--exec` failed; each failure is reported"),
            Definition("128 + N", "stopped by signal N, as SIGINT (130) or SIGTERM (143)"),
        ],
        examples: [
            Example(
                "Print what comes on two channels of two servers", "pgcopy", "listen", "-c", "jobs", "-c", "audit",
                "postgresql://db1/shop", "postgresql://db2/shop"),
            Example(
                "Wait for one notification, a minute at most", "pgcopy", "listen", "-c", "done", "--count=1",
                "--timeout=60", "shop"),
            Example(
                "Run a script for every notification, for ever", "pgcopy", "listen", "-c", "jobs", "--reconnect",
                "--exec", "'./work.sh \"$PGCOPY_CHANNEL\"'", "service=queue"),
            Example(
                "Keep a log in a table", "pgcopy", "listen", "-c", "audit", "--count=1000", "shop", "|", "psql",
                "-c", "'\\copy log FROM STDIN'", "archive"),
        ],
        hasManPage: true
    )
}

extension OptionSpec {
    /// `--channel` of `listen`.
    static let listenChannel = OptionSpec(
        "channel", "c",
        value: .required("CHANNEL", .text),
        isRepeatable: true,
        summary: "listen on this channel; may be given again",
        details: [
            "The name is taken as it is: letters are not folded to lower case. "
                + "In double quotes it is read as SQL reads a quoted name.",
            "All channels are listened on, or the command fails.",
        ]
    )
    /// `--count`.
    static let count = OptionSpec(
        "count",
        value: .required("N", .text),
        summary: "end after this many notifications"
    )
    /// `--timeout` of `listen`.
    static let listenTimeout = OptionSpec(
        "timeout",
        value: .required("SECONDS", .text),
        summary: "end after this many seconds in all; 0 prints what is pending and ends",
        details: [
            "A command of `--exec` that runs then is ended by SIGTERM, a second later by SIGKILL, and counts as failed. "
                + "With 0 there is no such end: a command for what is pending takes its time."
        ]
    )
    /// `--format` of `listen`.
    static let listenFormat = OptionSpec(
        "format",
        value: .choice(ListenFormat.allCases.map(\.rawValue)),
        summary: "form of the lines (default: text)",
        details: [
            "text: connection, channel, payload and process id separated by tabs, escaped as in COPY's text format.",
            "json: an object a line, with the members connection, channel, payload and pid.",
        ]
    )
    /// `--exec`.
    static let exec = OptionSpec(
        "exec",
        value: .required("COMMAND", .text),
        summary: "run this command for each notification",
        details: [
            "Commands run by `/bin/sh -c`, one after the other, in the order of the notifications, "
                + "each after its line was written.",
            "The payload is on the command's stdin, with nothing added. PGCOPY_CHANNEL, PGCOPY_PAYLOAD and PGCOPY_PID "
                + "in its environment hold the channel, the payload and the process id. "
                + "None of them ever becomes a part of the command.",
            "A command may use the terminal where no `--timeout` is given.",
            "A command that fails is reported on stderr, and listening goes on.",
        ]
    )
    /// `--reconnect`.
    static let reconnect = OptionSpec(
        "reconnect",
        summary: "open a connection again when it was lost",
        details: [
            "It is tried until it succeeds, after a quarter of a second at first, then at ever longer intervals of up to "
                + "half a minute, shortened by chance. The other connections go on meanwhile. "
                + "The first connection must succeed all the same."
        ]
    )
}
