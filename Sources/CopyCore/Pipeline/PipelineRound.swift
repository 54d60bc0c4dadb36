// Several sessions asked side by side, each in one round trip.

/// Runs parts together: the time of all is that of the slowest. What came of each it says itself.
///
/// As if they were sent in their order: once a vital part has failed and every vital one before it has succeeded
/// the rest is stopped.
final class PipelineRound: StoppableTask {
    /// How long what is stopped may take before its connection is closed.
    private static let grace = Duration.seconds(1)

    private let parts: [PipelinePart]
    private let poller: any Poller
    /// One has failed for good that is not vital: until when the others may still answer, so that all is told at once.
    private var closing: Instant?
    private var joined: [PipelinePart] = []
    private let group: PipelineGroup
    private var isDecided = false
    private var isLeaving = false

    /// Sends every part; one whose session is at other work fails.
    /// - Throws: where there are no pipelines.
    init(_ parts: [PipelinePart], _ poller: any Poller) throws {
        self.parts = parts
        self.poller = poller
        group = PipelineGroup(poller, grace: Self.grace)
        for part in parts {
            do {
                try part.session.requireIdle()
                joined.append(part)
            } catch {
                part.fail(error)
            }
        }
        try group.enter(joined.map(\.session))
        for (part, pipeline) in zip(joined, group.pipelines) { part.send(by: pipeline) }
    }

    func step(_ polled: ArraySlice<PollEntry>) throws {
        try group.step(polled)
        if isLeaving { return }
        if !isDecided, let first = decided {
            isDecided = true
            for (part, pipeline) in zip(joined, group.pipelines) where part !== first {
                part.isStopped = part.failure == nil && !part.hasSucceeded
                pipeline.stop(because: nil, grace: Self.grace)
            }
            try group.step([])
        }
        guard group.isSynchronized else {
            let recovering = zip(joined, group.pipelines).filter { $1.isSynchronized && $0.recover(by: $1) }
            if !recovering.isEmpty { try group.step([]) }
            return
        }
        for (part, pipeline) in zip(joined, group.pipelines) {
            part.take(pipeline.watch.reason, lost: pipeline.queue.lost)
        }
        isLeaving = true
        group.beginLeaving()
        try group.step([])
    }

    func watch(_ entries: inout [PollEntry]) -> Bool {
        guard group.watch(&entries) else { return false }
        if let closing, !isDecided { entries.append(PollEntry(.at(closing))) }
        return true
    }

    /// Everything is cancelled.
    func stop(_ cause: any Error) {
        isLeaving = true
        group.stop()
    }

    /// The part whose failure is what is told, whatever comes of the others.
    private var decided: PipelinePart? {
        let first = parts.first { $0.isVital && !$0.hasSucceeded && !$0.isAskedAgain() }
        if first?.failure != nil { return first }
        guard let last = parts.first(where: { $0.endsRound && $0.failure != nil && !$0.isAskedAgain() }) else {
            return nil
        }
        let now = poller.now
        let end = closing ?? now + Self.grace
        closing = end
        return end <= now ? last : nil
    }

    /// Sends every part and waits until all are answered.
    /// - Parameter pipelined: false where libpq knows no pipelines: then they are sent one after the other.
    /// - Throws: `Interrupted`, after everything was cancelled.
    static func run(_ parts: [PipelinePart], pipelined: Bool = Pipeline.isSupported) throws {
        guard let poller = parts.first?.session.poller else { return }
        let cause =
            try pipelined ? poller.seeThrough(PipelineRound(parts, poller)) : poller.seeThrough(SerialRound(parts))
        if let cause { throw cause }
        // A signal that came by now.
        try poller.checkInterruption()
    }
}

/// The same where libpq knows no pipelines: one question after the other.
private final class SerialRound: StoppableTask {
    private var parts: ArraySlice<PipelinePart>
    private var statement: StatementTask?

    init(_ parts: [PipelinePart]) { self.parts = parts[...] }

    func step(_ polled: ArraySlice<PollEntry>) {
        statement?.step(polled)
        while let part = parts.first {
            do {
                if statement == nil {
                    statement = try part.sendNext()
                    statement?.step([])
                }
                guard let statement else {
                    let isOver = part.isVital && part.failure != nil && !part.isAskedAgain()
                    parts = isOver ? [] : parts.dropFirst()
                    continue
                }
                guard let outcome = statement.outcome else { return }
                part.take(outcome)
            } catch {
                part.fail(error)
            }
            statement = nil
        }
    }

    func watch(_ entries: inout [PollEntry]) -> Bool { statement?.watch(&entries) ?? false }

    /// What runs is cancelled, and what was not answered stays so.
    func stop(_ cause: any Error) {
        parts = []
        statement?.stop(cause)
    }
}
