// A batch of statements on many sessions in pipeline mode: input, servers and output as one task.

/// Runs the statements of an input on every session, each at its own pace.
///
/// A session that is slow holds the others back only when what they are ahead of it is too much to keep.
public final class Batch: StoppableTask {
    private enum Phase {
        case running
        /// The last of the output is on its way.
        case draining
        /// What runs is cancelled, and what still comes is taken.
        case stopping(CancelRepeater, until: Instant, because: any Error)
        /// What was heard is written out, as long as its reader takes some of it every now and then.
        case telling(until: Instant, left: Int, nextLook: Instant, because: any Error)
        case over(Result<Committer.Verdict, any Error>)
    }

    private let input: BatchInput
    private let output: TextOutput
    private let poller: any Poller
    private let links: [BatchLink]
    /// Statements that some session has not taken, and how many came before them.
    private var backlog = Fifo<BatchStatement>()
    private var dropped = 0
    private var backlogBytes = 0
    private var phase = Phase.running
    private var waiting: [Interest] = []
    /// The reader was watched, behind what is waited for.
    private var watchesReader = false

    private static let backlogLimit = 1 << 20
    /// How long a batch that was stopped may take to hear its last results.
    private static let grace = Duration.seconds(3)
    /// How long its reader may take nothing then.
    private static let readerGrace = Duration.seconds(1)
    /// Bytes of output that may wait while it stops: more is not read, and lost with its connection.
    private static let outputLimit = 4 << 20

    /// Bytes that one of so many sessions may keep waiting: together they stay within the memory of a few.
    package static func share(_ sessions: Int) -> Int { max(1 << 17, (4 << 20) / max(2, sessions)) }

    /// A batch that has not begun.
    /// - Parameters:
    ///   - syncEvery: how many statements a synchronization point stands behind; one stands at the end, too.
    ///   - stopsOnError: a session is sent nothing behind a point before that is answered, and nothing more behind an error.
    public init(
        _ input: BatchInput, on sessions: [Session], syncEvery: Int? = nil, stopsOnError: Bool = false,
        output: TextOutput, sink: any BatchSink, poller: any Poller
    ) throws {
        self.input = input
        self.output = output
        self.poller = poller
        let limit = Self.share(sessions.count)
        links = sessions.enumerated().map {
            BatchLink(
                $1, index: $0, syncEvery: syncEvery, stopsOnError: stopsOnError, sink: sink, limit: limit)
        }
        guard Pipeline.isSupported else { throw PgcopyError.pipelineUnsupported }
        for session in sessions {
            try session.requireIdle()
            try session.connection.enterPipelineMode()
        }
    }

    /// Runs it to its end; the sessions can be used for nothing else afterwards.
    /// - Returns: whether everything succeeded on all sessions, and is committed unless a statement said otherwise.
    /// - Throws: `Interrupted` after what runs was cancelled, and what no synchronization point has confirmed
    ///   will be rolled back; a `.system` error of the input or the output.
    public func run() throws -> Committer.Verdict {
        poller.seeThrough(self)
        return try outcome?.get() ?? verdict
    }

    /// What `run` gives; nil: it goes on.
    public var outcome: Result<Committer.Verdict, any Error>? {
        if case .over(let outcome) = phase { outcome } else { nil }
    }

    /// What became of all sessions, by now. Where none did everything, some may still have committed a part, and others nothing.
    public var verdict: Committer.Verdict {
        let verdict = Committer.Verdict(links.map(\.state))
        return verdict == .none && Set(links.map(\.hasCommitted)).count > 1 ? .some : verdict
    }

    /// A commit that only a standby was waited for is there when the wait is cancelled.
    private func noteCommits() {
        guard input.hasEnded else { return }
        for link in links where isIdle(link) && link.queue.lost == nil {
            link.finish(isComplete: hasAll(link))
            if link.isOver { link.checkTransaction() }
        }
    }

    // MARK: As a task

    /// Reads, sends, hears and writes what can be.
    public func step(_ polled: ArraySlice<PollEntry>) {
        do {
            // A reader that is gone ends the batch at once.
            if watchesReader, let last = polled.last, !last.ready.isEmpty { try output.requireReader() }
            try advance()
        } catch {
            stop(error)
        }
    }

    /// The input, the servers, the output and its reader.
    public func watch(_ entries: inout [PollEntry]) -> Bool {
        if outcome != nil { return false }
        for interest in waiting { entries.append(PollEntry(interest)) }
        let attention = isStopping ? nil : output.attention
        watchesReader = attention != nil
        if let attention { entries.append(PollEntry(attention)) }
        return true
    }

    private var isStopping: Bool {
        switch phase {
        case .stopping, .telling: true
        case .running, .draining, .over: false
        }
    }

    private func advance() throws {
        waiting.removeAll(keepingCapacity: true)
        switch phase {
        case .running:
            if try turn() { return }
            for link in links { link.checkTransaction() }
            for link in links where !hasAll(link) { link.tellRest() }
            for link in links { link.tellEnd() }
            phase = .draining
            try advance()
        case .draining:
            guard let blocked = try output.drain() else {
                phase = .over(.success(verdict))
                return
            }
            waiting.append(blocked)
        case .stopping(let cancels, let end, let cause): goOnStopping(cancels, until: end, because: cause)
        case .telling(let end, let left, let nextLook, let cause):
            goOnTelling(until: end, left: left, nextLook: nextLook, because: cause)
        case .over: return
        }
    }

    /// False when all is done.
    private func turn() throws -> Bool {
        if output.isFull, let blocked = try output.drain() {
            waiting.append(blocked)
            return true
        }
        let inputBlocked = try fill()
        feed()
        let isComplete = input.hasEnded && dropped + backlog.count == (links.map(\.taken).min() ?? 0)
        if inputBlocked != nil { for link in links where isIdle(link) { link.requestAnswers() } }
        for link in links where !link.isOver {
            if isAtEnd(link) { link.finish(isComplete: hasAll(link)) }
            var step = try link.step()
            if isAtEnd(link) { link.finish(isComplete: hasAll(link)) }
            // An error was heard just now, and what ends the session is sent: someone has to wait for the answer.
            while link.isStopped, !link.isOver {
                step = try link.step()
                if case .waiting = step { break }
                link.finish(isComplete: hasAll(link))
            }
            if case .waiting(let interest) = step { waiting.append(interest) }
        }
        drop()
        if links.allSatisfy(\.isOver) || links.allSatisfy({ $0.queue.lost != nil }) { return false }
        if let blocked = try output.drain() { waiting.append(blocked) }
        if let inputBlocked { waiting.append(inputBlocked) }
        let isEager =
            links.contains { $0.isReady && !isIdle($0) } || wantsInput && inputBlocked == nil
            || isComplete && links.contains { !$0.isOver && $0.queue.isEmpty }
        if isEager { waiting.append(.at(poller.now)) }
        return true
    }

    /// It has taken all there is.
    private func isIdle(_ link: BatchLink) -> Bool { link.taken == dropped + backlog.count }

    private func hasAll(_ link: BatchLink) -> Bool { input.hasEnded && isIdle(link) }

    private func isAtEnd(_ link: BatchLink) -> Bool { link.isStopped || hasAll(link) }

    private var wantsInput: Bool {
        !input.hasEnded && backlogBytes < Self.backlogLimit
            && links.contains { $0.queue.lost == nil && !$0.isStopped }
    }

    private func fill() throws -> Interest? {
        guard wantsInput else { return nil }
        return try input.read { statement in
            backlog.append(statement)
            backlogBytes += statement.sql.utf8.count + 64
        }
    }

    private func feed() {
        for link in links { while link.isReady, !isIdle(link) { link.take(backlog[link.taken - dropped]) } }
    }

    /// Lets go what every session has taken.
    private func drop() {
        let slowest = links.map(\.taken).min() ?? 0
        while dropped < slowest, let statement = backlog.popFirst() {
            dropped += 1
            backlogBytes -= statement.sql.utf8.count + 64
        }
    }

    // MARK: Stopping

    /// Cancels what runs, again for each transaction that is under way, and takes what still comes.
    public func stop(_ cause: any Error) {
        switch phase {
        case .running, .draining: break
        case .stopping, .telling, .over: return
        }
        if output.isLost { for link in links { link.isHeard = false } }
        for link in links { link.requestAnswers() }
        phase = .stopping(CancelRepeater(), until: poller.now + Self.grace, because: cause)
        step([])
    }

    private func goOnStopping(_ cancels: CancelRepeater, until end: Instant, because cause: any Error) {
        var cancels = cancels
        let now = poller.now
        if now < end {
            for link in links where link.queue.lost == nil {
                var interest = Interest.at(end)
                if output.unwritten < Self.outputLimit {
                    guard case .waiting(let socket)? = try? link.step() else { continue }
                    interest = socket
                }
                guard !link.queue.isEmpty else { continue }
                cancels.cancel(link.session.connection)
                interest.alarm = min(end, now + CancelRepeater.pause)
                waiting.append(interest)
            }
            if !waiting.isEmpty, let blocked = try? output.drain() { waiting.append(blocked) }
        }
        phase = .stopping(cancels, until: end, because: cause)
        guard waiting.isEmpty else { return }
        noteCommits()
        for link in links { link.close() }
        for link in links { link.tellEnd() }
        goOnTelling(
            until: max(end, now + Self.readerGrace), left: .max, nextLook: now + Self.readerGrace, because: cause)
    }

    private func goOnTelling(until end: Instant, left: Int, nextLook: Instant, because cause: any Error) {
        let now = poller.now
        if !output.isLost, now < end, var interest = try? output.drain() {
            let isTaking = output.unwritten < left
            let look = isTaking ? now + Self.readerGrace : nextLook
            if now < look {
                interest.alarm = min(end, look)
                waiting.append(interest)
                phase = .telling(until: end, left: output.unwritten, nextLook: look, because: cause)
                return
            }
        }
        if output.lacksText { for link in links { link.tellCommitted() } }
        phase = .over(.failure(cause))
    }
}
