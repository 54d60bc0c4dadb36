// Role: a value behind a lock, with a condition that threads wait on.

import Glibc

/// State shared by threads: read and changed under a lock, waited for without polling.
///
/// `@unchecked Sendable`: `value` is only touched between `pthread_mutex_lock` and its unlock.
final class Monitor<Value>: @unchecked Sendable {
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let condition: UnsafeMutablePointer<pthread_cond_t>
    private var value: Value

    init(_ value: Value) {
        self.value = value
        mutex = .allocate(capacity: 1)
        condition = .allocate(capacity: 1)
        pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(condition, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    /// Runs `body` under the lock and wakes everyone who waits.
    func withLock<Answer>(_ body: (inout Value) throws -> Answer) rethrows -> Answer {
        pthread_mutex_lock(mutex)
        defer {
            pthread_cond_broadcast(condition)
            pthread_mutex_unlock(mutex)
        }
        return try body(&value)
    }

    /// Waits until `body` gives an answer; nil when `deadline` passes first.
    func wait<Answer>(until deadline: Deadline, _ body: (inout Value) throws -> Answer?) rethrows -> Answer? {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        var time = deadline.timespec
        while true {
            if let answer = try body(&value) { return answer }
            guard pthread_cond_timedwait(condition, mutex, &time) != ETIMEDOUT else { return try body(&value) }
        }
    }
}
