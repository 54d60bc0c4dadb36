// The table's entries for which rows `transfer` copies, how they land, and in which format.

extension OptionSpec {
    /// `--table`.
    static let table = OptionSpec(
        "table", "t",
        value: .required("PATTERN", .table),
        isRepeatable: true,
        conflicts: ["query"],
        summary: "copy this table, or all that match the pattern; may be given many times",
        details: [
            "The pattern follows pg_dump's rules: letters are folded to lower case unless quoted, `*` stands for any letters "
                + "and `?` for one, and a schema may stand before a dot, as in `public.orders`, `'sales.*'` or `'\"Odd Name\"'`. "
                + "One that matches nothing is an error. Patterns match ordinary and partitioned tables; views, materialized "
                + "views and foreign tables are copied when they are named exactly.",
            "Rows of partitions go through the table that they are partitions of, where that is copied, too. "
                + "Many tables are copied in one snapshot and, at each destination, in one transaction; each goes to its "
                + "namesake. Tables that others refer to by foreign keys come first.",
        ]
    )
    /// `--exclude-table`.
    static let excludeTable = OptionSpec(
        "exclude-table", "T",
        value: .required("PATTERN", .table),
        isRepeatable: true,
        conflicts: ["query"],
        summary: "leave out tables that match"
    )
    /// `--schema`.
    static let schema = OptionSpec(
        "schema", "n",
        value: .required("PATTERN", .schema),
        isRepeatable: true,
        conflicts: ["query"],
        summary: "copy all tables of the schemas that match",
        details: ["As with pg_dump, `--table` goes before it."]
    )
    /// `--exclude-schema`.
    static let excludeSchema = OptionSpec(
        "exclude-schema", "N",
        value: .required("PATTERN", .schema),
        isRepeatable: true,
        conflicts: ["query"],
        summary: "leave out schemas that match"
    )
    /// `--all-tables`.
    static let allTables = OptionSpec(
        "all-tables",
        conflicts: ["query"],
        summary: "copy all tables of the database",
        details: ["Those of the server itself and of extensions are never among them."]
    )
    /// `--query`.
    static let query = OptionSpec(
        "query",
        value: .required("SQL", .text),
        summary: "copy the rows of a query instead of a table",
        details: ["A destination that is a server then needs a table: by `--into` or by its own `#TABLE`."]
    )
    /// `--where`.
    static let `where` = OptionSpec(
        "where",
        value: .required("CONDITION", .text),
        conflicts: ["query"],
        summary: "copy only the rows that meet this SQL condition"
    )
    /// `--columns`.
    static let columns = OptionSpec(
        "columns",
        value: .required("LIST", .text),
        summary: "copy only these columns, separated by commas",
        details: [
            "With `--query`: the destinations' names of its columns, in the query's order. "
                + "With a file or stream as the source: the names of its columns, in its order."
        ]
    )
    /// `--set`.
    static let set = OptionSpec(
        "set",
        value: .required("[TABLE.]COLUMN=EXPRESSION", .text),
        isRepeatable: true,
        conflicts: ["query"],
        summary: "let the source compute a column's values, as in `--set 'users.email=md5(email)'`",
        details: [
            "SQL over the table's columns, cast to the column's type, but not cut to its length: a destination refuses what is too "
                + "long. It may read other tables. The name of the table may be left out where one is copied. The table itself stays as it is."
        ]
    )
    /// `--into`.
    static let into = OptionSpec(
        "into",
        value: .required("TABLE", .text),
        summary: "the name of the table at the destinations",
        details: ["A destination's own `#TABLE` goes before it. For one table, named exactly."]
    )
    /// `--into-schema`.
    static let intoSchema = OptionSpec(
        "into-schema",
        value: .required("SCHEMA", .text),
        conflicts: ["into", "query"],
        summary: "the schema of the tables at the destinations, which keep their names",
        details: [
            "The schema has to be there. A destination's own `#TABLE` goes before it; `{schema}` in the names of files is the "
                + "source's all the same."
        ]
    )
    /// `--snapshot`.
    static let snapshot = OptionSpec(
        "snapshot",
        value: .required("ID", .text),
        summary: "read in this exported snapshot",
        details: [
            "As `pgcopy snapshot` prints it, or pg_export_snapshot() gives it; of the same server and database, and held as "
                + "long as the copy reads. A table that was emptied, rewritten or replaced since is refused."
        ]
    )
    /// `--truncate`.
    static let truncate = OptionSpec(
        "truncate",
        summary: "empty the table first, in the same transaction",
        details: [
            "Without it, rows are appended. Where the source has no row and the table holds some, the copy fails and the "
                + "table is left as it was: see `--allow-empty`."
        ]
    )
    /// `--delete`.
    static let delete = OptionSpec(
        "delete",
        conflicts: ["truncate"],
        summary: "as --truncate, by DELETE: readers see the old rows until the commit",
        details: [
            "All rows go, whatever `--where` selects for the copy, those of tables that refer to others first; what others insert "
                + "meanwhile remains. Triggers fire. A foreign key of a table that is not copied is refused where it would "
                + "change rows there (CASCADE, SET NULL, SET DEFAULT). A table is not divided among streams."
        ]
    )
    /// `--upsert`.
    static let upsert = OptionSpec(
        "upsert",
        value: .optional("COLUMNS", .text),
        conflicts: ["truncate", "delete"],
        summary: "insert rows, or update those of the same key: the primary key, or these columns",
        details: [
            "Rows come into a temporary table first, and go from there behind the last one, by INSERT with ON CONFLICT. A key that comes "
                + "twice fails the run. All columns that come are updated; the summary says how many rows were inserted, how "
                + "many updated, and how many changed nothing (a table of nothing but its key, a trigger that takes none). Columns need a unique "
                + "index, which is neither partial nor of expressions; a key with a NULL is always new, unless its index says NULLS NOT "
                + "DISTINCT. A table is not divided among streams. Of two runs that upsert into a table the second waits for the first."
        ]
    )
    /// `--create`.
    static let create = OptionSpec(
        "create",
        conflicts: ["query", "upsert", "into", "into-schema", "part"],
        summary: "make tables that are missing at the destinations, as they are at the source",
        details: [
            "By pg_dump, which has to be there, and of the source's version or later: tables before their rows, indexes, "
                + "constraints and triggers behind them, in the same transaction, so that a run that fails leaves nothing. What tables need is made, too "
                + "(types, schemas, functions, sequences); with `--schema` and `--all-tables` all that lies in the schemas, as views. "
                + "What is there already stays as it is. Owners are the roles of the connections; rights are not copied.",
            "With `--jobs` tables are made and committed first, and indexes are made behind the commits of the rows, side by side: a run that "
                + "fails drops what it has made, unless others have written rows to it or refer to it.",
        ]
    )
    /// `--disable-triggers`.
    static let disableTriggers = OptionSpec(
        "disable-triggers",
        summary: "triggers, rules and foreign keys of the destinations do nothing meanwhile",
        details: [
            "By session_replication_role = replica, which takes a superuser, or from PostgreSQL 15 on a role that may set it. "
                + "Nothing checks that rows refer to rows that are there; what was made to fire for replicas (ENABLE REPLICA, "
                + "ENABLE ALWAYS) fires all the same."
        ]
    )
    /// `--sequences`.
    static let sequences = OptionSpec(
        "sequences",
        conflicts: ["query"],
        summary: "let the destinations' sequences go on where the source's stand",
        details: [
            "Those that the copied columns own, of serial and identity columns. They are read behind the last row, and set last of all, "
                + "forwards only. Where the role owns a sequence, that is rolled back with the rest, and others wait until the "
                + "commit; else by setval, which is not rolled back and is told."
        ]
    )
    /// `--notify`.
    static let notify = OptionSpec(
        "notify",
        value: .required("CHANNEL", .text),
        summary: "tell each destination's listeners, with the commit",
        details: [
            "The payload is a JSON object: `source`, `table` where there is one, `tables`, `rows`, `bytes`. See "
                + "pgcopy-listen(1); the name is taken as it is typed, as there."
        ]
    )
    /// `--dry-run`.
    static let dryRun = OptionSpec(
        "dry-run",
        summary: "say what would be copied, where and how; change nothing",
        details: [
            "The tables in their order, about how many rows and bytes they are, their format, where they land, and what would "
                + "be emptied, on stdout; with `--progress=json` a record of it, which every run writes before a row is read, with "
                + "the reasons and the statements. What would be refused is refused. Servers are asked, and tables are locked as for "
                + "reading and loading for that moment; nothing is read, and no file or program is opened."
        ]
    )
    /// `--allow-empty`.
    static let allowEmpty = OptionSpec(
        "allow-empty",
        summary: "let --truncate or --delete empty a table even where the source has no row"
    )
    /// `--override-read-only`.
    static let overrideReadOnly = OptionSpec(
        "override-read-only",
        summary: "load a destination although default_transaction_read_only is on there"
    )
    /// `--not-same`.
    static let notSame = OptionSpec(
        "not-same",
        summary: "a standby and its primary are not what they seem: copy between them",
        details: [
            "A table seen on a standby is the table of its primary: the system identifier and the timeline are the same. "
                + "So they are for a while where a server was restored from the other's base backup and still recovers."
        ]
    )

    /// `--on-error`.
    static let onError = OptionSpec(
        "on-error",
        value: .choice(["stop", "ignore"]),
        summary: "what a destination does with a value that its type does not take (default: stop)",
        details: [
            "ignore: the row is left out there, by COPY FROM's own ON_ERROR (PostgreSQL 17); a row that breaks a constraint fails all "
                + "the same. The summary says how many rows a destination left out, with those that a trigger took out. Not in binary."
        ]
    )
    /// `--reject-limit`.
    static let rejectLimit = OptionSpec(
        "reject-limit",
        value: .required("N", .text),
        summary: "fail where more than N rows of a table are left out (PostgreSQL 18)"
    )

    /// `--format`.
    static let format = OptionSpec(
        "format",
        value: .choice(FormatChoice.allCases.map(\.rawValue)),
        summary: "COPY format of the stream (default: auto)",
        details: [
            "auto: binary between servers when every column's type is the same on all sides and its binary form "
                + "is portable and means the same to the servers' versions, else text; files and stdout get text, and files whose "
                + "name ends in `.csv` csv. -v says what was chosen and why.",
            "binary is refused where a column's type differs, or its meaning between the versions (interval before and "
                + "from PostgreSQL 17). A binary file does not tell its version: load it into the one it came from.",
        ]
    )
    /// `--header`.
    static let header = OptionSpec(
        "header",
        value: .optional("match|skip", .choices(HeaderChoice.allCases.map(\.rawValue))),
        summary: "the first line names the columns",
        details: [
            "Files and stdout get a line with the columns' names. The first line of a file or stream that is the source is "
                + "its list of columns: they are matched by name with the table's, in whatever order (`match`, the default). "
                + "`skip` passes over that line. A UTF-8 byte order mark before the first name is passed over.",
            "Not in binary format; in text from a server that is PostgreSQL 15 or later.",
        ]
    )
    /// `--delimiter`.
    static let delimiter = OptionSpec(
        "delimiter",
        value: .required("C", .text),
        summary: "what separates columns (default: tab, in csv a comma)",
        details: ["One single-byte character; a tab may be written `\\t`. Not in binary format."]
    )
    /// `--null`.
    static let null = OptionSpec(
        "null",
        value: .required("S", .text),
        summary: "what stands for NULL (default: \\N, in csv nothing)",
        details: [
            "Not in binary format. Like `--header`, `--delimiter`, `--quote` and `--escape` it is refused where there are "
                + "only servers, and in text format between two servers with a file beside them where a value could be "
                + "written so, too."
        ]
    )
    /// `--quote`.
    static let quote = OptionSpec(
        "quote",
        value: .required("C", .text),
        summary: "what quotes a csv value (default: \")",
        details: ["One single-byte character. In csv format only."]
    )
    /// `--escape`.
    static let escape = OptionSpec(
        "escape",
        value: .required("C", .text),
        summary: "what stands before a quote in a csv value (default: the quote)",
        details: ["One single-byte character. In csv format only."]
    )
    /// `--encoding`.
    static let encoding = OptionSpec(
        "encoding",
        value: .required("NAME", .text),
        summary: "encoding of files and streams, such as LATIN1 (default: UTF8)",
        details: [
            "A client_encoding of the connection is refused without it. Not in binary format, where characters are UTF8. "
                + "Between servers: what the bytes of a source of encoding SQL_ASCII are."
        ]
    )

    /// `--allow-unterminated`.
    static let allowUnterminated = OptionSpec(
        "allow-unterminated",
        summary: "take a last row without its line end from a file or stream",
        details: [
            "Without it, text and csv that do not end in a line end are taken for cut off, and nothing is committed. "
                + "Csv that ends between quotes always is."
        ]
    )
    /// `--expect-rows`.
    static let expectRows = OptionSpec(
        "expect-rows",
        value: .required("N", .text),
        summary: "fail, and commit nothing, unless there are exactly N rows",
        details: ["The one guard against a pipe whose left side died exactly between two rows."]
    )
}
