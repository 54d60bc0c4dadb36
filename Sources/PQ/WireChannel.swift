// A connection's own bytes: its socket, or the TLS session libpq made over it.

internal import CLibpq
internal import Glibc

/// Reads and writes a connection below libpq. Only while the connection is idle may it be used so, and
/// libpq must not be called before a ReadyForQuery was read.
@safe
package final class WireChannel {
    /// What one read or write came to.
    package enum Outcome: Sendable, Hashable {
        /// So many bytes, at least one.
        case moved(Int)
        /// Nothing until the socket is readable.
        case wantsRead
        /// Nothing until the socket is writable.
        case wantsWrite
        /// The other side closed the stream.
        case closed
        /// The system's or OpenSSL's words.
        case failed(String)
    }

    /// The socket to poll.
    package let socket: CInt
    /// Whether it is a Unix socket.
    package let isUnix: Bool
    private let tls: TLSSession?

    /// Nil where only libpq can speak: GSS encryption, a TLS library other than OpenSSL, no socket.
    package init?(_ connection: Connection) {
        guard connection.isUsable, connection.socket >= 0, !connection.usesGSSEncryption else { return nil }
        socket = connection.socket
        isUnix = Self.option(SO_DOMAIN, of: socket) == AF_UNIX
        if connection.usesTLS {
            guard let session = TLSSession(connection) else { return nil }
            tls = session
        } else {
            tls = nil
        }
    }

    /// Whether TLS is below.
    package var usesTLS: Bool { tls != nil }

    /// Has the system hold that many bytes of what is written to a Unix socket, or as many as it allows
    /// (Linux: net.core.wmem_max); TCP sizes its buffers by itself. The corresponding C function is setsockopt.
    package func enlargeSendBuffer(to bytes: CInt) {
        guard isUnix, let now = Self.option(SO_SNDBUF, of: socket), now < bytes else { return }
        var bytes = bytes
        _ = unsafe setsockopt(socket, SOL_SOCKET, SO_SNDBUF, &bytes, socklen_t(MemoryLayout<CInt>.size))
    }

    private static func option(_ name: CInt, of socket: CInt) -> CInt? {
        var value = CInt(0)
        var size = socklen_t(MemoryLayout<CInt>.size)
        return unsafe getsockopt(socket, SOL_SOCKET, name, &value, &size) == 0 ? value : nil
    }

    /// Reads what is there. The corresponding C functions are recv and SSL_read.
    @unsafe
    package func read(into buffer: UnsafeMutableRawBufferPointer) -> Outcome {
        if let tls { return unsafe tls.read(buffer) }
        while true {
            let count = unsafe recv(socket, buffer.baseAddress!, buffer.count, CInt(MSG_DONTWAIT))
            if count > 0 { return .moved(count) }
            if count == 0 { return .closed }
            switch errno {
            case EINTR: continue
            case EAGAIN: return .wantsRead
            default: return .failed(unsafe String(cString: strerror(errno)))
            }
        }
    }

    /// Writes what is taken of a header and what follows it. The corresponding C functions are sendmsg and SSL_write.
    ///
    /// Over TLS a write that must wait is to be called again with the same bytes.
    @unsafe
    package func write(_ head: UnsafeRawBufferPointer, _ body: UnsafeRawBufferPointer) -> Outcome {
        if let tls { return unsafe tls.write(head.isEmpty ? body : head) }
        var pieces = unsafe (
            iovec(iov_base: UnsafeMutableRawPointer(mutating: head.baseAddress), iov_len: head.count),
            iovec(iov_base: UnsafeMutableRawPointer(mutating: body.baseAddress), iov_len: body.count)
        )
        while true {
            let count = unsafe withUnsafeMutablePointer(to: &pieces) { pieces in
                let first = unsafe UnsafeMutableRawPointer(pieces).assumingMemoryBound(to: iovec.self)
                var message = unsafe msghdr()
                unsafe message.msg_iov = first
                unsafe message.msg_iovlen = 2
                return unsafe sendmsg(socket, &message, CInt(MSG_DONTWAIT) | CInt(MSG_NOSIGNAL))
            }
            if count > 0 { return .moved(count) }
            if count == 0 { return .wantsWrite }
            switch errno {
            case EINTR: continue
            case EAGAIN: return .wantsWrite
            default: return .failed(unsafe String(cString: strerror(errno)))
            }
        }
    }
}
