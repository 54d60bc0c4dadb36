// Locks before looks: what was asked for is still so when rows flow.

/// A server that takes part, with its transaction.
struct Participant {
    let located: LocatedServer
    let preparation: Preparation
    /// Its stream's number, from 0 on.
    var stream = 0
    /// The numbers of the tables that it tells of, in the order of its preparation's.
    var numbers: [Int] = []

    var side: Side { located.side }
    var isActive: Bool { side.isActive }

    /// Where it stands in the order that all runs have: its server, its database, its side's tables.
    var place: [Int] {
        [located.server.cluster.start, located.server.database, located.found.map(\.oid).min()]
            .map { $0.flatMap { Int($0) } ?? 0 } + [stream]
    }

    func comesBefore(_ other: Participant) -> Bool { place.lexicographicallyPrecedes(other.place) }

    /// What it locks the other may well wait for: the very same server and database. Streams of one side are in nobody's way.
    func sharesLocks(with other: Participant) -> Bool {
        side !== other.side && located.server.database == other.located.server.database && isOnServer(of: other)
    }

    /// The very same server, whatever the database: roles are one for all.
    func isOnServer(of other: Participant) -> Bool {
        preparation !== other.preparation
            && located.server.cluster.relation(to: other.located.server.cluster) == .sameServer
    }
}

extension Transfer {
    /// Locks what was found and asks all that has to be known, on all servers side by side.
    ///
    /// Two runs that wait at two servers, each for what the other holds, would wait for ever: no server sees both. So
    /// nobody waits for long while holding anything. Where something is in the way all is let go, the one lock is
    /// waited for alone, and the others are tried behind it: those that come before it in the order that all runs have
    /// for a moment, and those behind it for longer each time. Of two runs in each other's way one lets go at
    /// once; else both would, again and again.
    func lockAndAsk(_ located: [LocatedServer]) throws {
        let all = located.flatMap(makeParticipants)
        participants = all
        var alone = all.count == 1 ? all.first : nil
        var lockTimeout = Self.glance
        while true {
            var held: [Participant] = []
            if let waiting = alone {
                if try lock(wave: [waiting], after: [], lockTimeout: nil) != nil { continue }
                held = [waiting]
            }
            let others = all.filter { one in one.isActive && !held.contains { $0.preparation === one.preparation } }
            guard let busy = try lock(others, after: held, lockTimeout) else { return }
            try release(all)
            alone = busy
            lockTimeout = min(Self.longestLook, lockTimeout * Double.random(in: 1.5...2.5))
        }
    }

    /// How long a lock is waited for while others are held: most are gone by then.
    static let glance = Duration.milliseconds(100)
    /// By chance two runs then do not try at the same moments.
    private static let longestLook = Duration.seconds(10)

    private func makeParticipants(_ located: LocatedServer) -> [Participant] {
        if let shares, shares.streams > 1, !located.side.isSource { return makeParticipants(located, shares) }
        let rows: Preparation.Rows =
            located.found.isEmpty
            ? Preparation.Rows.query(CopyStatement.trimmed(request.query ?? ""))
            : .tables(located.found, where: located.side.isSource ? request.condition : nil)
        let preparation = makePreparation(located.side, located.session, at: located.server, rows)
        if !located.side.isSource, request.empties != nil { preparation.emptiedInRun = located.found }
        return [
            Participant(
                located: located, preparation: preparation, numbers: Array(0..<max(1, located.found.count)))
        ]
    }

    /// Rows are looked at for those they refer to; or tables that refer to each other are to be emptied by one TRUNCATE.
    var checksReferences: Bool { !request.disablesTriggers || request.empties == .truncate }

    func makePreparation(
        _ side: Side, _ session: Session, at server: Lookup.Server?, _ rows: Preparation.Rows,
        snapshot: String? = nil, others: [Lookup.Found] = [], kept: Set<String> = [], leader: Preparation? = nil
    ) -> Preparation {
        let role =
            side.isSource
            ? Preparation.Role.source
            : .destination(
                isEmptied: request.empties == .truncate && !request.isDryRun,
                overridesReadOnly: request.overridesReadOnly,
                deadLink: session.isLocal ? nil : deadLinkTimeout)
        let preparation = Preparation(
            session, at: server, role, rows, pinsMoney: pinsMoney,
            snapshot: snapshot ?? (side.isSource ? request.snapshot : nil),
            lastLockTimeout: request.lockTimeout.map { $0 + .seconds(2) }, others: others, kept: kept, leader: leader,
            disablesTriggers: !side.isSource && request.disablesTriggers,
            isVital: server != nil && (side.isSource || !request.keepGoing), names: columnNames)
        preparation.locksPartitions = request.streams > 1
        preparation.takesTurns = (request.empties == .delete || request.upserts != nil) && !side.isSource
        preparation.asksSequences = request.setsSequences
        preparation.asksUniqueIndexes = request.upserts != nil && !side.isSource
        guard leader == nil else { return preparation }
        let isDivided = request.streams > 1 || request.splitSize != nil || request.part != nil
        preparation.selection = side.isSource ? request.selection : nil
        // Of partitions that a condition passes over none is locked, and none is to be waited for.
        let isForecast = request.reportInterval != nil && request.condition == nil
        preparation.asksSizes =
            request.isDryRun
            || side.isSource && (request.selection != nil || isDivided || isForecast)
        preparation.asksReferences =
            checksReferences && shares?.streams ?? 1 == 1 && (preparation.found.count > 1 || isDivided)
        preparation.asksRows = request.empties == .delete || request.isDryRun && request.empties != nil && isDivided
        return preparation
    }

    /// The same until the patterns stand, at the snapshot, for what was locked: partitions come and go, and a table's rows
    /// go through what it is a partition of.
    func lockSelected() throws {
        for _ in 0..<Self.attempts {
            do {
                let located = try lookUp()
                try settleShares(located)
                try lockAndAsk(located.filter(\.side.isActive))
            } catch {
                // What was selected may be gone by now.
                guard try selectedAnew() else { throw error }
                continue
            }
            let reader = participants.first(where: \.side.isSource)
            guard let now = try atSource({ try reader?.preparation.selected() }), now != selected else { return }
            try releaseAll()
            selected = now
        }
        throw PgcopyError(
            .sourceChanged, "other tables matched each time they were locked; nothing was copied",
            endpoint: source.label)
    }

    /// Whether the patterns stand for something else than before; a source that failed for another reason stays as it is.
    private func selectedAnew() throws -> Bool {
        guard request.selection != nil, let before = selected, (source.error as? PgcopyError)?.code == .refused,
            source.session?.connection.isUsable ?? false
        else { return false }
        let failure = source.error
        source.error = nil
        try releaseAll()
        try select()
        guard selected == before else { return true }
        source.error = failure
        return false
    }

    /// Lets go of everything at all servers, also by streams that take no part any more.
    func releaseAll() throws {
        try release(participants)
        let released = Set(participants.map { ObjectIdentifier($0.preparation.session) })
        participants = []
        let rest = ([source] + active).flatMap(\.sessions).filter { session in
            session.connection.isUsable && session.transactionStatus != .idle
                && !released.contains(ObjectIdentifier(session))
        }
        try PipelineRound.run(
            rest.map { session in
                let part = PipelinePart(session, timeout: request.timeout, isVital: false)
                part.beginAnew("BEGIN READ ONLY")
                return part
            })
    }

    func release(_ participants: [Participant]) throws {
        try PipelineRound.run(
            participants.filter(\.isActive).compactMap { $0.preparation.release(timeout: request.timeout) })
    }

    /// Those that may wait for each other's locks one after the other, so that the later one can be told from one that
    /// waits for a stranger; all others side by side.
    private func inWaves(_ participants: [Participant]) -> [[Participant]] {
        var waves: [[Participant]] = []
        for participant in participants {
            if let index = waves.firstIndex(where: { !$0.contains(where: participant.sharesLocks) }) {
                waves[index].append(participant)
            } else {
                waves.append([participant])
            }
        }
        return waves
    }

    /// Whoever finds a lock in the way that somebody else holds; nil: all are had.
    private func lock(_ others: [Participant], after held: [Participant], _ lockTimeout: Duration) throws
        -> Participant?
    {
        let behind = others.filter { other in held.contains { $0.comesBefore(other) } }
        let glanced = others.filter { other in !behind.contains { $0.preparation === other.preparation } }
        var turns = inWaves(glanced).map { (wave: $0, lockTimeout: Self.glance) }
        turns += behind.sorted { $0.comesBefore($1) }.map { ([$0], lockTimeout) }
        var done = held
        for turn in turns {
            if let busy = try lock(wave: turn.wave, after: done, lockTimeout: turn.lockTimeout) { return busy }
            done += turn.wave
        }
        return nil
    }

    /// Seconds: longer than a link may be blocked and be reconciled.
    var deadLinkTimeout: Int {
        max(60, Int(min((request.timeout?.seconds ?? 0) * (Double(request.reconcileTries) + 1), 1e6)) + 30)
    }

    private var pinsMoney: Bool {
        request.source.isServer && request.destinations.contains(where: \.isServer)
    }

    /// How often a source begins anew that is emptied or replaced each time between its snapshot and its lock.
    static let attempts = 20

    /// Whoever finds a lock in the way that somebody else holds.
    /// - Parameter lockTimeout: how long a lock is waited for; nil: as long as it takes.
    private func lock(
        wave: [Participant], after done: [Participant], lockTimeout: Duration?
    ) throws -> Participant? {
        var open = wave
        for _ in 0..<Self.attempts where !open.isEmpty {
            var inquiries: [Inquiry] = []
            for participant in open {
                let preparation = participant.preparation
                let others = done.filter { $0.isActive && $0.isOnServer(of: participant) }
                guard let lockTimeout, lockTimeout > Self.glance, !others.isEmpty else {
                    preparation.ask(timeout: request.timeout, lockTimeout: lockTimeout)
                    continue
                }
                let longest = lockTimeout + Self.watchInterval * 2
                // A server that is well says by then that it waits no longer.
                let end = request.timeout.map { (at: poller.now + longest + $0, timeout: $0) }
                preparation.ask(timeout: Self.watchInterval, lockTimeout: longest)
                preparation.part.inquire = { [unowned self] in
                    if let end, poller.now >= end.at { throw PgcopyError.unanswered(after: end.timeout) }
                    let inquiry = whomItWaitsFor(participant, others)
                    inquiries.append(inquiry)
                    return inquiry
                }
            }
            do {
                try ask(open.map { ($0.side.label, $0.preparation.part) }, locks: true)
            } catch let late as PgcopyError where late.code == .lock && request.keepGoing {
                guard let side = open.first(where: { $0.side.label == late.endpoint && !$0.side.isSource })?.side else {
                    throw late
                }
                drop(side, late)
                lockWatch?.onlyTells = false
                open.removeAll { !$0.isActive }
                continue
            }
            // The lock was had before the answer: the session that was asked has yet to take it.
            try poller.run(inquiries)
            let states = open.map { $0.preparation.state() }
            let failed = zip(open, states).first { participant, state in
                state == .ready && participant.preparation.part.failure != nil
                    && (participant.side.isSource || !request.keepGoing)
            }
            if let failed { try check(failed.0) }
            if let index = states.firstIndex(of: .busy) { return open[index] }
            open = zip(open, states).filter { $0.1 != .ready }.map(\.0)
            for participant in open where participant.preparation.isMisnamed {
                try attributing(to: participant.side) {
                    try participant.preparation.lookUpAgain(timeout: request.timeout)
                }
            }
            open.removeAll { !$0.isActive }
        }
        for participant in wave where participant.isActive {
            try check(participant, isStuck: open.contains { $0.preparation === participant.preparation })
        }
        return nil
    }

    /// After what time a session that waits is asked whom it waits for.
    private static let watchInterval = Duration.seconds(1)

    private func check(_ participant: Participant, isStuck: Bool = false) throws {
        try attributing(to: participant.side) {
            // What the last try met is not what kept it from being had.
            if isStuck {
                throw participant.preparation.snapshot == nil
                    ? PgcopyError.sourceChanged(participant.preparation.changed, isStuck: true)
                    : PgcopyError.changedSinceSnapshot(participant.preparation.changed)
            }
            try participant.preparation.check()
        }
    }

    /// Asks whether it waits for a session of this run, which is refused.
    private func whomItWaitsFor(_ waiting: Participant, _ others: [Participant]) -> Inquiry {
        func pid(_ participant: Participant) -> Int32 {
            participant.preparation.backendPID ?? participant.preparation.session.connection.backendPID
        }
        let others = others.filter { $0.isActive && $0.preparation.session.connection.isUsable }
        var work: QueryWork?
        return Inquiry { [unowned self] in
            guard let reader = others.first?.preparation.session else { return .answered(true) }
            let blocker: Int32?
            do {
                if work == nil { work = try Catalog.waits(pid(waiting), for: others.map(pid), asking: reader) }
                guard let (result, interest) = try work?.step() else { return .answered(true) }
                if let interest { return .waiting(interest) }
                blocker = result.flatMap { $0.rowCount > 0 ? $0.value(0, 0) : nil }.flatMap { Int32($0) }
            } catch {
                // The reader is gone, which is told where its turn comes.
                return .answered(true)
            }
            if let blocker, let holder = others.first(where: { pid($0) == blocker }) { try refuse(waiting, holder) }
            return .answered(true)
        }
    }

    private func refuse(_ waiting: Participant, _ holder: Participant) throws {
        guard !holder.side.isSource else {
            throw PgcopyError(.refused, "the source reads this table; it cannot be emptied before that is done")
        }
        guard waiting.side.isSource else {
            throw PgcopyError(.refused, "this waits for a lock that \(holder.side.label) of the same run holds")
        }
        try attributing(to: holder.side) {
            throw PgcopyError(
                .refused, "the source reads the table of \(holder.side.label); it cannot be emptied before that is done"
            )
        }
    }
}

extension Session {
    /// Over a unix socket, which cannot be dead without either side's knowing.
    var isLocal: Bool { connection.host.hasPrefix("/") }
}
