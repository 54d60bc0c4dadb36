// Role: the bytes on their way to one socket: when they may go, and how fast.

import Glibc

/// A queue with latency and rate in front of a non-blocking socket.
struct SendQueue {
    private struct Segment {
        var bytes: [UInt8]
        var sent = 0
        let due: Deadline
    }

    private var segments: [Segment] = []
    private(set) var count = 0
    /// Bytes a second; nil: as fast as the socket takes them.
    var rate: Int?
    private var notBefore = Deadline.now

    /// Appends bytes that may go at `due`.
    mutating func append(_ bytes: [UInt8], due: Deadline) {
        guard !bytes.isEmpty else { return }
        count += bytes.count
        if let last = segments.last, last.bytes.count < 65_536, due.since(last.due) < .milliseconds(1) {
            // Message by message through the triggers, but not message by message through the kernel.
            segments[segments.count - 1].bytes += bytes
            return
        }
        segments.append(Segment(bytes: bytes, due: due))
    }

    /// When the next bytes may go; nil when there are none.
    var nextMoment: Deadline? { segments.first.map { max($0.due, notBefore) } }

    /// Drops everything.
    mutating func removeAll() {
        segments = []
        count = 0
    }

    /// Sends what may go now. False when the other side does not take any more, ever.
    mutating func flush(to descriptor: Int32) -> Bool {
        while let moment = nextMoment, moment.hasPassed {
            let sent = segments[0].sent
            let left = segments[0].bytes.count - sent
            let size = rate.map { min(left, max(1, $0 / 100)) } ?? left
            let written = segments[0].bytes.withUnsafeBytes { buffer in
                uninterrupted { send(descriptor, buffer.baseAddress! + sent, size, Int32(MSG_NOSIGNAL)) }
            }
            guard written >= 0 else { return errno == EAGAIN }
            count -= written
            segments[0].sent += written
            if let rate { notBefore = .now + .nanoseconds(Int64(written) * 1_000_000_000 / Int64(max(1, rate))) }
            if segments[0].sent == segments[0].bytes.count { segments.removeFirst() }
        }
        return true
    }
}
