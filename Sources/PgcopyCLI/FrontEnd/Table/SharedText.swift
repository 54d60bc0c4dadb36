// Text that the help and several man pages share, so that they cannot drift apart.

/// Lists that belong to no single command.
enum SharedText {
    /// How a source or a destination is written.
    static let endpoints = [
        Definition(
            "postgresql://...",
            "a server, as a URI of libpq's (`postgres://` too); `#TABLE` or `#SCHEMA.TABLE` at the end "
                + "names the table at this endpoint"
        ),
        Definition("KEY=VALUE ...", "a server, as a keyword string of libpq's; `service=NAME` is one"),
        Definition("NAME", "a database, as in psql: no `/`, `=` or `:` in it; `NAME#TABLE` too"),
        Definition("-", "stdin as the source, stdout as a destination"),
        Definition(
            "file:PATH",
            "a file; so is anything with a `/` that is no URI. A file is renamed into place only when its copy "
                + "succeeded. `{schema}` and `{table}` in the name stand for the table's: many tables have a file each"
        ),
        Definition(
            "program:COMMAND",
            "what `sh -c COMMAND` writes to its stdout, or takes on its stdin. As a source it has to exit with 0 before "
                + "anything is committed. As a destination it gets the end of its stdin only when every destination is "
                + "settled, and its exit status says what became of it; where the run fails it is ended by SIGTERM, "
                + "a second later by SIGKILL, with all that it has started here. What runs elsewhere (behind ssh, say) sees "
                + "the end of its input all the same: let it write under another name, and rename it by a command behind `&&`, "
                + "which the ended shell never runs. Where pgcopy itself is killed by SIGKILL every program sees a clean end. "
                + "What it writes to its stderr is shown with its name. `{schema}` and `{table}` in COMMAND stand for the "
                + "table's, in quotes of their own: write them outside of quotes, as `out/{table}.csv`; `${table}` and "
                + "`\\{table}` are the shell's. Many tables have a program each: as the source one after the other, as a "
                + "destination all run until the commit, when one after the other gets the end of its stdin. A command "
                + "that hands its words to another shell, as ssh and eval do, has to quote the names for that one"
        ),
        Definition("null:", "a source without rows, a destination that discards them"),
    ]

    /// The JSON Schema of `--progress json`'s records; `make install` puts it below the prefix.
    static let recordSchema = "share/pgcopy/pgcopy-records.schema.json"

    /// What the codes mean for every command that moves data.
    static let exitCodes = [
        Definition("0", "everything asked for was committed"),
        Definition("1", "failed; nothing was committed anywhere"),
        Definition("2", "usage error, or a connection could not be made; nothing was started"),
        Definition(
            "3",
            "some destinations committed, others did not, or tables were emptied before, or made and could not be dropped, "
                + "and the run failed or was stopped; each is named"),
        Definition(
            "4",
            "in doubt: a commit was sent to a destination and its answer was lost, or what a destination's program has "
                + "started could not be ended and reads on, or only some of a destination's programs or files, a table each, "
                + "are done"
        ),
        Definition("128 + N", "stopped by signal N, as SIGINT (130) or SIGTERM (143), and everything was rolled back"),
    ]

    /// What the codes mean for the program's commands about itself.
    static let shortExitCodes = [
        Definition("0", "done"),
        Definition("1", "the output could not be written"),
        Definition("2", "usage error"),
    ]

    /// Variables of the environment that count.
    static let environment = [
        Definition(
            "PGHOST, PGPORT, PGUSER, PGDATABASE, PGPASSWORD, PGSERVICE, PGSSLMODE",
            "these and libpq's other variables give what a connection does not say itself"
        ),
        Definition("PGPASSFILE, PGSERVICEFILE", "other places for the two files below"),
    ]

    /// Where rows are copied.
    static let copyEnvironment = [
        Definition(
            "NOTIFY_SOCKET",
            "systemd's, which sets it with NotifyAccess=main: it is told how far a transfer is, for `systemctl status`"),
        Definition("PGCOPY_TRANSPORT", "`libpq` speaks COPY by libpq's own calls, slower; `wire` is as without it"),
        Definition(
            "PGCOPY_SCHEMA, PGCOPY_TABLE",
            "set for a `program:` whose command holds `{schema}` or `{table}`, to the names of its table"),
    ]

    /// Files that are read.
    static let files = [
        Definition("~/.pgpass", "passwords, as for psql"),
        Definition("~/.pg_service.conf", "connections by name, for `service=NAME`"),
    ]
}
