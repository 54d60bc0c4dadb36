// Role: the page of results, in Markdown.

/// Writes Tests/Bench/RESULTS.md.
struct ResultsPage {
    /// The headings of a whole page.
    static let order = [
        "Goals", "narrow", "wide", "huge", "The limit", "A few rows", "Many tables", "From nothing",
        "Many tables over long links",
        "Many streams", "User instructions a row", "Peak memory", "The loop alone",
    ]

    private let results: Results
    private(set) var text = ""

    init(_ results: Results) {
        self.results = results
        opening()
        goals()
        for (table, bytes) in results.tables { section(table, bytes) }
        limit()
        few()
        manyTables()
        clones()
        farTables()
        manyStreams()
        instructions()
        memory()
        loop()
        while text.hasSuffix("\n\n") { text.removeLast() }
    }

    private mutating func line(_ words: String = "") { text += words + "\n" }

    private mutating func table(_ columns: [String], _ rows: [[String]]) {
        func row(_ cells: [String]) -> String {
            "| " + cells.map { $0.replacing("|", with: "\\|") }.joined(separator: " | ") + " |"
        }
        line(row(columns))
        line(row(columns.indices.map { $0 == 0 ? "---" : "--:" }))
        for cells in rows { line(row(cells)) }
        line()
    }

    private mutating func opening() {
        let rounds = Self.rounds(results.rounds)
        line("# Measured")
        line()
        line(
            "`\(results.command)` made this page and the chart. Figures are medians of \(rounds); a round"
        )
        line("runs every contender once, each into emptied tables, and each round begins with another contender.")
        if results.isQuick { line("**It was a quick run over a tenth of the rows: only a rough idea.**") }
        line()
        for fact in results.facts.lines { line("* \(fact)") }
        for missing in results.missing { line("* not installed, so not measured: \(missing)") }
        for failure in results.failures { line("* \(failure)") }
        line()
        line("![Wall time of the wide table](results.svg)")
        line()
    }

    private mutating func goals() {
        line("## Goals")
        line()
        line("Wall times and binary are those of `pgcopy` as it comes, with `--format=auto`; text is `--format=text`.")
        line()
        table(
            ["goal", "measured", ""],
            Goal.all(results).map { goal in
                [goal.name, goal.measured, goal.isReached.map { $0 ? "reached" : "**missed**" } ?? "–"]
            })
    }

    private mutating func section(_ table: SampleTable, _ bytes: Int) {
        line("## \(table.name)")
        line()
        let width = Figures.count(bytes / table.rows)
        line(
            "\(Figures.count(table.rows)) rows, \(table.kind): \(width) bytes a row in text, \(Figures.megabytes(bytes))."
        )
        line("CPU is user and system time of all client processes; × compares with psql's text and binary pipes.")
        line()
        for duel in results.duels where duel.table == table.name {
            line("### \(table.name) to \(Self.place(duel.destinations))")
            line()
            rows(of: duel)
        }
    }

    private static func place(_ destinations: Int) -> String {
        switch destinations {
        case 0: "null: and /dev/null"
        case 1: "1 destination"
        default: "\(destinations) destinations (psql by `tee`)"
        }
    }

    private mutating func rows(of duel: Duel) {
        func quotient(_ value: Double, _ other: Contender, _ figure: (Series) -> Double) -> String {
            duel.series(other).map { Figures.fixed(value / figure($0), 2) } ?? "–"
        }
        table(
            [
                "", "wall s", "least–most", "× psql text", "× psql binary", "client CPU s", "× psql text",
                "× psql binary",
                "peak memory",
            ],
            duel.results.map { contender, series in
                let range = series.range
                let time = [
                    contender.isPgcopy ? "**\(contender.name)**" : contender.name, Figures.fixed(series.wall, 2),
                    "\(Figures.fixed(range.least, 2))–\(Figures.fixed(range.most, 2))",
                    quotient(series.wall, .psqlText, \.wall), quotient(series.wall, .psqlBinary, \.wall),
                ]
                if contender.isLimit { return time + ["–", "–", "–", "–"] }
                return time + [
                    Figures.fixed(series.cpu, 2),
                    quotient(series.cpu, .psqlText, \.cpu), quotient(series.cpu, .psqlBinary, \.cpu),
                    contender.isPgcopy ? Figures.mebibytes(series.peak) : "–",
                ]
            })
    }

    private mutating func limit() {
        guard let duel = results.limit, let alone = duel.results.first(where: \.contender.isLimit)?.series else {
            return
        }
        line("## The limit")
        line()
        line(
            "The table \(duel.table) to one destination, beside what its server needs for the same rows from its own disk;"
        )
        line("\(alone.samples.count) rounds.")
        line()
        table(
            ["", "wall s", "least–most", "× the server alone"],
            duel.results.map { contender, series in
                [
                    contender.isPgcopy ? "**\(contender.name)**" : contender.name, Figures.fixed(series.wall, 2),
                    "\(Figures.fixed(series.range.least, 2))–\(Figures.fixed(series.range.most, 2))",
                    Figures.fixed(series.wall / alone.wall, 3),
                ]
            })
    }

    private mutating func few() {
        guard let duel = results.few, let rounds = duel.results.first?.series.samples.count else { return }
        line("## A few rows")
        line()
        line(
            "10 rows to one destination, from a shell; \(rounds) rounds. psql is the program itself, not Debian's script around it."
        )
        line()
        table(
            ["", "wall ms", "least–most", "× psql's pipe", "client CPU ms"],
            duel.results.enumerated().map { index, result in
                let (contender, series) = result
                // Each stands before the pipe that it is compared with.
                let pipe = duel.results[index | 1].series
                return [
                    contender.isPgcopy ? "**\(contender.name)**" : contender.name, Figures.fixed(series.wall * 1e3, 1),
                    "\(Figures.fixed(series.range.least * 1e3, 1))–\(Figures.fixed(series.range.most * 1e3, 1))",
                    Figures.fixed(series.wall / pipe.wall, 2), Figures.fixed(series.cpu * 1e3, 1),
                ]
            })
    }

    private static func rounds(_ count: Int) -> String { count == 1 ? "one round" : "\(count) rounds" }

    private static func bold(_ contender: Contender) -> String {
        contender.isPgcopy ? "**\(contender.name)**" : contender.name
    }

    private static func range(_ series: Series) -> String {
        "\(Figures.fixed(series.range.least, 2))–\(Figures.fixed(series.range.most, 2))"
    }

    private mutating func manyTables() {
        guard let many = results.many else { return }
        let (schema, duel) = (many.schema, many.duel)
        line("## Many tables")
        line()
        line(
            "\(Figures.count(schema.tables)) tables of \(schema.rowsOfEach) rows to one destination, each way in one "
                + "transaction but for pgcopydb's and those of `-j`;")
        line(
            "\(Self.rounds(results.rounds)). pg_dump and psql are the programs themselves, not Debian's scripts around them."
        )
        line()
        let pipe = duel.series(.pgDumpPipe)?.wall ?? .nan
        let alone = duel.results.first(where: \.contender.isLimit)?.series.wall ?? .nan
        table(
            ["", "wall s", "least–most", "× pg_dump's pipe", "× the server alone", "client CPU s", "peak memory"],
            duel.results.map { contender, series in
                [
                    Self.bold(contender), Figures.fixed(series.wall, 2), Self.range(series),
                    Figures.fixed(series.wall / pipe, 2), Figures.fixed(series.wall / alone, 2),
                    contender.isLimit ? "–" : Figures.fixed(series.cpu, 2),
                    contender.isPgcopy ? Figures.mebibytes(series.peak) : "–",
                ]
            })
    }

    private mutating func clones() {
        guard let clones = results.clones else { return }
        line("## From nothing")
        line()
        line(
            "A table of \(Figures.count(clones.schema.large)) rows with three indexes and \(clones.schema.small) of 100 rows with keys, "
                + "to one destination that has none of them;")
        line(
            "\(Self.rounds(results.rounds)). pgcopy and the pipe in one transaction each, but for `-j 2`.")
        line()
        let pipe = clones.duel.series(.pgDumpClone)?.wall ?? .nan
        table(
            ["", "wall s", "least–most", "× pg_dump's pipe", "client CPU s", "peak memory"],
            clones.duel.results.map { contender, series in
                [
                    Self.bold(contender), Figures.fixed(series.wall, 2), Self.range(series),
                    Figures.fixed(series.wall / pipe, 2), Figures.fixed(series.cpu, 2),
                    contender.isPgcopy ? Figures.mebibytes(series.peak) : "–",
                ]
            })
    }

    private mutating func farTables() {
        guard let far = results.far else { return }
        line("## Many tables over long links")
        line()
        line(
            "Every link, to the source and to each destination, is a proxy that takes 25 ms each way; \(Self.rounds(results.rounds))."
        )
        line()
        line("\(Figures.count(far.schema.tables)) tables of \(far.schema.rowsOfEach) rows to one destination:")
        line()
        table(
            ["", "rounds", "wall s", "least–most"],
            far.duel.results.map { contender, series in
                [
                    Self.bold(contender), "\(series.samples.count)", Figures.fixed(series.wall, 2), Self.range(series),
                ]
            })
        line("pgcopy, the number of tables; what a link of 0 ms takes is the proxies' and the bytes' time:")
        line()
        table(
            ["tables", "destinations", "\(FarTables.nearWords): wall s", "\(FarTables.words): wall s", "least–most"],
            far.growth.flatMap { destinations, few, many in
                [(far.counts.few, few), (far.counts.many, many)].map { count, duel in
                    let far = duel.results[1].series
                    return [
                        Figures.count(count), "\(destinations)", Figures.fixed(duel.results[0].series.wall, 2),
                        Figures.fixed(far.wall, 2), Self.range(far),
                    ]
                }
            })
    }

    private mutating func manyStreams() {
        guard let streams = results.streams else { return }
        line("## Many streams")
        line()
        line(
            "A table of \(Figures.megabytes(streams.narrow.bytes)) to one destination, through proxies that give each "
                + "connection 2 MB/s, and one of")
        line(
            "\(Figures.megabytes(streams.wide.bytes)) on this machine, without TLS and under it; "
                + "\(Self.rounds(results.rounds)). Bytes are those of the binary format.")
        line()
        table(
            ["", "wall s", "least–most", "MB/s", "client CPU s", "CPU s a GB", "of one core"],
            [
                (streams.narrowDuel, streams.narrow.bytes), (streams.plainDuel, streams.wide.bytes),
                (streams.tlsDuel, streams.wide.bytes),
            ].flatMap { duel, bytes in
                duel.results.map { contender, series in
                    [
                        Self.bold(contender), Figures.fixed(series.wall, 2), Self.range(series),
                        Figures.fixed(Double(bytes) / series.wall / 1e6, 1), Figures.fixed(series.cpu, 2),
                        Figures.fixed(series.cpu / Double(bytes) * 1e9, 2),
                        Figures.fixed(series.cpu / series.wall * 100, 0) + " %",
                    ]
                }
            })
        for (name, duel) in [("Without TLS", streams.plainDuel), ("Under TLS", streams.tlsDuel)] {
            guard let one = duel.results.first?.series, let all = duel.results.last?.series else { continue }
            let rate = Double(streams.wide.bytes) / all.cpu / 1e6
            let pace = Double(streams.wide.bytes) / one.wall / 1e6
            line(
                "\(name) one core of the client moves \(Figures.fixed(rate, 0)) MB/s (CPU of `-j 4`): it is full at "
                    + "\(Figures.fixed(rate / pace, 1)) streams as fast as `-j 1` is here.")
        }
        line()
    }

    private mutating func instructions() {
        guard let counted = results.instructions else { return }
        line("## User instructions a row")
        line()
        line(
            "callgrind, \(Figures.count(counted.rows)) rows of \(counted.width) bytes in text format; the same with an")
        line("empty table is taken off.")
        line()
        table(["", "instructions a row"], counted.counts.map { [$0.name, Figures.fixed($0.perRow, 1)] })
        guard let cost = results.display else { return }
        line(
            "With the display \(Figures.count(cost.rows)) rows to three `null:` take \(Figures.fixed(cost.ratio, 3)) of what they "
                + "take with plain lines, start-up included;")
        line("callgrind stretches the time, so that more pictures are drawn than there would be.")
        line()
    }

    private mutating func memory() {
        guard !results.memory.isEmpty else { return }
        line("## Peak memory")
        line()
        table(
            ["", "peak"],
            results.memory.map { [$0.isPgcopy ? "**pgcopy**, \($0.name)" : $0.name, Figures.mebibytes($0.peak)] })
    }

    private mutating func loop() {
        guard !results.loop.isEmpty else { return }
        line("## The loop alone")
        line()
        line("Parser, ring and manager over memory that holds what a server would send; nothing but CPU of one thread.")
        line()
        table(
            ["bytes a row", "null receivers", "GB/s of COPY data", "million rows/s"],
            results.loop.map {
                [
                    "\($0.rowBytes)", "\($0.receivers)", Figures.fixed($0.bytesPerSecond / 1e9, 2),
                    Figures.fixed($0.rowsPerSecond / 1e6, 1),
                ]
            })
    }
}
