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
        let pid: Int32
        let server: Server
        /// Those that share it share a server and its database.
        let group: Int
    }

    /// What is known of a run at one moment; the same again: nothing has moved.
    struct Mark: Equatable {
        /// Locks are gathered, nothing flows yet.
        static let locking = 0

        var stage: Int
        var bytes: Int
        var backlog: Int
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
    /// Goes on without a destination, where that is wanted; false: it is not.
    private let drop: (Side, PgcopyError) -> Bool

    /// From now on nobody is faulted: commits are under way, or the run is being undone.
    var onlyTells = false

    private var last: Mark
    /// Since when nothing has moved.
    private var stillSince: Instant
    private var next: Instant
    private var questions: [Question] = []
    /// Waits are told no sooner than that, again.
    private var telling: Instant
    /// Since when somebody was seen waiting, where his server does not tell.
    private var seen: [Int32: Instant] = [:]
    /// Who waited for whom of the run when it was asked the last time: once may be by chance.
    private var suspected: Set<[Int32]> = []
    private var waits: [(watched: [Watched], waits: BackendWaits)] = []

    /// After what time a wait is told.
    private static let patience = Duration.seconds(1)

    init(
        _ poller: any Poller, interval: Duration, lockTimeout: Duration?, timeout: Duration?,
        mark: @escaping () -> Mark,
        watched: @escaping () -> [Watched], open: @escaping (Server) throws -> Witness,
        tell: @escaping (LockWait, Side) -> Void, tellAbroad: @escaping (Side, Side, LockWait.Holder) -> Void,
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
        self.drop = drop
        last = mark()
        let now = poller.now
        stillSince = now
        next = now
        telling = now
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
    var tickInterval: Duration { min(Self.patience, lockTimeout ?? Self.patience) }

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
        let mark = mark()
        guard mark != last else { return false }
        // What was asked is not so any more.
        last = mark
        stillSince = now
        poller.companion = nil
        stop()
        return true
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
            (try? open(all[0].server)).map { Question(all, $0) }
        }
        if questions.isEmpty { next = poller.now + Self.patience }
    }

    private func go(on question: Question) {
        do {
            let (sql, parameters) = Catalog.backendWaitsQuestion(
                question.all.map(\.pid), on: question.all[0].server.version)
            let (result, waiting) = try question.witness.ask(sql, parameters)
            question.waiting = waiting
            guard waiting == nil else { return }
            if let result { waits.append((question.all, Catalog.backendWaits(result))) }
        } catch {
            // What cannot be asked is not told.
            question.waiting = nil
            question.hasFailed = true
        }
        question.isAnswered = true
    }

    /// Nobody is asked any more.
    func stop() {
        for question in questions { question.witness.close() }
        questions = []
        waits = []
        suspected = []
        seen = [:]
    }

    private func judge(_ answers: [(watched: [Watched], waits: BackendWaits)], _ now: Instant) throws {
        var suspects: Set<[Int32]> = []
        // A little before, for the time it takes to ask is not the same each time.
        let tells = telling <= now + 0.1
        var hasTold = false
        defer {
            suspected = suspects
            if hasTold { telling = now + interval }
        }
        for (watched, waits) in answers {
            let pids = Set(watched.map(\.pid))
            for one in watched {
                if let (pid, table) = waits.ownBlocker(of: one.pid, among: pids),
                    let holder = watched.first(where: { $0.pid == pid })
                {
                    // As long as locks are gathered they are given back again, and who is in the way is asked there.
                    if onlyTells || last.stage == Mark.locking { continue }
                    guard suspected.contains([one.pid, pid]) else {
                        suspects.insert([one.pid, pid])
                        continue
                    }
                    try fault(one.side, .waitsForItself(one.side.label, holder.side.label, table))
                    return
                }
                guard let (wait, seconds) = waits.wait(of: one.pid) else {
                    seen[one.pid] = nil
                    continue
                }
                let since = seen[one.pid] ?? now
                seen[one.pid] = since
                let waited = seconds.map { Duration.seconds($0) } ?? now.duration(since: since)
                // A wait that has only begun may be over at once.
                if tells, waited >= Self.patience * 0.9 {
                    tell(wait, one.side)
                    hasTold = true
                }
                if !onlyTells, let lockTimeout, waited >= lockTimeout {
                    try fault(one.side, .lockTimeout(wait, after: lockTimeout, at: one.side.label))
                    return
                }
            }
        }
        let abroad = answers.flatMap { watched, waits in watched.filter { waits.abroad.contains($0.pid) } }
        guard let waiting = abroad.first else { return }
        for (watched, waits) in answers {
            for (own, visitor) in waits.blockedVisitors {
                guard let holder = watched.first(where: { $0.pid == own }) else { continue }
                if tells {
                    tellAbroad(waiting.side, holder.side, visitor)
                    hasTold = true
                }
                if !onlyTells, let timeout, now.duration(since: stillSince) >= timeout {
                    try fault(waiting.side, .waitsForItself(waiting.side.label, holder.side.label, nil))
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
    static func waitsForItself(_ waiting: String, _ holder: String, _ table: String?) -> PgcopyError {
        PgcopyError(
            .lock,
            "this waits for a lock\(table.map { " on \($0)" } ?? "") that \(holder) of the same run holds until all have finished",
            endpoint: waiting)
    }

    static func lockTimeout(_ wait: LockWait, after timeout: Duration, at label: String) -> PgcopyError {
        PgcopyError(.lock, "waited \(timeout.seconds) s for \(wait.sentence)", endpoint: label)
    }
}
