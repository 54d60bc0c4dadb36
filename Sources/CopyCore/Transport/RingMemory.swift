// The memory of the shared ring.

internal import Glibc

/// A fixed piece of memory, handed out as spans.
@safe
final class RingMemory {
    private let bytes: UnsafeMutableRawBufferPointer

    init(capacity: Int) {
        // A page: what a server's socket writes into is then not shared with anything else.
        unsafe bytes = .allocate(byteCount: capacity, alignment: 4096)
    }

    deinit { unsafe bytes.deallocate() }

    func write<R, E: Error>(_ region: Range<Int>, _ body: (inout MutableRawSpan) throws(E) -> R) throws(E) -> R {
        var span = unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[region]).mutableBytes
        return try body(&span)
    }

    func read<R, E: Error>(_ region: Range<Int>, _ body: (RawSpan) throws(E) -> R) throws(E) -> R {
        let span = unsafe UnsafeRawBufferPointer(rebasing: bytes[region]).bytes
        return try body(span)
    }
}

extension RawSpan {
    /// The byte at an offset below `byteCount`.
    @inline(__always)
    func byte(_ offset: Int) -> UInt8 {
        precondition(offset >= 0 && offset < byteCount)
        return unsafe unsafeLoad(fromByteOffset: offset, as: UInt8.self)
    }
}
