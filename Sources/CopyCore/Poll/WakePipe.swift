// A pipe that makes an event of another thread, or of a signal handler, visible to a poll.

internal import Glibc

/// Readable from the first `wake()` on.
final class WakePipe: Sendable {
    let readEnd: CInt
    private let writeEnd: CInt

    /// Nil when the process has no descriptors left.
    init?() {
        var ends: [CInt] = [-1, -1]
        guard unsafe pipe(&ends) == 0 else { return nil }
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        readEnd = ends[0]
        writeEnd = ends[1]
    }

    deinit {
        close(readEnd)
        close(writeEnd)
    }

    /// No longer readable, until the next `wake()`.
    func drain() {
        var bytes: (UInt64, UInt64) = (0, 0)
        while unsafe read(readEnd, &bytes, 16) > 0 {}
    }

    /// Safe in a signal handler.
    func wake() {
        let saved = errno
        var byte: UInt8 = 1
        _ = unsafe write(writeEnd, &byte, 1)
        errno = saved
    }
}
