// Pipeline mode on one session: statements are sent without waiting for their results.

/// Statements queued on one session; see `Session.pipeline`.
///
/// The statements up to a synchronization point are one implicit transaction, unless they say BEGIN and
/// COMMIT themselves. After an error the server skips the rest of them: each gives `PgcopyError` with `.aborted`.
/// Memory stays bounded whatever the number of statements: results are read while statements are sent,
/// and a result nobody keeps is let go.
public final class Pipeline {
    /// Whether the libpq this process found knows pipeline mode: 14 or newer.
    public static var isSupported: Bool { Connection.supportsPipelineMode }

    /// The session, which takes no other statements meanwhile.
    public let session: Session
    /// Errors of the pipeline that gave way to the user's own, in the order they came.
    public internal(set) var noted: [any Error] = []

    let queue: PipelineQueue
    var watch = PipelineWatch()
    private unowned let group: PipelineGroup
    private(set) var hasEnded = false
    /// The place of the last synchronization point.
    private var lastSync = 0
    /// Failed since the last synchronization point, and perhaps seen by nobody.
    private var failed: [PipelineResult] = []
    /// The error of a synchronization point: a commit that failed.
    private var syncError: PgcopyError?

    init(_ session: Session, in group: PipelineGroup) {
        self.session = session
        self.group = group
        queue = PipelineQueue(session)
    }

    /// On, or aborted from the moment an error was read until the synchronization point after it; off after the block.
    public var status: PipelineStatus { session.connection.pipelineStatus }

    // MARK: Statements

    /// Queues a statement with text parameters, nil for NULL, and sends it. Waits only while too much is under way.
    /// - Throws: `PgcopyError` with `.usage` or `.misuse` before anything is sent; the loss of the connection; never the
    ///   statement's own error: that is its result's.
    @discardableResult
    public func execute(_ sql: String, _ parameters: [String?] = []) throws -> PipelineResult {
        try admit(sql, parameters)
        let result = PipelineResult(self, position: queue.sent + 1)
        try send(sql, parameters, to: result)
        return result
    }

    /// As `execute`, but what the statement gives is handed over when it comes, and not kept: its error too,
    /// which `sync` then does not raise. What the handler throws ends the call that was reading.
    /// - Parameter onRow: given each row as a result of its own, while the server sends them; the last result
    ///   then has no rows.
    public func execute(
        _ sql: String, _ parameters: [String?] = [], onRow: ((QueryResult) throws -> Void)? = nil,
        onResult: @escaping (Result<QueryResult, any Error>) throws -> Void
    ) throws {
        try admit(sql, parameters)
        try send(sql, parameters, to: PipelineHandler(onRow: onRow, onResult: onResult))
    }

    private func admit(_ sql: String, _ parameters: [String?]) throws {
        guard !hasEnded else { throw PgcopyError.pipelineIsOver }
        if let refusal = PgcopyError.pipelineRefusal(of: sql) { throw refusal }
        if parameters.contains(where: { $0?.utf8.contains(0) ?? false }) { throw PgcopyError.zeroByteInPipeline }
        // A handler may queue more, but not wait for room.
        if queue.isFull, !queue.isDelivering { try group.wait { [queue] in !queue.isFull } }
    }

    private func send(_ sql: String, _ parameters: [String?], to reply: any PipelineReply) throws {
        try queue.send(.statement(sql, parameters), to: reply)
        guard !queue.isDelivering else { return }
        try queue.flush()
        if queue.isFilling { try group.turn() }
    }

    // MARK: Results

    /// Asks the server to send the results it has, without waiting for them. No synchronization point is set.
    public func flush() throws {
        guard !hasEnded else { throw PgcopyError.pipelineIsOver }
        try queue.requestAnswers()
        try queue.flush()
    }

    /// Sets a synchronization point and waits until it is reached: the statements before it are committed,
    /// or the first error among them that nobody has seen is thrown. After it work goes on.
    public func sync() throws {
        guard !hasEnded else { throw PgcopyError.pipelineIsOver }
        guard !queue.isDelivering else { throw PgcopyError.insideHandler }
        try group.checkInterruption()
        try startSync()
        try group.wait { isSynchronized }
        if let error = takeError() { throw error }
    }

    /// Waits for a result.
    func obtain(_ result: PipelineResult) throws {
        guard !hasEnded else { throw PgcopyError.pipelineIsOver }
        guard !queue.isDelivering else { throw PgcopyError.insideHandler }
        if queue.asked < result.position, queue.lost == nil { try flush() }
        try group.wait { result.isReady }
    }

    /// A result is there. Errors are remembered until somebody sees them or the next synchronization point
    /// raises them; beyond one that nobody else holds none is needed.
    func answered(_ result: PipelineResult) {
        guard case .failure = result.outcome else { return }
        if let last = failed.indices.last, isKnownUniquelyReferenced(&failed[last]) { return }
        failed.append(result)
    }

    // MARK: For the group

    /// Sets a synchronization point without waiting.
    func startSync() throws {
        guard !hasEnded else { throw PgcopyError.pipelineIsOver }
        try queue.sendSync { [weak self] error in self?.syncError = error }
        lastSync = queue.sent
    }

    /// The last synchronization point is reached. Handlers may have queued more behind it.
    var isSynchronized: Bool { queue.answered >= lastSync }

    /// The first error nobody has seen since the last call.
    func takeError() -> (any Error)? {
        defer {
            failed = []
            syncError = nil
        }
        for result in failed where !result.isTaken {
            if case .failure(let error) = result.outcome { return error }
        }
        if let error = syncError ?? queue.lost { return error }
        // Closed, and nothing was sent that could have met it.
        guard !session.connection.isUsable else { return nil }
        return PgcopyError(.connectionLost, session.connection.errorMessage)
    }

    /// When to look after it again, nothing coming: a server that says nothing is given up, one that is to
    /// stop is cancelled.
    func look() throws(Interrupted) -> Instant? {
        do {
            return try watch.look(at: queue)
        } catch let interrupted as Interrupted {
            throw interrupted
        } catch {
            stop(because: error, grace: .seconds(1))
            return session.poller.now
        }
    }

    /// Stops what runs and undoes what no synchronization point has confirmed, while the group is waited for.
    /// - Parameter grace: how long that may take before the connection is closed.
    func stop(because reason: (any Error)?, grace: Duration) {
        guard queue.lost == nil, queue.hasUnsynced || !queue.isEmpty else { return }
        if queue.hasUnsynced {
            // The cancel request may find nothing running: then this must not be committed all the same.
            try? queue.send(.statement("interrupted"), to: PipelineHandler(onRow: nil) { _ in })
            try? startSync()
        }
        watch.stop(queue, because: reason, grace: grace)
    }

    /// The block is over.
    func end() { hasEnded = true }
}
