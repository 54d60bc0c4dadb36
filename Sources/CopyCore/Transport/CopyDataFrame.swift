// CopyData messages, sent piece by piece.

/// The CopyData message under way: what its header says, and how much of it is to come.
struct CopyDataFrame {
    /// The largest one: what one cycle gives.
    static let limit = 1 << 16

    private var head: [UInt8] = [UInt8(ascii: "d"), 0, 0, 0, 0]
    private var headSent = 5
    private var bodyLeft = 0

    /// The next one can begin.
    var isSent: Bool { headSent == 5 && bodyLeft == 0 }

    /// Announces so many bytes.
    mutating func begin(_ count: Int) {
        let length = UInt32(count + 4)
        for index in 0..<4 { head[index + 1] = UInt8(truncatingIfNeeded: length >> (24 - 8 * index)) }
        headSent = 0
        bodyLeft = count
    }

    /// Sends what the socket takes of it. `bytes` may be fewer or more than were announced.
    /// - Returns: as a channel; what moved is counted without the header.
    mutating func send(_ bytes: RawSpan, on line: WireLine) throws -> WireChannel.Outcome {
        let outcome = try unsafe bytes.withUnsafeBytes { bytes in
            try unsafe head.withUnsafeBytes { head in
                let body = unsafe UnsafeRawBufferPointer(rebasing: bytes.prefix(bodyLeft))
                return try unsafe line.write(UnsafeRawBufferPointer(rebasing: head[headSent...]), body)
            }
        }
        guard case .moved(let count) = outcome else { return outcome }
        let ofHead = min(count, 5 - headSent)
        headSent += ofHead
        bodyLeft -= count - ofHead
        return .moved(count - ofHead)
    }

    /// Queues a whole one.
    mutating func queue(_ bytes: RawSpan, on line: WireLine) {
        begin(bytes.byteCount)
        line.queueRaw(head)
        unsafe bytes.withUnsafeBytes { unsafe line.queueRaw(Array($0)) }
        headSent = 5
        bodyLeft = 0
    }

    /// Once announced it is to be filled: the server discards it all.
    mutating func fill(on line: WireLine) {
        guard !isSent else { return }
        line.queueRaw(Array(head[headSent...]) + [UInt8](repeating: 0, count: bodyLeft))
        headSent = 5
        bodyLeft = 0
    }
}
