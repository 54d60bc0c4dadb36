// Reports no more often than they are wanted.

internal import CopyCore

/// Passes on what happens; of the reports, those that come an interval behind the last one.
final class ReportPacer: EventSink {
    private let interval: Duration
    private let sink: any EventSink
    private var last: Duration?

    init(_ interval: Duration, _ sink: any EventSink) {
        self.interval = interval
        self.sink = sink
    }

    func receive(_ event: TransferEvent) {
        if case .progress(let progress) = event, !progress.wasAskedFor {
            if let last, progress.duration - last < interval { return }
            last = progress.duration
        }
        sink.receive(event)
    }
}
