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
        try open(path, O_WRONLY, "cannot open for writing", poller)
    }

    /// Whether a path is to be replaced as a whole: it is a regular file, or nothing yet.
    static func isReplaceable(_ path: Path) throws(SystemError) -> Bool {
        var status = stat()
        guard unsafe path.withCString({ unsafe stat($0, &status) }) == 0 else { return true }
        if status.st_mode & S_IFMT == S_IFDIR { throw SystemError("cannot write", EISDIR) }
        return status.st_mode & S_IFMT == S_IFREG
    }

    /// What makes a file itself: device and inode; nil when there is none.
    static func identity(_ path: Path) -> [UInt64]? {
        var status = stat()
        guard unsafe path.withCString({ unsafe stat($0, &status) }) == 0 else { return nil }
        return [UInt64(status.st_dev), UInt64(status.st_ino)]
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
