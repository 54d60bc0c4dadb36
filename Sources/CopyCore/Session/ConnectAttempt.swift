// One connection on its way, made by a thread of its own.

internal import Synchronization

/// Connects by libpq's own rules while the caller goes on.
final class ConnectAttempt: LoopTask {
    private final class Outcome: Sendable {
        private let slot = Mutex<Connection?>(nil)
        let done = Atomic<Bool>(false)
        let pipe: WakePipe

        init(_ pipe: WakePipe) { self.pipe = pipe }

        func run(_ parameters: [(keyword: String, value: String)]) {
            slot.withLock { $0 = Connection(parameters) }
            done.store(true, ordering: .releasing)
            pipe.wake()
        }

        func take() -> Connection? { slot.withLock { $0.take() } }
    }

    private let outcome: Outcome

    /// Begins to connect. libpq: PQconnectdbParams.
    init(_ parameters: [(keyword: String, value: String)]) throws(PgcopyError) {
        guard let pipe = WakePipe() else { throw PgcopyError.systemNow("cannot make a pipe") }
        let outcome = Outcome(pipe)
        self.outcome = outcome
        guard startThread({ outcome.run(parameters) }) else { throw PgcopyError.systemNow("cannot start a thread") }
    }

    /// The attempt is over, well or not.
    var isDone: Bool { outcome.done.load(ordering: .acquiring) }

    /// Ready when it is over.
    var interest: Interest { Interest(outcome.pipe.readEnd, .read) }

    /// Its thread goes on with it.
    func step(_ polled: ArraySlice<PollEntry>) {}

    func watch(_ entries: inout [PollEntry]) -> Bool {
        if isDone { return false }
        entries.append(PollEntry(interest))
        return true
    }

    /// What came of it, once.
    func take() -> Connection? { outcome.take() }
}
