// The one owner of stderr while a run is shown: messages, the display below them, prompts between.

/// A terminal at whose bottom a display stands; messages scroll above it.
final class Terminal {
    /// What terminals show of progress beside the text (OSC 9;4).
    enum Progress: Equatable {
        case none
        /// From 0 to 100.
        case percent(Int)
        case unknown
        /// Something keeps it waiting; the percent as known.
        case waiting(Int)
        case failed(Int)

        fileprivate var parameters: String {
            switch self {
            case .none: "0;0"
            case .percent(let percent): "1;\(percent)"
            case .failed(let percent): "2;\(percent)"
            case .unknown: "3;0"
            case .waiting(let percent): "4;\(percent)"
            }
        }
    }

    let traits: TerminalTraits
    private let device: any TerminalDevice
    private var frame = Frame()
    private var lines: [StyledText] = []
    private var progress = Progress.none
    /// A prompt stands there: the display is away, messages are held back.
    private var held: String?
    private var isClosed = false

    /// A terminal on a device of these traits.
    init(_ traits: TerminalTraits, _ device: any TerminalDevice = StandardError()) {
        self.traits = traits
        self.device = device
        if traits.isLive, device is StandardError { JobControl.watch(clearingProgress: traits.takesProgress) }
    }

    /// A shell has it: nothing is shown.
    var isLent: Bool { device.isLent }
    /// Columns and rows.
    var size: (columns: Int, rows: Int) { device.size }

    /// Writes whole lines, above the display.
    func write(_ text: String) {
        if held != nil {
            held! += text
            return
        }
        noticeAbsence()
        guard !frame.isEmpty else { return device.write(text) }
        let columns = size.columns
        device.write(frame.erase(columns) + text)
        draw(columns)
    }

    /// Shows these lines below all that was written. What the terminal does not take at once is not shown.
    func show(_ lines: [StyledText], _ progress: Progress) {
        guard !isClosed, held == nil else { return }
        self.lines = lines
        noticeAbsence()
        guard !device.isLent else { return }
        tell(progress)
        draw(size.columns)
    }

    private func draw(_ columns: Int) {
        // The last column stays free: behind it terminals differ.
        let fitted = lines.map { $0.fitted(to: columns - 1) }
        var next = frame
        let text = next.show(fitted.map { ($0.rendered(traits.hasColor), $0.width) }, columns: columns)
        // A terminal that is held (^S) does not hold up the run for a picture.
        if text.isEmpty || device.offer(text) { frame = next }
    }

    private func tell(_ progress: Progress) {
        guard traits.takesProgress, progress != self.progress else { return }
        if device.offer("\u{1B}]9;4;\(progress.parameters)\u{1B}\\") { self.progress = progress }
    }

    /// A shell has written to it meanwhile: what was shown scrolls away, and is shown again below.
    private func noticeAbsence() {
        guard device.takeAbsence() || device.isLent else { return }
        frame.abandon()
        progress = .none
    }

    /// Lets somebody else have the terminal.
    func lend<R>(_ body: () throws -> R) rethrows -> R {
        erase()
        held = ""
        defer {
            let text = held ?? ""
            held = nil
            if !text.isEmpty { write(text) }
        }
        return try body()
    }

    private func erase() {
        guard !frame.isEmpty else { return }
        device.write(frame.erase(size.columns))
    }

    /// Takes the display away, for good.
    func close() {
        guard !isClosed else { return }
        isClosed = true
        noticeAbsence()
        erase()
        if progress != .none { device.write("\u{1B}]9;4;\(Progress.none.parameters)\u{1B}\\") }
        progress = .none
        if device is StandardError { JobControl.leave() }
    }
}
