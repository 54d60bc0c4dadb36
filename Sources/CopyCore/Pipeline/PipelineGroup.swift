// Pipelines on several sessions side by side: one loop, one poll.

/// Pipelines that are sent and read together, so that distant servers cost the round trips of one.
///
/// Whichever of them is waited for, all move on. Their sessions wait by one and the same poller.
public final class PipelineGroup {
    /// One for each session, in the order given.
    public private(set) var pipelines: [Pipeline] = []
    private let poller: any Poller
    private let grace: Double
    private var entries: [PollEntry] = []
    /// Questions that are under way, and where their entries lie.
    private var inquiries: [(Inquiry, Range<Int>)] = []

    /// Runs the block with every session in pipeline mode. Leaving it sets a synchronization point on each and
    /// takes every session out of pipeline mode, usable, or closed where its connection was lost.
    /// - Throws: the block's own error, else `PipelineGroupFailure` with the unseen errors of each session.
    @discardableResult
    public static func run<R>(_ sessions: [Session], _ body: (PipelineGroup) throws -> R) throws -> R {
        let (value, failure) = try perform(sessions, body)
        if let failure { throw failure }
        return value
    }

    /// As `run`, with the pipelines' own errors apart from the block's.
    /// - Parameter grace: how long an interrupted pipeline may take to come back.
    static func perform<R>(
        _ sessions: [Session], grace: Double = 3, _ body: (PipelineGroup) throws -> R
    ) throws -> (value: R, failure: PipelineGroupFailure?) {
        guard let first = sessions.first else { throw PQError(message: "a group of pipelines needs a session") }
        let group = PipelineGroup(first.poller, grace: grace)
        do {
            for session in sessions { try group.enter(session) }
        } catch {
            group.leaveMode()
            throw error
        }
        let value: R
        do {
            value = try body(group)
        } catch {
            group.leave(becauseOf: error)
            throw error
        }
        return (value, try group.leave())
    }

    private init(_ poller: any Poller, grace: Double) {
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
    /// - Throws: `PipelineGroupFailure`.
    public func sync() throws {
        try poller.checkInterruption()
        for pipeline in pipelines where pipeline.queue.lost == nil { try? pipeline.startSync() }
        try wait { pipelines.allSatisfy(\.isSynchronized) }
        if let failure = failure() { throw failure }
    }

    /// Throws when a signal came.
    func checkInterruption() throws { try poller.checkInterruption() }

    // MARK: Waiting

    /// Every queue moves as far as it can.
    func turn() throws {
        entries.removeAll(keepingCapacity: true)
        inquiries.removeAll(keepingCapacity: true)
        for pipeline in pipelines {
            guard case .waiting(var interest) = try pipeline.queue.step() else { continue }
            interest.alarm = try pipeline.look()
            guard pipeline.queue.lost == nil else { continue }
            entries.append(PollEntry(interest))
            guard let inquiry = pipeline.watch.inquiry else { continue }
            let start = entries.count
            if inquiry.watch(&entries) { inquiries.append((inquiry, start..<entries.count)) }
        }
    }

    /// Moves all queues until the condition holds, or nothing is left to come.
    func wait(interruptible: Bool = true, _ condition: () -> Bool) throws {
        while true {
            try turn()
            if condition() || entries.isEmpty { return }
            let alarm = entries.reduce(nil) { earliest($0, $1.interest.alarm) }
            try poller.poll(&entries, until: alarm, interruptible: interruptible)
            let now = poller.now
            for (inquiry, place) in inquiries where entries[place].contains(where: { $0.isDue(at: now) }) {
                inquiry.step(entries[place])
            }
        }
    }

    /// Until a synchronization point stands behind everything, that which handlers queue meanwhile included.
    private func synchronizeAll() throws {
        repeat {
            // A signal that came by now still undoes it.
            try poller.checkInterruption()
            // A connection that is lost shows in its queue.
            for pipeline in pipelines where pipeline.queue.hasUnsynced { try? pipeline.startSync() }
            try wait { pipelines.allSatisfy(\.isSynchronized) }
        } while pipelines.contains { $0.queue.hasUnsynced }
    }

    private func failure() -> PipelineGroupFailure? {
        let errors = pipelines.enumerated().compactMap { index, pipeline in
            pipeline.takeError().map { (session: index, label: pipeline.session.label, error: $0) }
        }
        return errors.isEmpty ? nil : PipelineGroupFailure(errors: errors)
    }

    // MARK: Entering and leaving

    private func enter(_ session: Session) throws {
        try session.requireIdle()
        guard Pipeline.isSupported else { throw PipelineRefusal.unsupported }
        try session.connection.enterPipelineMode()
        let pipeline = Pipeline(session, in: self)
        session.pipelineInProgress = pipeline
        session.wireStatus = nil
        pipelines.append(pipeline)
    }

    private func leave() throws -> PipelineGroupFailure? {
        defer { leaveMode() }
        do {
            try synchronizeAll()
        } catch let interrupted as Interrupted {
            abandon()
            throw interrupted
        } catch {
            // A handler's error; the others still have their turn.
            finishQuietly()
            throw error
        }
        return failure()
    }

    /// The block failed: what was queued is still done, unless a signal stopped it.
    private func leave(becauseOf error: any Error) {
        defer { leaveMode() }
        if error is Interrupted {
            abandon()
        } else {
            finishQuietly()
        }
        for pipeline in pipelines {
            if let error = pipeline.takeError() { pipeline.noted.append(error) }
        }
    }

    private func finishQuietly() {
        while true {
            do {
                try synchronizeAll()
                return
            } catch is Interrupted {
                return abandon()
            } catch {
                // Another handler's.
                continue
            }
        }
    }

    /// Stops what runs and undoes what no synchronization point has confirmed.
    private func abandon() {
        for pipeline in pipelines { pipeline.stop(because: nil, within: grace) }
        while pipelines.contains(where: { !$0.queue.isEmpty }) {
            // What is thrown is a handler's.
            try? wait(interruptible: false) { pipelines.allSatisfy(\.queue.isEmpty) }
        }
    }

    private func leaveMode() {
        for pipeline in pipelines {
            pipeline.end()
            pipeline.session.pipelineInProgress = nil
            do {
                if let lost = pipeline.queue.lost { throw lost }
                guard pipeline.watch.finish(pipeline.session) else { throw Unanswered(seconds: grace) }
                try pipeline.session.connection.exitPipelineMode()
            } catch {
                // Lost, or results are left that will never be taken.
                pipeline.session.close()
            }
        }
    }
}

/// Errors of pipelines that run side by side; the others succeeded.
public struct PipelineGroupFailure: Error, CustomStringConvertible {
    /// The first unseen error of each session that has one, with its place in the group.
    public let errors: [(session: Int, label: String, error: any Error)]

    /// The error of a session, nil when it has none.
    public subscript(session: Int) -> (any Error)? { errors.first { $0.session == session }?.error }

    /// For a person.
    public var description: String { errors.map { "\($0.label): \($0.error)" }.joined(separator: "\n") }
}
