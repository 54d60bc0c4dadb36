// Bytes for anything with a descriptor: the one place that knows of short writes, slow readers and readers that left.

internal import Glibc

/// Writes to a descriptor as much as it takes.
///
/// A pipe takes part in the poll: it is opened anew so that non-blocking writes do not change the
/// descriptor other programs share. Where that cannot be had, no more than a pipe is sure to take is
/// written after each poll. A regular file is always ready. SIGPIPE is to be ignored by the program.
final class DescriptorWriter {
    private enum Way {
        /// Writes never wait for a reader, or are meant to.
        case plain
        /// Our own non-blocking descriptor for the same pipe or terminal.
        case reopened(CInt)
        /// A socket: one flag a call makes it not block.
        case socket
        /// A descriptor that may block: a poll, then a small write.
        case careful
    }

    private let descriptor: CInt
    private let way: Way

    /// Finds out how a descriptor is written without waiting; whoever opened it closes it.
    init(_ descriptor: CInt) throws(PgcopyError) {
        self.descriptor = descriptor
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw PgcopyError.system("cannot write", errno) }
        switch status.st_mode & S_IFMT {
        case S_IFREG, S_IFBLK: way = .plain
        case S_IFSOCK: way = .socket
        case S_IFIFO, S_IFCHR:
            // What was opened for reading only is not opened anew for more: its write is to fail.
            let own =
                Self.isForReadingOnly(descriptor)
                ? -1 : unsafe open("/proc/self/fd/\(descriptor)", O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)
            way = own >= 0 ? .reopened(own) : .careful
        default: way = .careful
        }
    }

    /// For writes that may wait for the reader.
    init(blocking descriptor: CInt) {
        self.descriptor = descriptor
        way = .plain
    }

    deinit { if case .reopened(let own) = way { close(own) } }

    /// Nothing can be written to it, as where stdout was closed.
    static func isForReadingOnly(_ descriptor: CInt) -> Bool { fcntl(descriptor, F_GETFL) & O_ACCMODE == O_RDONLY }

    /// A reader that goes away is noticed while nothing is to be written.
    var attention: Interest? {
        switch way {
        case .plain: nil
        case .reopened(let own): Interest(own, [])
        case .socket, .careful: Interest(descriptor, [])
        }
    }

    /// Throws when the reader is gone, at once and not at the next write.
    func requireReader() throws(PgcopyError) {
        guard let attention else { return }
        var entry = pollfd(fd: attention.descriptor, events: 0, revents: 0)
        if unsafe poll(&entry, 1, 0) > 0 { throw PgcopyError.system("cannot write", EPIPE) }
    }

    /// Writes what is taken.
    func write(_ bytes: RawSpan) throws -> Drained {
        try unsafe bytes.withUnsafeBytes { buffer in
            var taken = 0
            while taken < buffer.count {
                let count = unsafe write(UnsafeRawBufferPointer(rebasing: buffer[taken...]))
                if count >= 0 {
                    taken += count
                    if count == 0 { return Drained(taken: taken, blocked: waiting) }
                    continue
                }
                let code = errno
                if code == EINTR { continue }
                guard code == EAGAIN else {
                    // What was written before it must not be given again: the next write meets the error anew.
                    if taken > 0 { return Drained(taken: taken) }
                    throw PgcopyError.system("cannot write", code)
                }
                return Drained(taken: taken, blocked: waiting)
            }
            return Drained(taken: taken)
        }
    }

    /// Writes what is taken and removes it; gives what to wait for where something is left.
    func write(_ bytes: inout [UInt8]) throws -> Interest? {
        while !bytes.isEmpty {
            let drained = try unsafe bytes.withUnsafeBytes { try unsafe write($0.bytes) }
            bytes.removeFirst(drained.taken)
            if let blocked = drained.blocked { return blocked }
        }
        return nil
    }

    private var waiting: Interest {
        if case .reopened(let own) = way { return Interest(own, .write) }
        return Interest(descriptor, .write)
    }

    /// 0 when the descriptor is not ready, else as write(2).
    @unsafe
    private func write(_ bytes: UnsafeRawBufferPointer) -> Int {
        switch way {
        case .plain: return unsafe Glibc.write(descriptor, bytes.baseAddress!, bytes.count)
        case .reopened(let own): return unsafe Glibc.write(own, bytes.baseAddress!, bytes.count)
        case .socket:
            return unsafe send(
                descriptor, bytes.baseAddress!, bytes.count, CInt(MSG_DONTWAIT) | CInt(MSG_NOSIGNAL))
        case .careful:
            var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            guard unsafe poll(&entry, 1, 0) > 0 else { return 0 }
            // A pipe that polls as writable takes PIPE_BUF bytes at once.
            return unsafe Glibc.write(descriptor, bytes.baseAddress!, min(bytes.count, Int(PIPE_BUF)))
        }
    }
}
