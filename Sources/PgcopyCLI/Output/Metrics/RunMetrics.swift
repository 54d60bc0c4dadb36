// A run in metrics: how far it is, and how it ended.

internal import CopyCore

/// What the metrics file says; pure.
struct RunMetrics {
    private let labels: [(name: String, value: String)]
    private let begun: WallTime
    private var progress: TransferProgress?
    /// How many there are, once that is planned.
    private var tables: Int?
    private var end: (exitCode: Int32, at: WallTime, outcome: TransferOutcome?)?
    /// When it last went well, as runs before have left it.
    private var lastSuccess: [Metric.Sample]
    private var lastCommits: [Metric.Sample]

    /// - Parameters:
    ///   - file: the metrics file's name: no two of them in a collector's folder say the same.
    ///   - source: its label.
    ///   - before: what the file holds by now.
    init(file: String, source: String, begun: WallTime, before: String?) {
        labels = [("file", RawText.shown(file)), ("source", RawText.shown(source))]
        self.begun = begun
        // The file is the job's: what a refused run calls its source may be less than the whole.
        let own = Metric.labels([labels[0]]) + ","
        lastSuccess = Metric.samples(of: Self.successName, in: before ?? "").filter { $0.labels.hasPrefix(own) }
        lastCommits = Metric.samples(of: Self.commitName, in: before ?? "").filter { $0.labels.hasPrefix(own) }
    }

    /// Takes what an event says of it.
    mutating func note(_ event: TransferEvent, at now: WallTime) {
        switch event {
        case .planned(let plan): tables = plan.tables.count
        case .progress(let progress): self.progress = progress
        case .finished(let outcome):
            noteEnd(ExitCode.of(outcome), at: now, outcome)
            let before = lastCommits
            lastCommits = destinations(outcome.destinations.map(\.label)).enumerated().compactMap { place, own in
                outcome.destinations[place].status == .committed
                    ? Metric.Sample(own, now.seconds) : before.first { $0.labels == own }
            }
        case .notice, .statement, .stderr, .decision, .warning, .drift, .waiting, .waitingForLock, .fault:
            break
        }
    }

    /// It has ended, perhaps before it began.
    mutating func noteEnd(_ exitCode: Int32, at now: WallTime, _ outcome: TransferOutcome? = nil) {
        end = (exitCode, now, outcome)
        if exitCode == ExitCode.success { lastSuccess = [Metric.Sample(own, now.seconds)].compactMap { $0 } }
    }

    /// The file.
    func text(at now: WallTime) -> String {
        (runMetrics(now) + destinationMetrics).flatMap(\.lines).map { $0 + "\n" }.joined()
    }

    private var own: String { Metric.labels(labels) }

    private static let successName = "pgcopy_last_success_timestamp_seconds"
    private static let commitName = "pgcopy_destination_last_commit_timestamp_seconds"

    private func runMetrics(_ now: WallTime) -> [Metric] {
        let outcome = end?.outcome
        let moved = outcome?.totals ?? progress?.reading.total
        let forecast = end == nil ? progress?.coming : nil
        func number(_ name: String, _ help: String, _ value: Int?) -> Metric {
            Metric(name, help, [value.map { Metric.Sample(own, $0) }])
        }
        func seconds(_ name: String, _ help: String, _ value: Double?) -> Metric {
            Metric(name, help, [value.flatMap { Metric.Sample(own, $0) }])
        }
        let duration = outcome?.duration.seconds ?? (end == nil ? progress?.duration.seconds : nil)
        return [
            number("pgcopy_running", "Whether the run is in progress.", end == nil ? 1 : 0),
            seconds("pgcopy_start_timestamp_seconds", "When the run began.", begun.seconds),
            seconds("pgcopy_end_timestamp_seconds", "When the run ended.", end?.at.seconds),
            Metric(Self.successName, "When a run last ended with exit code 0.", lastSuccess),
            number("pgcopy_exit_code", "How the run ended; 0: everything was committed.", end.map { Int($0.exitCode) }),
            seconds(
                "pgcopy_duration_seconds", "How long the run took, or takes by now.",
                duration ?? max(0, (end?.at ?? now).seconds - begun.seconds)),
            seconds(
                "pgcopy_remaining_seconds", "How long the copy is going to take, where that is known.",
                forecast?.remaining?.seconds),
            number("pgcopy_rows", "Rows that the source gave.", moved?.messages ?? 0),
            number("pgcopy_bytes", "Bytes of COPY data that the source gave.", moved?.bytes ?? 0),
            seconds(
                "pgcopy_expected_bytes", "About how many bytes the source is going to give, where that is known.",
                forecast?.bytes),
            number("pgcopy_tables", "How many tables are copied.", tables),
            number("pgcopy_tables_done", "Of those, how many the source gave to the end.", tablesDone),
        ]
    }

    /// Known of several while they flow, and of all behind a good end.
    private var tablesDone: Int? { end?.exitCode == ExitCode.success ? tables : progress?.tables?.done }

    private var destinationMetrics: [Metric] {
        let outcome = end?.outcome
        let current = progress?.destinations ?? []
        let names = destinations(outcome?.destinations.map(\.label) ?? current.map(\.label))
        func numbers(_ name: String, _ help: String, _ value: (Int) -> Int?) -> Metric {
            Metric(name, help, names.enumerated().map { place, own in value(place).map { Metric.Sample(own, $0) } })
        }
        return [
            numbers("pgcopy_destination_bytes", "Bytes of COPY data that the destination took.") { place in
                outcome?.destinations[place].bytes ?? current[place].taken
            },
            numbers("pgcopy_destination_behind_bytes", "Bytes that the destination has not taken yet.") { place in
                end == nil ? current[place].behind : nil
            },
            numbers("pgcopy_destination_active", "Whether the destination takes part; 0: it was dropped.") { place in
                end == nil ? (current[place].isActive ? 1 : 0) : nil
            },
            numbers("pgcopy_destination_rows", "Rows that the destination committed.") { place in
                outcome.flatMap { $0.destinations[place].status == .committed ? $0.destinations[place].rows : nil }
            },
            numbers("pgcopy_destination_committed", "Whether the destination committed everything.") { place in
                outcome.map { $0.destinations[place].status == .committed ? 1 : 0 }
            },
            Metric(Self.commitName, "When the destination last committed everything.", lastCommits),
        ]
    }

    /// Each destination's labels; of those that are called alike each but the first has a number.
    private func destinations(_ names: [String]) -> [String] {
        var seen: Set<String> = []
        return names.map { name in
            let unique = (1...).lazy.map { $0 == 1 ? name : "\(name) (\($0))" }.first { !seen.contains($0) } ?? name
            seen.insert(unique)
            return Metric.labels(labels + [("destination", RawText.shown(unique))])
        }
    }
}
