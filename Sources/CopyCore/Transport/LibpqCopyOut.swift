// COPY TO STDOUT by libpq's own calls.

/// Reads COPY data with PQgetCopyData, a message at a time.
public final class LibpqCopyOut: CopyOutTransport {
    private enum State {
        /// → sent
        case idle
        /// The statement is under way. → copying, failed
        case sent
        /// Rows come. → ending, failed
        case copying
        /// All rows came, the server's last word has not. → done, failed
        case ending
        /// The connection is between two statements again. No exit.
        case done
        /// An error came; what follows it is still to be drained. → done
        case failed
    }

    private let session: Session
    private var state = State.idle
    private var drain = StatementDrain()
    private var grace: RestGrace?
    private var request: CancelRequest?
    /// What the copy failed with.
    private var failure: PgcopyError?
    /// It failed without an error of the server, which is still at work.
    private var mustCancel = false
    /// A message that did not fit, and how much of it is given already.
    private var pending: CopyMessage?
    private var pendingOffset = 0
    /// The server sends the binary format.
    public private(set) var isBinary = false
    /// As `COPY 10`.
    public private(set) var commandTag: String?

    /// Bytes discarded before others have their turn.
    private static let slice = 1 << 17

    /// A transport over an idle session.
    public init(_ session: Session) { self.session = session }

    /// Sends the statement and awaits the server's consent.
    public func begin(_ sql: String) throws -> Step {
        if case .idle = state {
            try session.requireNoPipeline()
            try CopyCheck.require(.to, sql, session)
            try session.announce(sql)
            try session.connection.sendQuery(sql)
            state = .sent
        }
        guard case .sent = state else { throw PgcopyError.alreadyUsed }
        if let waiting = try awaitResult() { return waiting }
        guard let result = session.connection.nextResult() else {
            state = .done
            throw PgcopyError(.unexpected, "the statement gave no result")
        }
        guard case .copyOut = result.status else {
            state = .failed
            if let error = result.error(connectionLost: !session.connection.isUsable) { throw error }
            // Something else runs, and perhaps for long.
            mustCancel = true
            throw PgcopyError(.usage, "not a COPY … TO STDOUT: \(sql)")
        }
        isBinary = result.isBinary
        state = .copying
        return .done
    }

    /// Fills the space from as many messages as are there; a larger one goes in pieces.
    public func read(into space: inout MutableRawSpan) throws -> Filled {
        var moved = Totals.zero
        var consumed = false
        while case .copying = state {
            if pending != nil, !give(&space, &moved) { return .moved(moved) }
            switch try session.connection.getCopyData() {
            case .message(let message):
                pending = consume message
                pendingOffset = 0
                consumed = false
            case .wouldBlock where consumed:
                // A cut in the middle of a row: libpq has closed it, and says so only when it is asked.
                guard session.connection.isUsable, session.connection.socket >= 0 else {
                    throw failed(PgcopyError(.connectionLost, session.connection.errorMessage))
                }
                let interest = Interest(session.connection.socket, .read)
                return moved.bytes > 0 ? .moved(moved, blocked: interest) : .blocked(interest)
            case .wouldBlock:
                try session.connection.consumeInput()
                consumed = true
            case .end:
                state = .ending
            }
            session.deliverNotifications()
        }
        if moved.bytes > 0 { return .moved(moved) }
        return try confirmEnd()
    }

    /// Copies the pending message; false when the space is full before its end.
    private func give(_ space: inout MutableRawSpan, _ moved: inout Totals) -> Bool {
        guard let count = pending?.count else { return true }
        let step = min(count - pendingOffset, space.byteCount - moved.bytes)
        unsafe space.withUnsafeMutableBytes { target in
            guard let source = unsafe pending?.bytes else { return }
            unsafe target.baseAddress!.advanced(by: moved.bytes)
                .copyMemory(from: source.baseAddress!.advanced(by: pendingOffset), byteCount: step)
        }
        moved.bytes += step
        pendingOffset += step
        guard pendingOffset == count else { return false }
        pending = nil
        moved.messages += 1
        return true
    }

    /// The rows are all there: the end counts only when the server says that it completed.
    private func confirmEnd() throws -> Filled {
        while case .ending = state {
            if case .waiting(let interest)? = try awaitResult() { return .blocked(interest) }
            guard let result = session.connection.nextResult() else {
                state = .done
                if commandTag == nil {
                    throw PgcopyError(.unexpected, "the server did not confirm the end of the copy")
                }
                break
            }
            if case .fatalError = result.status {
                throw failed(
                    result.error(connectionLost: !session.connection.isUsable)
                        ?? PgcopyError(.unexpected, "the copy failed"))
            }
            guard case .commandOK = result.status, commandTag == nil else {
                mustCancel = true
                throw failed(PgcopyError(.usage, "more than one statement in a COPY"))
            }
            commandTag = result.commandTag
        }
        guard case .done = state else { throw failure ?? PgcopyError.notEntered }
        return .ended(.zero)
    }

    private func failed(_ error: PgcopyError) -> PgcopyError {
        state = .failed
        commandTag = nil
        failure = error
        return error
    }

    /// Nil when the next result can be had at once.
    private func awaitResult() throws(PgcopyError) -> Step? {
        // On a connection that is lost libpq sends nothing more, but still gives out the server's last words.
        if session.connection.isUsable, try !session.connection.flush() {
            // Both ways: a server that cannot send does not read either.
            try session.takeInput()
            return .waiting(Interest(session.connection.socket, [.read, .write]))
        }
        guard session.connection.isBusy else { return nil }
        try session.takeInput()
        return session.connection.isBusy ? .waiting(Interest(session.connection.socket, .read)) : nil
    }

    /// Cancels what still runs and drains it.
    public func cancel() throws -> Step {
        pending = nil
        switch state {
        case .idle, .done:
            return .done
        case .sent, .copying, .ending, .failed:
            guard session.connection.isUsable else { return .done }
            let now = session.poller.now
            if let lead = request?.lead(at: now) { return .waiting(lead) }
            var grace = grace ?? RestGrace(at: now)
            if request?.isDone ?? false {
                request = nil
                grace.renew(at: now)
            }
            self.grace = grace
            if case .waiting(let interest) = try drain.step(session, discarding: Self.slice) {
                guard request == nil, !isFailed || mustCancel else { return .waiting(interest) }
                guard grace.isOver(at: session.poller.now) else {
                    return .waiting(grace.watching(interest, at: now))
                }
                request = CancelRequest(session.connection, at: session.poller.now)
                return .waiting(request?.lead(at: session.poller.now) ?? interest)
            }
            if let request, !request.isDone { return .waiting(request.interest) }
            state = .done
            // That it was cancelled is what was asked for.
            if let error = drain.error, error.server?.sqlState != "57014", !isFailed { throw error }
            return .done
        }
    }

    private var isFailed: Bool { if case .failed = state { true } else { false } }

    /// Closes the connection.
    public func abandon() { session.close() }
}
