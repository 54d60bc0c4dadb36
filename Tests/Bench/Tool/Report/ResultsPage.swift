// Role: the page of results, in Markdown.

/// Writes Tests/Bench/RESULTS.md.
struct ResultsPage {
    private let results: Results
    private(set) var text = ""

    init(_ results: Results) {
        self.results = results
        opening()
        goals()
        for (table, bytes) in results.tables { section(table, bytes) }
        limit()
        few()
        instructions()
        memory()
        loop()
    }

    private mutating func line(_ words: String = "") { text += words + "\n" }

    private mutating func table(_ columns: [String], _ rows: [[String]]) {
        func row(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |" }
        line(row(columns))
        line(row(columns.indices.map { $0 == 0 ? "---" : "--:" }))
        for cells in rows { line(row(cells)) }
        line()
    }

    private mutating func opening() {
        let rounds = results.rounds == 1 ? "one round" : "\(results.rounds) rounds"
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
        for failure in results.duels.flatMap(\.failures) { line("* \(failure)") }
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

    private mutating func instructions() {
        guard let counted = results.instructions else { return }
        line("## User instructions a row")
        line()
        line(
            "callgrind, \(Figures.count(counted.rows)) rows of \(counted.width) bytes in text format; the same with an")
        line("empty table is taken off.")
        line()
        table(["", "instructions a row"], counted.counts.map { [$0.name, Figures.fixed($0.perRow, 1)] })
    }

    private mutating func memory() {
        line("## Peak memory")
        line()
        table(
            ["", "peak"],
            results.memory.map { [$0.isPgcopy ? "**pgcopy**, \($0.name)" : $0.name, Figures.mebibytes($0.peak)] })
    }

    private mutating func loop() {
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
        while text.hasSuffix("\n\n") { text.removeLast() }
    }
}
