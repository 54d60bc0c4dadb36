// A user's command that gives rows or takes them.

internal import Glibc

/// A shell's command whose stdout is read, or whose stdin is written; its stderr is told line by line.
///
/// It has a process group of its own, so that all it has started can be ended with it.
final class Program {
    /// Which of its ends is ours.
    enum Role {
        /// It gives rows on its stdout; its stdin is ours.
        case source
        /// It takes rows on its stdin; its stdout is ours.
        case destination
    }

    /// How messages name it.
    let label: String
    private let role: Role
    private let child: ChildProcess
    private let poller: any Poller
    private let tell: (String) -> Void
    /// The line of its stderr that has not ended yet.
    private var line: [UInt8] = []

    /// What it has started can keep its stream open behind its own end, which is looked for as often as that.
    private static let lookout = Duration.milliseconds(200)
    /// How many descriptors one has open: an end of its stream, its stderr's, and of what tells its end.
    static let descriptors = 6
    /// A longer line is told in pieces.
    private static let longestLine = 8192

    /// Starts it.
    /// - Parameter tell: called for each line of its stderr, while whatever is waited for.
    init(
        _ command: ChildProcess.Command, _ role: Role, label: String, poller: any Poller,
        tell: @escaping (String) -> Void
    ) throws(PgcopyError) {
        self.label = label
        self.role = role
        self.poller = poller
        self.tell = tell
        child = try ChildProcess(
            command, input: role == .destination ? .pipe : .inherited,
            output: role == .source ? .pipe : .inherited, errors: .pipe, group: .kept)
        if let errors = child.errors { poller.onReadable(errors) { [unowned self] in hear() } }
    }

    deinit {
        if child.status == nil { Termination.begin([child], grace: .zero) }
        stopHearing()
    }

    /// Our end of its stdout, or of its stdin; -1 once that is closed.
    var stream: CInt { (role == .source ? child.output : child.input) ?? -1 }

    /// It has not ended.
    var isRunning: Bool { child.status == nil }

    /// Readable once it has ended.
    var exit: Interest { child.exit }

    /// What it failed with; nil: it runs, or it exited with 0.
    var failure: PgcopyError? {
        guard let status = child.status, status != .exited(0) else { return nil }
        hearRest()
        return .program(status)
    }

    /// Nobody knows how it ended.
    var isEndLost: Bool { if case .lost = child.status { true } else { false } }

    /// Ready once its stream is, or it may have ended.
    var ready: Interest {
        Interest(
            stream, role == .source ? .read : .write, alarm: isRunning ? poller.now + Self.lookout : nil)
    }

    // MARK: Its end

    /// Its input ends: it has all there is.
    func closeInput() { child.closeInput() }

    /// Waits until it has ended.
    /// - Returns: false at the deadline.
    /// - Throws: `Interrupted`.
    @discardableResult
    func wait(until deadline: Instant? = nil, interruptible: Bool = true) throws -> Bool {
        try poller.run([child], until: deadline, interruptible: interruptible)
    }

    /// Asks them to end, with all that they have started, and makes them after a while; waits for nothing. Their inputs do not
    /// end before they have.
    static func terminate(_ programs: [Program], grace: Duration) {
        Termination.begin(programs.map(\.child), grace: grace)
    }

    /// Waits until nothing is left of one that was told to end.
    func waitUntilGone(by deadline: Instant) {
        guard let gone = child.isGone else { return }
        _ = try? poller.run([Lookout([gone])], until: deadline, interruptible: false)
        _ = try? wait(until: deadline, interruptible: false)
        hearRest()
    }

    /// Somebody reads what it is given: it, or what it has started and could not be ended.
    var isRead: Bool { child.isRead }

    /// It has taken all that was written.
    var hasReadAll: Bool { stream < 0 || ChildProcess.unread(stream) == 0 }

    /// Ends its input, and gives what tells later how much of it nobody has read.
    func closeInputWatching() -> () -> Int {
        let again = child.inputAgain()
        child.closeInput()
        guard let again else { return { 0 } }
        return {
            defer { Glibc.close(again) }
            return ChildProcess.unread(again)
        }
    }

    /// Lets go of one that has ended: what it has left behind is left alone.
    func reap() {
        hearRest()
        child.reap()
    }

    // MARK: Its stderr

    /// Reads once.
    private func hear() {
        guard let errors = child.errors else { return }
        var chunk = [UInt8](repeating: 0, count: 4096)
        let count = unsafe chunk.withUnsafeMutableBytes { unsafe read(errors, $0.baseAddress!, $0.count) }
        if count < 0, errno == EAGAIN || errno == EINTR { return }
        guard count > 0 else { return stopHearing() }
        for byte in chunk[..<count] {
            if byte == UInt8(ascii: "\n") {
                tellLine()
                continue
            }
            // Between two characters, unless it is no text at all.
            if line.count >= Self.longestLine, byte & 0xC0 != 0x80 || line.count >= Self.longestLine + 4 { tellLine() }
            line.append(byte)
        }
    }

    /// What it has written before it ended: as much as a pipe holds.
    private func hearRest() { for _ in 0..<16 where child.errors != nil { hear() } }

    private func stopHearing() {
        if let errors = child.errors { poller.onReadable(errors, nil) }
        child.closeErrors()
        if !line.isEmpty { tellLine() }
    }

    private func tellLine() {
        // What was written over is not seen on a terminal either, as a bar of progress.
        var shown = line[...]
        while shown.last == UInt8(ascii: "\r") { shown.removeLast() }
        if let start = shown.lastIndex(of: UInt8(ascii: "\r")) { shown = shown[(start + 1)...] }
        let text = RawText.decoding(Array(shown))
        line.removeAll(keepingCapacity: true)
        tell(text)
    }
}

extension PgcopyError.Code {
    /// A program that gives rows or takes them failed, or was not run.
    public static let program = Self("program")
}

extension PgcopyError {
    /// How it ended, where that is no success.
    static func program(_ status: ChildProcess.Status) -> PgcopyError {
        switch status {
        case .exited(127):
            PgcopyError(
                .program, "the program exited with status 127", hint: "a shell says so where it finds no such command")
        case .exited(let code): PgcopyError(.program, "the program exited with status \(code)")
        case .signalled(let signal): PgcopyError(.program, "the program was ended by signal \(signal)")
        case .stopped:
            PgcopyError(
                .program, "the program was ended: it wanted the terminal, which it cannot have",
                hint: "what it asks for has to come from files or from its environment")
        case .lost(let error): PgcopyError(.program, "the program's end was not seen: \(error)", causes: [error])
        }
    }

    /// It exited with 0 although its input had not ended: what it had not read yet is lost.
    static let programEndedEarly = PgcopyError(.program, "the program ended before its input did")
    /// It exited with 0 and has left rows in its stdin.
    static func programLeftRows(_ bytes: Int) -> PgcopyError {
        PgcopyError(.program, "the program exited with status 0, but did not read the last \(bytes) bytes")
    }
    /// It was to be ended, and somebody reads what it was given all the same: what it has left the group, or may not be ended.
    static func programReadsOn(_ error: (any Error)?) -> PgcopyError {
        let what =
            "something that it has started could not be ended and reads on: it takes the end of this run for the end of the rows"
        return PgcopyError(
            .program, error.map { "\($0); \(what)" } ?? "the program was to be ended, but \(what)",
            server: (error as? PgcopyError)?.server, causes: error.map { [$0] } ?? [])
    }
    /// It has closed its stdin and runs on.
    static let programReadsNoMore = PgcopyError(.program, "the program closed its stdin before all rows were written")
}
