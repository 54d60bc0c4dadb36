// Pipelines on several sessions side by side: one loop, one poll.

/// Pipelines that are sent and read together, so that distant servers cost the round trips of one.
///
/// Whichever of them is waited for, all move on. Their sessions wait by one and the same poller.
public final class PipelineGroup: LoopTask {
    private enum Stage {
        case open
        /// A synchronization point goes behind everything, that which handlers queue meanwhile included.
        case synchronizing
        /// What runs is stopped.
        case abandoning
        /// Nothing is under way but cancel requests.
        case exiting
    }

    /// One for each session, in the order given.
    public private(set) var pipelines: [Pipeline] = []
    private let poller: any Poller
    private let grace: Duration
    private var stage = Stage.open
    /// What the queues wait for, or the cancel requests.
    private var interests: [Interest] = []
    /// Questions that are under way, and where their entries lie.
    private var inquiries: [Inquiry] = []
    private var places = TaskPlaces()
    /// What a handler threw while all were leaving.
    private var thrown: (any Error)?
    /// The errors that nobody had seen in the end.
    private var unseen: PgcopyError?

    /// Runs the block with every session in pipeline mode. Leaving it sets a synchronization point on each and
    /// takes every session out of pipeline mode, usable, or closed where its connection was lost.
    /// - Throws: the block's own error, else `PgcopyError` with `.pipelines` with an unseen error of each session that has one.
    @discardableResult
    public static func run<R>(_ sessions: [Session], _ body: (PipelineGroup) throws -> R) throws -> R {
        let (value, failure) = try perform(sessions, body)
        if let failure { throw failure }
        return value
    }

    /// As `run`, with the pipelines' own errors apart from the block's.
    /// - Parameter grace: how long an interrupted pipeline may take to come back.
    static func perform<R>(
        _ sessions: [Session], grace: Duration = .seconds(3), _ body: (PipelineGroup) throws -> R
    ) throws -> (value: R, failure: PgcopyError?) {
        guard let first = sessions.first else { throw PgcopyError(.misuse, "a group of pipelines needs a session") }
        let group = PipelineGroup(first.poller, grace: grace)
        try group.enter(sessions)
        let value: R
        do {
            value = try body(group)
        } catch {
            group.leave(becauseOf: error)
            throw error
        }
        return (value, try group.leave())
    }

    init(_ poller: any Poller, grace: Duration) {
        self.poller = poller
        self.grace = grace
    }

    /// The pipeline of a session, by its place.
    public subscript(index: Int) -> Pipeline { pipelines[index] }

    /// Queues a statement on every session whose connection is there; nil stands where it is not.
    @discardableResult
    public func execute(_ sql: String, _ parameters: [String?] = []) throws -> [PipelineResult?] {
        try pipelines.map { $0.queue.lost == nil ? try $0.execute(sql, parameters) : nil }
    }

    /// Sets a synchronization point on every session and waits for them together.
    /// - Throws: `PgcopyError` with `.pipelines`.
    public func sync() throws {
        try poller.checkInterruption()
        for pipeline in pipelines where pipeline.queue.lost == nil { try? pipeline.startSync() }
        try wait { pipelines.allSatisfy(\.isSynchronized) }
        if let failure = failure() { throw failure }
    }

    /// Throws when a signal came.
    func checkInterruption() throws { try poller.checkInterruption() }

    // MARK: Waiting

    /// Moves all queues, and leaves where that was begun.
    public func step(_ polled: ArraySlice<PollEntry>) throws {
        try places.step(inquiries, polled.dropFirst(interests.count), at: poller.now)
        if stage == .open { try turn() } else { goOnLeaving() }
    }

    /// What the connections say, and whether those that say nothing are at work.
    /// - Returns: false where nothing is left to come.
    public func watch(_ entries: inout [PollEntry]) -> Bool {
        for interest in interests { entries.append(PollEntry(interest)) }
        _ = places.watch(inquiries, &entries)
        return !interests.isEmpty
    }

    /// Every queue moves as far as it can.
    func turn() throws {
        interests.removeAll(keepingCapacity: true)
        inquiries.removeAll(keepingCapacity: true)
        for pipeline in pipelines {
            guard case .waiting(var interest) = try pipeline.queue.step() else { continue }
            interest.alarm = try pipeline.look()
            guard pipeline.queue.lost == nil else { continue }
            interests.append(interest)
            if let inquiry = pipeline.watch.inquiry { inquiries.append(inquiry) }
        }
    }

    /// The last synchronization point of each is reached, or nothing is left to come.
    var isSynchronized: Bool { interests.isEmpty || pipelines.allSatisfy(\.isSynchronized) }

    /// Moves all queues until the condition holds, or nothing is left to come.
    func wait(_ condition: () -> Bool) throws { try poller.run([self], isEnough: condition) }

    private func failure() -> PgcopyError? {
        let errors = pipelines.enumerated().compactMap { index, pipeline in
            pipeline.takeError().map { (session: index, error: PgcopyError.of($0, at: pipeline.session.label)) }
        }
        return errors.isEmpty ? nil : .several(.pipelines, errors.map(\.error), detail: errors.map(\.session))
    }

    // MARK: Entering and leaving

    /// Puts every session into pipeline mode, or none.
    func enter(_ sessions: [Session]) throws {
        do {
            for session in sessions { try enter(session) }
        } catch {
            exit()
            throw error
        }
    }

    private func enter(_ session: Session) throws {
        try session.requireIdle()
        guard Pipeline.isSupported else { throw PgcopyError.pipelineUnsupported }
        try session.connection.enterPipelineMode()
        let pipeline = Pipeline(session, in: self)
        session.pipelineInProgress = pipeline
        session.wireStatus = nil
        pipelines.append(pipeline)
    }

    private func leave() throws -> PgcopyError? {
        do {
            // A signal that came by now still undoes it.
            try poller.checkInterruption()
            beginLeaving()
            try poller.run([self])
        } catch {
            abandon()
            throw error
        }
        if let thrown { throw thrown }
        return unseen
    }

    /// The block failed: what was queued is still done, unless a signal stopped it.
    private func leave(becauseOf error: any Error) {
        if error is Interrupted { abandon() } else { _ = try? leave() }
        for (index, pipeline) in pipelines.enumerated() {
            if let error = unseen?[index] { pipeline.noted.append(error) }
        }
    }

    private func abandon() {
        stop()
        _ = try? poller.run([self], interruptible: false)
    }

    /// From now on it goes on until every session is out of pipeline mode.
    func beginLeaving() {
        stage = .synchronizing
        synchronize()
    }

    /// Stops what runs and undoes what no synchronization point has confirmed; then it leaves.
    func stop() {
        guard stage != .exiting else { return }
        stage = .abandoning
        for pipeline in pipelines { pipeline.stop(because: nil, grace: grace) }
    }

    /// False where a synchronization point stands behind everything.
    @discardableResult
    private func synchronize() -> Bool {
        let open = pipelines.filter(\.queue.hasUnsynced)
        // A connection that is lost shows in its queue.
        for pipeline in open { try? pipeline.startSync() }
        return !open.isEmpty
    }

    private func goOnLeaving() {
        if stage == .exiting { return exit() }
        turnNotingErrors()
        if stage == .abandoning {
            if pipelines.allSatisfy(\.queue.isEmpty) { exit() }
            return
        }
        while isSynchronized {
            guard synchronize() else { return exit() }
            turnNotingErrors()
        }
    }

    /// A handler's error is told in the end: the others still have their turn.
    private func turnNotingErrors() {
        while true {
            do { return try turn() } catch { thrown = thrown ?? error }
        }
    }

    /// Takes every session out of pipeline mode, as soon as no cancel request can hit what it does next.
    private func exit() {
        if stage != .exiting { unseen = failure() }
        stage = .exiting
        interests = []
        inquiries = []
        for pipeline in pipelines where !pipeline.hasEnded {
            let session = pipeline.session
            let cancel = pipeline.queue.lost == nil ? pipeline.watch.cancelUnderWay(session) : nil
            if let cancel, let end = cancel.alarm, poller.now < end {
                interests.append(cancel)
                continue
            }
            pipeline.end()
            session.pipelineInProgress = nil
            do {
                if let lost = pipeline.queue.lost { throw lost }
                if cancel != nil { throw PgcopyError.unanswered(after: grace) }
                try session.connection.exitPipelineMode()
            } catch {
                // Lost, or results are left that will never be taken.
                session.close()
            }
        }
    }
}

extension PgcopyError.Code {
    /// Some of several pipelines failed, each with a cause; the others succeeded.
    public static let pipelines = Self("pipelines")
}

extension PgcopyError {
    /// Of a group of pipelines: the places of those that failed, in the order of the causes.
    public var sessions: [Int] { detail as? [Int] ?? [] }

    /// The first unseen error of a session of a group, nil when it has none.
    public subscript(session: Int) -> (any Error)? { sessions.firstIndex(of: session).map { causes[$0].original } }
}
