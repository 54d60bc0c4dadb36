// The OpenSSL session inside a libpq connection.

internal import CLibpq
internal import Glibc

/// Calls the very OpenSSL libpq is linked to, found in the process: never another copy of it.
@safe
final class TLSSession {
    private typealias Transfer = @convention(c) (UnsafeMutableRawPointer?, UnsafeMutableRawPointer?, CInt) -> CInt
    private typealias Question = @convention(c) (UnsafeMutableRawPointer?, CInt) -> CInt
    private typealias Clear = @convention(c) () -> Void

    private let session: UnsafeMutableRawPointer
    private let sslRead: Transfer
    private let sslWrite: Transfer
    private let sslGetError: Question
    private let errClear: Clear

    // ssl.h: SSL_ERROR_…
    private static let wantRead: CInt = 2
    private static let wantWrite: CInt = 3
    private static let system: CInt = 5
    private static let closed: CInt = 6

    /// One record: a larger write would have to be repeated whole.
    private static let record = 1 << 14

    /// Nil when the connection's TLS is not OpenSSL's.
    init?(_ connection: Connection) {
        guard let session = unsafe PQsslStruct(connection.handle, "OpenSSL"),
            let read = unsafe dlsym(nil, "SSL_read"), let write = unsafe dlsym(nil, "SSL_write"),
            let getError = unsafe dlsym(nil, "SSL_get_error"), let clear = unsafe dlsym(nil, "ERR_clear_error")
        else { return nil }
        unsafe self.session = session
        unsafe sslRead = unsafeBitCast(read, to: Transfer.self)
        unsafe sslWrite = unsafeBitCast(write, to: Transfer.self)
        unsafe sslGetError = unsafeBitCast(getError, to: Question.self)
        unsafe errClear = unsafeBitCast(clear, to: Clear.self)
    }

    @unsafe
    func read(_ buffer: UnsafeMutableRawBufferPointer) -> WireChannel.Outcome {
        // OpenSSL looks at the thread's old errors to tell what the new one is.
        errClear()
        errno = 0
        let count = unsafe sslRead(session, buffer.baseAddress, CInt(clamping: buffer.count))
        return outcome(count)
    }

    @unsafe
    func write(_ bytes: UnsafeRawBufferPointer) -> WireChannel.Outcome {
        errClear()
        errno = 0
        let count = unsafe sslWrite(
            session, UnsafeMutableRawPointer(mutating: bytes.baseAddress), CInt(min(bytes.count, Self.record)))
        return outcome(count)
    }

    private func outcome(_ count: CInt) -> WireChannel.Outcome {
        if count > 0 { return .moved(Int(count)) }
        let code = errno
        switch unsafe sslGetError(session, count) {
        case Self.wantRead: return .wantsRead
        case Self.wantWrite: return .wantsWrite
        case Self.closed: return .closed
        case Self.system: return code == 0 ? .closed : .failed(unsafe String(cString: strerror(code)))
        // An end without a TLS goodbye is an error to OpenSSL 3.
        default: return .failed("TLS failed, or its stream ended without a goodbye")
        }
    }
}
