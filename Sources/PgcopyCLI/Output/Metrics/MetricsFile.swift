// `--metrics-file`: the run for Prometheus, in a file that a textfile collector reads.

internal import CopyCore

/// Writes a run's metrics at its interval and at its end.
final class MetricsFile: EventSink {
    private let file: ReplacedFile
    private let pause: Duration
    private let now: () -> WallTime
    private var metrics: RunMetrics
    /// Since the program began, when it was last written.
    private var written = Duration.zero
    /// Told of the first write that fails; the run goes on.
    var onFailure: (String) -> Void = { _ in }
    private var hasFailed = false

    /// - Parameters:
    ///   - source: its label.
    ///   - interval: the time between two writes; where it is none, a second.
    /// - Throws: `PgcopyError` where the file could not be replaced.
    init(_ path: Path, source: String, interval: Duration, now: @escaping () -> WallTime = { .now }) throws {
        file = try ReplacedFile(path)
        // A file for each cycle is more than anybody reads. A report may come a little early.
        pause = interval > .zero ? max(interval * 0.9, .milliseconds(100)) : .seconds(1)
        self.now = now
        let name = String(decoding: path.name, as: UTF8.self)
        metrics = RunMetrics(file: name, source: source, begun: now(), before: file.text)
    }

    /// Says that the run is in progress.
    func begin() throws { try file.replace(by: metrics.text(at: now())) }

    func receive(_ event: TransferEvent) {
        let now = now()
        metrics.note(event, at: now)
        switch event {
        case .finished: write(now)
        case .progress(let progress) where progress.wasAskedFor || progress.duration - written >= pause:
            written = progress.duration
            write(now)
        default: break
        }
    }

    /// The run was refused before it began.
    func refuse(exitCode: Int32) {
        let now = now()
        metrics.noteEnd(exitCode, at: now)
        write(now)
    }

    private func write(_ now: WallTime) {
        do {
            try file.replace(by: metrics.text(at: now))
        } catch {
            if !hasFailed { onFailure("the metrics file was not written: \(error)") }
            hasFailed = true
        }
    }
}

extension MetricsFile {
    /// What the options ask for, begun; nil: nothing is to be written.
    convenience init?(_ options: TransferOptions, source: String) throws {
        guard let argument = options.metricsFile else { return nil }
        let path = Path(argument.bytes)
        for operand in [options.source] + options.destinations {
            // One that cannot be read is told of its own.
            guard case .file(let other)? = (try? Endpoint(parsing: operand.bytes))?.kind else { continue }
            guard !path.isSameFile(as: other) else {
                throw PgcopyError(.usage, "\(argument.text) is the file of \(Redaction.redacted(operand.text))")
            }
        }
        do {
            try self.init(path, source: source, interval: options.interval)
            if options.dryRun { return nil }
            try begin()
        } catch {
            throw PgcopyError(.usage, "\(argument.text): \(error)")
        }
    }
}
