// Text on its way to stdout, stderr or a terminal.

internal import Glibc

/// Collects text and writes what the descriptor takes.
public final class TextOutput {
    /// The text; append to it. What is written goes from time to time.
    public var pending: [UInt8] = []
    /// How much of it is written. To take that off after each write would move the rest each time.
    private var written = 0
    /// Bytes that are not written yet.
    public var unwritten: Int { pending.count - written }
    /// Nothing can be written any more.
    public private(set) var isLost = false
    /// Something of it will not be read by anybody, once nothing more is written.
    public var lacksText: Bool { isLost || unwritten > 0 }
    /// Where it goes.
    public let descriptor: CInt
    private let writer: DescriptorWriter

    /// Text for a descriptor whose reader is waited for in the poll; whoever opened it closes it.
    public init(_ descriptor: CInt) throws {
        self.descriptor = descriptor
        writer = try DescriptorWriter(descriptor)
    }

    /// Text for a descriptor whose reader may keep us waiting.
    public init(blocking descriptor: CInt) {
        self.descriptor = descriptor
        writer = DescriptorWriter(blocking: descriptor)
    }

    /// Throws `PgcopyError` with `.system` where nothing can ever be written, as where stdout was closed.
    public func requireWritable() throws {
        if DescriptorWriter.isForReadingOnly(descriptor) { throw PgcopyError.closed(descriptor) }
    }

    /// Throws `PgcopyError` with `.system` when the reader is gone.
    public func requireReader() throws { try noting { try writer.requireReader() } }

    /// Notices a reader that goes away.
    public var attention: Interest? { writer.attention }

    /// Enough is waiting to be written.
    var isFull: Bool { unwritten >= 1 << 16 }

    /// Writes what is taken; gives what to wait for when something is left.
    func drain() throws -> Interest? {
        var blocked: Interest?
        while unwritten > 0, blocked == nil {
            let drained = try noting {
                try unsafe pending.withUnsafeBytes {
                    try unsafe writer.write(UnsafeRawBufferPointer(rebasing: $0[written...]).bytes)
                }
            }
            written += drained.taken
            blocked = drained.blocked
        }
        if written > pending.count / 2 {
            pending.removeFirst(written)
            written = 0
        }
        return blocked
    }

    /// Nothing of it is to be written any more.
    public func drop() {
        pending = []
        written = 0
    }

    /// Writes all of it; a signal the poller hears ends the wait for the reader.
    public func write(_ bytes: [UInt8], _ poller: any Poller = SystemPoller()) throws {
        pending += bytes
        try poller.finish { [self] in try drain().map(Step.waiting) ?? .done }
    }

    /// Writes what is left of it, no longer than until then, whatever signal comes. False where some of it is left.
    public func writeRest(until deadline: Instant, _ poller: any Poller) throws -> Bool {
        try poller.finish(until: deadline, interruptible: false) { [self] in try drain().map(Step.waiting) ?? .done }
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
