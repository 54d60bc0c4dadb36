// Opening files, devices and named pipes.

internal import Glibc

/// An open descriptor, closed with its last reference.
final class OpenFile {
    let descriptor: CInt

    private init(_ descriptor: CInt) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    typealias Waiting = Opening.Waiting

    /// Opens for reading. A named pipe waits for its writer; a signal ends that.
    static func reading(
        _ path: Path, _ poller: any Poller, _ waiting: Waiting = Waiting()
    ) throws -> OpenFile {
        // What was closed is /dev/null by now, open for the other direction.
        if let number = inherited(path), !isCallers(number) || fcntl(number, F_GETFL) & O_ACCMODE == O_WRONLY {
            throw PgcopyError.system("cannot open", EBADF)
        }
        let file = try open(path, O_RDONLY, "cannot open", poller, waiting)
        var status = stat()
        if unsafe fstat(file.descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
            throw PgcopyError.isFolder("cannot read")
        }
        return file
    }

    /// Opens what is written directly: a device, a named pipe, a socket's file.
    static func writing(
        _ path: Path, _ poller: any Poller, _ waiting: Waiting = Waiting()
    ) throws -> OpenFile {
        guard let number = inherited(path) else {
            return try open(path, O_WRONLY, "cannot open for writing", poller, waiting)
        }
        // Opened anew, a file would be written from its beginning, whoever appends to it.
        guard isCallers(number), fcntl(number, F_GETFL) & O_ACCMODE != O_RDONLY else {
            throw PgcopyError.system("cannot open for writing", EBADF)
        }
        let copy = fcntl(number, F_DUPFD_CLOEXEC, 3)
        guard copy >= 0 else { throw PgcopyError.systemNow("cannot open for writing") }
        return OpenFile(copy)
    }

    /// Whether our caller gave it to us: our own are closed when another program is run.
    private static func isCallers(_ descriptor: CInt) -> Bool {
        let flags = fcntl(descriptor, F_GETFD)
        return flags >= 0 && flags & FD_CLOEXEC == 0
    }

    /// The descriptor of ours that a path leads to, as /dev/stdout, /dev/fd/1 and links to them do.
    private static func inherited(_ path: Path) -> CInt? {
        func parts(_ folder: Path) -> [Substring] { folder.resolved.text.split(separator: "/") }
        let own = parts(Path(Array("/proc/self".utf8)))
        var path = path
        // As many links as the system follows.
        for _ in 0..<40 {
            let folder = parts(path.folder)
            if folder.starts(with: own) && folder.last == "fd" || folder == ["dev", "fd"] {
                return CInt(String(decoding: path.name, as: UTF8.self)).flatMap { $0 >= 0 ? $0 : nil }
            }
            guard let next = path.next else { return nil }
            path = next
        }
        return nil
    }

    /// Whether a path is to be replaced as a whole: it is a regular file, or nothing yet.
    static func isReplaceable(_ path: Path) throws(PgcopyError) -> Bool {
        if inherited(path) != nil { return false }
        var status = stat()
        guard unsafe path.withCString({ unsafe stat($0, &status) }) == 0 else { return true }
        if status.st_mode & S_IFMT == S_IFDIR { throw PgcopyError.isFolder("cannot write") }
        return status.st_mode & S_IFMT == S_IFREG
    }

    private static func open(
        _ path: Path, _ flags: CInt, _ attempt: String, _ poller: any Poller, _ waiting: Waiting
    ) throws -> OpenFile {
        let opening = try Opening(path, flags, attempt, poller, waiting)
        try poller.run([opening])
        return OpenFile(try opening.take())
    }
}

extension PgcopyError.Code {
    /// Nobody did anything for as long as may be, although something waited: nobody opened the other end of a pipe; a
    /// receiver took no data, or did not confirm its end.
    public static let timeout = Self("timeout")
}

extension PgcopyError {
    /// A folder stands where a file is to be written.
    static func isFolder(_ attempt: String) -> PgcopyError {
        PgcopyError(
            .system, system(attempt, EISDIR).message,
            hint: "a file in it is written FOLDER/NAME, FOLDER/{table} where there are several", detail: EISDIR)
    }

    /// Nobody came to the other end of a named pipe.
    /// - Parameter wantsReader: a reader was waited for, else a writer.
    static func pipeTimeout(after timeout: Duration, wantsReader: Bool) -> PgcopyError {
        PgcopyError(
            .timeout, "nobody opened the pipe for \(wantsReader ? "reading" : "writing") within \(timeout.seconds) s")
    }
}
