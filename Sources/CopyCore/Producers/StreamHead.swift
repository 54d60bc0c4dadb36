// The header line of a stream, read before anything is planned.

internal import Glibc

/// What the rows of a stream are read from.
struct StreamSource {
    /// Keeps the descriptor open; nil: it is stdin, or a program's.
    var file: OpenFile?
    var program: Program?
    /// How messages name it, where that is known.
    var label: String?

    var descriptor: CInt { file?.descriptor ?? program?.stream ?? 0 }
}

/// The beginning of a stream: its header line, and what came along with that.
final class StreamHead: LoopTask {
    private let source: StreamSource
    /// Where the rest comes from.
    let descriptor: CInt
    /// The line, its line end included.
    private(set) var line: [UInt8] = []
    /// What was read behind the line.
    private(set) var unread: [UInt8] = []
    private let rules: StreamRules
    private let poller: any Poller
    private let timeout: Duration?
    /// How long nothing has come.
    private var clock = StallClock()
    private var scanner: RowScanner
    private var detector: ForeignDataDetector
    /// The line is there, or will not come.
    private var isDone = false
    /// The stream's end was met.
    private(set) var isAtEnd = false

    /// More than that is no header.
    static let limit = 1 << 20

    /// Reads on until the line is there. A signal ends the wait.
    /// - Parameter timeout: how long nothing may come; nil: for ever.
    /// - Throws: `PgcopyError` with `.input`, `.system`, `.timeout`; `Interrupted`.
    init(
        _ source: StreamSource, layout: RowLayout, rules: StreamRules, timeout: Duration?, poller: any Poller
    ) throws {
        self.source = source
        self.rules = rules
        self.poller = poller
        self.timeout = timeout
        descriptor = source.descriptor
        scanner = RowScanner(layout)
        detector = ForeignDataDetector(layout)
        try poller.run([self])
    }

    /// Reads once: a read that nothing is there for would wait.
    func step(_ polled: ArraySlice<PollEntry>) throws {
        if polled.isEmpty { return }
        if let failure = source.program?.failure { throw failure }
        guard polled.contains(where: { !$0.ready.isEmpty }) else {
            if let timeout, let end = clock.deadline(timeout.seconds), end <= poller.now {
                throw PgcopyError.sourceTimeout(after: timeout)
            }
            return
        }
        clock.progressed()
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        let count = unsafe chunk.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress!, $0.count) }
        if count < 0 {
            let code = errno
            guard code == EINTR || code == EAGAIN else { throw PgcopyError.system("cannot read", code) }
            return
        }
        if count == 0 {
            isAtEnd = true
            isDone = true
            return try checkEnd()
        }
        let bytes = unsafe chunk.span.bytes.extracting(first: count)
        if let kind = detector.look(at: bytes) { throw PgcopyError.foreign(kind, in: source.label) }
        if let end = scanner.nextEnd(in: bytes, from: 0) {
            line += chunk[..<end]
            unread = Array(chunk[end..<count])
            isDone = true
            return
        }
        line += chunk[..<count]
        if let fault = scanner.fault { throw PgcopyError.input(fault, rows: 0) }
        if scanner.hasEnded { throw PgcopyError.noHeader }
        if line.count > Self.limit { throw PgcopyError.headerTooLong(limit: Self.limit) }
    }

    func watch(_ entries: inout [PollEntry]) -> Bool {
        if isDone { return false }
        entries.append(PollEntry(source.program?.ready ?? Interest(descriptor, .read)))
        if let timeout {
            clock.stalled(at: poller.now)
            if let end = clock.deadline(timeout.seconds) { entries.append(PollEntry(.at(end))) }
        }
        return true
    }

    /// No row ended before the stream did.
    private func checkEnd() throws(PgcopyError) {
        switch scanner.rest {
        case .row: return
        case .partOfRow where rules.allowsUnterminated: return
        case .nothing, .noTrailer, .marker, .markerLine: throw .noHeader
        case .partOfRow: throw .insideHeader
        case .quotes, .escape: throw .insideHeaderValue
        }
    }
}
