// COPY FROM STDIN by libpq's own calls.

/// Writes COPY data with PQputCopyData, never more than PQflush has sent.
public final class LibpqCopyIn: CopyInTransport {
    private enum State {
        /// → sent
        case idle
        /// The statement is under way. → copying, failed
        case sent
        /// Rows are taken. → ending, failing, failed
        case copying
        /// Input came that is no notice: CopyFail was sent to hear the server's error. → failed
        case failing
        /// CopyDone was sent. → done, failed
        case ending
        /// An error came; what follows it is still to be drained. → done
        case failed
        /// The connection is between two statements again. No exit.
        case done
    }

    private let session: Session
    private var state = State.idle
    private var drain = StatementDrain()
    private var request: CancelRequest?
    /// libpq holds bytes the socket did not take.
    private var unsent = false
    /// When input came that held no notice and no notification.
    private var suspectSince: Instant?
    private var abortSent = false
    /// What the copy failed with: it cannot be reconciled.
    private var failure: PgcopyError?
    /// The server takes the binary format.
    public private(set) var isBinary = false
    /// As `COPY 10`.
    public private(set) var commandTag: String?

    /// One put: the frame that costs a destination least.
    private static let frame = 1 << 16
    /// How long the rest of a notice may take: input that is none after so long is an error.
    private static let suspicion = 1.0

    /// A transport over an idle session.
    public init(_ session: Session) { self.session = session }

    private var connection: Connection { session.connection }

    /// Sends the statement and awaits the server's consent.
    public func begin(_ sql: String) throws -> Step {
        if case .idle = state {
            try session.requireNoPipeline()
            try CopyCheck.require(.from, sql, session)
            try session.announce(sql)
            try connection.sendQuery(sql)
            state = .sent
        }
        guard case .sent = state else { throw PgcopyError.alreadyUsed }
        if let waiting = try awaitResult() { return waiting }
        guard let result = connection.nextResult() else {
            state = .done
            throw PgcopyError(.unexpected, "the statement gave no result")
        }
        guard case .copyIn = result.status else {
            state = .failed
            throw result.error(connectionLost: !connection.isUsable)
                ?? PgcopyError(.usage, "not a COPY … FROM STDIN: \(sql)")
        }
        isBinary = result.isBinary
        state = .copying
        return .done
    }

    /// The server's messages, and the room for bytes libpq still holds.
    public var attention: Interest? {
        Interest(connection.socket, unsent ? [.read, .write] : .read, alarm: alarm)
    }

    private var alarm: Instant? { suspectSince.map { $0 + Self.suspicion } }

    /// Takes in messages, sends on what libpq holds.
    public func attend(_ ready: Readiness) throws -> Interest? {
        if case .failing = state { return try awaitError() }
        if let failure { throw failure }
        guard connection.isUsable else { throw failed(PgcopyError(.connectionLost, connection.errorMessage)) }
        guard case .copying = state else { return nil }
        if ready.contains(.read) { try takeMessages() }
        if let alarm, session.poller.now >= alarm { return try hearError() }
        try flush()
        return unsent ? attention : nil
    }

    /// In this state libpq parses notices and notifications only: an error stays invisible in its buffer.
    private func takeMessages() throws {
        let isError = SocketPeek.showsError(connection)
        let before = session.messagesSeen
        do {
            try session.takeInput()
        } catch {
            throw lastWords(after: error)
        }
        if isError {
            suspectSince = session.poller.now + -Self.suspicion
        } else if session.messagesSeen > before {
            suspectSince = nil
        } else if suspectSince == nil {
            suspectSince = session.poller.now
        }
    }

    /// Ends the COPY so that libpq gives out the error it holds.
    private func hearError() throws -> Interest? {
        state = .failing
        abortSent = true
        try connection.putCopyEnd(failing: "pgcopy: the server reported an error")
        return try awaitError()
    }

    private func awaitError() throws -> Interest? {
        if case .waiting(let interest)? = try awaitResult() { return interest }
        let result = connection.nextResult()
        throw failed(
            result?.error(connectionLost: !connection.isUsable) ?? PgcopyError(.unexpected, "the server ended the copy")
        )
    }

    /// The connection is gone; what the server said before that may still be in libpq's buffer.
    private func lastWords(after error: PgcopyError) -> PgcopyError {
        state = .failed
        try? connection.putCopyEnd(failing: "")
        while !connection.isBusy, let result = connection.nextResult() {
            if let said = result.error(connectionLost: true), said.server != nil { return failed(said) }
            if case .copyIn = result.status { break }
        }
        return failed(error.losingConnection())
    }

    private func failed(_ error: PgcopyError) -> PgcopyError {
        state = .failed
        failure = error
        return error
    }

    private func flush() throws {
        // PQflush reads too when the socket is full: what is there must be looked at before.
        if SocketPeek.hasInput(connection) { try takeMessages() }
        do {
            unsent = try !connection.flush()
        } catch {
            throw lastWords(after: error)
        }
    }

    /// Takes COPY data as long as the socket does.
    public func write(_ bytes: RawSpan) throws -> Drained {
        if case .failing = state { return Drained(taken: 0, blocked: try awaitError()) }
        guard case .copying = state else { throw PgcopyError.notEntered }
        if unsent { try flush() }
        var taken = 0
        while taken < bytes.byteCount, !unsent {
            let piece = bytes.extracting(taken..<min(bytes.byteCount, taken + Self.frame))
            try unsafe piece.withUnsafeBytes { try unsafe connection.putCopyData($0) }
            taken += piece.byteCount
            try flush()
        }
        return Drained(taken: taken, blocked: unsent ? attention : nil)
    }

    /// Sends CopyDone and awaits the confirmation.
    public func end() throws -> Step {
        if case .failing = state, let interest = try awaitError() { return .waiting(interest) }
        if case .copying = state {
            try connection.putCopyEnd()
            state = .ending
        }
        guard case .ending = state else { throw PgcopyError.notEntered }
        while true {
            if let waiting = try awaitResult() { return waiting }
            guard let result = connection.nextResult() else { break }
            switch result.status {
            case .commandOK where commandTag == nil: commandTag = result.commandTag
            case .fatalError:
                commandTag = nil
                throw failed(
                    result.error(connectionLost: !connection.isUsable) ?? PgcopyError(.unexpected, "the copy failed"))
            default:
                commandTag = nil
                throw failed(PgcopyError(.usage, "more than one statement in a COPY"))
            }
        }
        state = .done
        guard commandTag != nil else { throw PgcopyError(.unexpected, "the server did not confirm the copy") }
        return .done
    }

    /// Nil when the next result can be had at once. A connection that is lost ends the copy for good.
    private func awaitResult() throws(PgcopyError) -> Step? {
        do throws(PgcopyError) {
            // On a connection that is lost libpq sends nothing more, but still gives out the server's last words.
            if connection.isUsable, try !connection.flush() {
                try session.takeInput()
                return .waiting(Interest(connection.socket, [.read, .write]))
            }
            guard connection.isBusy else { return nil }
            try session.takeInput()
            return connection.isBusy ? .waiting(Interest(connection.socket, .read)) : nil
        } catch {
            throw failed(error)
        }
    }

    /// Sends CopyFail with the reason and drains what follows.
    public func fail(_ reason: String) throws -> Step {
        switch state {
        case .idle, .done: return .done
        case .sent, .copying, .failing, .ending, .failed: break
        }
        guard connection.isUsable else { return .done }
        if case .copying = state, !abortSent {
            abortSent = true
            try connection.putCopyEnd(failing: copyFailReason(reason))
        }
        let step = try drain.step(session)
        if case .waiting = step {
            // Before the server's consent, and after the end of the data, CopyFail comes too early or too late.
            switch state {
            case .sent, .ending: request = request ?? CancelRequest(connection)
            case .idle, .copying, .failing, .failed, .done: break
            }
        }
        if let interest = lastResort.watching(step, session) { return .waiting(interest) }
        if let request, !request.isDone { return .waiting(request.interest) }
        state = .done
        return .done
    }

    private var lastResort = LastResort()

    /// Closes the connection.
    public func abandon() { session.close() }
}
