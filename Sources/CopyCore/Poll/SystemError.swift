// What a failed system call throws.

internal import Glibc

extension PgcopyError.Code {
    /// A system call failed: see `errno`.
    public static let system = Self("system")
}

extension PgcopyError {
    /// A system call failed with this errno.
    /// - Parameter attempt: what was tried, as "cannot read".
    public static func system(_ attempt: String, _ errno: CInt) -> PgcopyError {
        PgcopyError(.system, "\(attempt): \(words(errno))", detail: errno)
    }

    /// A system call failed with errno as it is now.
    static func systemNow(_ attempt: String) -> PgcopyError { system(attempt, Glibc.errno) }

    /// One of the three standard descriptors was closed by whoever started us: `>&-`.
    static func closed(_ descriptor: CInt) -> PgcopyError {
        let name = descriptor == STDIN_FILENO ? "stdin" : descriptor == STDOUT_FILENO ? "stdout" : "stderr"
        return PgcopyError(.system, "\(name) is closed", detail: EBADF)
    }

    /// The system's number for it; nil where no system call failed.
    public var errno: CInt? { code == .system ? detail as? CInt : nil }

    /// The reader at the other end of a pipe is gone.
    public var isBrokenPipe: Bool { errno == EPIPE }

    /// The system's words for it, without what was tried.
    package var systemWords: String { errno.map(Self.words) ?? message }

    private static func words(_ errno: CInt) -> String { unsafe String(cString: strerror(errno)) }
}
