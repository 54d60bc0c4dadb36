// The table's entry for `transfer`.

extension CommandSpec {
    /// `pgcopy transfer`.
    static let transfer = CommandSpec(
        name: .transfer,
        summary: "stream rows from one source to many destinations",
        description: [
            "Copies rows from SOURCE to every DESTINATION. The source is read once.",
            "The table is named at the source (`#TABLE`) or by `--table`, which many patterns can be given to; "
                + "`--query` copies the rows of a query instead. "
                + "A destination takes the table that its own `#TABLE` names, else the one of `--into`, "
                + "else the source's own name.",
            "Each destination is loaded in one transaction (one for each stream of `--jobs`). Every destination finishes its copy before the first one "
                + "commits: without `--keep-going`, a failure anywhere rolls all of them back, and a source that dies "
                + "never commits anything anywhere.",
            "Columns are matched by name, so another order at a destination is fine.",
        ],
        operands: [
            OperandSpec("SOURCE", kind: .endpoint),
            OperandSpec("DESTINATION", kind: .endpoint, isRepeated: true),
        ],
        ownGroups: [
            OptionGroup(
                title: "What to copy",
                options: [
                    .table, .excludeTable, .schema, .excludeSchema, .allTables, .query, .where, .columns, .set, .into,
                    .intoSchema, .snapshot,
                ]),
            OptionGroup(
                title: "How it lands",
                options: [
                    .create, .truncate, .delete, .upsert, .allowEmpty, .disableTriggers, .sequences, .notify, .dryRun,
                    .overrideReadOnly,
                    .notSame,
                ]),
            OptionGroup(
                title: "Format",
                options: [.format, .header, .delimiter, .null, .quote, .escape, .encoding, .onError, .rejectLimit]
            ),
            OptionGroup(
                title: "Faults",
                options: [.timeout, .lockTimeout, .reconcileTimeouts, .keepGoing, .allowUnterminated, .expectRows]),
            OptionGroup(title: "Parallel", options: [.jobs, .splitLargerThan, .part, .rateLimit]),
            OptionGroup(title: "Output", options: [.progress, .interval, .metricsFile, .quiet, .verbose]),
            OptionGroup(title: "Connection", options: [.noPassword, .password]),
        ],
        explainsEndpoints: true,
        exitCodes: SharedText.exitCodes,
        examples: [
            Example(
                "Copy a table to two servers, replacing what is there",
                "pgcopy", "transfer", "-t", "public.orders", "--truncate",
                "postgresql://db1/shop", "postgresql://db2/shop", "postgresql://db3/shop"
            ),
            Example(
                "Copy all tables of a schema but those of a log, in one snapshot",
                "pgcopy", "transfer", "-t", "'sales.*'", "-T", "'sales.log_*'", "shop", "postgresql://db2/shop"
            ),
            Example(
                "Copy a whole database by eight streams",
                "pgcopy", "transfer", "--all-tables", "-j8", "shop", "postgresql://db2/shop"
            ),
            Example(
                "Write the rows of a query to a file",
                "pgcopy", "transfer", "--format=csv", "--header", "--query", "'TABLE orders LIMIT 9'",
                "shop", "./orders.csv"
            ),
            Example(
                "Load a compressed file",
                "pgcopy", "transfer", "--format=csv", "program:'zcat orders.csv.gz'", "shop#public.orders"
            ),
            Example(
                "Put up with slow destinations",
                "pgcopy", "transfer", "-t", "orders", "--reconcile-timeouts=20", "--keep-going",
                "shop", "service=north", "service=south"
            ),
        ],
        hasManPage: true
    )
}
