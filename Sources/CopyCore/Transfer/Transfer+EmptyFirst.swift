// Tables that are emptied and divided: no stream can have one for itself, so they are emptied in a transaction of its own first.

extension Transfer {
    /// Empties tables that are to be divided: at all destinations first, then the commits. The source keeps its locks, so that it
    /// still has the rows; so nothing is waited for but for a moment. What is in the way is waited for with nothing held, and
    /// then all begins anew.
    func emptyFirst(_ plan: Plan) throws {
        try atSource { try refuseEmptyingFirst() }
        try release(participants.filter { !$0.side.isSource })
        let emptying = plan.emptiedFirst.keys.sorted().compactMap { place in
            EarlyEmptying(
                destinations[place], disablesTriggers: request.disablesTriggers,
                plan.emptiedFirst[place]?.compactMap { plan.tables[$0].landings[place]?.table } ?? [])
        }
        for one in emptying { one.empty(timeout: request.timeout, lockTimeout: Self.glance) }
        try ask(emptying.map { ($0.side.label, $0.part) })
        for one in emptying where !one.isBusy { try attributing(to: one.side) { try one.part.check() } }
        if let busy = emptying.first(where: { $0.side.isActive && $0.isBusy }) {
            try release(participants)
            guard try wait(for: busy, others: emptying.filter { $0 !== busy && $0.side.isActive }) else { return }
        }
        hasEmptied = true
        var open = emptying
        while !open.isEmpty {
            try poller.checkInterruption()
            // What has gone away meanwhile keeps the others from being emptied.
            try atSource { for session in source.sessions { try session.requireAlive() } }
            for one in open where one.side.isActive { try attributing(to: one.side) { try one.requireAlive() } }
            let one = open.removeFirst()
            guard one.side.isActive else { continue }
            try attributing(to: one.side) { try one.commit(timeout: request.timeout) }
        }
    }

    /// Waits for the one lock, with nothing else held. Once it is had it is not given back for others to have it first: the
    /// source and the other destinations are locked behind it, for a moment.
    /// - Returns: false: something else is in the way, or it is not to be had.
    private func wait(for busy: EarlyEmptying, others: [EarlyEmptying]) throws -> Bool {
        busy.wait(timeout: request.timeout)
        do {
            try ask([(busy.side.label, busy.part)], locks: true)
        } catch let late as PgcopyError
            where late.code == .lock && request.keepGoing && late.endpoint == busy.side.label
        {
            drop(busy.side, late)
            lockWatch?.onlyTells = false
        }
        guard busy.side.isActive, !busy.part.isStopped, !busy.isBusy else { return false }
        try attributing(to: busy.side) { try busy.part.check() }
        guard busy.side.isActive else { return false }
        let isThere = try atSource {
            try source.session?.run(SessionSettings.lockTimeout(Self.glance), timeout: request.timeout)
            do {
                try refuseEmptyingFirst()
                return true
            } catch let error as PgcopyError where error.server?.sqlState == "55P03" {
                return false
            }
        }
        guard isThere else { return false }
        busy.emptyLocked(timeout: request.timeout)
        for one in others { one.empty(timeout: request.timeout, lockTimeout: Self.glance) }
        let all = [busy] + others
        try ask(all.map { ($0.side.label, $0.part) })
        for one in all where !one.isBusy { try attributing(to: one.side) { try one.part.check() } }
        return !all.contains { $0.side.isActive && $0.isBusy }
    }

    /// What holds rows is not emptied for the sake of none.
    private func refuseEmptyingFirst() throws {
        guard !request.allowsEmpty, let reader = participants.first(where: \.side.isSource)?.preparation else { return }
        let question = Catalog.rowsQuestion(reader.found, where: request.condition)
        let held = try reader.session.answer(to: question, timeout: request.timeout)
        guard !Catalog.holdRows(held).contains(true) else { return }
        throw PgcopyError(
            .refused,
            "the source has no row, and tables that are to be emptied hold some; --allow-empty empties them all the same"
        )
    }
}

/// A destination's tables that are emptied before all else.
private final class EarlyEmptying {
    let side: Side
    private(set) var part: PipelinePart
    private let session: Session
    private let tables: [TableShape]
    private let targets: String
    private let disablesTriggers: Bool

    init?(_ side: Side, disablesTriggers: Bool, _ tables: [TableShape]) {
        guard side.isActive, let session = side.session else { return nil }
        self.side = side
        self.disablesTriggers = disablesTriggers
        self.session = session
        self.tables = tables
        targets = tables.map { $0.only + $0.name.quoted }.joined(separator: ", ")
        part = PipelinePart(session, timeout: nil, isVital: false)
    }

    /// All but the commit; locks are tried for a moment.
    func empty(timeout: Duration?, lockTimeout: Duration) {
        begin(timeout)
        part.ask(.statement(SessionSettings.lockTimeout(lockTimeout)))
        lock()
        // A trigger of its own takes locks, too.
        truncate(busyStates: PipelinePart.lockedStates)
    }

    /// Waits for the locks.
    func wait(timeout: Duration?) {
        begin(timeout)
        lock()
    }

    /// The same behind `wait`.
    func emptyLocked(timeout: Duration?) {
        part = PipelinePart(session, timeout: timeout, isVital: false)
        truncate(busyStates: [])
    }

    /// TRUNCATE goes by names: they stand for the tables that were planned, before and behind it.
    private func truncate(busyStates: Set<String>) {
        part.requireNames(tables)
        part.ask(.statement("TRUNCATE TABLE \(targets)"), busyStates: busyStates)
        part.requireNames(tables)
    }

    private func begin(_ timeout: Duration?) {
        part = PipelinePart(session, timeout: timeout, isVital: false)
        if session.connection.transactionStatus != .idle { part.ask(.statement("ROLLBACK")) }
        part.ask(.statement("BEGIN READ WRITE"))
        for setting in SessionSettings.first(session.connection) { part.ask(.statement(setting)) }
        if disablesTriggers { part.ask(.statement(SessionSettings.withoutTriggers)) }
    }

    private func lock() { part.lockByNames(targets, "ACCESS EXCLUSIVE") }

    var isBusy: Bool { part.isInTheWay }

    func requireAlive() throws { try session.requireAlive() }

    func commit(timeout: Duration?) throws {
        let names = tables.map { $0.name.parts.joined(separator: ".") }
        do {
            try session.commitOrDoubt(timeout: timeout)
        } catch let doubt as PgcopyError where doubt.code == .commitInDoubt {
            side.status = .inDoubt(transaction: nil)
            throw PgcopyError(
                .commitInDoubt,
                "\(names.joined(separator: ", ")): emptied in a transaction of its own before; \(doubt)",
                causes: doubt.causes)
        }
        side.emptied += names.filter { !side.emptied.contains($0) }
    }
}
