// Text on its way to a descriptor that may be slow.

/// Collects text and writes what the descriptor takes, without waiting.
public final class BatchOutput {
    /// What is not written yet; append to it.
    public var pending: [UInt8] = []
    private let receiver: ByteStreamReceiver

    /// Text for a descriptor; whoever opened it closes it.
    public init(_ descriptor: CInt) throws {
        receiver = ByteStreamReceiver(descriptor, label: "stdout")
        _ = try receiver.enter(.text)
    }

    /// Enough is waiting to be written.
    var isFull: Bool { pending.count >= 1 << 16 }

    /// Notices a reader that goes away.
    var attention: Interest? { receiver.attention }

    /// Something came of `attention`.
    func attend(_ ready: Readiness) throws { _ = try receiver.attend(ready) }

    /// Writes what is taken; gives what to wait for when something is left.
    func drain() throws -> Interest? {
        while !pending.isEmpty {
            let drained = try unsafe pending.withUnsafeBytes { try receiver.drain(unsafe $0.bytes) }
            pending.removeFirst(drained.taken)
            if let blocked = drained.blocked { return blocked }
        }
        return nil
    }
}
