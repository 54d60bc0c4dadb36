// How somebody outside asks how far it is: a flag and a pipe.

internal import Synchronization

/// A wish to hear at once how far it is, raised by a signal handler and met by the poll, whatever that waits for.
public final class ReportRequest: Sendable {
    private let isWanted = Atomic<Bool>(false)
    private let pipe: WakePipe

    /// A request that was not made yet; nil when no pipe can be had.
    public init?() {
        guard let pipe = WakePipe() else { return nil }
        self.pipe = pipe
    }

    /// Readable once it was made.
    var descriptor: CInt { pipe.readEnd }

    /// Somebody wants to know. Safe inside a signal handler.
    public func raise() {
        if !isWanted.exchange(true, ordering: .acquiringAndReleasing) { pipe.wake() }
    }

    /// Its descriptor was found readable.
    func noticed() { pipe.drain() }

    /// Whether it was made since the last time. Several at once are one.
    func take() -> Bool {
        guard isWanted.load(ordering: .acquiring) else { return false }
        // First, for what is raised from here on writes anew.
        pipe.drain()
        return isWanted.exchange(false, ordering: .acquiringAndReleasing)
    }
}
