// What a connection's socket holds.

internal import Glibc

extension Session {
    /// Bytes that were written and have not reached the server's machine yet (tcp(7): SIOCOUTQ; of a Unix socket, its process);
    /// nil where the system does not tell.
    var unsent: Int? {
        var count: CInt = 0
        guard connection.isUsable, unsafe ioctl(connection.socket, UInt(TIOCOUTQ), &count) == 0 else { return nil }
        return Int(count)
    }
}
