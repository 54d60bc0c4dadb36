// A COPY FROM STDIN as its user sees it: bytes or rows, and an end that must be said.

/// The way into one COPY FROM STDIN, alive while its block runs.
public final class CopyIn {
    private enum Stage {
        /// → finished, aborted, failed, left
        case running
        /// The server confirmed the end. No exit.
        case finished
        /// It was given up on purpose. No exit.
        case aborted
        /// An error came, or a write was cut short: the stream cannot go on. → left
        case failed(any Error)
        /// Its block is over. No exit.
        case left
    }

    private let session: Session
    private let transport: any CopyInTransport
    private let grace: Duration
    private var stage = Stage.running
    /// Rows that wait for others to be sent with.
    private var collected: [UInt8] = []
    private var rowsWritten = false
    private var bytesWritten = false

    /// Rows are sent when so many bytes have come together: the frame that costs a server least.
    private static let batch = 1 << 16

    /// Sends the statement and awaits the server's consent.
    init(_ session: Session, _ sql: String, transport: any CopyInTransport, grace: Duration) throws {
        self.session = session
        self.transport = transport
        self.grace = grace
        try session.poller.checkInterruption()
        do {
            try session.poller.finish { try transport.begin(sql) }
        } catch {
            try? realign("pgcopy: the copy was not begun")
            throw session.labelled(error)
        }
    }

    /// The server takes the binary format.
    public var isBinary: Bool { transport.isBinary }

    /// As `COPY 10`, once finished; nil before, and after an error.
    public var commandTag: String? { if case .finished = stage { transport.commandTag } else { nil } }

    /// Rows the server counted, once finished; nil before, and after an error.
    public var rowCount: Int? { CopyCore.rowCount(ofTag: commandTag) }

    // MARK: Writing

    /// Sends bytes of COPY data, cut anywhere. Waits while the server takes none, and hears it meanwhile.
    ///
    /// Each call is at least one message: give kilobytes at a time where that can be.
    /// - Throws: `PgcopyError`, the server's as soon as it is there or with `.misuse`; `Interrupted`.
    public func write(_ bytes: RawSpan) throws {
        try requireRunning()
        guard !(isBinary && rowsWritten) else { throw PgcopyError.mixedWriting }
        bytesWritten = true
        try sendCollected()
        try send(bytes)
    }

    /// Sends bytes of COPY data, cut anywhere.
    public func write(_ bytes: [UInt8]) throws { try unsafe write(bytes.span.bytes) }

    /// Sends the UTF-8 bytes of a text.
    public func write(_ text: String) throws { try write(Array(text.utf8)) }

    /// Adds a row of values in text format, nil for NULL. Rows are sent when some have come together.
    public func write(values: [String?]) throws {
        try requireRunning()
        guard !isBinary else { throw PgcopyError.wrongFormat }
        TextRow.append(values, to: &collected)
        if collected.count >= Self.batch { try sendCollected() }
    }

    /// Adds a row of fields in binary format, nil for NULL. Header and trailer are added by themselves.
    public func write(fields: [[UInt8]?]) throws {
        try requireRunning()
        guard isBinary else { throw PgcopyError.wrongFormat }
        guard !bytesWritten else { throw PgcopyError.mixedWriting }
        if !rowsWritten { collected += BinaryRow.header }
        rowsWritten = true
        try wellFormed { try BinaryRow.append(fields, to: &collected) }
        if collected.count >= Self.batch { try sendCollected() }
    }

    private func requireRunning() throws {
        switch stage {
        case .running: return
        case .failed(let error): throw error
        case .finished, .aborted, .left: throw PgcopyError.copyIsOver
        }
    }

    private func sendCollected() throws {
        guard !collected.isEmpty else { return }
        let rows = collected
        collected.removeAll(keepingCapacity: true)
        try unsafe send(rows.span.bytes)
    }

    private func send(_ bytes: RawSpan) throws {
        try failing {
            try hear()
            var taken = 0
            while taken < bytes.byteCount {
                let drained = try transport.write(bytes.extracting(taken..<bytes.byteCount))
                taken += drained.taken
                if let blocked = drained.blocked { try wait(blocked) }
            }
        }
    }

    /// Whatever cuts it short: what the server has of this stream is not known any more.
    private func failing<R>(_ body: () throws -> R) throws -> R {
        do {
            return try body()
        } catch {
            let error = session.labelled(error)
            stage = .failed(error)
            throw error
        }
    }

    /// Takes in what the server has said, without waiting.
    private func hear() throws {
        guard let interest = transport.attention else { return }
        var blocked: Interest?
        let look = Work { [transport] ready in
            guard let ready else { return .waiting(interest) }
            blocked = try transport.attend(ready)
            return .done
        }
        try session.poller.run([look], until: session.poller.now)
        if let blocked { try wait(blocked) }
    }

    private func wait(_ interest: Interest) throws {
        let wait = Work { [transport] ready in
            guard let ready else { return .waiting(interest) }
            return try transport.attend(ready).map(Step.waiting) ?? .done
        }
        try session.poller.run([wait])
    }

    // MARK: Ending

    /// Sends the end and awaits the server's confirmation: only this makes the copy a success.
    /// - Throws: the server's error; nothing was stored then.
    public func finish() throws {
        try requireRunning()
        if isBinary, !bytesWritten {
            collected += rowsWritten ? BinaryRow.trailer : BinaryRow.header + BinaryRow.trailer
        }
        try sendCollected()
        try failing { _ = try session.poller.finish { [transport] in try transport.end() } }
        stage = .finished
    }

    /// Fails the copy on purpose: nothing is stored, and the server's log tells the reason.
    public func abort(_ reason: String) throws {
        try requireRunning()
        stage = .aborted
        try realign(reason)
    }

    /// Brings the connection back, wherever the copy stands.
    /// - Throws: an error met while writing, the loss of the connection, `PgcopyError.copyNotFinished`.
    func leave(because cause: (any Error)?) throws {
        switch stage {
        case .finished, .aborted: return
        case .running:
            stage = .left
            try realign("pgcopy: \(cause.map { "\($0)" } ?? "\(PgcopyError.copyNotFinished)")")
            throw PgcopyError.copyNotFinished
        case .failed(let error):
            stage = .left
            try? realign("pgcopy: \(cause ?? error)")
            throw error
        case .left: return
        }
    }

    private func realign(_ reason: String) throws {
        do {
            try session.complete(grace: grace) { [transport] in try transport.fail(reason) }
        } catch let unanswered as PgcopyError where unanswered.code == .unanswered {
            transport.abandon()
            throw unanswered
        }
    }
}
