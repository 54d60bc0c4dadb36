// What the display knows of a run, gathered from its events.

internal import CopyCore

/// How a run stands; pure. Its clock is that of the reports.
struct DisplayState {
    /// What is told of an endpoint until something else is, or it gets on.
    struct Notice: Equatable {
        var text: String
        /// When it was told, and what the endpoint had taken by then.
        var at: Duration
        var taken: Int
    }

    /// The source's label.
    let source: String
    /// How long a sample of a rate is.
    private let interval: Duration
    private(set) var progress: TransferProgress?
    /// Bytes a second that each destination took, from sample to sample; the last one is the latest.
    private(set) var rates: [[Double]] = []
    /// Bytes a second that were read in the last sample; nil: none is whole yet.
    private(set) var rate: Double?
    /// Whom an endpoint waits for.
    private(set) var waits: [String: Notice] = [:]
    /// Who is being reconciled.
    private(set) var reconciling: [String: Notice] = [:]
    /// Why one failed.
    private(set) var faults: [String: String] = [:]
    private var sampled: (at: Duration, bytes: Int, taken: [Int])?

    /// A wait is told each second; one that is not told again is over.
    private static let fresh = Duration.milliseconds(2500)
    /// More than a terminal is wide.
    private static let mostSamples = 400

    init(source: String, interval: Duration) {
        self.source = source
        self.interval = max(interval, .milliseconds(500))
    }

    private var now: Duration { progress?.duration ?? .zero }

    mutating func note(_ event: TransferEvent) {
        switch event {
        case .progress(let progress): note(progress)
        case .waiting(let what, let label): waits[label] = notice("waiting for \(what)", label)
        case .waitingForLock(let wait, let label): waits[label] = notice("waiting for \(wait.sentence)", label)
        case .fault(_, let label, .reconciled(let tries, let limit)):
            reconciling[label] = notice("reconciling, try \(tries) of \(limit)", label)
        case .fault(let error, let label, .dropped):
            faults[label] = ErrorLines.of(error).first ?? ""
        default: break
        }
    }

    private func notice(_ text: String, _ label: String) -> Notice { Notice(text: text, at: now, taken: taken(label)) }

    private func taken(_ label: String) -> Int {
        progress?.destinations.first { $0.label == label }?.taken ?? progress?.reading.total.bytes ?? 0
    }

    private mutating func note(_ progress: TransferProgress) {
        self.progress = progress
        waits = waits.filter { now - $1.at < Self.fresh && taken($0) == $1.taken }
        reconciling = reconciling.filter { taken($0) <= $1.taken }
        sample(progress)
    }

    private mutating func sample(_ progress: TransferProgress) {
        let taken = progress.destinations.map(\.taken)
        let bytes = progress.reading.total.bytes
        guard let last = sampled, last.taken.count == taken.count else {
            // The clock begins with the first byte.
            if bytes > 0 { sampled = (progress.duration - progress.reading.duration, 0, taken.map { _ in 0 }) }
            rates = taken.map { _ in [] }
            return
        }
        let time = progress.duration - last.at
        guard time >= interval else { return }
        rate = Double(bytes - last.bytes) / time.seconds
        for place in taken.indices {
            rates[place].append(max(0, Double(taken[place] - last.taken[place])) / time.seconds)
            if rates[place].count > Self.mostSamples { rates[place].removeFirst() }
        }
        sampled = (progress.duration, bytes, taken)
    }

    /// Rows flow.
    var flows: Bool { progress?.coming != nil }

    /// When it will be over; nil: not known.
    var remaining: Duration? {
        guard flows, let progress else { return nil }
        let mean = progress.reading.rate
        // While nothing flows nobody knows.
        if rate == 0 { return nil }
        return progress.forecast.remaining(behind: progress.reading.total.bytes, rate: ((rate ?? mean) + mean) / 2)
    }

    /// Someone keeps the run waiting, or falls behind it.
    var isHeldUp: Bool {
        !waits.isEmpty || !reconciling.isEmpty || progress?.destinations.contains { $0.state == .stalled } ?? false
    }
}
