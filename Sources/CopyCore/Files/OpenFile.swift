// Opening files, devices and named pipes.

internal import Glibc

/// An open descriptor, closed with its last reference.
final class OpenFile {
    let descriptor: CInt

    private init(_ descriptor: CInt) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// Opens for reading. A named pipe waits for its writer; a signal ends that.
    static func reading(_ path: Path, _ poller: any Poller) throws -> OpenFile {
        let file = try open(path, O_RDONLY, "cannot open", poller)
        var status = stat()
        if unsafe fstat(file.descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
            throw SystemError("cannot read", EISDIR)
        }
        return file
    }

    /// Opens what is written directly: a device, a named pipe, a socket's file.
    static func writing(_ path: Path, _ poller: any Poller) throws -> OpenFile {
        guard let number = inherited(path) else { return try open(path, O_WRONLY, "cannot open for writing", poller) }
        // Opened anew, a file would be written from its beginning, whoever appends to it.
        let access = fcntl(number, F_GETFL)
        let isOurs = fcntl(number, F_GETFD) & FD_CLOEXEC != 0
        guard access >= 0, access & O_ACCMODE != O_RDONLY, !isOurs else {
            throw SystemError("cannot open for writing", EBADF)
        }
        let copy = fcntl(number, F_DUPFD_CLOEXEC, 3)
        guard copy >= 0 else { throw SystemError.now("cannot open for writing") }
        return OpenFile(copy)
    }

    /// The descriptor that a path names, as /dev/stdout and /dev/fd/1 do.
    private static func inherited(_ path: Path) -> CInt? {
        switch path.text {
        case "/dev/stdin": return 0
        case "/dev/stdout": return 1
        case "/dev/stderr": return 2
        case let text:
            let prefixes = ["/dev/fd/", "/proc/self/fd/"]
            guard let prefix = prefixes.first(where: text.hasPrefix) else { return nil }
            return CInt(text.dropFirst(prefix.count)).flatMap { $0 >= 0 ? $0 : nil }
        }
    }

    /// Whether a path is to be replaced as a whole: it is a regular file, or nothing yet.
    static func isReplaceable(_ path: Path) throws(SystemError) -> Bool {
        if inherited(path) != nil { return false }
        var status = stat()
        guard unsafe path.withCString({ unsafe stat($0, &status) }) == 0 else { return true }
        if status.st_mode & S_IFMT == S_IFDIR { throw SystemError("cannot write", EISDIR) }
        return status.st_mode & S_IFMT == S_IFREG
    }

    private static func open(_ path: Path, _ flags: CInt, _ attempt: String, _ poller: any Poller) throws -> OpenFile {
        guard let opening = Opening(path, flags | O_CLOEXEC | O_NOCTTY) else { throw SystemError.now(attempt) }
        while true {
            if let code = opening.failure { throw SystemError(attempt, code) }
            if let descriptor = opening.descriptor { return OpenFile(descriptor) }
            try poller.wait(for: opening.interest)
        }
    }
}
