// Opening what may keep its opener waiting.

internal import Glibc
internal import Synchronization

/// An open(2) on a thread of its own: a named pipe waits for its other end, and a signal that comes right
/// before a call that waits would be lost on it.
final class Opening: Sendable {
    private let result = Atomic<CInt>(-EINPROGRESS)
    private let pipe: WakePipe

    /// Nil when no thread is to be had.
    init?(_ path: Path, _ flags: CInt) {
        guard let pipe = WakePipe() else { return nil }
        self.pipe = pipe
        let started = startThread {
            let descriptor = unsafe path.withCString { unsafe open($0, flags) }
            let value = descriptor >= 0 ? descriptor : -errno
            let isWanted = self.result.compareExchange(
                expected: -EINPROGRESS, desired: value, ordering: .acquiringAndReleasing
            ).exchanged
            if !isWanted, descriptor >= 0 { close(descriptor) }
            self.pipe.wake()
        }
        guard started else { return nil }
    }

    /// Ready when it is done.
    var interest: Interest { Interest(pipe.readEnd, .read) }

    /// Nobody wants it any more: what is opened yet is closed, so that no other end waits for us.
    func abandon() {
        let value = result.exchange(-ECANCELED, ordering: .acquiringAndReleasing)
        if value >= 0 { close(value) }
    }

    /// What was opened.
    var descriptor: CInt? {
        let value = result.load(ordering: .acquiring)
        return value >= 0 ? value : nil
    }

    /// errno, once it failed.
    var failure: CInt? {
        let value = result.load(ordering: .acquiring)
        return value < 0 && value != -EINPROGRESS ? -value : nil
    }
}
