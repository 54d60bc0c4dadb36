// What the socket holds without having been asked for, and what ended a session.

extension Session {
    /// A statement or a COPY is under way: what the socket holds is not ours to read.
    var isAtWork: Bool { transactionStatus == .active }

    /// Delivers what was read already together with other things. No poll would tell of that.
    func hearRemains() {
        guard connection.isUsable, !isAtWork else { return }
        // Behind a COPY on the wire OpenSSL may hold a record's rest, which makes no socket readable.
        if connection.usesTLS, wireStatus != nil { _ = hear() } else { deliverNotifications() }
    }

    /// Reads what the socket holds; gives the reason when the connection is gone.
    func hear() -> PgcopyError? {
        do {
            try takeInput()
        } catch {
            // What came before the end is still there to be parsed.
            deliverNotifications()
            return loss(error)
        }
        return connection.isUsable ? nil : loss(nil)
    }

    /// Throws where the server has ended the session by now; nothing is sent or waited for.
    func requireAlive() throws(PgcopyError) {
        if let gone = hear() { throw gone }
        // What it said stands before the end of the stream.
        if lastWords != nil { throw loss(nil) }
    }

    /// Why the connection is gone: the server's own last words, where it had any.
    func loss(_ error: PgcopyError?) -> PgcopyError {
        if let lastWords { return PgcopyError.of(PgcopyError(lastWords, connectionLost: true), at: label) }
        return PgcopyError(.connectionLost, error?.message ?? connection.errorMessage, endpoint: label)
    }
}
