// What sessions throw of their own.

extension PgcopyError.Code {
    /// There is no connection to a server, in libpq's words without what may be a password; of several servers, the causes.
    public static let unreachable = Self("unreachable")
    /// No answer came in time, and the connection was closed.
    public static let unanswered = Self("unanswered")
    /// No answer came in time, and what was under way was cancelled; the connection goes on.
    public static let cancelled = Self("cancelled")
    /// A transaction was rolled back instead of committed.
    public static let rolledBack = Self("rolledBack")
}

extension PgcopyError {
    /// Another statement is under way on this connection.
    public static let busy = PgcopyError(.misuse, "another statement is under way on this connection")

    /// The other side did not answer for so long.
    /// - Parameter wasCancelled: it heard that it was to stop, and did.
    static func unanswered(after timeout: Duration, wasCancelled: Bool = false) -> PgcopyError {
        let what = wasCancelled ? "the statement was cancelled" : "the connection was closed"
        return PgcopyError(
            wasCancelled ? .cancelled : .unanswered, "no answer within \(timeout.seconds) s; \(what)",
            detail: timeout)
    }

    /// How long an answer was waited for.
    public var timeout: Duration? { code == .unanswered || code == .cancelled ? detail as? Duration : nil }

    /// Several that failed side by side, each with its endpoint; the first server that spoke is who is quoted.
    static func several(
        _ code: Code, _ errors: [PgcopyError], detail: (any Sendable)? = nil
    ) -> PgcopyError {
        PgcopyError(
            code, errors.map { ($0.endpoint.map { "\($0): " } ?? "") + "\($0)" }.joined(separator: "\n"),
            server: errors.lazy.compactMap(\.server).first, causes: errors, detail: detail)
    }

    /// An error as one of ours, about an endpoint: another's becomes the cause of one that says the same.
    static func of(_ error: any Error, at label: String) -> PgcopyError {
        var own = error as? PgcopyError ?? PgcopyError(.foreign, "\(error)", causes: [error])
        own.endpoint = own.endpoint ?? label
        return own
    }

    /// It is about a connection: what its server said, or libpq, or why nothing could be sent.
    var isOfConnection: Bool { code == .connectionLost || leavesConnection }

    /// It is about a connection that can still be used.
    var leavesConnection: Bool { [.server, .libpq, .unexpected, .misuse].contains(code) }
}

extension Error {
    /// The error itself, where it had to be made one of ours.
    var original: any Error {
        guard let own = self as? PgcopyError, own.code == .foreign, let cause = own.cause else { return self }
        return cause
    }
}
