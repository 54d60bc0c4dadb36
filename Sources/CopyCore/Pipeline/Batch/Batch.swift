// A batch of statements on many sessions in pipeline mode: one loop over input, servers and output.

/// Runs the statements of an input on every session, each at its own pace.
///
/// A session that is slow holds the others back only when what they are ahead of it is too much to keep.
public final class Batch {
    private let input: BatchInput
    private let output: TextOutput
    private let poller: any Poller
    private let links: [BatchLink]
    /// Statements that some session has not taken, and how many came before them.
    private var backlog = Fifo<BatchStatement>()
    private var dropped = 0
    private var backlogBytes = 0

    private static let backlogLimit = 1 << 20
    /// How long a batch that was stopped may take to hear its last results.
    private static let grace = 3.0

    /// A batch that has not begun.
    /// - Parameter syncEvery: how many statements a synchronization point stands behind; one stands at the end, too.
    public init(
        _ input: BatchInput, on sessions: [Session], syncEvery: Int? = nil, output: TextOutput,
        observer: any BatchObserver, poller: any Poller
    ) throws {
        self.input = input
        self.output = output
        self.poller = poller
        // So that many sessions together stay within the memory of a few.
        let limit = max(1 << 17, (4 << 20) / max(2, sessions.count))
        links = sessions.enumerated().map {
            BatchLink($1, index: $0, syncEvery: syncEvery, observer: observer, limit: limit)
        }
        guard Pipeline.isSupported else { throw PipelineRefusal.unsupported }
        for session in sessions {
            try session.requireIdle()
            try session.connection.enterPipelineMode()
        }
    }

    /// Runs it to its end; the sessions can be used for nothing else afterwards.
    /// - Returns: on which of the sessions everything succeeded, and is committed unless a statement said otherwise.
    /// - Throws: `Interrupted` after what runs was cancelled, and what no synchronization point has confirmed
    ///   will be rolled back; a `SystemError` of the input or the output.
    public func run() throws -> Committer.Verdict {
        do {
            while try turn() {}
            for link in links { link.checkTransaction() }
            while let blocked = try output.drain() { try wait(for: [blocked]) }
        } catch {
            if output.isLost { for link in links { link.isHeard = false } }
            stop()
            if output.lacksText { for link in links { link.tellCommitted() } }
            throw error
        }
        return verdict
    }

    /// What became of all sessions, by now.
    public var verdict: Committer.Verdict { Committer.Verdict(links.map(\.state)) }

    /// A commit that only a standby was waited for is there when the wait is cancelled.
    private func noteCommits() {
        guard input.hasEnded else { return }
        for link in links where isIdle(link) && link.queue.lost == nil {
            link.finish()
            if link.isOver { link.checkTransaction() }
        }
    }

    // MARK: The loop

    /// False when all is done.
    private func turn() throws -> Bool {
        while output.isFull, let blocked = try output.drain() { try wait(for: [blocked]) }
        let inputBlocked = try fill()
        feed()
        let isComplete = input.hasEnded && dropped + backlog.count == (links.map(\.taken).min() ?? 0)
        if inputBlocked != nil { for link in links where isIdle(link) { link.requestAnswers() } }
        var interests: [Interest] = []
        for link in links where !link.isOver {
            if input.hasEnded, isIdle(link) { link.finish() }
            if case .waiting(let interest) = try link.step() { interests.append(interest) }
            if input.hasEnded, isIdle(link) { link.finish() }
        }
        drop()
        if links.allSatisfy(\.isOver) || links.allSatisfy({ $0.queue.lost != nil }) { return false }
        if let blocked = try output.drain() { interests.append(blocked) }
        if let inputBlocked { interests.append(inputBlocked) }
        let isEager =
            links.contains { $0.isReady && !isIdle($0) } || wantsInput && inputBlocked == nil
            || isComplete && links.contains { !$0.isOver && $0.queue.isEmpty }
        try wait(for: interests, until: isEager ? poller.now : nil)
        return true
    }

    /// It has taken all there is.
    private func isIdle(_ link: BatchLink) -> Bool { link.taken == dropped + backlog.count }

    private var wantsInput: Bool {
        !input.hasEnded && backlogBytes < Self.backlogLimit && links.contains { $0.queue.lost == nil }
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

    private func wait(for interests: [Interest], until deadline: Instant? = nil) throws {
        var entries = interests.map { PollEntry($0) }
        // A reader that is gone ends the batch at once.
        if let attention = output.attention { entries.append(PollEntry(attention)) }
        try poller.poll(&entries, until: deadline, interruptible: true)
        if output.attention != nil, let last = entries.last, !last.ready.isEmpty { try output.requireReader() }
    }

    // MARK: Stopping

    /// Cancels what runs, again for each transaction that is under way, and takes what still comes.
    private func stop() {
        let deadline = poller.now + Self.grace
        var cancels = CancelRepeater()
        for link in links { link.requestAnswers() }
        while poller.now < deadline {
            var entries: [PollEntry] = []
            for link in links where link.queue.lost == nil {
                guard case .waiting(let interest)? = try? link.step(), !link.queue.isEmpty else { continue }
                entries.append(PollEntry(interest))
                cancels.cancel(link.session.connection)
            }
            if entries.isEmpty { break }
            let pause = min(deadline, poller.now + CancelRepeater.pause)
            try? poller.poll(&entries, until: pause, interruptible: false)
        }
        noteCommits()
        for link in links { link.close() }
        _ = try? output.drain()
    }
}
