// Which relations a server's transaction locks, and how strongly.

extension Preparation {
    func lock() {
        lockResults = []
        describedResults = [:]
        (computedResults, othersResults) = ([], [])
        // The strongest that will be needed, and first: a stronger one later makes two runs wait for each other. In one order for
        // all runs: by name.
        lock(emptied, "ACCESS EXCLUSIVE")
        // Nobody else empties them; streams of this run load them all the same.
        lock(divided, "SHARE UPDATE EXCLUSIVE")
        let emptied = Set(emptied.map(\.oid))
        let loading = takesTurns ? "SHARE UPDATE EXCLUSIVE" : "ROW EXCLUSIVE"
        lock(lockedTables.filter { !emptied.contains($0.oid) }, isSource ? "ACCESS SHARE" : loading)
        // Before whatever would take one of its own; LOCK TABLE does not.
        if let snapshot {
            snapshotResult = part.ask(.statement("SET TRANSACTION SNAPSHOT \(quoteLiteral(snapshot))"))
        }
        // By itself it has to be a condition, too: beside another one it stands in parentheses.
        if case .tables(_, let condition?) = rows, let table = lockedTables.first {
            othersResults.append(part.ask(.prepare("SELECT FROM \(table.name.quoted) WHERE\n\(condition)\n")))
        }
        // So has each expression; and it is one, of one row, which servers take in a condition only.
        for table in lockedTables {
            for column in table.computed {
                othersResults.append(
                    part.ask(.prepare("SELECT\n\(column.expression)\nFROM \(table.name.quoted)")))
                computedResults.append(part.ask(.prepare(column.check(of: table.name))))
            }
        }
        for (place, statement) in describedStatements {
            part.ask(.prepare(statement))
            describedResults[place] = part.ask(.describe)
        }
        // Planning locks what parsing does not know of: the children of tables, indexes.
        for plan in plans { othersResults.append(part.ask(.statement("EXPLAIN (COSTS off)\n" + plan))) }
    }

    func lock(_ tables: [Lookup.Found], _ mode: String) {
        let targets = tables.filter(isLockable).sorted { $0.name.quoted < $1.name.quoted }.map { lockTarget($0, mode) }
        guard !targets.isEmpty else { return }
        // One that may have to wait for long can be found.
        let comment = lockTimeout == nil && backendPID == nil ? "/* \(trace) */ " : ""
        lockResults.append(
            part.ask(.statement("\(comment)LOCK TABLE \(targets.joined(separator: ", ")) IN \(mode) MODE")))
    }

    /// All that it is to hold.
    var lockedTables: [Lookup.Found] { found + others }

    var isSource: Bool { if case .source = role { true } else { false } }

    /// Those that it empties.
    var emptied: [Lookup.Found] {
        guard case .destination(true, _, _) = role else { return [] }
        return found.filter { !kept.contains($0.oid) }
    }

    /// Locks tables that others of its side have looked at, as far as it takes to load them.
    func askDivided(_ tables: [Lookup.Found], _ lockTimeout: Duration) -> PipelinePart {
        part = PipelinePart(session, timeout: part.timeout, isVital: isVital)
        self.lockTimeout = lockTimeout
        part.ask(.statement(SessionSettings.lockTimeout(lockTimeout)))
        let targets = tables.sorted { $0.name.quoted < $1.name.quoted }.map { lockTarget($0, "ROW EXCLUSIVE") }
        part.lockByNames(targets.joined(separator: ", "), "ROW EXCLUSIVE")
        part.requireNames(tables.map { ($0.name, $0.oid) })
        askForLockTimeout()
        return part
    }

    /// Those that are empty already, and are loaded by other streams, too.
    var divided: [Lookup.Found] {
        guard case .destination(true, _, _) = role else { return [] }
        return found.filter { kept.contains($0.oid) }
    }

    /// LOCK TABLE takes neither materialized views nor foreign tables.
    func isLockable(_ table: Lookup.Found) -> Bool { usesLockTable && !"mf".contains(table.kind) }

    /// Whose columns are asked for; those of a table that is locked so as they are now, whatever the snapshot says.
    var describedStatements: [(place: Int, statement: String)] {
        if case .query(let query) = rows { return [(0, query)] }
        return lockedTables.enumerated().filter { !isLockable($1) }.map { ($0, "SELECT * FROM \($1.name.quoted)") }
    }

    /// Tables and nothing else, locked before the snapshot: they are what the snapshot says. A stream that joins reads in that of
    /// the leader, who has them locked.
    var isLockedFirst: Bool {
        if let leader { return leader.isLockedFirst }
        return snapshot == nil && !found.isEmpty && found.allSatisfy(isLockable) && plans.isEmpty
    }

    /// The user's own SQL is among what is read: it keeps the user's search_path.
    var computes: Bool { lockedTables.contains { !$0.computed.isEmpty } }

    /// What COPY reads by a query; none where it reads tables.
    var plans: [String] {
        guard case .source = role else { return [] }
        switch rows {
        case .query(let query): return [query]
        case .tables(_, let condition):
            return lockedTables.filter { $0.kind != "r" || condition != nil || !$0.computed.isEmpty }.map {
                CopyStatement.select(
                    $0.computed.map(\.sql).joined(separator: ", "), $0.only + $0.name.quoted, where: condition)
            }
        }
    }

    /// A source's partitions are read, but for those that a condition passes over; those of a destination may be emptied;
    /// rows find theirs by themselves.
    func lockTarget(_ found: Lookup.Found, _ mode: String) -> String {
        if case (.source, .tables(_, .some)) = (role, rows) { return "ONLY " + found.name.quoted }
        // With many streams none of them is to queue behind a stranger for a partition that another has: all have all.
        return (mode == "ROW EXCLUSIVE" && !locksPartitions ? "ONLY " : found.only) + found.name.quoted
    }
}
