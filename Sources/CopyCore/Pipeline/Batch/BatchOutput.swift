// Text on its way to a descriptor that may be slow.

internal import Glibc

/// Collects text and writes what the descriptor takes, without waiting.
public final class BatchOutput {
    /// What is not written yet; append to it.
    public var pending: [UInt8] = []
    /// Nothing can be written any more.
    public private(set) var isLost = false
    /// Something of it will not be read by anybody, once nothing more is written.
    public var lacksText: Bool { isLost || !pending.isEmpty }
    private let receiver: ByteStreamReceiver

    /// Text for a descriptor; whoever opened it closes it.
    /// - Parameter mayBeClosed: there may be nothing to write.
    /// - Throws: a `SystemError` where nobody could read anything.
    public init(_ descriptor: CInt, mayBeClosed: Bool = false) throws {
        receiver = ByteStreamReceiver(descriptor, label: "stdout")
        _ = try receiver.enter(.text)
        guard mayBeClosed || fcntl(descriptor, F_GETFL) & O_ACCMODE != O_RDONLY else {
            throw SystemError("cannot write", EBADF)
        }
        _ = try receiver.attend([])
    }

    /// Enough is waiting to be written.
    var isFull: Bool { pending.count >= 1 << 16 }

    /// Notices a reader that goes away.
    var attention: Interest? { receiver.attention }

    /// Something came of `attention`.
    func attend(_ ready: Readiness) throws { _ = try noting { try receiver.attend(ready) } }

    /// Writes what is taken; gives what to wait for when something is left.
    func drain() throws -> Interest? {
        while !pending.isEmpty {
            let drained = try noting { try unsafe pending.withUnsafeBytes { try receiver.drain(unsafe $0.bytes) } }
            pending.removeFirst(drained.taken)
            if let blocked = drained.blocked { return blocked }
        }
        return nil
    }

    private func noting<R>(_ body: () throws -> R) throws -> R {
        do {
            return try body()
        } catch {
            isLost = true
            throw error
        }
    }
}
