// Role: what is wanted of pgcopy, and whether it is so.

/// A figure that must not be greater than another.
struct Goal {
    /// What is wanted.
    let name: String
    /// What was measured, for people.
    let measured: String
    /// Nil where it could not be measured.
    let isReached: Bool?

    /// All goals of a benchmark.
    static func all(_ results: Results) -> [Goal] {
        wall(results) + limit(results) + few(results) + many(results) + clones(results) + far(results)
            + streams(results) + cpu(results)
            + instructions(results) + memory(results)
    }

    private init(_ name: String, _ value: Double?, atMost limit: Double, unit: String = "", decimals: Int = 2) {
        self.name = name
        measured = value.map { Figures.fixed($0, decimals) + unit } ?? "not measured"
        isReached = value.map { $0 <= limit }
    }

    // MARK: Time

    /// The quotient of two contenders' medians in one duel.
    private static func ratio(
        _ duel: Duel?, _ ours: Contender, _ theirs: Contender, _ figure: (Series) -> Double
    ) -> Double? {
        guard let duel, let ours = duel.series(ours), let theirs = duel.series(theirs), figure(theirs) > 0
        else { return nil }
        return figure(ours) / figure(theirs)
    }

    private static func wall(_ results: Results) -> [Goal] {
        func ratio(_ table: String, _ destinations: Int, _ theirs: Contender) -> Double? {
            Self.ratio(results.duel(table, destinations), .pgcopyAuto, theirs, \.wall)
        }
        var goals: [Goal] = []
        for (table, _) in results.tables {
            for count in [1, 3] {
                goals.append(
                    Goal(
                        "\(table.name) to \(count): wall time below psql's binary pipe (ratio below 1)",
                        ratio(table.name, count, .psqlBinary), atMost: 1))
            }
        }
        for count in [1, 3] {
            goals.append(
                Goal(
                    "wide to \(count): wall time at most 0.60 of psql's text pipe",
                    ratio("wide", count, .psqlText), atMost: 0.6))
        }
        return goals
    }

    private static func limit(_ results: Results) -> [Goal] {
        [ConnectionWay.unix, .tcp].map { way in
            Goal(
                "wide to 1, by \(way.rawValue): wall time at most 1.08 of what the server needs alone",
                ratio(results.limit, .pgcopyAuto.reached(by: way), .limit(file: ""), \.wall), atMost: 1.08, decimals: 3)
        }
    }

    private static func few(_ results: Results) -> [Goal] {
        [ConnectionWay.unix, .tcp].map { way in
            Goal(
                "10 rows to 1, by \(way.rawValue): wall time at most that of psql's text pipe",
                ratio(results.few, .pgcopyInShell.reached(by: way), .psqlText.reached(by: way), \.wall), atMost: 1)
        }
    }

    private static func many(_ results: Results) -> [Goal] {
        guard let many = results.many else { return [] }
        return [
            Goal(
                "\(Figures.count(many.schema.tables)) tables of \(many.schema.rowsOfEach) rows to 1: "
                    + "wall time at most 0.70 of `pg_dump -a | psql -1`",
                ratio(many.duel, .pgcopyTables(), .pgDumpPipe, \.wall), atMost: 0.7)
        ]
    }

    private static func clones(_ results: Results) -> [Goal] {
        guard let clones = results.clones else { return [] }
        let what =
            "a table of \(Figures.count(clones.schema.large)) rows and \(clones.schema.small) small ones from nothing"
        func isPipe(_ contender: Contender) -> Bool { contender.name == Contender.pgDumpClone.name }
        return [
            Goal(
                "\(what), one transaction: wall time at most 0.75 of `pg_dump | psql -1`",
                clones.ratio(jobs: 1, of: isPipe), atMost: 0.75),
            Goal(
                "\(what), `-j 2`: wall time at most 0.60 of `pg_dump | psql -1`",
                clones.ratio(jobs: 2, of: isPipe), atMost: 0.6),
            Goal(
                "\(what), `-j 2`: wall time at most 0.35 of pgcopydb's",
                clones.ratio(jobs: 2) { $0.isOthers }, atMost: 0.35),
        ]
    }

    private static func far(_ results: Results) -> [Goal] {
        guard let far = results.far else { return [] }
        let beside = Goal(
            "\(Figures.count(far.schema.tables)) tables to 1, \(FarTables.words): "
                + "wall time at most 0.05 of `pg_dump -a | psql -1`",
            far.pipeRatio, atMost: 0.05, decimals: 3)
        return [beside]
            + far.growth.map { destinations, few, many in
                Goal(
                    "\(Figures.count(far.counts.many)) tables to \(destinations), \(FarTables.words): at most 10 round "
                        + "trips' time more than \(Figures.count(far.counts.few)) tables and their bytes' time",
                    FarTables.roundTrips(few, many), atMost: 10, decimals: 1)
            }
    }

    private static func streams(_ results: Results) -> [Goal] {
        guard let streams = results.streams else { return [] }
        let ratios = streams.narrowRatios
        return [("-j 4", ratios.plain), ("-j 4 --split-larger-than=1M", ratios.divided)].map { options, ratio in
            Goal(
                "\(Figures.megabytes(streams.narrow.bytes)) to 1, \(ManyStreams.words): wall time of `\(options)` at "
                    + "most a third of that of `-j 1`",
                ratio, atMost: 1.0 / 3, decimals: 3)
        }
    }

    private static func cpu(_ results: Results) -> [Goal] {
        var goals: [Goal] = []
        for (table, _) in results.tables {
            goals.append(
                Goal(
                    "\(table.name) to null, text: client CPU at most 0.5 of `psql > /dev/null`",
                    ratio(results.duel(table.name, 0), .pgcopyText, .psqlText, \.cpu), atMost: 0.5))
        }
        for (table, _) in results.tables {
            for (format, ours, theirs) in [
                ("text", Contender.pgcopyText, Contender.psqlText), ("binary", .pgcopyAuto, .psqlBinary),
            ] {
                goals.append(
                    Goal(
                        "\(table.name) to 3, \(format): client CPU at most 0.5 of `psql | tee | psql`",
                        ratio(results.duel(table.name, 3), ours, theirs, \.cpu), atMost: 0.5))
            }
        }
        return goals
    }

    // MARK: Instructions and memory

    private static func instructions(_ results: Results) -> [Goal] {
        guard let counted = results.instructions else {
            return [Goal("user instructions a row", nil, atMost: 0)]
        }
        return counted.counts.compactMap { count in
            count.limit.map {
                Goal(
                    "\(count.name), text: at most \(Figures.fixed($0, 0)) user instructions a row", count.perRow,
                    atMost: $0,
                    decimals: 1)
            }
        } + [
            Goal(
                "\(DisplayCost.words): at most 1.03 of the user instructions with plain lines", results.display?.ratio,
                atMost: 1.03, decimals: 3)
        ]
    }

    private static func memory(_ results: Results) -> [Goal] {
        results.memory.filter(\.isPgcopy).map { use in
            Goal(
                "\(use.name): peak memory at most \(Results.memoryLimit >> 20) MiB", Double(use.peak) / 1_048_576,
                atMost: Double(Results.memoryLimit >> 20), unit: " MiB", decimals: 1)
        }
    }
}
