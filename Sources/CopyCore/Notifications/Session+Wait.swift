// Waiting for notifications on a single connection.

extension Session {
    /// Waits for notifications and gives all that are there, oldest first, those that came during other work too.
    ///
    /// When the connection is lost, what it had received is given first; the next call throws.
    /// - Parameters:
    ///   - timeout: the time in all, however many notifications come meanwhile; nil: no end. Zero gives what is
    ///     pending, without waiting and whatever `stopAfter` says.
    ///   - stopAfter: enough to return before the time is over; more are given when they came together. nil: none is.
    /// - Throws: `PgcopyError` with `.usage`, `.misuse` or `.connectionLost`; `Interrupted` (nothing is lost then).
    public func wait(timeout: Duration? = nil, stopAfter: Int? = 1) throws -> [Notification] {
        if let timeout, timeout < .zero { throw PgcopyError.invalidTimeout(timeout) }
        if let stopAfter, stopAfter < 1 { throw PgcopyError.invalidCount(stopAfter) }
        let onlyPending = timeout == .zero
        let deadline = timeout.map { poller.now + $0 }
        hearRemains()
        var gone: PgcopyError?
        var heard = false
        let listening = Work { [self] ready in
            if let ready, !ready.isEmpty {
                heard = true
                gone = hear()
            }
            if gone == nil, !onlyPending, let stopAfter, inbox.count >= stopAfter { return .done }
            if gone == nil, !connection.isUsable { gone = loss(nil) }
            if gone != nil { return .done }
            guard isAtWork else { return .waiting(Interest(connection.socket, .read)) }
            if onlyPending { return .done }
            throw PgcopyError.busy
        }
        repeat {
            heard = false
            try poller.run([listening], until: deadline)
        } while onlyPending && heard && gone == nil
        if let gone, inbox.isEmpty { throw gone }
        return inbox.takeAll()
    }
}

extension NotificationInbox {
    /// Removes a handler.
    public func removeHandler(_ name: Handler) throws(PgcopyError) {
        guard remove(name) else { throw .noSuchHandler }
    }
}
