// A cancel request under way. libpq sends it over a connection of its own and waits, so a thread does.

internal import Synchronization

/// Asks a server to cancel what a connection runs, without keeping the caller waiting.
final class CancelRequest {
    private final class Outcome: Sendable {
        let done = Atomic<Bool>(false)
        let pipe: WakePipe
        init(_ pipe: WakePipe) { self.pipe = pipe }
    }

    private let outcome: Outcome

    /// Sends it. Nil when there is nothing to cancel, or no thread to be had.
    init?(_ connection: Connection) {
        guard let handle = CancelHandle(connection), let pipe = WakePipe() else { return nil }
        let outcome = Outcome(pipe)
        self.outcome = outcome
        let started = startThread {
            _ = handle.send()
            outcome.done.store(true, ordering: .releasing)
            outcome.pipe.wake()
        }
        guard started else { return nil }
    }

    /// The server has it: a statement sent from now on is not hit by it any more.
    var isDone: Bool { outcome.done.load(ordering: .acquiring) }

    /// Ready when it is done.
    var interest: Interest { Interest(outcome.pipe.readEnd, .read) }
}
