// COPY by libpq's own calls.

internal import CLibpq

extension Connection {
    /// Queues COPY data. It never says that the socket is full and buffers without limit:
    /// call `flush` after it and put no more until that is true. libpq: PQputCopyData.
    @unsafe
    public func putCopyData(_ bytes: UnsafeRawBufferPointer) throws(PgcopyError) {
        guard let base = bytes.baseAddress, bytes.count > 0 else { return }
        let text = unsafe base.assumingMemoryBound(to: CChar.self)
        guard unsafe PQputCopyData(handle, text, CInt(bytes.count)) == 1 else { throw lastError() }
    }

    /// Queues the end of COPY data: CopyDone, or CopyFail with a reason. libpq: PQputCopyEnd.
    public func putCopyEnd(failing reason: String? = nil) throws(PgcopyError) {
        let queued =
            if let reason { unsafe PQputCopyEnd(handle, reason) } else { unsafe PQputCopyEnd(handle, nil) }
        guard queued == 1 else { throw lastError() }
    }

    /// The next CopyData message that has arrived whole. libpq: PQgetCopyData.
    public func getCopyData() throws(PgcopyError) -> CopyRead {
        var buffer: UnsafeMutablePointer<CChar>?
        let length = unsafe PQgetCopyData(handle, &buffer, 1)
        switch length {
        case 0: return .wouldBlock
        case -1: return .end
        case 1...: return unsafe .message(CopyMessage(base: buffer!, count: Int(length)))
        default: throw lastError()
        }
    }
}

/// What a read of COPY data gave.
public enum CopyRead: ~Copyable {
    /// A whole message.
    case message(CopyMessage)
    /// Nothing whole has arrived yet.
    case wouldBlock
    /// No more data; the statement's result is next.
    case end
}

/// The body of one CopyData message, owned; never empty.
@safe
public struct CopyMessage: ~Copyable {
    private let base: UnsafeMutablePointer<CChar>
    /// Its length in bytes.
    public let count: Int

    init(base: UnsafeMutablePointer<CChar>, count: Int) {
        unsafe self.base = base
        self.count = count
    }

    deinit { unsafe PQfreemem(base) }

    /// The bytes, valid during the life of the message.
    @unsafe
    public var bytes: UnsafeRawBufferPointer { unsafe UnsafeRawBufferPointer(start: base, count: count) }
}
