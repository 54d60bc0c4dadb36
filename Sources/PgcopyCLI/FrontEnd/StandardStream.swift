// Writing whole texts to a descriptor, with what can go wrong told apart.

import Glibc

/// A descriptor that text is written to.
struct StandardStream: Sendable {
    /// How a write ended.
    enum Outcome: Equatable {
        case written
        /// Nobody reads any more.
        case closed
        /// The system's message.
        case failed(String)
    }

    /// stdout.
    static let output = StandardStream(descriptor: STDOUT_FILENO)
    /// stderr.
    static let error = StandardStream(descriptor: STDERR_FILENO)

    /// The file descriptor.
    let descriptor: Int32

    /// Writes all of the text. SIGPIPE must be ignored.
    func write(_ text: String) -> Outcome {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count >= 0 {
                rest = rest.dropFirst(count)
                continue
            }
            switch errno {
            case EINTR: continue
            case EAGAIN: waitUntilWritable()
            case EPIPE: return .closed
            default: return .failed(unsafe String(cString: strerror(errno)))
            }
        }
        return .written
    }

    /// The columns of the terminal that this is, or nil where it is none.
    var terminalWidth: Int? {
        var size = winsize()
        guard unsafe ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return Int(size.ws_col)
    }

    /// A descriptor shared with another program can be non-blocking.
    private func waitUntilWritable() {
        var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        _ = unsafe poll(&entry, 1, -1)
    }
}
