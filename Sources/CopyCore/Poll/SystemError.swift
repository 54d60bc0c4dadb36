// What a failed system call throws.

internal import Glibc

/// A system call failed.
public struct SystemError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What was tried, as "cannot read".
    public let attempt: String
    /// errno.
    public let code: CInt

    /// A failure with errno's value.
    public init(_ attempt: String, _ code: CInt) {
        self.attempt = attempt
        self.code = code
    }

    /// A failure with errno as it is now.
    static func now(_ attempt: String) -> SystemError { SystemError(attempt, errno) }

    /// The reader at the other end of a pipe is gone.
    public var isBrokenPipe: Bool { code == EPIPE }

    /// The system's words for it.
    public var reason: String { unsafe String(cString: strerror(code)) }

    /// For a person.
    public var description: String { "\(attempt): \(reason)" }
}
