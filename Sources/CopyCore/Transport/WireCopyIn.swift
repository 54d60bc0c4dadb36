// COPY FROM STDIN on the wire itself.

/// Writes the ring's bytes as frames of their own, and hears the server while it does.
public final class WireCopyIn: CopyInTransport, WireCopy {
    private enum State {
        /// → sent
        case idle
        /// The statement is under way. → copying, ready
        case sent
        /// Rows are taken. → ending, aborting
        case copying
        /// CopyDone is queued. → ready
        case ending
        /// CopyFail is queued, or the server ended the copy by an error. → ready
        case aborting
        /// The server is ready for the next statement. No exit.
        case ready
        /// The stream makes no sense, or is gone. No exit.
        case broken
    }

    private let line: WireLine
    private var state = State.idle
    private var frame = CopyDataFrame()
    private var blockedBy: Interest?

    /// What a Unix socket is to hold: by its own 208 KiB a server on a busy machine is interrupted more often,
    /// by us who come to fill it, and needs 5 % longer for a wide table. Twice or four times as much gains nothing.
    static let sendBuffer: CInt = 1 << 19

    /// Nil where libpq has to speak for itself. The session must be idle.
    public init?(_ session: Session) {
        guard let line = WireLine(session) else { return nil }
        self.line = line
    }

    /// The server takes the binary format.
    public var isBinary: Bool { line.copyResponse?.body.first == 1 }

    /// As `COPY 10`.
    public var commandTag: String? { line.isReady && line.isPlainCopy ? line.commandTags[0] : nil }

    /// Sends the statement and awaits the server's consent.
    public func begin(_ sql: String) throws -> Step {
        if case .idle = state {
            try CopyCheck.require(.from, sql, line.session)
            try line.send(sql)
            state = .sent
        }
        guard case .sent = state else { throw PgcopyError.alreadyUsed }
        return try guarding {
            if let blocked = try line.flush() { return .waiting(blocked) }
            let blocked = try line.readReplies { line.copyResponse != nil || line.error != nil }
            if let error = line.error { throw error }
            if line.copyResponse == nil, let blocked { return .waiting(blocked) }
            guard line.copyResponse?.kind == .copyIn, line.strangers == 0 else {
                throw PgcopyError(.usage, "not a COPY … FROM STDIN: \(sql)")
            }
            line.enlargeSendBuffer(to: Self.sendBuffer)
            state = .copying
            return .done
        }
    }

    /// The server's messages.
    public var attention: Interest? { Interest(line.socket, .read) }

    /// Takes in the server's messages; its error ends the copy at once.
    public func attend(_ ready: Readiness) throws -> Interest? {
        switch state {
        case .copying: break
        case .aborting, .broken: throw line.error ?? failure ?? PgcopyError(.unexpected, "the copy was ended")
        case .idle, .sent, .ending, .ready: return nil
        }
        return try guarding {
            if ready.contains(.read) { try hear() }
            // What waits to be read before it can be written is ready by being read.
            if ready.contains(.write) || blockedBy?.events == .read { blockedBy = nil }
            return blockedBy
        }
    }

    private func hear() throws {
        _ = try line.readReplies { line.error != nil }
        if let error = line.error {
            state = .aborting
            throw error
        }
        if line.isReady || !line.commandTags.isEmpty {
            state = .aborting
            throw PgcopyError(.unexpected, "the server ended the copy")
        }
    }

    /// Writes as much as the socket takes.
    public func write(_ bytes: RawSpan) throws -> Drained {
        guard case .copying = state else { throw line.error ?? PgcopyError.notEntered }
        return try guarding {
            var taken = 0
            while taken < bytes.byteCount {
                if frame.isSent { frame.begin(min(bytes.byteCount - taken, CopyDataFrame.limit)) }
                let outcome = try frame.send(bytes.extracting(droppingFirst: taken), on: line)
                guard case .moved(let count) = outcome else { return try stopped(outcome, taken) }
                taken += count
            }
            blockedBy = nil
            return Drained(taken: taken)
        }
    }

    private func stopped(_ outcome: WireChannel.Outcome, _ taken: Int) throws -> Drained {
        switch outcome {
        case .moved, .wantsRead, .wantsWrite:
            let interest = try line.blocked(outcome)
            blockedBy = interest
            return Drained(taken: taken, blocked: interest)
        case .closed, .failed:
            // Its last words may still be there to be read.
            try? hear()
            throw lost(outcome)
        }
    }

    private func lost(_ outcome: WireChannel.Outcome) -> PgcopyError {
        do throws(PgcopyError) {
            _ = try line.blocked(outcome)
            return line.lost("the connection is lost")
        } catch {
            return error
        }
    }

    /// Sends CopyDone and awaits the confirmation.
    public func end() throws -> Step {
        if case .copying = state {
            line.finishCopy()
            state = .ending
        }
        guard case .ending = state else { throw line.error ?? PgcopyError.notEntered }
        return try guarding {
            // Both ways: a server that cannot send does not read either.
            let unsent = try line.flush()
            let blocked = try line.readReplies { line.error != nil }
            if let error = line.error {
                state = .aborting
                throw error
            }
            if let blocked { return .waiting(unsent ?? blocked) }
            state = .ready
            line.release()
            guard line.isPlainCopy else { throw line.oddEnd }
            return .done
        }
    }

    /// Sends CopyFail with the reason and drains what follows.
    public func fail(_ reason: String) throws -> Step {
        switch state {
        case .idle, .broken: return .done
        case .sent, .copying, .ending, .aborting, .ready: break
        }
        guard line.session.connection.isUsable else { return .done }
        return try guarding {
            // Before the server's consent, and after the end of the data, CopyFail comes too early or too late.
            var cancelling = false
            switch state {
            case .sent, .ending: cancelling = true
            default: frame.fill(on: line)
            }
            let step = try line.realign(saying: reason, cancelling: cancelling)
            if let interest = lastResort.watching(step, line.session) { return .waiting(interest) }
            state = .ready
            return .done
        }
    }

    private var lastResort = LastResort()

    func noteLoss(_ error: PgcopyError) {
        state = .broken
        failure = failure ?? error
    }

    /// What broke the line.
    private var failure: PgcopyError?

    /// Closes the connection.
    public func abandon() { line.session.close() }
}
