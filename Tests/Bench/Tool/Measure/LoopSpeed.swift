// Role: how fast the loop is alone: parser, ring, manager, receivers that discard; no server, no socket.

import CopyCore
import Glibc

/// What a second of CPU moves.
struct LoopSpeed {
    /// Bytes of a row.
    let rowBytes: Int
    /// How many receivers.
    let receivers: Int
    /// Of COPY data, of the best of three runs.
    let bytesPerSecond: Double
    /// Rows likewise.
    let rowsPerSecond: Double

    /// All sizes and counts.
    static func all(bytes: Int) throws -> [LoopSpeed] {
        try [10, 100, 1000].flatMap { size in
            try [1, 3].map { count in
                let speed = try LoopSpeed(rowBytes: size, receivers: count, bytes: bytes)
                say(
                    "loop alone: rows of \(size) bytes to \(count): \(Figures.fixed(speed.bytesPerSecond / 1e9, 2)) GB/s, "
                        + "\(Figures.fixed(speed.rowsPerSecond / 1e6, 1)) million rows/s")
                return speed
            }
        }
    }

    private init(rowBytes: Int, receivers: Int, bytes: Int) throws {
        self.rowBytes = rowBytes
        self.receivers = receivers
        var best = Double.infinity
        var moved = Totals.zero
        for _ in 0..<3 {
            let replay = WireReplay(rowBytes: rowBytes, total: bytes)
            let manager = CopyManager(replay, (0..<receivers).map { NullReceiver(label: "null \($0)") })
            let begun = Self.cpuTime
            moved = try manager.run()
            best = min(best, Self.cpuTime - begun)
        }
        guard moved.bytes == moved.messages * rowBytes, moved.messages > 0 else {
            throw BenchError("the loop moved \(moved.messages) rows and \(moved.bytes) bytes")
        }
        bytesPerSecond = Double(moved.bytes) / best
        rowsPerSecond = Double(moved.messages) / best
    }

    /// Seconds of this thread, user and system.
    private static var cpuTime: Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
