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
    /// A statement or a commit failed, or was refused.
    private(set) var hasFailed = false

    private let syncEvery: Int?
    private unowned let observer: any BatchObserver
    /// The statement that ends the batch.
    private var refused: (BatchStatement, BatchRefusal)?
    /// The last statement that a synchronization point has confirmed, and the last one before any.
    private var confirmed = 0
    private var announced = 0
    private var hasToldDoubt = false
    /// The last statement of each synchronization point that is under way.
    private var syncs = Fifo<Int>()
    /// A statement failed since the last synchronization point; the server ended the session with that.
    private var isFailing = false
    private var isEndedByServer = false
    /// The last statement that is known to be committed.
    private var committed = 0
    /// Something was done since the last COMMIT or ROLLBACK; a synchronization point commits it, unless BEGIN was
    /// said. libpq does not tell the transaction's status while more is under way.
    private var hasWork = false
    private var isInBlock = false
    /// Results have somewhere to go.
    var isHeard = true

    init(_ session: Session, index: Int, syncEvery: Int?, observer: any BatchObserver, limit: Int) {
        self.session = session
        self.index = index
        self.syncEvery = syncEvery
        self.observer = observer
        queue = PipelineQueue(session, limit: limit)
    }

    /// It could take a statement now.
    var isReady: Bool { !isOver && refused == nil && (queue.lost != nil || !queue.isFull) }

    /// Takes a statement; the caller has looked whether it is ready.
    func take(_ statement: BatchStatement) {
        taken += 1
        if queue.lost != nil {
            observer.ended(statement, .failure(PipelineAborted(cause: queue.lost)), at: index)
            return
        }
        if let refusal = statement.refusal {
            refused = (statement, refusal)
            try? queue.requestAnswers()
            return
        }
        let reply = PipelineHandler(
            onRow: { [unowned self] in if isHeard { observer.row($0, of: statement, at: index) } },
            onResult: { [unowned self] outcome in
                switch outcome {
                case .success(let result): note(result.commandTag, of: statement)
                case .failure(let error): note(error, of: statement)
                }
                if isHeard { observer.ended(statement, outcome, at: index) }
            })
        do {
            try queue.send(.statement(statement.sql), to: reply)
        } catch {
            // It was not taken: the connection is gone.
            hasFailed = true
            observer.ended(statement, .failure(error), at: index)
            return
        }
        if let syncEvery, statement.number.isMultiple(of: syncEvery) { sync() }
    }

    private func note(_ tag: String, of statement: BatchStatement) {
        switch tag {
        case "BEGIN", "START TRANSACTION": isInBlock = true
        // To a savepoint: the transaction goes on.
        case "ROLLBACK" where statement.words.contains("to"): break
        case "COMMIT", "ROLLBACK", "PREPARE TRANSACTION":
            if tag != "ROLLBACK" { committed = statement.number }
            hasWork = false
            isInBlock = statement.words.contains("chain") && !statement.words.contains("no")
        default: hasWork = true
        }
    }

    private func note(_ error: any Error, of statement: BatchStatement) {
        hasFailed = true
        guard let server = (error as? PQError)?.server else { return }
        isFailing = true
        // A transaction that could not be committed is over.
        let words = statement.words
        if ["commit", "end"].contains(words.first) || words.starts(with: ["prepare", "transaction"]) {
            isInBlock = false
            hasWork = false
        }
        if ["FATAL", "PANIC"].contains(server.severity) { isEndedByServer = true }
    }

    /// The batch has no more statements.
    func finish() {
        guard !isOver else { return }
        if queue.lost == nil, refused == nil, queue.hasUnsynced { sync() }
        guard queue.isEmpty else { return }
        if let refused {
            hasFailed = true
            observer.ended(refused.0, .failure(refused.1), at: index)
            // Without a synchronization point the server rolls back.
            session.close()
        }
        isOver = true
    }

    /// The batch is over: a transaction that is still open is a failure.
    func checkTransaction() {
        guard queue.lost == nil, [.inTransaction, .inError].contains(session.transactionStatus) else { return }
        hasFailed = true
        observer.leftOpen(at: index)
    }

    /// Statements wait on the server's side for someone to ask for their results.
    func requestAnswers() { try? queue.requestAnswers() }

    /// Sends and reads what it can.
    func step() throws -> Step {
        let step = try queue.step()
        if queue.lost != nil {
            hasFailed = true
            tellDoubt()
        }
        return step
    }

    /// Gives up what is still under way.
    func close() {
        tellDoubt()
        session.close()
    }

    /// Nobody reads what it did.
    func tellCommitted() { if committed > 0 { observer.committed(through: committed, at: index) } }

    private func tellDoubt() {
        // Behind a statement that ended the session nothing ran; behind another that failed, what follows its
        // synchronization point.
        guard !isEndedByServer, !hasToldDoubt else { return }
        let first = (isFailing ? syncs.first ?? announced : confirmed) + 1
        guard first <= announced else { return }
        hasToldDoubt = true
        observer.inDoubt(first...announced, at: index)
    }

    private func sync() {
        let last = taken
        announced = last
        syncs.append(last)
        try? queue.sendSync { [unowned self] error in
            if let error, queue.lost != nil {
                hasFailed = true
                // A statement's own failure was told.
                if !isFailing { observer.commitFailed(error, behind: last, at: index) }
                return
            }
            confirmed = last
            syncs.popFirst()
            if !isInBlock {
                if error == nil, !isFailing, hasWork { committed = last }
                hasWork = false
            }
            isFailing = false
            guard let error else { return }
            hasFailed = true
            observer.commitFailed(error, behind: last, at: index)
        }
    }
}
