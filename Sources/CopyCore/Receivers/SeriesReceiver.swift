// Many tables of a server loaded on one session, one COPY behind the other.

/// Gives its rows to `COPY … FROM STDIN` for one part after the other. Where one ends, its end, the next statement and the
/// rows behind it are sent without waiting: answers are read as they come.
///
/// The session is in a transaction: behind a COPY that fails the server passes over all that is on its way, and refuses each
/// further statement.
final class SeriesReceiver: PartReceiver, WireCopy {
    let session: Session
    private let track: PartTrack
    private let statement: (Part) -> String
    private let line: WireLine

    private enum State {
        /// → copying
        case idle
        /// Rows are taken. → ending, aborting
        case copying
        /// The last end is queued. → done
        case ending
        /// The copy failed here or there. → done
        case aborting
        /// The server is ready for the next statement. No exit.
        case done
        /// The stream makes no sense, or is gone. No exit.
        case broken
    }
    private var state = State.idle
    /// The part whose COPY is open, and how far into all the bytes it is.
    private var current = 0
    private var position = 0
    private var frame = CopyDataFrame()
    private var blockedBy: Interest?
    private var failure: PgcopyError?
    private var lastResort = LastResort()

    /// Rows up to so many bytes are sent together with what is queued: a table of a few rows is no call of its own.
    private static let small = 1 << 12
    /// So much is queued at most before it is sent. Each destination of each stream keeps the room for it.
    private static let queued = 1 << 14

    /// Nil where libpq has to speak for itself. The session must be idle, and in a transaction.
    /// - Parameter statement: the COPY that loads a part here.
    init?(_ session: Session, _ track: PartTrack, statement: @escaping (Part) -> String) {
        guard let line = WireLine(session, isSeries: true) else { return nil }
        self.session = session
        self.track = track
        self.statement = statement
        self.line = line
    }

    var label: String { session.label }
    /// The sum of all.
    var commandTag: String? {
        guard case .done = state, line.tags.count == track.parts.count else { return nil }
        return "COPY \(rows.reduce(0) { $0 + ($1 ?? 0) })"
    }
    /// Rows that the server counted, part by part.
    var rows: [Int?] { line.tags.map { rowCount(ofTag: $0) } }

    /// The server's messages, and the room for what is queued.
    var attention: Interest? { Interest(line.socket, line.hasUnsent ? [.read, .write] : .read) }

    /// Sends the first statement; that the server takes it shows later.
    func enter(_ layout: RowLayout) throws -> Step {
        guard case .idle = state, let first = track.parts.first else { throw PgcopyError.alreadyUsed }
        return try guarding {
            try line.send(statement(first))
            line.wantsData = true
            line.enlargeSendBuffer(to: WireCopyIn.sendBuffer)
            state = .copying
            _ = try line.flush()
            return .done
        }
    }

    func attend(_ ready: Readiness) throws -> Interest? {
        switch state {
        case .copying: break
        case .aborting, .broken:
            throw attributed(line.error ?? failure ?? PgcopyError(.unexpected, "the copy was ended"))
        case .idle, .ending, .done: return nil
        }
        return try guarding {
            if ready.contains(.read) { try hear() }
            if ready.contains(.write) || blockedBy?.events == .read { blockedBy = nil }
            if line.hasUnsent, let blocked = try line.flush() { blockedBy = blocked }
            return blockedBy
        }
    }

    private func hear() throws {
        _ = try line.readReplies { line.error != nil }
        if let error = line.error {
            state = .aborting
            throw attributed(error)
        }
        if line.answers > current {
            state = .aborting
            throw PgcopyError(.unexpected, "the server ended the copy")
        }
    }

    func drain(_ bytes: RawSpan) throws -> Drained {
        guard case .copying = state else {
            throw attributed(line.error ?? failure ?? PgcopyError.notEntered)
        }
        return try guarding {
            var taken = 0
            while taken < bytes.byteCount {
                if frame.isSent {
                    while track.end(of: current) == position { try goOn() }
                    let left = bytes.byteCount - taken
                    let count = min(left, CopyDataFrame.limit, track.end(of: current).map { $0 - position } ?? left)
                    if count <= Self.small, line.unsentCount < Self.queued {
                        frame.queue(bytes.extracting(taken..<taken + count), on: line)
                        taken += count
                        position += count
                        continue
                    }
                    if let blocked = try line.flush() { return stopped(taken, blocked) }
                    frame.begin(count)
                }
                if let blocked = try line.flush() { return stopped(taken, blocked) }
                let outcome = try frame.send(bytes.extracting(droppingFirst: taken), on: line)
                guard case .moved(let count) = outcome else { return try stopped(taken, by: outcome) }
                taken += count
                position += count
            }
            if line.hasUnsent, let blocked = try line.flush() { return stopped(taken, blocked) }
            blockedBy = nil
            return Drained(taken: taken)
        }
    }

    /// Ends the open COPY and begins the next part's.
    private func goOn() throws {
        line.finishCopy()
        current += 1
        guard current < track.parts.count else {
            throw PgcopyError(.unexpected, "there are rows behind the last table's")
        }
        try line.sendNext(statement(track.parts[current]))
        line.wantsData = true
    }

    private func stopped(_ taken: Int, _ blocked: Interest) -> Drained {
        blockedBy = blocked
        return Drained(taken: taken, blocked: blocked)
    }

    private func stopped(_ taken: Int, by outcome: WireChannel.Outcome) throws -> Drained {
        switch outcome {
        case .moved, .wantsRead, .wantsWrite: return stopped(taken, try line.blocked(outcome))
        case .closed, .failed:
            // Its last words may still be there to be read.
            try? hear()
            do throws(PgcopyError) {
                _ = try line.blocked(outcome)
                throw line.lost("the connection is lost")
            } catch {
                throw attributed(error)
            }
        }
    }

    func finish() throws -> Step {
        if case .copying = state {
            try guarding {
                while current + 1 < track.parts.count { try goOn() }
                line.finishCopy()
            }
            state = .ending
        }
        guard case .ending = state else { throw attributed(line.error ?? failure ?? PgcopyError.notEntered) }
        return try guarding {
            // Both ways: a server that cannot send does not read either.
            let unsent = try line.flush()
            let blocked = try line.readReplies { line.error != nil }
            if let error = line.error {
                state = .aborting
                throw attributed(error)
            }
            if let blocked { return .waiting(unsent ?? blocked) }
            guard line.tags.count == track.parts.count else { throw line.oddEnd }
            state = .done
            line.release()
            return .done
        }
    }

    /// Which part it was is what the server was at.
    private func attributed(_ error: PgcopyError) -> PgcopyError {
        let number = line.tags.count
        return number < track.parts.count ? error.about(track.parts[number]) : error
    }

    func abort(_ reason: String) throws -> Step {
        switch state {
        case .idle, .broken: return .done
        case .copying, .ending, .aborting, .done: break
        }
        guard session.connection.isUsable else { return .done }
        return try guarding {
            var cancelling = false
            if case .ending = state { cancelling = true }
            frame.fill(on: line)
            let step = try line.realign(saying: reason, cancelling: cancelling)
            if let interest = lastResort.watching(step, session) { return .waiting(interest) }
            state = .done
            return .done
        }
    }

    func noteLoss(_ error: PgcopyError) {
        state = .broken
        failure = failure ?? error
    }

    func abandon() { session.close() }
    var unsent: Int? { session.unsent }
    /// A table's foreign keys are checked at its end.
    var awaitsAnswer: Bool { line.answers < current }
    func inquire() throws -> Inquiry? { try session.inquire?() }
}

extension TransportChoice {
    /// What loads one part after the other on a session; rows are told part by part.
    func receiver(
        _ session: Session, _ track: PartTrack, statement: @escaping (Part) -> String
    ) -> any PartReceiver {
        if case .wire = self, let series = SeriesReceiver(session, track, statement: statement) { return series }
        return SerialReceiver(label: session.label, track) {
            StatementReceiver(session, statement($0), transport: .libpq)
        }
    }
}
