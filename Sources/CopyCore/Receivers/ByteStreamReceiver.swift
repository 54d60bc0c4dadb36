// Rows for a file, a pipe, a terminal: anything with a descriptor.

internal import Glibc

/// Writes to a descriptor.
///
/// A pipe takes part in the poll: it is opened anew so that non-blocking writes do not change the
/// descriptor other programs share. Where that cannot be had, no more than a pipe is sure to take is
/// written after each poll. A regular file is always ready. SIGPIPE is to be ignored by the program.
public final class ByteStreamReceiver: Receiver {
    /// How messages name it.
    public let label: String
    /// No server is behind it.
    public let commandTag: String? = nil

    private let descriptor: CInt
    /// Done when everything is written: a flush to disk, say.
    private let whenFinished: () throws -> Void
    private var way = Way.unknown
    private var used = false
    /// Written before the rows: the header line of the stream they come from.
    var preamble: [UInt8] = []

    private enum Way {
        case unknown
        /// Writes never wait for a reader.
        case regular
        /// Our own non-blocking descriptor for the same pipe or terminal.
        case reopened(CInt)
        /// A socket: one flag a call makes it not block.
        case socket
        /// A descriptor that may block: a poll, then a small write.
        case careful
    }

    /// A receiver that writes a descriptor; whoever opened it closes it.
    /// - Parameter whenFinished: called once when everything is written; what it throws is the receiver's fault.
    public init(_ descriptor: CInt, label: String, whenFinished: @escaping () throws -> Void = {}) {
        self.descriptor = descriptor
        self.label = label
        self.whenFinished = whenFinished
    }

    deinit { if case .reopened(let own) = way { close(own) } }

    /// A reader that goes away is noticed while nothing is to be written.
    public var attention: Interest? {
        switch way {
        case .unknown, .regular: nil
        case .reopened(let own): Interest(own, [])
        case .socket, .careful: Interest(descriptor, [])
        }
    }

    /// Finds out how the descriptor is best written.
    public func enter(_ layout: RowLayout) throws -> Step {
        guard !used else { throw CopyMisuse.alreadyUsed }
        used = true
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw SystemError("cannot write", errno) }
        switch status.st_mode & S_IFMT {
        case S_IFREG, S_IFBLK: way = .regular
        case S_IFSOCK: way = .socket
        case S_IFIFO, S_IFCHR:
            // What was opened for reading only is not opened anew for more: its write is to fail.
            let isWritable = fcntl(descriptor, F_GETFL) & O_ACCMODE != O_RDONLY
            let own =
                isWritable
                ? unsafe open("/proc/self/fd/\(descriptor)", O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY) : -1
            way = own >= 0 ? .reopened(own) : .careful
        default: way = .careful
        }
        return .done
    }

    /// Ready to be written again. A reader that is gone is told at once, not at the next write.
    public func attend(_ ready: Readiness) throws -> Interest? {
        guard let interest = attention else { return nil }
        var entry = pollfd(fd: interest.descriptor, events: 0, revents: 0)
        if unsafe poll(&entry, 1, 0) > 0 { throw SystemError("cannot write", EPIPE) }
        return nil
    }

    /// Writes as much as is taken.
    public func drain(_ bytes: RawSpan) throws -> Drained {
        if let blocked = try writePreamble() { return Drained(taken: 0, blocked: blocked) }
        return try writeOut(bytes)
    }

    /// What keeps the preamble from being written; nil once it is.
    private func writePreamble() throws -> Interest? {
        while !preamble.isEmpty {
            let drained = try unsafe preamble.withUnsafeBytes { try unsafe writeOut($0.bytes) }
            preamble.removeFirst(drained.taken)
            if let blocked = drained.blocked { return blocked }
        }
        return nil
    }

    private func writeOut(_ bytes: RawSpan) throws -> Drained {
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
                    // What was written before it must not be given again: the next drain meets the error anew.
                    if taken > 0 { return Drained(taken: taken) }
                    throw SystemError("cannot write", code)
                }
                return Drained(taken: taken, blocked: waiting)
            }
            return Drained(taken: taken)
        }
    }

    private var waiting: Interest {
        if case .reopened(let own) = way { return Interest(own, .write) }
        return Interest(descriptor, .write)
    }

    /// 0 when the descriptor is not ready, else as write(2).
    @unsafe
    private func write(_ bytes: UnsafeRawBufferPointer) -> Int {
        switch way {
        case .unknown, .regular: return unsafe Glibc.write(descriptor, bytes.baseAddress!, bytes.count)
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

    /// Everything is written.
    public func finish() throws -> Step {
        // Where no row has come.
        if let blocked = try writePreamble() { return .waiting(blocked) }
        try whenFinished()
        return .done
    }

    /// Nothing to undo: the file is its owner's.
    public func abort(_ reason: String) -> Step { .done }
    /// Nothing to let go.
    public func abandon() {}
}
