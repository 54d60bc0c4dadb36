// How many locks a run holds, and how many a server has room for.

extension Transfer {
    /// How many locks are held at each server of which many tables are locked.
    func countLocks(_ plan: Plan) throws {
        for side in [source] + active {
            var all: [TransferPlan.Locks] = []
            for participant in participants where participant.side === side && side.isActive {
                guard let result = participant.preparation.locksResult else { continue }
                try attributing(to: side) { all.append(Catalog.locks(try result.get(), at: side.label)) }
            }
            // Streams that share tables hold the same; those that empty them have some each.
            guard let limit = all.first?.limit else { continue }
            let isShared = shares == nil || side.isSource
            var held = isShared ? all.map(\.held).max() ?? 0 : all.reduce(0) { $0 + $1.held }
            // Each session's hold on it lies in a table twice as large.
            if isShared { held = max(held, held * plan.streams / 2) }
            if request.isDryRun, request.empties == .truncate, !side.isSource { held *= Catalog.locksOfEmptying }
            locks.append(TransferPlan.Locks(label: side.label, held: held, limit: limit))
        }
    }
}

extension Catalog {
    /// TRUNCATE of 1,000 tables with a primary key held 6,003 (PostgreSQL 15).
    static let locksOfEmptying = 6
    /// From so many locks on they are counted: a server's table of locks has room for thousands.
    static let manyLocks = 200

    /// The question how many relations this session has locked, and how many locks are sure to fit.
    static let locksQuestion = PipelineMessage.statement(
        """
        SELECT (SELECT pg_catalog.count(*) FROM pg_catalog.pg_lock_status() l WHERE \(isOwnLock("l"))), \
        pg_catalog.current_setting('max_locks_per_transaction')::pg_catalog.int8 OPERATOR(pg_catalog.*) \
        (pg_catalog.current_setting('max_connections')::pg_catalog.int8 OPERATOR(pg_catalog.+) \
        pg_catalog.current_setting('max_prepared_transactions')::pg_catalog.int8)
        """)

    /// The answer.
    static func locks(_ result: QueryResult, at label: String) -> TransferPlan.Locks {
        func number(_ column: Int) -> Int { result.value(0, column).flatMap { Int($0) } ?? 0 }
        return TransferPlan.Locks(label: label, held: number(0), limit: number(1))
    }
}
