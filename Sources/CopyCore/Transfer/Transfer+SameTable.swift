// A table is not copied onto itself, nor to one place twice.

extension Transfer {
    /// Copying a table onto itself, or to one place twice, is refused whatever the way there.
    func refuseTheSameTable() throws {
        typealias Place = (session: Session, server: Lookup.Server, found: Lookup.Found, label: String)
        var places: [Place] = []
        if let session = sourceSession, let server = sourceServer, let found = sourceTableFound {
            places.append((session, server, found, request.source.label))
        }
        let hasSource = !places.isEmpty
        for entry in entries where entry.isActive {
            guard let session = entry.session, let server = entry.server, let found = entry.found else { continue }
            try preparing(entry) {
                for (index, place) in places.enumerated()
                where place.server.database == server.database && place.found.sharesRows(with: found) {
                    let relation = server.cluster.relation(to: place.server.cluster)
                    guard try isTheSame(relation, session, place.session) else { continue }
                    let isSource = hasSource && index == 0
                    let what =
                        if place.found.oid != found.oid {
                            "a partition of \(place.label), or has it as one: their rows are the same"
                        } else if isSource {
                            "the source itself: a table is not copied onto itself"
                        } else {
                            "the same table as \(place.label)"
                        }
                    throw TransferRefusal(
                        relation == .sameServer
                            ? "this is \(what)"
                            : "this is \(what), seen on a standby (system identifier and timeline are the same); "
                                + "--not-same copies all the same",
                        isUsageError: true)
                }
            }
            places.append((session, server, found, entry.label))
        }
    }

    /// A name can stand for another table by the time it is locked, and a table can be another's partition.
    func refuseTheSameTableAgain() throws {
        var isOther = false
        func note(_ found: inout Lookup.Found?, _ table: TableShape?) {
            guard let table, let old = found, old.oid != table.oid || old.parents != table.parents else { return }
            found?.oid = table.oid
            found?.parents = table.parents
            isOther = true
        }
        note(&sourceTableFound, source?.table)
        for entry in entries where entry.isActive { note(&entry.found, entry.plan?.table) }
        if isOther { try refuseTheSameTable() }
    }

    private func isTheSame(_ relation: ClusterIdentity.Relation, _ one: Session, _ other: Session) throws -> Bool {
        switch relation {
        case .different: false
        case .sameRows: !request.isNotSame
        case .sameServer: try Catalog.sharesLocks(one, other, within: request.timeout)
        }
    }
}

extension Catalog {
    /// Whether two sessions are on one server, by what only that one knows: a lock that the first takes and the second
    /// sees. The living copy of a machine has its start and its identifier.
    static func sharesLocks(_ one: Session, _ other: Session, within seconds: Double?) throws -> Bool {
        let key = Int64.random(in: .min ... .max)
        // In a transaction that loads a table the lock stays until that ends.
        let isOwn = one.connection.transactionStatus == .idle
        if isOwn { try one.run("BEGIN", within: seconds) }
        let half = { (value: Int64) in UInt32(truncatingIfNeeded: value) }
        let seen = Result {
            _ = try one.query("SELECT pg_catalog.pg_advisory_xact_lock_shared($1)", ["\(key)"], within: seconds)
            return try other.query(
                """
                SELECT 1 FROM pg_catalog.pg_locks l WHERE l.locktype OPERATOR(pg_catalog.=) 'advisory' \
                AND l.classid OPERATOR(pg_catalog.=) $1::pg_catalog.oid \
                AND l.objid OPERATOR(pg_catalog.=) $2::pg_catalog.oid
                """, ["\(half(key >> 32))", "\(half(key))"], within: seconds
            ).rowCount > 0
        }
        if isOwn, one.connection.isUsable { try one.run("ROLLBACK", within: seconds) }
        return try seen.get()
    }
}
