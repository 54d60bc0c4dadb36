// The table's entries for how `transfer` runs: faults, pace, output, connections.

extension OptionSpec {
    /// `--timeout`.
    static let timeout = OptionSpec(
        "timeout",
        value: .required("SECONDS", .text),
        summary: "fault a destination that takes no data, and a source that gives none, for so long (default: never)",
        details: [
            "A decimal number greater than 0. A destination has to take some of the rows that wait for it, whatever keeps it from "
                + "that. A server that has them all and is at work, or waits for a lock, is waited for, and so is a source: it is "
                + "asked. A file, a pipe or a program cannot be asked: a source that is one fails the run by its silence alone. While nobody "
                + "reads it, because a destination is slow or by `--rate-limit`, no source is silent. The other end of a named "
                + "pipe is waited for as long, too. What a program does behind the last row has no limit: it may have much to do."
        ]
    )
    /// `--lock-timeout`.
    static let lockTimeout = OptionSpec(
        "lock-timeout",
        value: .required("SECONDS", .text),
        summary: "fail where a lock is waited for so long (default: never)",
        details: [
            "A decimal number greater than 0. A wait is told after a second: for which table, held by which process. "
                + "Whether a session waits for another one of the same run, which is for ever, is found out by itself."
        ]
    )
    /// `--reconcile-timeouts`.
    static let reconcileTimeouts = OptionSpec(
        "reconcile-timeouts",
        value: .optional("TRIES", .text),
        summary: "reconcile a destination that timed out instead of dropping it, "
            + "up to TRIES times without progress (default: \(TransferOptions.defaultReconcileTries))",
        details: [
            "Implies `--timeout` \(TransferOptions.impliedTimeout.components.seconds) where none is given, for the source, too. No row is lost or doubled."
        ]
    )
    /// `--keep-going`.
    static let keepGoing = OptionSpec(
        "keep-going",
        summary: "drop a faulted destination, commit the others",
        details: ["The exit code is 3 where a destination was dropped and another one committed."]
    )

    /// `--jobs`.
    static let jobs = OptionSpec(
        "jobs", "j",
        value: .required("N", .text),
        summary: "copy N streams at a time, over tables and over parts of one (default: 1)",
        details: [
            "Each stream is a connection to the source and one to each destination; all read in one exported snapshot. Tables "
                + "that refer to each other by foreign keys go through one stream. A large table is divided: by blocks where the "
                + "source is PostgreSQL 14 or later, between its partitions, else by its integer primary key, where the server has a "
                + "histogram of it (ANALYZE).",
            "At each destination the streams' transactions are held open until every row is at every destination; then they commit in "
                + "turn. A crash between two of these commits leaves some tables, or parts of one: they are named, with exit code 3 or 4.",
            "One stream alone reads a file, a program, a query, and writes one file, a program, stdout.",
        ]
    )
    /// `--split-larger-than`.
    static let splitLargerThan = OptionSpec(
        "split-larger-than",
        value: .required("SIZE", .text),
        summary: "divide tables larger than this (default: so that all streams stay busy)",
        details: [
            "In bytes of the table with its TOAST data, written as for `--rate-limit`. A table that is to be truncated and divided is "
                + "emptied in a transaction of its own first: it stays empty where the copy fails then (exit code 3). Without this option "
                + "it is not divided unless it is empty already."
        ]
    )
    /// `--part`.
    static let part = OptionSpec(
        "part",
        value: .required("I/N", .text),
        conflicts: ["truncate", "delete", "sequences", "notify", "query"],
        summary: "copy only the I-th of N parts, for a scheduler that starts all of them",
        details: [
            "Needs `--snapshot`, the same for all parts. A part is every N-th stripe of 16,384 blocks of each table (and partition), or, where "
                + "blocks cannot be read by themselves, the rows of whose primary key the hash is so; what has no key goes whole with "
                + "part 1. So all parts together are each row once, wherever they run."
        ]
    )

    /// `--rate-limit`.
    static let rateLimit = OptionSpec(
        "rate-limit",
        value: .required("SIZE", .text),
        summary: "read at most so many bytes a second from the source, over all streams",
        details: [
            "`k`, `M`, `G` and `T`, with `B` or `iB` behind them or not, are powers of 1024, as in PostgreSQL's settings."
        ]
    )

    /// `--progress`.
    static let progress = OptionSpec(
        "progress",
        value: .choice(ProgressChoice.allCases.map(\.rawValue)),
        summary: "how to report on stderr (default: auto)",
        details: [
            "`auto` is a display where stderr is a terminal that can be written over, and else lines: where TERM is dumb, CI is "
                + "set, or rows go to the same terminal. `bar` is the display all the same. NO_COLOR takes its colors away, "
                + "CLICOLOR_FORCE keeps them. What is said beside it scrolls above.",
            "`json` writes one record a line, each with `schema_version`, `type`, `time` (UTC) and `run`, by which the records of two "
                + "runs are told apart. The last one is the summary, also where the command line is refused; with `json` nothing but records "
                + "is written to stderr. `\(SharedText.recordSchema)`, installed with this page, is the JSON Schema of them all. With `--quiet`, there are reports only where this option is given.",
            "SIGUSR1 asks for a report at once, and gets it whatever this and `--quiet` say. Seconds count from the "
                + "start of the program, rates from the start of the copy.",
            "Behind the last row a report says who is waited for instead of a rate: to finish, to insert and update "
                + "(`--upsert`), for indexes (`--create`), for the last checks (deferred constraints), or to commit. In `json` these are `phase`, `waiting_for`, `commit` and `commits`.",
        ]
    )
    /// `--interval`.
    static let interval = OptionSpec(
        "interval",
        value: .required("SECONDS", .text),
        summary: "time between reports (default: 1); 0 reports every cycle",
        details: ["While nothing moves there are no cycles: then 0 reports once a second."]
    )
    /// `--metrics-file`.
    static let metricsFile = OptionSpec(
        "metrics-file",
        value: .required("FILE", .file),
        summary: "write the run to FILE in Prometheus' text format",
        details: [
            "FILE is replaced as a whole when the run begins, at each report's time and at the end, for a textfile collector such as "
                + "node_exporter's, which reads `*.prom`. It is for one job: give each its own. `-q` and `--progress` do not change "
                + "it; `--dry-run` writes none.",
            "Its gauges: `pgcopy_running`, `pgcopy_exit_code` (once it has ended), `pgcopy_last_success_timestamp_seconds` (of this run "
                + "or one before, also while one runs or after one that failed), `pgcopy_start_timestamp_seconds`, "
                + "`pgcopy_end_timestamp_seconds`, `pgcopy_duration_seconds`, `pgcopy_remaining_seconds`, `pgcopy_rows`, "
                + "`pgcopy_bytes`, `pgcopy_expected_bytes`, `pgcopy_tables`, `pgcopy_tables_done`; for each destination "
                + "`pgcopy_destination_bytes`, `pgcopy_destination_behind_bytes`, `pgcopy_destination_active`, "
                + "`pgcopy_destination_rows`, `pgcopy_destination_committed`, "
                + "`pgcopy_destination_last_commit_timestamp_seconds`. What is not known is not there. Labels are `file`, FILE's name "
                + "without its folder, `source` and `destination`.",
            "A file that cannot be written is refused before anything is read; later that is a warning. A run that is killed by SIGKILL "
                + "leaves `pgcopy_running` at 1, and the file's time tells since when (`node_textfile_mtime_seconds`).",
        ]
    )
    /// `--quiet`.
    static let quiet = OptionSpec("quiet", "q", conflicts: ["verbose"], summary: "say nothing but errors")
    /// `--verbose`.
    static let verbose = OptionSpec("verbose", "v", summary: "show every statement that is sent")

    /// `--no-password`.
    static let noPassword = OptionSpec(
        "no-password", "w",
        conflicts: ["password"],
        summary: "never ask for a password",
        details: ["Without `-w` and `-W`, `pgcopy` asks on the terminal when a server wants one."]
    )
    /// `--password`.
    static let password = OptionSpec("password", "W", summary: "ask for a password before connecting")
}
