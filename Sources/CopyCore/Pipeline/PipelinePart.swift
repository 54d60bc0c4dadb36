// What one session of a round is asked, and what it answers.

/// One session's messages, sent without waiting.
final class PipelinePart {
    let session: Session
    /// As `Session.run(_:within:)`.
    let patience: Double?
    /// Nothing else matters once it has failed.
    let isVital: Bool

    private var messages: [PipelineMessage] = []
    private var results: [PipelineResult] = []
    /// Failed for a reason better than what the server says.
    private var reason: (any Error)?

    /// A part that asks nothing yet.
    init(_ session: Session, within patience: Double?, isVital: Bool) {
        self.session = session
        self.patience = patience
        self.isVital = isVital
    }

    /// Asks for one more thing, once the round is run.
    @discardableResult
    func ask(_ message: PipelineMessage) -> PipelineResult {
        let result = PipelineResult(nil, position: 0)
        messages.append(message)
        results.append(result)
        return result
    }

    /// The first failure of it; nil: there is none, or not yet.
    var failure: (any Error)? {
        for result in results {
            if case .failure(let error) = result.outcome { return reason ?? error }
        }
        return nil
    }

    /// Throws the first failure.
    func check() throws { if let failure { throw failure } }

    /// All of it is answered, and well.
    var hasSucceeded: Bool { results.allSatisfy { if case .success = $0.outcome { true } else { false } } }

    // MARK: For the round

    /// Queues all of it with a synchronization point at its end.
    func send(by pipeline: Pipeline) {
        pipeline.watch.patience = patience
        do {
            for (message, result) in zip(messages, results) { try pipeline.queue.send(message, to: result) }
            try pipeline.startSync()
        } catch {
            fail(error)
        }
    }

    /// Sends one after the other, each answered before the next.
    func sendOneByOne() throws {
        for (message, result) in zip(messages, results) {
            do {
                try result.end(.success(session.answer(to: message, within: patience)))
            } catch let interrupted as Interrupted {
                throw interrupted
            } catch {
                return fail(error)
            }
        }
    }

    /// What is not answered fails with this.
    func fail(_ error: any Error) {
        for result in results where result.outcome == nil { result.end(.failure(error)) }
    }

    /// Takes over why it was stopped.
    func take(_ reason: (any Error)?) { self.reason = reason }
}
