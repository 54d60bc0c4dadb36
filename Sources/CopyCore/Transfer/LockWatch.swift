// Watches over a run that stands still: who waits for whom.

/// Asks, once nothing has moved for a second, whom the run's sessions wait for: a stranger is told, again and again; one of
/// the run's own is a fault, for it gives nothing back before all have finished.
///
/// Goes on beside whatever is waited for (`Poller.companion`), but only while nothing moves: else it costs each cycle something.
/// Asks over connections of its own.
final class LockWatch: LoopTask {
    /// A session of the run.
    struct Watched {
        let side: Side
        /// Its stream's number, from 0 on.
        let stream: Int
        let pid: Int32
        /// Words in its statement, where its number may be a pooler's; empty: it is its own.
        let trace: String
        let server: Server
        /// Those that share it share a server, and can ask about each other.
        let group: Int
        /// It has nothing to do before the others have finished; else nil: that is for its server to say.
        let rests: Bool?
        /// It is so far behind that the source has to wait for it.
        let holdsUp: Bool
        /// The name of a table, `DATABASE/OID`, that it has locked for the whole run; nil: it has not.
        let locked: (String) -> String?
    }

    /// What one server is asked.
    private final class Question {
        let all: [Watched]
        let witness: Witness
        var waiting: Interest?
        var isAnswered = false
        /// Its server could not be asked: another connection is tried.
        var hasFailed = false

        init(_ all: [Watched], _ witness: Witness) {
            self.all = all
            self.witness = witness
        }
    }

    private let poller: any Poller
    private let interval: Duration
    private let lockTimeout: Duration?
    private let timeout: Duration?
    private let mark: () -> Mark
    private let watched: () -> [Watched]
    private let open: (Server) throws -> Witness
    private let tell: (LockWait, Side) -> Void
    private let tellAbroad: (Side, Side, LockWait.Holder) -> Void
    private let tellUnasked: (any Error, Side) -> Void
    /// Goes on without a destination, where that is wanted; false: it is not.
    private let drop: (Side, PgcopyError) -> Bool

    /// From now on nobody is faulted: commits are under way, or the run is being undone.
    var onlyTells = false

    private var last: Mark
    /// Since when nothing has moved, as far as the stage tells, and on each stream.
    private var stageSince: Instant
    private var streamsSince: [Instant]
    private var next: Instant
    private var questions: [Question] = []
    /// When a wait was told the last time.
    private var told: [Key: Instant] = [:]
    /// Since when somebody was seen waiting, where his server does not tell.
    private var seen: [Key: Instant] = [:]
    /// Who waited for whom of the run when it was asked the last time: once may be by chance.
    private var suspected: Set<Suspect> = []
    /// How often in a row a server could not be asked, and whether that was told.
    private var unasked = 0
    private var hasToldUnasked = false

    /// A wait: the same backend's for another lock is another one.
    private struct Key: Hashable {
        var pid: Int32
        var lock: String
    }

    private struct Suspect: Hashable {
        var wait: Key
        var holder: Int32
    }
    private var waits: [(watched: [Watched], waits: BackendWaits)] = []

    /// After what time a wait is told.
    private static let patience = Duration.seconds(1)

    init(
        _ poller: any Poller, interval: Duration, lockTimeout: Duration?, timeout: Duration?,
        mark: @escaping () -> Mark,
        watched: @escaping () -> [Watched], open: @escaping (Server) throws -> Witness,
        tell: @escaping (LockWait, Side) -> Void, tellAbroad: @escaping (Side, Side, LockWait.Holder) -> Void,
        tellUnasked: @escaping (any Error, Side) -> Void,
        drop: @escaping (Side, PgcopyError) -> Bool
    ) {
        self.poller = poller
        self.interval = max(interval, Self.patience)
        self.lockTimeout = lockTimeout
        self.timeout = timeout
        self.mark = mark
        self.watched = watched
        self.open = open
        self.tell = tell
        self.tellAbroad = tellAbroad
        self.tellUnasked = tellUnasked
        self.drop = drop
        last = mark()
        let now = poller.now
        stageSince = now
        streamsSince = last.streams.map { _ in now }
        next = now
    }

    func watch(_ entries: inout [PollEntry]) -> Bool {
        var isAsking = false
        for question in questions {
            guard let waiting = question.waiting else { continue }
            isAsking = true
            entries.append(PollEntry(waiting))
        }
        if !isAsking { entries.append(PollEntry(.at(next))) }
        return true
    }

    /// How often it is to be looked whether anything moves.
    var tickInterval: Duration { min(Self.patience * 0.5, lockTimeout ?? Self.patience) }

    /// Looks whether anything has moved since the last time, and begins to ask, or no longer asks.
    /// - Returns: whether it begins.
    func tick() -> Bool {
        let now = poller.now
        guard !hasMoved(now), poller.companion == nil, now.duration(since: stillSince) >= tickInterval else {
            return false
        }
        next = now
        poller.companion = self
        return true
    }

    private func hasMoved(_ now: Instant) -> Bool {
        guard note(mark(), now) else { return false }
        // What was asked is not so any more.
        poller.companion = nil
        stop()
        return true
    }

    /// Whether the stream that stood still for the longest time has moved.
    private func note(_ mark: Mark, _ now: Instant) -> Bool {
        guard mark.stage == last.stage, mark.streams.count == last.streams.count else {
            last = mark
            stageSince = now
            streamsSince = mark.streams.map { _ in now }
            return true
        }
        let before = stillSince
        var allMoved = true
        for (number, stream) in mark.streams.enumerated() {
            if stream.hasMoved(since: last.streams[number]) || stream.isOver != last.streams[number].isOver {
                last.streams[number] = stream
                streamsSince[number] = now
                continue
            }
            if !stream.isOver { allMoved = false }
            last.streams[number].flows = stream.flows
            last.streams[number].awaitsSource = stream.awaitsSource
            // What goes back, as behind a drop, is looked at from there.
            last.streams[number].bytes = min(last.streams[number].bytes, stream.bytes)
            last.streams[number].backlog = max(last.streams[number].backlog, stream.backlog)
        }
        return stillSince > before || allMoved && !isOver
    }

    private var isOver: Bool { last.streams.allSatisfy(\.isOver) }

    /// Since when nothing has moved, on one of the streams at least.
    private var stillSince: Instant {
        zip(last.streams, streamsSince).filter { !$0.0.isOver }.map(\.1).min()
            ?? max(
                stageSince, streamsSince.max() ?? stageSince)
    }

    func step(_ polled: ArraySlice<PollEntry>) throws {
        let now = poller.now
        if hasMoved(now) { return }
        if questions.allSatisfy({ $0.waiting == nil }) {
            guard next <= now else { return }
            begin()
        }
        for question in questions where !question.isAnswered { go(on: question) }
        guard questions.allSatisfy(\.isAnswered) else { return }
        let answers = waits
        waits = []
        for question in questions {
            question.isAnswered = false
            question.waiting = nil
        }
        // Asked more often than told: a wait that has just begun at the first look is to be told soon.
        next =
            now
            + (lockTimeout.map { min(Self.patience, max($0 - now.duration(since: stillSince), .milliseconds(50))) }
                ?? Self.patience)
        try judge(answers, now)
    }

    /// A round: over the connections of the last one, where the same sessions are to be asked about.
    private func begin() {
        let all = watched()
        func names(_ all: [Watched]) -> [[Int]] {
            all.map { [$0.side.place ?? -1, Int($0.pid), $0.group] }.sorted { $0[0] < $1[0] }
        }
        if !questions.isEmpty, !questions.contains(where: \.hasFailed), names(questions.flatMap(\.all)) == names(all) {
            return
        }
        for question in questions { question.witness.close() }
        var groups: [Int: [Watched]] = [:]
        for one in all { groups[one.group, default: []].append(one) }
        questions = groups.sorted { $0.key < $1.key }.compactMap { _, all in
            // Where one of them cannot be asked with, another one may.
            (try? open(all[unasked % all.count].server)).map { Question(all, $0) }
        }
        if questions.isEmpty { next = poller.now + Self.patience }
    }

    private func go(on question: Question) {
        do {
            let (sql, parameters) = Catalog.backendWaitsQuestion(
                question.all.map { ($0.pid, $0.trace) }, on: question.all[0].server.version)
            let (result, waiting) = try question.witness.ask(sql, parameters)
            question.waiting = waiting
            guard waiting == nil else { return }
            if let result { waits.append((question.all, Catalog.backendWaits(result))) }
        } catch {
            // What cannot be asked is not told.
            question.waiting = nil
            question.hasFailed = true
            note(unasked: error, question.all[0].side)
        }
        question.isAnswered = true
    }

    /// Who cannot be asked once may be asked the next time.
    private func note(unasked error: any Error, _ side: Side) {
        unasked += 1
        guard unasked >= 3, !hasToldUnasked else { return }
        hasToldUnasked = true
        tellUnasked(error, side)
    }

    /// Nobody is asked any more.
    func stop() {
        for question in questions { question.witness.close() }
        questions = []
        waits = []
        suspected = []
        seen = [:]
        unasked = 0
    }

    /// Whether a wait that has lasted for so long is to be told now.
    private func isToBeTold(_ key: Key, _ waited: Duration, _ now: Instant) -> Bool {
        // A wait that has only begun may be over at once. A little before, for the time it takes to ask is not the same each time.
        guard waited >= Self.patience * 0.9, told[key].map({ $0 + interval <= now + 0.1 }) ?? true else { return false }
        told[key] = now
        return true
    }

    /// How long a holder that may not be seen has to stand still before it is taken to rest.
    private static let hiddenPatience = Duration.seconds(30)

    private func judge(_ answers: [(watched: [Watched], waits: BackendWaits)], _ now: Instant) throws {
        var suspects: Set<Suspect> = []
        defer { suspected = suspects }
        if !answers.isEmpty { unasked = 0 }
        let all = answers.flatMap { watched, waits in watched.map { ($0, waits.wait(of: $0.pid) != nil) } }
        // What a holder waits for does not come as long as those who wait for locks do not go on: its stream's source is among
        // them, or all that it has to wait for are.
        func isHeldUp(_ number: Int) -> Bool {
            guard last.streams.indices.contains(number) else { return true }
            let (all, stream) = (all.filter { $0.0.stream == number }, last.streams[number])
            let isSourceWaiting = all.contains { $0.0.side.isSource && $0.1 }
            return isSourceWaiting
                ? stream.awaitsSource || !stream.flows : !stream.flows && !all.contains { $0.0.holdsUp && !$0.1 }
        }
        for (watched, waits) in answers {
            let pids = Set(watched.map(\.pid))
            for one in watched {
                guard let (wait, lock, seconds) = waits.wait(of: one.pid, name: one.locked) else {
                    seen = seen.filter { $0.key.pid != one.pid }
                    continue
                }
                let key = Key(pid: one.pid, lock: lock)
                let since = seen[key] ?? now
                seen = seen.filter { $0.key.pid != one.pid }
                seen[key] = since
                let waited = seconds.map { Duration.seconds($0) } ?? now.duration(since: since)
                let own = waits.ownBlocker(
                    of: one.pid, among: pids,
                    keeps: { pid, table in watched.first { $0.pid == pid }?.locked(table) != nil }
                ) { pid in
                    guard let other = watched.first(where: { $0.pid == pid }) else { return false }
                    if let rests = other.rests, rests { return true }
                    if !isHeldUp(other.stream) { return false }
                    let isHidden = waits.edges.contains {
                        $0.blocker.pid == pid && ($0.blocker.state ?? "disabled") == "disabled"
                    }
                    return isHidden ? waited >= Self.hiddenPatience : nil
                }
                if let (pid, table, _) = own, let holder = watched.first(where: { $0.pid == pid }) {
                    // As long as locks are gathered they are given back again, and who is in the way is asked there.
                    if !onlyTells, last.stage != Mark.locking {
                        let suspect = Suspect(wait: key, holder: pid)
                        guard suspected.contains(suspect) else {
                            suspects.insert(suspect)
                            continue
                        }
                        let next = wait.ahead ?? wait.holder
                        let stranger = pids.contains(next.pid) ? nil : next
                        try fault(
                            one.side, .waitsForItself(one.side.label, holder.side.label, table, behind: stranger))
                        return
                    }
                }
                if isToBeTold(key, waited, now) { tell(wait, one.side) }
                if !onlyTells, let lockTimeout, waited >= lockTimeout {
                    try fault(one.side, .lockTimeout(wait, after: lockTimeout, at: one.side.label))
                    return
                }
            }
        }
        try judgeAbroad(answers, now)
    }

    /// Loops through another server, which no server sees: one of ours waits within it, and a client of it for one of ours.
    private func judgeAbroad(_ answers: [(watched: [Watched], waits: BackendWaits)], _ now: Instant) throws {
        let abroad = answers.flatMap { watched, waits in watched.filter { waits.abroad.contains($0.pid) } }
        guard let waiting = abroad.first else { return }
        for (watched, waits) in answers {
            for (own, visitor) in waits.blockedVisitors {
                guard let holder = watched.first(where: { $0.pid == own }) else { continue }
                let still = now.duration(since: stillSince)
                if isToBeTold(Key(pid: visitor.pid, lock: "abroad"), still, now) {
                    tellAbroad(waiting.side, holder.side, visitor)
                }
                let limit = [timeout, lockTimeout].compactMap { $0 }.min()
                if !onlyTells, let limit, still >= limit {
                    try fault(waiting.side, .waitsAbroad(waiting.side.label, holder.side.label, visitor))
                    return
                }
            }
        }
    }

    private func fault(_ side: Side, _ error: PgcopyError) throws {
        if drop(side, error) { return }
        stop()
        // What is undone waits for nobody.
        onlyTells = true
        throw error
    }
}

extension PgcopyError.Code {
    /// A lock was not had in the time that was given, or never could be.
    public static let lock = Self("lock")
}

extension PgcopyError {
    /// Two sessions of one run, of which one waits for the other for ever.
    /// - Parameter stranger: who lies between them; nil: nobody.
    static func waitsForItself(
        _ waiting: String, _ holder: String, _ table: String?, behind stranger: LockWait.Holder?
    ) -> PgcopyError {
        PgcopyError(
            .lock,
            "this waits for a lock\(table.map { " on \($0)" } ?? "")"
                + (stranger.map { " behind \($0.shown), which waits for one" } ?? "") + " that "
                + (holder == waiting ? "another stream" : holder) + " of the same run holds until all have finished",
            endpoint: waiting)
    }

    /// The same through another server: nothing has moved for long, and a session that looks like its waits for the run.
    static func waitsAbroad(_ waiting: String, _ holder: String, _ visitor: LockWait.Holder) -> PgcopyError {
        PgcopyError(
            .lock,
            "this waits for a foreign server, and there \(visitor.shown) waits for a lock that \(holder) of the same run holds until all have finished",
            endpoint: waiting)
    }

    static func lockTimeout(_ wait: LockWait, after timeout: Duration, at label: String) -> PgcopyError {
        PgcopyError(.lock, "waited \(timeout.seconds) s for \(wait.sentence)", endpoint: label)
    }
}
