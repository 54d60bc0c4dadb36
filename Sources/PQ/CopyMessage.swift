// The memory of one CopyData message as libpq hands it out.

internal import CLibpq

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
