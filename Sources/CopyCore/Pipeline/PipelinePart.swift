// What one session of a round is asked, and what it answers.

/// One session's messages, sent without waiting.
final class PipelinePart {
    let session: Session
    /// As `Session.run(_:timeout:)`.
    let timeout: Duration?
    /// Nothing else matters once it has failed.
    let isVital: Bool

    /// Its failure is no failure yet: it will be asked otherwise.
    var isAskedAgain: () -> Bool = { false }

    /// Any other failure ends the round, vital or not, after a moment for the others.
    var endsRound = false

    /// It was stopped because of another's failure: its own says nothing.
    var isStopped = false

    /// What is run at once where it will be asked otherwise, while others have yet to answer.
    var whenRefused: [String] = []

    /// Asks whether its server is at work, where that is not the session's own question.
    var inquire: (() throws -> Inquiry)?

    private struct Question {
        let message: PipelineMessage
        let result: PipelineResult
        let mayFail: Bool
        let answeredAtOnce: Bool
        let busyStates: Set<String>
        let meaning: ((PgcopyError) -> PgcopyError)?
    }

    private var questions: [Question] = []
    /// Failed for a reason better than what the server says.
    private var reason: (any Error)?
    /// The connection was lost behind the last answer.
    private var loss: PgcopyError?

    /// A part that asks nothing yet.
    init(_ session: Session, timeout: Duration?, isVital: Bool) {
        self.session = session
        self.timeout = timeout
        self.isVital = isVital
    }

    /// Asks for one more thing, once the round is run.
    /// - Parameters:
    ///   - mayFail: its failure is its own; only what is asked last may be so, since nothing behind it is answered.
    ///   - answeredAtOnce: the answer comes even where what follows has to wait.
    ///   - busyStates: SQLSTATEs by which it tells that somebody is in the way, for now.
    ///   - eachRow: takes the rows as they come, by the result that holds it and its place there; none is kept.
    ///   - meaning: what its failure says, where the server's words say something else.
    @discardableResult
    func ask(
        _ message: PipelineMessage, mayFail: Bool = false, answeredAtOnce: Bool = false,
        busyStates: Set<String> = [], eachRow: ((QueryResult, Int) -> Void)? = nil,
        meaning: ((PgcopyError) -> PgcopyError)? = nil
    ) -> PipelineResult {
        let result = PipelineResult(nil, position: 0, eachRow: eachRow)
        questions.append(
            Question(
                message: message, result: result, mayFail: mayFail, answeredAtOnce: answeredAtOnce,
                busyStates: busyStates, meaning: meaning))
        return result
    }

    /// The first failure of it; nil: there is none, or not yet.
    var failure: (any Error)? {
        guard let (question, error) = failed else { return loss }
        if let reason { return reason }
        guard let meaning = question.meaning, let error = error as? PgcopyError, error.server != nil else {
            return error
        }
        return meaning(error)
    }

    private var failed: (question: Question, error: any Error)? {
        for question in questions where !question.mayFail || isLost {
            if case .failure(let error) = question.result.outcome { return (question, error) }
        }
        return nil
    }

    /// It failed, since somebody is in the way.
    var isInTheWay: Bool {
        failed.map { question, error in
            question.busyStates.contains((error as? PgcopyError)?.server?.sqlState ?? "")
        } ?? false
    }

    /// Throws the first failure.
    func check() throws { if let failure { throw failure } }

    /// All of it is answered, and well.
    var hasSucceeded: Bool {
        loss == nil
            && questions.allSatisfy { question in
                switch question.result.outcome {
                case .success: true
                case .failure: question.mayFail && !isLost
                case nil: false
                }
            }
    }

    /// Nothing of it is awaited any more.
    var isAnswered: Bool { questions.allSatisfy { $0.result.outcome != nil } }

    /// With the connection everything failed.
    private var isLost: Bool { !session.connection.isUsable }

    // MARK: For the round

    /// Queues all of it with a synchronization point at its end.
    func send(by pipeline: Pipeline) {
        pipeline.watch.timeout = timeout
        pipeline.watch.inquire = inquire
        do {
            for question in questions {
                try pipeline.queue.send(question.message, to: question.result)
                if question.answeredAtOnce { try pipeline.queue.requestAnswers() }
            }
            try pipeline.startSync()
        } catch {
            fail(error)
        }
    }

    /// Runs what is to be run where it is refused, once; false where it is not.
    func recover(by pipeline: Pipeline) -> Bool {
        guard !whenRefused.isEmpty, failure != nil, isAskedAgain(), pipeline.queue.lost == nil,
            !pipeline.watch.isStopping
        else { return false }
        let statements = whenRefused
        whenRefused = []
        do {
            // What failed may be the BEGIN itself.
            let isOutside = session.connection.transactionStatus == .idle
            for statement in statements where statement != "ROLLBACK" || !isOutside {
                try pipeline.queue.send(.statement(statement), to: PipelineResult(nil, position: 0))
            }
            try pipeline.startSync()
        } catch {
            // What comes of the connection is told where it is used next.
        }
        return true
    }

    /// Sends what is asked next, outside of a pipeline; nil: all is answered.
    func sendNext() throws -> StatementTask? {
        guard let question = questions.first(where: { $0.result.outcome == nil }) else { return nil }
        try session.requireNoPipeline()
        try question.message.send(by: session)
        return StatementTask(session, timeout: timeout, inquire: inquire)
    }

    /// What was sent is answered; where that failed the rest is not asked.
    func take(_ outcome: Result<[QueryResult], any Error>) {
        do {
            guard let result = try outcome.get().last else { throw PgcopyError(.unexpected, "no result") }
            questions.first { $0.result.outcome == nil }?.result.end(.success(result))
        } catch {
            fail(error)
        }
    }

    /// What is not answered fails with this.
    func fail(_ error: any Error) {
        for question in questions where question.result.outcome == nil { question.result.end(.failure(error)) }
    }

    /// Takes over why it was stopped, and what became of the connection.
    func take(_ reason: (any Error)?, lost loss: PgcopyError?) {
        self.loss = loss
        guard let unanswered = reason as? PgcopyError, let timeout = unanswered.timeout else {
            self.reason = reason
            return
        }
        self.reason = PgcopyError.unanswered(after: timeout, wasCancelled: session.connection.isUsable)
    }
}
