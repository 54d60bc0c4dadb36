// Role: a moment on the monotonic clock, in the shapes that poll and pthread want.

import Glibc

/// A moment that will come. Plain nanoseconds, because the waiting calls of C want numbers.
struct Deadline: Comparable {
    /// Nanoseconds of `CLOCK_MONOTONIC`.
    private(set) var nanoseconds: Int64

    /// This moment.
    static var now: Deadline {
        var time = Glibc.timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Deadline(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }

    /// So far from now; a hundred days at most.
    static func after(_ duration: Duration) -> Deadline { now + duration }

    static func + (moment: Deadline, duration: Duration) -> Deadline {
        let (seconds, attoseconds) = min(duration, .seconds(8_640_000)).components
        return Deadline(nanoseconds: moment.nanoseconds + seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
    }

    static func < (left: Deadline, right: Deadline) -> Bool { left.nanoseconds < right.nanoseconds }

    /// The time from `earlier` to this.
    func since(_ earlier: Deadline) -> Duration { .nanoseconds(nanoseconds - earlier.nanoseconds) }

    /// Whether it has come.
    var hasPassed: Bool { self <= .now }

    /// The milliseconds that `poll` may sleep: rounded up, so that it does not spin.
    var pollTimeout: Int32 {
        let left = nanoseconds - Deadline.now.nanoseconds
        return Int32(clamping: left <= 0 ? 0 : (left + 999_999) / 1_000_000)
    }

    /// For `pthread_cond_timedwait` on the monotonic clock.
    var timespec: Glibc.timespec {
        Glibc.timespec(tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
    }
}
