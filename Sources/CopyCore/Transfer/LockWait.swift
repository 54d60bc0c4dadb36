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
    /// Who holds the lock that is in the way, the first one.
    public var holder: Holder
    /// Who waits for that one, and is before us in the queue; nil: nobody, it is in our way directly.
    public var ahead: Holder?

    /// As it is told behind "waiting for".
    public var sentence: String {
        let what = table.map { "a lock on \($0)" } ?? "a lock"
        return "\(what), held by \(holder.shown)" + (ahead.map { ", for which \($0.shown) waits before this" } ?? "")
    }
}

extension LockWait.Holder {
    /// For a person.
    var shown: String {
        guard pid != 0 else { return "a prepared transaction" }
        guard let program, let state else { return "pid \(pid), hidden" }
        let time = duration.map { " for \($0.components.seconds) s" } ?? ""
        return "pid \(pid) (\(program.isEmpty ? "no name" : program), \(state)\(time))"
    }
}

/// What the backends of a run are at on one server, as it was answered; pure.
struct BackendWaits: Sendable {
    /// One backend that stands in another's way.
    struct Edge: Sendable {
        /// The run's own backend that waits, in the end, for it.
        var own: Int32
        /// Who waits for it directly.
        var waiter: Int32
        var blocker: LockWait.Holder
        /// 1: in its way directly.
        var depth: Int
        var table: String?
        /// The table that is locked as a whole, as `DATABASE/OID`; nil: it is another lock.
        var relation: String?
        /// It has the lock, and is not only before the other in the queue.
        var holds = true
        /// The lock is held to the end of its transaction, whatever it does: it is that transaction's own.
        var lastsToEnd = false
        /// It waits for its client.
        var awaitsClient = false
        /// What is waited for lasts for a moment only, as the lock to extend a table.
        var isPassing = false
        /// Which lock it is: another one is another wait.
        var lock = ""
        /// Seconds the own backend has waited for its lock; nil: its server does not tell.
        var waited: Double?
    }

    /// Ordered by depth.
    var edges: [Edge] = []
    /// Own backends that wait within a foreign server, whose blockers nobody here sees.
    var abroad: Set<Int32> = []
    /// Own backends that stand in the way of one that looks like a foreign server's client.
    var blockedVisitors: [(own: Int32, visitor: LockWait.Holder)] = []

    /// What an own backend waits for, which lock that is, and for how many seconds by now, as far as its server tells.
    /// - Parameter name: of a table in another database than was asked in, where it is known.
    func wait(
        of own: Int32, name: (String) -> String? = { _ in nil }
    ) -> (wait: LockWait, lock: String, waited: Double?)? {
        let direct = edges.filter { $0.own == own && $0.depth == 1 }
        guard let first = direct.first(where: \.holds) ?? direct.first else { return nil }
        var wait = LockWait(table: first.table ?? first.relation.flatMap(name), holder: first.blocker)
        // Whoever is only before us in the queue waits for somebody himself.
        var waiter = first
        while !waiter.holds,
            let next = edges.first(where: {
                $0.own == own && $0.waiter == waiter.blocker.pid && $0.depth > waiter.depth
            })
        {
            waiter = next
        }
        if waiter.holds, waiter.depth > 1 {
            wait.holder = waiter.blocker
            wait.ahead = first.blocker
        }
        return (wait, first.lock, first.waited)
    }

    /// The own backend that another one waits for in the end, through strangers even, and that gives nothing back before all
    /// have finished, so that this is for ever. Who of the run's own waits himself is looked at by himself.
    /// - Parameters:
    ///   - keeps: whether one of them has locked a table for the whole run.
    ///   - rests: whether one of them has nothing to do before others go on; nil: that is for its server to say.
    func ownBlocker(
        of own: Int32, among all: Set<Int32>, keeps: (Int32, String) -> Bool = { _, _ in false },
        rests: (Int32) -> Bool?
    ) -> (pid: Int32, table: String?, lock: String)? {
        guard let first = edges.first(where: { $0.own == own && $0.depth == 1 }), !first.isPassing else { return nil }
        let blocker = edges.first { edge in
            edge.own == own && edge.blocker.pid != own && all.contains(edge.blocker.pid) && edge.holds
                && (edge.waiter == own || !all.contains(edge.waiter))
                && (edge.lastsToEnd || edge.relation.map { keeps(edge.blocker.pid, $0) } ?? false
                    || rests(edge.blocker.pid) ?? edge.awaitsClient)
        }
        return blocker.map { ($0.blocker.pid, first.table, first.lock) }
    }
}

extension Catalog {
    /// Asks for whom these backends wait, to the end of each chain, and who waits for them from abroad.
    /// - Parameter backends: their numbers, and words in their statements by which they are found where not empty.
    static func backendWaitsQuestion(
        _ backends: [(pid: Int32, trace: String)], on version: ServerVersion
    ) -> (sql: String, parameters: [String?]) {
        let waited = "pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - l.waitstart)"
        // Which lock is waited for: the same one is held by who is in the way, or he is only before us in the queue.
        let lock = """
            pg_catalog.concat_ws('/', l.locktype, l.database, l.relation, l.page, l.tuple, l.virtualxid, l.transactionid,
            l.classid, l.objid, l.objsubid)
            """
        // As the manual has them, "Conflicting Lock Modes": the number of each mode is its place, from the right.
        let modes = """
            (VALUES ('AccessShareLock', 0, B'10000000'), ('RowShareLock', 1, B'11000000'), ('RowExclusiveLock', 2, B'11110000'),
            ('ShareUpdateExclusiveLock', 3, B'11111000'), ('ShareLock', 4, B'11101100'), ('ShareRowExclusiveLock', 5, B'11111100'),
            ('ExclusiveLock', 6, B'11111110'), ('AccessExclusiveLock', 7, B'11111111')) m(mode, number, conflicts)
            """
        // It may be a parallel worker that waits.
        func isOf(_ pid: String) -> String {
            """
            NOT l.granted AND (l.pid = \(pid) OR l.pid IN (SELECT a.pid FROM pg_catalog.pg_stat_activity a
            WHERE a.leader_pid = \(pid))) ORDER BY l.pid <> \(pid)
            """
        }
        // A server's own processes have no program's name.
        let program = """
            CASE WHEN a.backend_type <> 'client backend' THEN a.backend_type ELSE a.application_name END,
            CASE WHEN a.backend_type <> 'client backend' THEN 'at work' ELSE a.state END,
            pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - a.state_change)::pg_catalog.int4
            """
        // A wait for a row is one for its transaction; the tuple's own lock names the table.
        let sql = """
            WITH RECURSIVE given(pid, trace) AS (SELECT * FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.int4[]),
            pg_catalog.unnest($2::pg_catalog.text[])) g(pid, trace)), found(pid, given) AS MATERIALIZED (
            SELECT coalesce((SELECT a.pid FROM pg_catalog.pg_stat_activity a WHERE g.trace <> ''
            AND pg_catalog.strpos(a.query, g.trace) > 0 AND a.pid <> pg_catalog.pg_backend_pid() LIMIT 1), g.pid), g.pid FROM given g),
            own(pid) AS (SELECT f.pid FROM found f), waits(own, waiter, pid, depth) AS (
            SELECT o.pid, o.pid, b.pid, 1 FROM own o, pg_catalog.unnest(pg_catalog.pg_blocking_pids(o.pid)) b(pid)
            UNION SELECT w.own, w.pid, b.pid, w.depth + 1
            FROM waits w, pg_catalog.unnest(pg_catalog.pg_blocking_pids(w.pid)) b(pid) WHERE w.depth < 20),
            locks AS MATERIALIZED (SELECT l.pid, l.granted, l.locktype, l.transactionid, \(lock) AS lock, m.number, m.conflicts,
            CASE WHEN l.locktype = 'relation' THEN pg_catalog.concat(l.database, '/', l.relation) END AS relation,
            \(version.knowsHowLongLocksWait ? waited : "NULL::pg_catalog.float8") AS waited
            FROM pg_catalog.pg_locks l LEFT JOIN \(modes) ON m.mode = l.mode)
            SELECT 'waits', w.own, w.pid, w.depth, \(program),
            (SELECT l.relation::pg_catalog.regclass::pg_catalog.text FROM pg_catalog.pg_locks l WHERE l.pid = w.own
            AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
            AND l.relation IS NOT NULL AND (NOT l.granted OR l.locktype = 'tuple') ORDER BY l.granted LIMIT 1),
            w.waiter, EXISTS (SELECT FROM locks h WHERE h.granted AND coalesce(h.pid, 0) = w.pid AND h.lock = l.lock
            AND coalesce(pg_catalog.get_bit(l.conflicts, 7 - h.number) = 1, false)),
            l.locktype = 'virtualxid' OR l.locktype = 'transactionid' AND l.transactionid::pg_catalog.text = a.backend_xid::pg_catalog.text,
            a.state LIKE 'idle in transaction%' OR a.state = 'active' AND a.wait_event_type = 'Client',
            l.locktype IN ('extend', 'page', 'frozenid', 'spectoken'), o.lock, o.waited, l.relation
            FROM (SELECT own, waiter, pid, pg_catalog.min(depth) AS depth FROM waits GROUP BY own, waiter, pid) w
            LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = w.pid
            LEFT JOIN LATERAL (SELECT * FROM locks l WHERE \(isOf("w.waiter")) LIMIT 1) l ON true
            LEFT JOIN LATERAL (SELECT * FROM locks l WHERE \(isOf("w.own")) LIMIT 1) o ON true
            UNION ALL SELECT 'found', f.pid, f.given, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
            FROM found f WHERE f.pid <> f.given
            UNION ALL SELECT 'abroad', o.pid, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
            FROM own o JOIN pg_catalog.pg_stat_activity a ON a.pid = o.pid WHERE a.wait_event_type = 'Extension'
            UNION ALL SELECT 'visitor', o.pid, a.pid, 0, \(program), NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
            FROM own o JOIN pg_catalog.pg_stat_activity a ON o.pid = ANY (pg_catalog.pg_blocking_pids(a.pid))
            WHERE a.pid NOT IN (SELECT pid FROM own) AND a.application_name ~ '^(postgres_fdw|dblink|$)'
            AND a.backend_type = 'client backend'
            ORDER BY 4, 3
            """
        return (sql, [arrayLiteral(backends.map { "\($0.pid)" }), arrayLiteral(backends.map(\.trace))])
    }

    /// What was answered.
    static func backendWaits(_ result: QueryResult) -> BackendWaits {
        var waits = BackendWaits()
        // By the numbers that were given.
        var given: [Int32: Int32] = [:]
        for row in 0..<result.rowCount where result.value(row, 0) == "found" {
            func number(_ column: Int) -> Int32? { result.value(row, column).flatMap { Int32($0) } }
            if let pid = number(1) { given[pid] = number(2) }
        }
        for row in 0..<result.rowCount {
            func number(_ column: Int) -> Int32? { result.value(row, column).flatMap { Int32($0) } }
            func pid(_ column: Int) -> Int32? { number(column).map { given[$0] ?? $0 } }
            guard let own = pid(1), result.value(row, 0) != "found" else { continue }
            let holder = LockWait.Holder(
                pid: pid(2) ?? 0, program: result.value(row, 4), state: result.value(row, 5),
                duration: number(6).map { .seconds(max(0, Int($0))) })
            switch result.value(row, 0) {
            case "waits":
                waits.edges.append(
                    .init(
                        own: own, waiter: pid(8) ?? own, blocker: holder, depth: Int(number(3) ?? 0),
                        table: result.value(row, 7), relation: result.value(row, 15),
                        holds: result.value(row, 9) == "t",
                        lastsToEnd: result.value(row, 10) == "t", awaitsClient: result.value(row, 11) == "t",
                        isPassing: result.value(row, 12) == "t", lock: result.value(row, 13) ?? "",
                        waited: result.value(row, 14).flatMap { Double($0) }))
            case "abroad": waits.abroad.insert(own)
            default: waits.blockedVisitors.append((own, holder))
            }
        }
        return waits
    }
}
