// A look at what a socket holds, without taking it.

internal import Glibc

/// Tells an error from a notice before libpq swallows both.
enum SocketPeek {
    /// Whether anything waits to be read.
    static func hasInput(_ connection: Connection) -> Bool {
        var count: CInt = 0
        return unsafe ioctl(connection.socket, UInt(FIONREAD), &count) == 0 && count > 0
    }

    /// Whether the next bytes begin an ErrorResponse. Never true over TLS or GSS, where only libpq can read.
    static func showsError(_ connection: Connection) -> Bool {
        guard !connection.usesTLS, !connection.usesGSSEncryption else { return false }
        // 'E', four bytes of length, 'S' for the severity: every server sends that field first.
        var head: (UInt8, UInt8, UInt8, UInt8, UInt8, UInt8) = (0, 0, 0, 0, 0, 0)
        let count = unsafe recv(connection.socket, &head, 6, CInt(MSG_PEEK) | CInt(MSG_DONTWAIT))
        return count == 6 && head.0 == UInt8(ascii: "E") && head.1 == 0 && head.5 == UInt8(ascii: "S")
    }
}
