// Who waits for a lock, and for whom.

/// A session of a transfer that waits for a lock.
public struct LockWait: Sendable, Hashable {
    /// Who is in the way.
    public struct Holder: Sendable, Hashable {
        /// The number of the backend; 0: a prepared transaction.
        public var pid: Int32
        /// Its application_name; nil where it may not be seen.
        public var program: String?
        /// As in pg_stat_activity, as `idle in transaction`; nil where it may not be seen.
        public var state: String?
        /// For how long it is in that state; nil where it may not be seen.
        public var duration: Duration?
    }

    /// What is locked, as `public.t`; nil where it is no table's lock, nor a row's of a known one.
    public var table: String?
    /// Who is in the way directly, the first one.
    public var holder: Holder

    /// As it is told behind "waiting for".
    public var sentence: String {
        let what = table.map { "a lock on \($0)" } ?? "a lock"
        guard holder.pid != 0 else { return "\(what), held by a prepared transaction" }
        guard let program = holder.program, let state = holder.state else {
            return "\(what), held by pid \(holder.pid), hidden"
        }
        let time = holder.duration.map { " for \($0.components.seconds) s" } ?? ""
        return "\(what), held by pid \(holder.pid) (\(program.isEmpty ? "no name" : program), \(state)\(time))"
    }
}

/// What the backends of a run are at on one server, as it was answered; pure.
struct BackendWaits: Sendable {
    /// One backend that stands in another's way.
    struct Edge: Sendable {
        /// The run's own backend that waits, in the end, for it.
        var own: Int32
        var blocker: LockWait.Holder
        /// 1: in its way directly.
        var depth: Int
        var table: String?
        /// It computes, and may let go of what does not last as long as its transaction (an advisory lock).
        var isAtWork = false
        /// What is waited for lasts for a moment only, as the lock to extend a table.
        var isPassing = false
        /// Seconds the own backend has waited for its lock; nil: its server does not tell.
        var waited: Double?
    }

    /// Ordered by depth.
    var edges: [Edge] = []
    /// Own backends that wait within a foreign server, whose blockers nobody here sees.
    var abroad: Set<Int32> = []
    /// Own backends that stand in the way of one that looks like a foreign server's client.
    var blockedVisitors: [(own: Int32, visitor: LockWait.Holder)] = []

    /// What an own backend waits for, and for how many seconds by now, as far as its server tells.
    func wait(of own: Int32) -> (wait: LockWait, waited: Double?)? {
        edges.first { $0.own == own && $0.depth == 1 }.map {
            (LockWait(table: $0.table, holder: $0.blocker), $0.waited)
        }
    }

    /// The own backend that another one waits for in the end, through strangers even: it gives nothing back before all have
    /// finished, so that is for ever.
    func ownBlocker(of own: Int32, among all: Set<Int32>) -> (pid: Int32, table: String?)? {
        guard let first = edges.first(where: { $0.own == own && $0.depth == 1 }), !first.isPassing else { return nil }
        let blocker = edges.first { edge in
            edge.own == own && edge.blocker.pid != own && all.contains(edge.blocker.pid) && !edge.isAtWork
        }
        return blocker.map { ($0.blocker.pid, first.table) }
    }
}

extension Catalog {
    /// Asks for whom these backends wait, to the end of each chain, and who waits for them from abroad.
    static func backendWaitsQuestion(_ pids: [Int32], on version: ServerVersion) -> (sql: String, parameters: [String?])
    {
        let waited = """
            (SELECT pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - l.waitstart)
            FROM pg_catalog.pg_locks l WHERE l.pid = w.own AND NOT l.granted LIMIT 1)
            """
        // A wait for a row is one for its transaction; the tuple's own lock names the table.
        let sql = """
            WITH RECURSIVE own(pid) AS (SELECT pg_catalog.unnest($1::pg_catalog.int4[])), waits(own, pid, depth) AS (
            SELECT o.pid, b.pid, 1 FROM own o, pg_catalog.unnest(pg_catalog.pg_blocking_pids(o.pid)) b(pid)
            UNION SELECT w.own, b.pid, w.depth + 1
            FROM waits w, pg_catalog.unnest(pg_catalog.pg_blocking_pids(w.pid)) b(pid) WHERE w.depth < 20)
            SELECT 'waits', w.own, w.pid, w.depth, a.application_name, a.state,
            pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - a.state_change)::pg_catalog.int4,
            (SELECT l.relation::pg_catalog.regclass::pg_catalog.text FROM pg_catalog.pg_locks l WHERE l.pid = w.own
            AND l.relation IS NOT NULL AND (NOT l.granted OR l.locktype = 'tuple') ORDER BY l.granted LIMIT 1),
            a.state = 'active' AND coalesce(a.wait_event_type NOT IN ('Client', 'Lock', 'Extension'), true),
            EXISTS (SELECT FROM pg_catalog.pg_locks l WHERE l.pid = w.own AND NOT l.granted
            AND l.locktype IN ('extend', 'page', 'frozenid', 'spectoken')),
            \(version.knowsHowLongLocksWait ? waited : "NULL")
            FROM (SELECT own, pid, pg_catalog.min(depth) AS depth FROM waits GROUP BY own, pid) w
            LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = w.pid
            UNION ALL SELECT 'abroad', o.pid, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL
            FROM own o JOIN pg_catalog.pg_stat_activity a ON a.pid = o.pid WHERE a.wait_event_type = 'Extension'
            UNION ALL SELECT 'visitor', o.pid, a.pid, 0, a.application_name, a.state,
            pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - a.state_change)::pg_catalog.int4, NULL, NULL, NULL, NULL
            FROM own o JOIN pg_catalog.pg_stat_activity a ON o.pid = ANY (pg_catalog.pg_blocking_pids(a.pid))
            WHERE a.pid NOT IN (SELECT pid FROM own) AND a.application_name ~ '^(postgres_fdw|dblink)'
            ORDER BY 4, 3
            """
        return (sql, [arrayLiteral(pids.map(String.init))])
    }

    /// What was answered.
    static func backendWaits(_ result: QueryResult) -> BackendWaits {
        var waits = BackendWaits()
        for row in 0..<result.rowCount {
            func number(_ column: Int) -> Int32? { result.value(row, column).flatMap { Int32($0) } }
            guard let own = number(1) else { continue }
            let holder = LockWait.Holder(
                pid: number(2) ?? 0, program: result.value(row, 4), state: result.value(row, 5),
                duration: number(6).map { .seconds(max(0, Int($0))) })
            switch result.value(row, 0) {
            case "waits":
                waits.edges.append(
                    .init(
                        own: own, blocker: holder, depth: Int(number(3) ?? 0), table: result.value(row, 7),
                        isAtWork: result.value(row, 8) == "t", isPassing: result.value(row, 9) == "t",
                        waited: result.value(row, 10).flatMap { Double($0) }))
            case "abroad": waits.abroad.insert(own)
            default: waits.blockedVisitors.append((own, holder))
            }
        }
        return waits
    }
}
