// One session in pipeline mode: what was sent and not answered yet. It never waits.

/// Sends statements and synchronization points, and hands the answers to whom they belong, in order.
///
/// It is bounded by who sends: nothing more while it `isFull`. While something is not sent yet it also
/// reads, so two full sockets never wait for each other.
final class PipelineQueue {
    private enum Entry {
        case statement(any PipelineReply, cost: Int)
        case sync((PgcopyError?) throws -> Void)
    }

    let session: Session
    /// Bytes that may be under way: beyond it answers are awaited. A statement alone may be larger.
    private let limit: Int
    private var entries = Fifo<Entry>()
    /// What the statements under way weigh, libpq's copy of them included.
    private var cost = 0
    /// The part of it that the server was not asked to answer yet.
    private var unasked = 0
    private var unflushed = 0
    /// The socket took everything at the last try.
    private var isFlushed = true
    /// The first failure since the last synchronization point.
    private var cause: PgcopyError?
    /// The error at the synchronization point that is being read: a commit that failed.
    private var syncError: PgcopyError?
    /// What a handler threw while nobody could be told.
    private var thrown: (any Error)?

    /// Statements were sent after the last synchronization point.
    private(set) var hasUnsynced = false
    /// How many statements and synchronization points were sent, and how many of them are answered.
    private(set) var sent = 0
    private(set) var answered = 0
    /// Everything up to here will be answered without more being sent.
    private(set) var asked = 0
    /// The connection is gone; everything under way has failed with it.
    private(set) var lost: PgcopyError?
    /// A handler is at work.
    private(set) var isDelivering = false

    init(_ session: Session, limit: Int = 2 << 20) {
        self.session = session
        self.limit = limit
    }

    private var connection: Connection { session.connection }

    /// Answers must come before more is sent.
    var isFull: Bool { cost >= limit || !isFlushed }
    /// Worth a look whether answers came: often enough, but not after each statement.
    var isFilling: Bool { !isFlushed || cost >= limit / 2 && sent.isMultiple(of: 64) }
    /// Everything sent is answered.
    var isEmpty: Bool { entries.isEmpty }

    // MARK: Sending

    /// Queues a statement, or what else gives one result. The caller has looked whether it may be sent.
    func send(_ message: PipelineMessage, to reply: any PipelineReply) throws(PgcopyError) {
        if let lost { throw lost }
        do {
            try message.send(by: session)
        } catch {
            if !connection.isUsable { fail(error) }
            throw lost ?? error
        }
        let size = message.size
        // What libpq and this queue keep of a statement beside its text.
        let weight = size + 512
        entries.append(.statement(reply, cost: weight))
        if entries.count == 1 { prepareForAnswer() }
        sent += 1
        hasUnsynced = true
        cost += weight
        unasked += weight
        unflushed += size
        // So that answers keep coming while the rest is sent.
        if unasked >= limit / 4 { try requestAnswers() }
        if unflushed >= 1 << 16 { try flush() }
    }

    /// Queues a synchronization point; `done` hears of it with the error of the commit, if it failed.
    func sendSync(_ done: @escaping (PgcopyError?) throws -> Void) throws(PgcopyError) {
        if let lost { throw lost }
        do {
            try connection.pipelineSync()
        } catch {
            if !connection.isUsable { fail(error) }
            throw lost ?? error
        }
        entries.append(.sync(done))
        sent += 1
        asked = sent
        unasked = 0
        unflushed += 1
        hasUnsynced = false
    }

    /// Asks the server to send the answers it has; that ends no transaction.
    func requestAnswers() throws(PgcopyError) {
        if let lost { throw lost }
        guard asked < sent else { return }
        do {
            try connection.sendFlushRequest()
        } catch {
            if !connection.isUsable { fail(error) }
            throw lost ?? error
        }
        asked = sent
        unasked = 0
        unflushed += 1
    }

    /// Sends what the socket takes.
    func flush() throws(PgcopyError) {
        do {
            isFlushed = try connection.flush()
            if isFlushed { unflushed = 0 }
        } catch {
            fail(error)
            throw lost ?? error
        }
    }

    // MARK: Reading

    /// Sends and reads as much as is possible without waiting; `.done` when everything sent is answered.
    /// - Throws: what a handler threw. A connection that is lost shows in `lost` and in the answers.
    func step() throws -> Step {
        do {
            try advance()
        } catch {
            fail(error)
        }
        if let error = thrown {
            thrown = nil
            throw error
        }
        guard lost == nil, !entries.isEmpty || !isFlushed else { return .done }
        return .waiting(Interest(connection.socket, isFlushed ? .read : [.read, .write]))
    }

    /// Reads the socket once at most: other sessions, and whoever takes the answers, have their turn too.
    ///
    /// Reading goes first: once libpq fails to write it forgets what it waits for, the server's last words too.
    private func advance() throws(PgcopyError) {
        if let lost { throw lost }
        try takeAnswers()
        if !entries.isEmpty, thrown == nil {
            try session.takeInput()
            try takeAnswers()
            session.deliverNotifications()
        }
        guard lost == nil else { return }
        isFlushed = try connection.flush()
        if isFlushed { unflushed = 0 }
    }

    /// Hands over every answer that has arrived whole.
    private func takeAnswers() throws(PgcopyError) {
        var empty = 0
        while let entry = entries.first, thrown == nil, !connection.isBusy {
            guard let result = connection.nextResult() else {
                // One after a statement; two in a row without a result would go on for ever.
                empty += 1
                if empty > 2 { throw PgcopyError(.connectionLost, "libpq lost count of its pipeline") }
                prepareForAnswer()
                continue
            }
            empty = 0
            switch entry {
            case .statement(let reply, let weight): try take(result, for: reply, weight)
            case .sync(let done): try takeSync(result, done)
            }
        }
    }

    private func take(_ result: QueryResult, for reply: any PipelineReply, _ weight: Int) throws(PgcopyError) {
        let outcome: Result<QueryResult, any Error>
        switch result.status {
        case .tuplesOK where result.isSingleRow:
            deliver { try reply.take(row: result) }
            return
        case .commandOK, .tuplesOK, .emptyQuery: outcome = .success(result)
        case .pipelineAborted: outcome = .failure(session.labelled(PgcopyError.aborted(by: cause)))
        case .fatalError, .pipelineSync:
            let error = PgcopyError.of(
                result.error(connectionLost: !connection.isUsable)
                    ?? PgcopyError(.unexpected, "libpq lost count of its pipeline"), at: session.label)
            cause = cause ?? error
            // libpq repeats itself for ever on a connection that is gone.
            if !connection.isUsable, error.server == nil { throw error }
            outcome = .failure(error)
        case .copyIn, .copyOut, .copyBoth:
            // Never by a statement of ours: those are refused.
            connection.finish()
            throw PgcopyError(.connectionLost, "\(PgcopyError.copyInPipeline); the connection was closed")
        }
        entries.popFirst()
        answered += 1
        cost -= weight
        // The NULL that ends every statement; it is there.
        if connection.nextResult() == nil { prepareForAnswer() }
        deliver { try reply.end(outcome) }
        // The server's last word: libpq would call what follows aborted only.
        if case .failure(let error as PgcopyError) = outcome, error.endsSession { fail(error) }
    }

    private func takeSync(_ result: QueryResult, _ done: (PgcopyError?) throws -> Void) throws(PgcopyError) {
        guard case .pipelineSync = result.status else {
            let error = result.error(connectionLost: !connection.isUsable).map {
                PgcopyError.of($0, at: session.label)
            }
            if !connection.isUsable, let error { throw error }
            syncError = syncError ?? error
            return
        }
        let error = syncError
        syncError = nil
        cause = nil
        entries.popFirst()
        answered += 1
        prepareForAnswer()
        deliver { try done(error) }
    }

    /// Before anything of the next answer is parsed.
    private func prepareForAnswer() {
        if case .statement(let reply, _) = entries.first, reply.wantsRows { connection.setSingleRowMode() }
    }

    private func deliver(_ body: () throws -> Void) {
        isDelivering = true
        defer { isDelivering = false }
        do { try body() } catch { thrown = thrown ?? error }
    }

    /// Closes the connection: everything under way fails with this.
    func giveUp(_ reason: any Error) {
        connection.finish()
        fail(PgcopyError(.connectionLost, "\(reason)"), told: reason)
    }

    /// Everything under way fails with the connection.
    /// - Parameter told: what is told instead.
    private func fail(_ error: PgcopyError, told: (any Error)? = nil) {
        guard lost == nil else { return }
        // A server that ends a session says why first.
        let reason = [cause, syncError].compactMap { $0 }.first { $0.endsSession }
        let error = PgcopyError(.connectionLost, reason?.message ?? error.message, endpoint: session.label)
        lost = error
        cost = 0
        hasUnsynced = false
        while let entry = entries.popFirst() {
            answered += 1
            switch entry {
            case .statement(let reply, _): deliver { try reply.end(.failure(told ?? error)) }
            case .sync(let done): deliver { try done(error) }
            }
        }
    }
}

extension PgcopyError {
    /// The server ends the session with it.
    fileprivate var endsSession: Bool { server.map { $0.severity == "FATAL" || $0.severity == "PANIC" } ?? false }
}
