// A table is not copied onto itself, nor to one place twice.

extension Transfer {
    /// Copying a table onto itself, or to one place twice, is refused whatever the way there.
    func refuseTheSameTable(_ located: [LocatedServer]) throws {
        for (index, place) in located.enumerated() {
            guard !place.side.isSource, !place.found.isEmpty else { continue }
            try attributing(to: place.side) {
                var seen: [String: Lookup.Found] = [:]
                for table in place.found {
                    if let other = seen.updateValue(table, forKey: table.oid) {
                        throw PgcopyError(
                            .usage,
                            "\(other.asked.quoted) and \(table.asked.quoted) are one table here, \(table.name.quoted): two of the "
                                + "source's would go into it")
                    }
                }
                for other in located[..<index] where other.server.database == place.server.database {
                    guard other.side.isActive,
                        let (found, itsTable) = Lookup.Found.sharingRows(place.found, other.found)
                    else { continue }
                    let (relation, isKnown) = try relation(of: place, to: other)
                    guard try isTheSame(relation, place.session, other.session) else { continue }
                    let what =
                        if itsTable.oid != found.oid {
                            "a partition of \(other.side.label), or has it as one: their rows are the same"
                        } else if other.side.isSource {
                            "the source itself: a table is not copied onto itself"
                        } else {
                            other.side.label == place.side.label
                                ? "named as a destination twice" : "the same table as \(other.side.label)"
                        }
                    throw PgcopyError(
                        .usage,
                        relation == .sameServer
                            ? "this is \(what)"
                            : "this is \(what), seen on a standby ("
                                + (isKnown
                                    ? "system identifier and timeline are the same"
                                    : "as far as this role may ask; pg_control_system() and its like would tell")
                                + "); "
                                + "--not-same copies all the same")
                }
            }
        }
    }

    /// A name can stand for another table by the time it is locked, and a table can be another's partition.
    func refuseTheSameTableAgain(_ answered: [(LocatedServer, [Answers])]) throws {
        var isOther = false
        let located = answered.map { located, answers in
            var located = located
            for (index, answers) in answers.enumerated() {
                guard let table = answers.table, located.found.indices.contains(index),
                    located.found[index].oid != table.oid || located.found[index].parents != table.parents
                else { continue }
                located.found[index].oid = table.oid
                located.found[index].parents = table.parents
                isOther = true
            }
            return located
        }
        if isOther { try refuseTheSameTable(located) }
    }

    /// Only a standby shares its rows with another server: which one is asked here.
    private func relation(
        of one: LocatedServer, to other: LocatedServer
    ) throws -> (ClusterIdentity.Relation, isKnown: Bool) {
        let clusters = (one.server.cluster, other.server.cluster)
        guard clusters.0.isInRecovery || clusters.1.isInRecovery, clusters.0.start != clusters.1.start else {
            return (clusters.0.relation(to: clusters.1), true)
        }
        // A standby runs its primary's major version.
        guard one.session.version.major == other.session.version.major else { return (.different, true) }
        func completed(_ located: LocatedServer) throws -> ClusterIdentity {
            try Catalog.askControl(located.session, timeout: request.timeout).map {
                Catalog.cluster(located.server.cluster, control: $0)
            } ?? located.server.cluster
        }
        let (own, its) = (try completed(one), try completed(other))
        return (own.relation(to: its), own.isIdentified && its.isIdentified)
    }

    private func isTheSame(_ relation: ClusterIdentity.Relation, _ one: Session, _ other: Session) throws -> Bool {
        switch relation {
        case .different: false
        case .sameRows: !request.isNotSame
        case .sameServer: try Catalog.sharesLocks(one, other, timeout: request.timeout)
        }
    }
}

extension Catalog {
    /// The answer to `controlQuestion`; nil where the role may not ask, which leaves an open transaction as it was.
    static func askControl(_ session: Session, timeout: Duration?) throws -> QueryResult? {
        let isInTransaction = session.connection.transactionStatus != .idle
        if isInTransaction { try session.run("SAVEPOINT pgcopy", timeout: timeout) }
        let answer: QueryResult?
        do {
            answer = try session.answer(to: controlQuestion, timeout: timeout)
        } catch let error as PgcopyError where error.leavesConnection {
            if isInTransaction { try session.run("ROLLBACK TO SAVEPOINT pgcopy", timeout: timeout) }
            answer = nil
        }
        // Rows of a subtransaction would have another xmin than the transaction's number, and are not frozen.
        if isInTransaction { try session.run("RELEASE SAVEPOINT pgcopy", timeout: timeout) }
        return answer
    }

    /// Whether two sessions are on one server, by what only that one knows: a lock that the first takes and the second
    /// sees. The living copy of a machine has its start and its identifier.
    static func sharesLocks(_ one: Session, _ other: Session, timeout: Duration?) throws -> Bool {
        let key = Int64.random(in: .min ... .max)
        // In a transaction that loads a table the lock stays until that ends.
        let isOwn = one.connection.transactionStatus == .idle
        if isOwn { try one.run("BEGIN", timeout: timeout) }
        let half = { (value: Int64) in UInt32(truncatingIfNeeded: value) }
        let seen = Result {
            _ = try one.query("SELECT pg_catalog.pg_advisory_xact_lock_shared($1)", ["\(key)"], timeout: timeout)
            return try other.query(
                """
                SELECT 1 FROM pg_catalog.pg_locks l WHERE l.locktype OPERATOR(pg_catalog.=) 'advisory' \
                AND l.classid OPERATOR(pg_catalog.=) $1::pg_catalog.oid \
                AND l.objid OPERATOR(pg_catalog.=) $2::pg_catalog.oid
                """, ["\(half(key >> 32))", "\(half(key))"], timeout: timeout
            ).rowCount > 0
        }
        if isOwn, one.connection.isUsable { try one.run("ROLLBACK", timeout: timeout) }
        return try seen.get()
    }
}
