// Reports no more often than they are wanted.

internal import CopyCore
internal import CopyModel

/// Passes on what happens; of the reports, those that come an interval behind the last one, with the rates of that time.
final class ReportPacer: EventSink {
    private let interval: Duration
    private let sink: any EventSink
    private var last: TransferProgress?

    init(_ interval: Duration, _ sink: any EventSink) {
        self.interval = interval
        self.sink = sink
    }

    func receive(_ event: TransferEvent) {
        guard case .progress(let progress) = event else { return sink.receive(event) }
        if let last, !progress.wasAskedFor, progress.duration - last.duration < interval { return }
        let paced = last.map { Self.since($0, progress) } ?? progress
        last = progress
        sink.receive(.progress(paced))
    }

    /// What came between the two.
    private static func since(_ last: TransferProgress, _ progress: TransferProgress) -> TransferProgress {
        var paced = progress
        let time = min(progress.duration - last.duration, progress.reading.duration)
        paced.reading.cycle = progress.reading.total - last.reading.total
        paced.reading.cycleDuration = time
        for place in paced.destinations.indices where last.destinations.indices.contains(place) && time > .zero {
            let taken = max(0, paced.destinations[place].taken - last.destinations[place].taken)
            paced.destinations[place].rate = Double(taken) / time.seconds
        }
        paced.forecast.estimate(paced.reading)
        return paced
    }
}
