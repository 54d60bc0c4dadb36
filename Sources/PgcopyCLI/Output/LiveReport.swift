// The report on a terminal that can be written over.

internal import CopyCore

/// Shows a transfer below what is said of it, which scrolls above in the words of the plain report.
final class LiveReport: EventSink {
    private let terminal: Terminal
    private let plain: PlainReport
    private var state: DisplayState
    private var startsWithRows: Bool

    /// How often it is drawn: smooth to the eye, and a picture costs a third of a millisecond.
    static let interval = Duration.milliseconds(200)

    /// - Parameters:
    ///   - plain: writes to the same terminal.
    ///   - startsWithRows: programs may have something to ask before.
    init(_ terminal: Terminal, _ plain: PlainReport, source: String, interval: Duration, startsWithRows: Bool) {
        self.terminal = terminal
        self.plain = plain
        self.startsWithRows = startsWithRows
        state = DisplayState(source: source, interval: interval)
    }

    func receive(_ event: TransferEvent) {
        state.note(event)
        switch event {
        case .progress(let progress):
            if progress.wasAskedFor { plain.receive(event) }
            if progress.reading.total.bytes > 0 { startsWithRows = false }
            draw()
        // Where nothing is drawn it is said.
        case .waiting, .waitingForLock: if startsWithRows || terminal.isLent { plain.receive(event) } else { draw() }
        case .planned(let plan):
            // It goes to stdout, which may be the same terminal.
            if plan.isDryRun { terminal.close() }
            plain.receive(event)
        case .finished:
            terminal.close()
            plain.receive(event)
        case .notice, .statement, .stderr, .decision, .drift, .warning, .fault: plain.receive(event)
        }
    }

    private func draw() {
        guard !startsWithRows else { return }
        let (columns, rows) = terminal.size
        let text = DisplayText(state: state, columns: columns, rows: rows, isUnicode: terminal.traits.isUnicode)
        terminal.show(text.lines, shownProgress)
    }

    /// What the terminal shows beside the text.
    private var shownProgress: Terminal.Progress {
        let percent = state.progress?.forecast.percent
        if state.progress?.destinations.contains(where: { $0.state == .failed }) ?? false {
            return .failed(percent ?? 0)
        }
        if state.isHeldUp { return .waiting(percent ?? 0) }
        return state.flows ? percent.map { .percent($0) } ?? .unknown : .unknown
    }
}
