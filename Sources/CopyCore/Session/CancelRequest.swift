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
    private let headStart: Instant?

    /// How long the request may go alone before its statement's rest is read beside it.
    private static let lead = 0.5

    /// Sends it. Nil when there is nothing to cancel, or no thread to be had.
    /// - Parameter now: the time, where a head start is wanted.
    init?(_ connection: Connection, at now: Instant? = nil) {
        headStart = now.map { $0 + Self.lead }
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

    /// What to wait for before the rest is read: a server that is not read from stops, and does not take the
    /// time of the one that takes the request. Nil when it is done, or takes long itself.
    func lead(at now: Instant) -> Interest? {
        guard !isDone, let headStart, now < headStart else { return nil }
        return Interest(outcome.pipe.readEnd, .read, alarm: headStart)
    }

    /// Ready when it is done.
    var interest: Interest { Interest(outcome.pipe.readEnd, .read) }
}
