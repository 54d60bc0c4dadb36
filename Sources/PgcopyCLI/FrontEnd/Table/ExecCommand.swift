// The table's entry for `exec`, with its options.

extension CommandSpec {
    /// `pgcopy exec`.
    static let exec = CommandSpec(
        name: .exec,
        summary: "run statements in pipeline mode on every connection",
        description: [
            "Runs SQL statements on every CONNECTION, on all at once and without waiting for one result before the next "
                + "statement is sent: a batch costs one round trip however many statements it has.",
            "The statements up to a synchronization point are one implicit transaction. There is one point, at the end, "
                + "so the batch succeeds or fails as a whole on each connection; `--sync-every` sets more. "
                + "What a procedure commits on its way stays. "
                + "`BEGIN` and `COMMIT` in the batch work as on any connection; a transaction that is still open at the end "
                + "is rolled back, and that is an error. "
                + "After an error the statements up to the next point are not run; `--stop-on-error` sends nothing behind it.",
            "Statements are split at semicolons as psql does it; there are no backslash commands and no variables. "
                + "`COPY` is refused, since its data would stand where a pipeline has statements: nothing behind it is "
                + "read, and nothing since the last point is committed.",
            "On a terminal results are tables, as psql draws them, and errors are told on stderr; `--format` has more. "
                + "Elsewhere every result is a line on stdout, its fields separated by tabs and escaped as in COPY's text format "
                + "(`\\t`, `\\n`, `\\\\`, `\\N` for NULL). The first field is the connection, without its password. "
                + "The lines of one connection are in the order of its statements, those of several mix:",
            "`CONNECTION` `TAG`: a statement is done; the tag is the server's, such as `INSERT 0 1`.",
            "`CONNECTION` nothing `VALUE`...: a row. Its second field is empty, its values follow. The rows of a "
                + "statement come before its tag.",
            "`CONNECTION` `ERROR` `SQLSTATE` `MESSAGE`: a statement failed, or the commit of those before it. "
                + "Where no server spoke, the third field is empty. "
                + "stderr says more: the statement's number and line, DETAIL and HINT.",
            "`CONNECTION` `NOT RUN` `COUNT` `FIRST`: so many statements were not run because of an error before them, "
                + "from the one of this number on.",
            "A tag says that a statement was run; it is committed when no error follows up to the next point.",
        ],
        operands: [OperandSpec("CONNECTION", kind: .connection, isRepeated: true)],
        ownGroups: [
            OptionGroup(title: "Statements", options: [.command, .file, .syncEvery, .stopOnError]),
            OptionGroup(title: "Output", options: [.execFormat, .timing, .quietTags, .verbose]),
            OptionGroup(title: "Connection", options: [.noPassword, .password]),
        ],
        explainsEndpoints: false,
        exitCodes: [
            Definition(
                "0", "every statement succeeded on every connection, and was committed unless it said otherwise"),
            Definition("1", "on every connection something failed; stdout and stderr say what and where"),
            Definition("2", "usage error, or a connection could not be made; nothing was started"),
            Definition(
                "3",
                "on some connections everything was done, on others something failed or a signal came; or on some a part was "
                    + "committed, up to a synchronization point or COMMIT, on others nothing; or what was "
                    + "committed could not be told: stdout took no more"),
            Definition(
                "4",
                "in doubt: a commit was under way when its connection was lost, a signal came or stdout took no more; "
                    + "stderr says which statements it is about"),
            Definition(
                "128 + N",
                "stopped by signal N, as SIGINT (130) or SIGTERM (143): what runs was cancelled, and rolled back up to the last "
                    + "synchronization point or COMMIT; with `--sync-every` more of them may be under way, and stdout says how "
                    + "they ended"
            ),
        ],
        examples: [
            Example(
                "Run a script on three servers, each as one transaction",
                "pgcopy", "exec", "-f", "./migrate.sql",
                "postgresql://db1/shop", "postgresql://db2/shop", "postgresql://db3/shop"
            ),
            Example(
                "Ask two servers one question",
                "pgcopy", "exec", "-c", "'SELECT count(*) FROM orders'", "service=north", "service=south"
            ),
            Example(
                "Load statements in transactions of a thousand",
                "zcat", "inserts.sql.gz", "|", "pgcopy", "exec", "-q", "--sync-every=1000", "shop"
            ),
        ],
        hasManPage: true
    )
}

extension OptionSpec {
    /// `--command`.
    static let command = OptionSpec(
        "command", "c",
        value: .required("SQL", .text),
        isRepeatable: true,
        conflicts: ["file"],
        summary: "run these statements",
        details: ["It may be given several times. Without `-c` and `-f`, statements are read from stdin."]
    )
    /// `--file`.
    static let file = OptionSpec(
        "file", "f",
        value: .required("FILE", .file),
        summary: "run the statements of this file; - is stdin",
        details: ["The file is read while its statements run, so its size does not matter."]
    )
    /// `--sync-every`.
    static let syncEvery = OptionSpec(
        "sync-every",
        value: .required("N", .text),
        summary: "set a synchronization point behind every N statements (default: only at the end)",
        details: [
            "With 1, each statement is a transaction of its own, as `VACUUM` and `CREATE DATABASE` need it. "
                + "It costs no round trips."
        ]
    )
    /// `--stop-on-error`.
    static let stopOnError = OptionSpec(
        "stop-on-error",
        summary: "send a connection nothing behind an error, as psql's ON_ERROR_STOP",
        details: [
            "With `--sync-every`, nothing behind a synchronization point is sent before that is answered: this costs a "
                + "round trip each. What points before the error have committed stays. "
                + "The other connections go on: each is a session of its own, as in psql. "
                + "Without `--sync-every` the rest is not read any more once the error is heard of."
        ]
    )
    /// `--format` of `exec`.
    static let execFormat = OptionSpec(
        "format",
        value: .choice(ExecFormat.allCases.map(\.rawValue)),
        summary: "form of the results (default: aligned on a terminal, else text)",
        details: [
            "text: a line per row, tag and error, as above.",
            "csv: rows only, as COPY's csv: NULL is nothing, an empty text is `\"\"`. A header line stands before each result. "
                + "With several connections their rows mix; then the first column is `connection`, and a header line stands "
                + "wherever the columns change.",
            "json: an object a line, told apart by `type`. `row` has `connection`, `statement` and `row`, an object of its columns "
                + "(where two have one name: `columns` and `values`); `done` has the `tag`; `error` has `error`, with the members "
                + "that errors have in the records of `transfer` (`sqlstate` is null where no server spoke); `not_run`, `stopped`, `batch`, `in_doubt` say of "
                + "which statements. Integers up to 2^53, floating-point numbers, booleans and json are what they are; all other "
                + "values are strings, those of `numeric` too.",
            "aligned: tables as psql draws them. The widths are those of a result's first rows, as many as a MiB or two hold; "
                + "later values that are wider stick out.",
            "Errors are told in full on stderr. csv and aligned have nothing of them on stdout, and say on stderr what was not "
                + "run, too.",
        ]
    )
    /// `--timing`.
    static let timing = OptionSpec(
        "timing",
        summary: "tell how long the statements up to each synchronization point took",
        details: [
            "From when the first of them was sent, or from the answer of the point before where that came later, to the point's "
                + "answer: the network and the commit are in it. With `--sync-every=1` that is the time of each statement. "
                + "It is told on stderr, in json as a `batch`."
        ]
    )
    /// `--quiet` of `exec`.
    static let quietTags = OptionSpec(
        "quiet", "q",
        conflicts: ["verbose"],
        summary: "print rows and errors only",
        details: ["No tags of statements that are done, no notices."]
    )
}
