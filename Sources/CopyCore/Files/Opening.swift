// Opening what may keep its opener waiting.

internal import Glibc
internal import Synchronization

/// An open(2) on a thread of its own: a named pipe waits for its other end, and a signal that comes right
/// before a call that waits would be lost on it.
///
/// Whoever lets go of it wants it no more: what is opened yet is closed, so that no other end waits for us.
final class Opening: LoopTask {
    /// How long a named pipe's other end is waited for, and who is told that it is.
    struct Waiting {
        var timeout: Duration?
        var tell: () -> Void = {}
    }

    private final class Outcome: Sendable {
        let value = Atomic<CInt>(-EINPROGRESS)
        let pipe: WakePipe

        init(_ pipe: WakePipe) { self.pipe = pipe }

        func run(_ path: Path, _ flags: CInt) {
            let descriptor = unsafe path.withCString { unsafe open($0, flags | O_CLOEXEC | O_NOCTTY) }
            let opened = descriptor >= 0 ? descriptor : -errno
            let isWanted = value.compareExchange(
                expected: -EINPROGRESS, desired: opened, ordering: .acquiringAndReleasing
            ).exchanged
            if !isWanted, descriptor >= 0 { close(descriptor) }
            pipe.wake()
        }

        /// What came of it; from now on nothing is wanted.
        func end() -> CInt { value.exchange(-ECANCELED, ordering: .acquiringAndReleasing) }
    }

    private let outcome: Outcome
    private let attempt: String
    private let wantsReader: Bool
    private let poller: any Poller
    private let waiting: Waiting
    private let end: Instant?
    /// When to tell that it is waited for; nil: that was told.
    private var telling: Instant?
    private var isLate = false

    /// Begins to open it.
    /// - Parameter attempt: what is tried, as "cannot open".
    init(
        _ path: Path, _ flags: CInt, _ attempt: String, _ poller: any Poller, _ waiting: Waiting = Waiting()
    ) throws(PgcopyError) {
        guard let pipe = WakePipe() else { throw PgcopyError.systemNow(attempt) }
        let outcome = Outcome(pipe)
        self.outcome = outcome
        self.attempt = attempt
        self.poller = poller
        self.waiting = waiting
        wantsReader = flags & O_ACCMODE == O_WRONLY
        let now = poller.now
        end = waiting.timeout.map { now + $0 }
        telling = now + 1
        guard startThread({ outcome.run(path, flags) }) else { throw PgcopyError.systemNow(attempt) }
    }

    deinit {
        let value = outcome.end()
        if value >= 0 { close(value) }
    }

    /// Its thread goes on with it; here is looked at the time.
    func step(_ polled: ArraySlice<PollEntry>) {
        if isDone { return }
        let now = poller.now
        if let end, now >= end { isLate = true }
        if let time = telling, now >= time, !isLate {
            telling = nil
            waiting.tell()
        }
    }

    func watch(_ entries: inout [PollEntry]) -> Bool {
        if isDone { return false }
        entries.append(PollEntry(Interest(outcome.pipe.readEnd, .read, alarm: earliest(end, telling))))
        return true
    }

    private var isDone: Bool { isLate || outcome.value.load(ordering: .acquiring) != -EINPROGRESS }

    /// What was opened, once: it is the caller's to close.
    /// - Throws: `PgcopyError` with `.timeout`, `.system`.
    func take() throws -> CInt {
        let value = outcome.end()
        if value >= 0 { return value }
        guard let timeout = waiting.timeout, value == -EINPROGRESS else { throw PgcopyError.system(attempt, -value) }
        throw PgcopyError.pipeTimeout(after: timeout, wantsReader: wantsReader)
    }
}
