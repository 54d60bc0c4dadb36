// One session of a batch, and how far it is.

/// Takes the statements of a batch one after the other, as fast as its server goes.
final class BatchLink {
    let index: Int
    let session: Session
    let queue: PipelineQueue
    /// How many statements of the batch it has taken.
    private(set) var taken = 0
    /// Nothing is to be done any more.
    private(set) var isOver = false
    /// What is known of its transactions.
    private var ledger = BatchLedger()

    /// A statement or a commit failed, or was refused.
    var hasFailed: Bool { ledger.hasFailed }

    private let syncEvery: Int?
    private let stopsOnError: Bool
    private var points = BatchPoints()
    private unowned let sink: any BatchSink
    /// The statement that ends the batch.
    private var refused: (BatchStatement, PgcopyError)?
    private var hasToldDoubt = false
    private var isLeftOpen = false
    /// Results have somewhere to go.
    var isHeard = true

    init(
        _ session: Session, index: Int, syncEvery: Int?, stopsOnError: Bool, sink: any BatchSink, limit: Int
    ) {
        self.session = session
        self.index = index
        self.syncEvery = syncEvery
        self.stopsOnError = stopsOnError
        self.sink = sink
        queue = PipelineQueue(session, limit: limit)
    }

    /// What became of it.
    var state: Committer.State { hasToldDoubt ? .inDoubt : isOver && !hasFailed ? .committed : .rolledBack }

    /// Something of it is committed, whatever became of the rest.
    var hasCommitted: Bool { ledger.committed > 0 }

    /// Something failed, and that is to be the end: what it takes now it does not send.
    var isStopped: Bool { stopsOnError && hasFailed }

    /// It could take a statement now. Where an error is to stop it, nothing is sent behind a point that is not answered.
    var isReady: Bool {
        if isStopped { return true }
        return !isOver && refused == nil && (queue.lost != nil || !queue.isFull)
            && !(stopsOnError && points.areUnderWay)
    }

    /// Takes a statement; the caller has looked whether it is ready.
    func take(_ statement: BatchStatement) {
        taken += 1
        if isStopped { return }
        if queue.lost != nil {
            sink.receive(.ended(statement, .failure(PgcopyError.aborted(by: queue.lost)), at: index))
            return
        }
        if let refusal = statement.refusal {
            refused = (statement, refusal)
            try? queue.requestAnswers()
            return
        }
        let reply = PipelineHandler(
            onRow: { [unowned self] in if isHeard { sink.receive(.row($0, of: statement, at: index)) } },
            onResult: { [unowned self] outcome in
                switch outcome {
                case .success(let result):
                    ledger.done(statement.number, tag: result.commandTag, words: statement.words)
                    if isHeard { sink.receive(.ended(statement, outcome, at: index)) }
                case .failure(let error): failed(error, at: statement)
                }
            })
        do {
            try queue.send(.statement(statement.sql), to: reply)
        } catch {
            // It was not taken: the connection is gone.
            ledger.fail()
            sink.receive(.ended(statement, .failure(error), at: index))
            return
        }
        points.sent(statement.number, at: session.poller.now)
        if let syncEvery, statement.number.isMultiple(of: syncEvery) { sync() }
    }

    private func failed(_ error: any Error, at statement: BatchStatement) {
        // Nothing runs behind a statement with which the server ended the session.
        let error = ledger.isEndedByServer ? PgcopyError.aborted(by: queue.lost) : error
        note(error, of: statement)
        if isHeard { sink.receive(.ended(statement, .failure(error), at: index)) }
    }

    private func note(_ error: any Error, of statement: BatchStatement) {
        // It was answered: it did not run.
        if error.has(.aborted) { return ledger.fail() }
        // A server that panics over a commit may have written it: that says as little as no answer.
        let severity = (error as? PgcopyError)?.server?.severity
        ledger.failed(
            statement.number, words: statement.words, byServer: severity != nil && severity != "PANIC",
            endsSession: severity == "FATAL")
    }

    /// It gets no more statements.
    /// - Parameter isComplete: there are no more.
    func finish(isComplete: Bool) {
        guard !isOver else { return }
        if queue.lost == nil, refused == nil, queue.hasUnsynced { sync() }
        guard queue.isEmpty else { return }
        if let refused {
            ledger.fail()
            sink.receive(.ended(refused.0, .failure(refused.1), at: index))
            // Without a synchronization point the server rolls back.
            session.close()
        } else if isStopped, !isComplete || taken > points.last {
            sink.receive(.stopped(behind: points.last, at: index))
        }
        isOver = true
    }

    /// The batch is over: a transaction that is still open is a failure.
    func checkTransaction() {
        guard queue.lost == nil, !isLeftOpen,
            [.inTransaction, .inError].contains(session.transactionStatus)
        else { return }
        isLeftOpen = true
        ledger.fail()
        sink.receive(.leftOpen(at: index))
    }

    /// Statements wait on the server's side for someone to ask for their results.
    func requestAnswers() { try? queue.requestAnswers() }

    /// Sends and reads what it can.
    func step() throws -> Step {
        let step = try queue.step()
        if queue.lost != nil {
            ledger.fail()
            tellDoubt()
        }
        return step
    }

    /// Gives up what is still under way.
    func close() {
        tellDoubt()
        session.close()
    }

    /// Its connection is gone, and it was given no more.
    func tellRest() {
        if queue.lost != nil, !isStopped, isHeard { sink.receive(.stopped(behind: taken, at: index)) }
    }

    /// The batch is over.
    func tellEnd() { if isHeard { sink.receive(.over(at: index)) } }

    /// Nobody reads what it did.
    func tellCommitted() {
        if ledger.committed > 0 { sink.receive(.committed(through: ledger.committed, at: index)) }
    }

    private func tellDoubt() {
        guard !hasToldDoubt, let doubtful = ledger.doubtful else { return }
        hasToldDoubt = true
        sink.receive(.inDoubt(doubtful, at: index))
    }

    private func sync() {
        let last = points.last
        ledger.announce(last)
        points.announce()
        try? queue.sendSync { [unowned self] error in
            if let error, queue.lost != nil {
                // A statement's own failure was told.
                if !ledger.knowsFailure { sink.receive(.commitFailed(error, behind: last, at: index)) }
                return ledger.fail()
            }
            guard queue.lost == nil else { return }
            ledger.synchronized(isRefused: error != nil)
            if let error { sink.receive(.commitFailed(error, behind: last, at: index)) }
            if let point = points.answered(at: session.poller.now), isHeard {
                sink.receive(.answered(point.statements, after: point.elapsed, at: index))
            }
        }
    }
}
