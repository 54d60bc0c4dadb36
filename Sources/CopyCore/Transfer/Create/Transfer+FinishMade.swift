// Indexes and constraints of tables that were made, once their rows are there.

extension Transfer {
    /// In the transaction that has made and loaded the tables.
    func finishMade(_ opened: Opened) throws {
        let asked = active.compactMap { side -> (side: Side, session: Session, landings: [TablePlan.Landing])? in
            guard let made = side.made, !made.isCommitted, let session = side.session, opened.hasOpened(side) else {
                return nil
            }
            return (side, session, [])
        }
        guard !asked.isEmpty else { return }
        try askEnding(asked, as: TransferStage.indexing) { part, _ in
            for setting in Self.definitionSettings(part.session) { part.ask(.statement(setting.sql)) }
            let side = asked.first { $0.session === part.session }?.side
            for entry in side?.made?.making.finishing ?? [] {
                for statement in entry.statements { part.ask(.statement(statement)) }
            }
            return { _ in }
        }
    }

    /// In transactions of their own, many side by side, behind the commits of the rows.
    /// - Returns: what failed.
    func finishCommitted() -> (any Error)? {
        let sides = destinations.filter { $0.made?.isCommitted ?? false && $0.status == .committed }
        guard !sides.isEmpty else { return nil }
        let builds = sides.map { side in
            MadeFinish(
                (side.made?.making.finishing ?? []) + announcing(at: side), side.sessions, timeout: request.timeout,
                lockTimeout: request.lockTimeout)
        }
        for build in builds { build.isVital = !request.keepGoing }
        ending = .indexing(sides.map(\.label))
        let all = MadeFinishes(builds) { [poller] in poller.now }
        let cause = poller.seeThrough(all)
        var failure = cause
        for (side, build) in zip(sides, builds) {
            // Whatever was left out, it is no success.
            let isLost = cause == nil && !build.isDone && builds.allSatisfy { $0.failure == nil }
            if let error = build.failure ?? (isLost ? PgcopyError(.unexpected, "indexes were left out") : nil) {
                fail(side, error)
                failure = failure ?? PgcopyError.of(error, at: side.label)
            }
            if !build.isDone { side.isUnfinished = true }
        }
        guard failure != nil else { return nil }
        for side in sides where !request.keepGoing || side.isUnfinished { giveUp(side) }
        return failure
    }

    /// Listeners are told with the last commit.
    private func announcing(at side: Side) -> [Making.Finishing] {
        guard let opened, let place = side.place,
            let sql = announcement(at: side, opened.plan.landings(place), opened)
        else { return [] }
        return [Making.Finishing(stage: .rest, statements: [sql])]
    }

    /// What it has made is to be dropped; what was there before has got its rows.
    private func giveUp(_ side: Side) {
        side.isUnfinished = true
        noteEnds(of: side, left: [])
    }

    /// Of a destination whose rows were committed before not all was made that comes behind them.
    /// - Parameter left: the tables that it has made and that are there all the same, by their OIDs there.
    func noteEnds(of side: Side, left: Set<String>) {
        guard let opened, let made = side.made, let place = side.place else { return }
        let tables = opened.plan.landings(place).map { ($0.table.oid, $0.table.name.parts.joined(separator: ".")) }
        let isGone = { (oid: String) in made.tables.contains(oid) && !left.contains(oid) }
        let (gone, kept) = (tables.filter { isGone($0.0) }, tables.filter { !isGone($0.0) })
        side.status = kept.isEmpty ? .rolledBack : .partlyCommitted
        side.ends = kept.isEmpty ? TableEnds() : TableEnds([(.committed, kept.map(\.1)), (.rolledBack, gone.map(\.1))])
    }
}

/// What is left to be run at one destination, by all of its sessions.
final class MadeFinish {
    private var queue: FinishQueue
    /// `rest`: what is sent once the settings before it are answered.
    private var running: [(session: Session, place: Int, statement: StatementTask, rest: [String]?)] = []
    private let sessions: [Session]
    private let timeout: Duration?
    private let lockTimeout: Duration?
    /// Its failure ends those of the others.
    var isVital = true
    private(set) var failure: (any Error)?

    init(_ entries: [Making.Finishing], _ sessions: [Session], timeout: Duration?, lockTimeout: Duration?) {
        queue = FinishQueue(Making.Finishing.sideBySide(entries))
        self.lockTimeout = lockTimeout
        self.sessions = sessions.filter(\.connection.isUsable)
        self.timeout = timeout
        if self.sessions.isEmpty, !entries.isEmpty { failure = PgcopyError(.connectionLost, "no connection is left") }
    }

    var isDone: Bool { queue.isEmpty && running.isEmpty && failure == nil }
    var tasks: [StatementTask] { running.map(\.statement) }

    /// Takes what has ended, and starts what can be.
    func advance() {
        // What was started may be answered by now.
        repeat { advanceOnce() } while running.contains { $0.statement.outcome != nil }
    }

    private func advanceOnce() {
        let ended = running.filter { $0.statement.outcome != nil }
        running.removeAll { $0.statement.outcome != nil }
        for (session, place, statement, rest) in ended {
            do {
                _ = try statement.outcome?.get()
                if let rest, failure == nil { try send(rest, then: nil, place, session) } else { queue.done(place) }
            } catch {
                queue.done(place)
                failure = failure ?? error
            }
        }
        guard failure == nil else {
            if let failure { stop(failure) }
            return
        }
        for session in sessions where !running.contains(where: { $0.session === session }) {
            guard let (place, entry) = queue.next() else { return }
            do {
                try start(entry, place, session)
            } catch {
                queue.done(place)
                failure = error
                return
            }
        }
    }

    private func start(_ entry: Making.Finishing, _ place: Int, _ session: Session) throws {
        // Workers, where sessions have nothing to do.
        let isBusy = queue.largeLeft >= sessions.count
        let settings =
            ["BEGIN READ WRITE"] + SessionSettings.first(session.connection)
            + Transfer.definitionSettings(session).map(\.sql)
            + (lockTimeout.map { [SessionSettings.lockTimeout($0)] } ?? [])
            + (isBusy ? ["SET LOCAL max_parallel_maintenance_workers = 0"] : [])
        let statements = entry.statements + ["COMMIT"]
        try session.requireIdle()
        // A server reads a whole message by the settings before it: where these are others it takes a message of their own.
        if SessionSettings.readsAsWritten(session.connection) {
            try send(settings + statements, then: nil, place, session)
        } else {
            try send(settings, then: statements, place, session)
        }
    }

    private func send(_ statements: [String], then rest: [String]?, _ place: Int, _ session: Session) throws {
        let text = statements.joined(separator: ";\n")
        try session.announce(text)
        try session.connection.sendQuery(text)
        let statement = StatementTask(session, timeout: timeout)
        statement.step([])
        running.append((session, place, statement, rest))
    }

    func stop(_ cause: any Error) {
        for (_, _, statement, _) in running {
            statement.stop(cause)
            statement.step([])
        }
    }
}

/// Those of all destinations.
final class MadeFinishes: StoppableTask {
    private let all: [MadeFinish]
    private var places = TaskPlaces()
    private var tasks: [any LoopTask] = []
    private let now: () -> Instant
    private var isStopped = false

    init(_ all: [MadeFinish], now: @escaping () -> Instant) {
        self.all = all
        self.now = now
    }

    func step(_ polled: ArraySlice<PollEntry>) throws {
        try places.step(tasks, polled, at: now())
        guard !isStopped else { return }
        for one in all { one.advance() }
        if let failed = all.first(where: { $0.failure != nil && $0.isVital }), let failure = failed.failure {
            for one in all where one !== failed { one.stop(failure) }
            isStopped = true
        }
    }

    func watch(_ entries: inout [PollEntry]) -> Bool {
        tasks = all.flatMap(\.tasks)
        return places.watch(tasks, &entries)
    }

    func stop(_ cause: any Error) {
        isStopped = true
        for one in all { one.stop(cause) }
    }
}

/// In which order entries can be run side by side, those of large tables first; pure.
///
/// Nothing that may wait for another one's lock runs beside it: two that each take two locks would wait for each other.
struct FinishQueue {
    private typealias Stage = Making.Finishing.Stage

    /// Indexes and what brings one with it go side by side.
    private func rank(_ place: Int) -> Int { max(entries[place].stage.rawValue, Stage.constraint.rawValue) }

    private func isSerial(_ place: Int) -> Bool { [.attaching, .rest].contains(entries[place].stage) }

    private let entries: [Making.Finishing]
    private var waiting: [Int]
    private var running: [Int] = []

    init(_ entries: [Making.Finishing]) {
        self.entries = entries
        waiting = []
        // What stands by itself, and all the rest, goes in pg_dump's order.
        func pages(_ place: Int) -> Int { rank(place) == Stage.constraint.rawValue ? entries[place].pages : 0 }
        waiting = entries.indices.sorted { (rank($0), -pages($0), $0) < (rank($1), -pages($1), $1) }
    }

    /// Indexes of large tables that are being built, or are still to be.
    var largeLeft: Int {
        (running + waiting).count { entries[$0].isLarge && rank($0) == Stage.constraint.rawValue }
    }

    var isEmpty: Bool { waiting.isEmpty && running.isEmpty }

    /// What can be run now; nil: nothing, or not yet.
    mutating func next() -> (place: Int, entry: Making.Finishing)? {
        guard let first = running.first ?? waiting.first else { return nil }
        if isSerial(first), !running.isEmpty { return nil }
        let candidates = waiting.prefix { rank($0) == rank(first) }
        guard let index = candidates.firstIndex(where: { place in !running.contains { conflict($0, place) } }) else {
            return nil
        }
        let place = waiting.remove(at: index)
        running.append(place)
        return (place, entries[place])
    }

    mutating func done(_ place: Int) { running.removeAll { $0 == place } }

    private func tables(_ place: Int) -> Set<UInt32> {
        Set([entries[place].table, entries[place].referenced].compactMap { $0 })
    }

    /// CREATE INDEX goes beside others of its table, all else does not.
    private func conflict(_ one: Int, _ other: Int) -> Bool {
        if entries[one].stage == .index, entries[other].stage == .index { return false }
        let (own, others) = (tables(one), tables(other))
        return own.isEmpty || others.isEmpty || !own.isDisjoint(with: others)
    }
}
