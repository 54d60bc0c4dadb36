// How many locks a run holds, and how many a server has room for.

extension Transfer {
    /// So many relations are locked before it is asked: a server's table of locks has room for thousands.
    private static let many = 200

    /// Asks how many locks are held at each server of which many tables are locked.
    func askLocks(_ plan: Plan) throws {
        let counted = participants.filter { $0.isActive && $0.located.found.count * Self.locksOfEmptying >= Self.many }
        guard !counted.isEmpty else { return }
        let asked = counted.map { participant in
            let part = PipelinePart(
                participant.preparation.session, timeout: request.timeout,
                isVital: participant.side.isSource || !request.keepGoing)
            return (participant: participant, part: part, result: part.ask(Catalog.locksQuestion))
        }
        try ask(asked.map { ($0.participant.side.label, $0.part) })
        for side in [source] + active {
            var all: [TransferPlan.Locks] = []
            for (participant, _, result) in asked where participant.side === side {
                try attributing(to: side) {
                    all.append(Catalog.locks(try result.get(), at: side.label, plan.streams))
                }
            }
            // Streams that share tables hold the same; those that empty them have some each.
            guard let limit = all.first?.limit else { continue }
            let isShared = shares == nil || side.isSource
            var held = isShared ? all.map(\.held).max() ?? 0 : all.reduce(0) { $0 + $1.held }
            // Each session's hold on it lies in a table twice as large.
            if isShared { held = max(held, held * plan.streams / 2) }
            if request.isDryRun, request.truncate, !side.isSource { held *= Self.locksOfEmptying }
            locks.append(TransferPlan.Locks(label: side.label, held: held, limit: limit))
        }
    }

    /// TRUNCATE of 1,000 tables with a primary key held 6,003 (PostgreSQL 15).
    private static let locksOfEmptying = 6
}

extension Catalog {
    /// The question how many relations this session has locked, and how many locks are sure to fit.
    static let locksQuestion = PipelineMessage.statement(
        """
        SELECT (SELECT pg_catalog.count(*) FROM pg_catalog.pg_lock_status() l WHERE \(isOwnLock("l"))), \
        pg_catalog.current_setting('max_locks_per_transaction')::pg_catalog.int8 OPERATOR(pg_catalog.*) \
        (pg_catalog.current_setting('max_connections')::pg_catalog.int8 OPERATOR(pg_catalog.+) \
        pg_catalog.current_setting('max_prepared_transactions')::pg_catalog.int8)
        """)

    /// The answer.
    static func locks(_ result: QueryResult, at label: String, _ streams: Int) -> TransferPlan.Locks {
        func number(_ column: Int) -> Int { result.value(0, column).flatMap { Int($0) } ?? 0 }
        return TransferPlan.Locks(label: label, held: number(0), limit: number(1))
    }
}
