// Names first, then locks, then questions: what was asked for is still so when rows flow.

extension Transfer {
    /// A server that takes part, in the order in which people name them.
    private struct Participant {
        /// Nil: the source.
        let entry: Entry?
        let server: Lookup.Server
        let preparation: Preparation
        /// The OID of its table, where it has one.
        let table: String

        /// The same for every run, whatever it calls the server.
        var place: [String] {
            [server.cluster.systemIdentifier ?? server.cluster.start, server.database, table]
        }

        /// What it locks others may wait for: the very same server and database.
        func sharesLocks(with other: Participant) -> Bool {
            server.database == other.server.database
                && server.cluster.relation(to: other.server.cluster) == .sameServer
        }
    }

    // MARK: Names

    /// One round trip to every server, side by side: which server it is, and what the names stand for.
    func lookUp() throws {
        sourceLookup = sourceSession.map { session in
            Lookup(
                PipelinePart(session, within: request.timeout, isVital: true),
                table: request.query == nil ? sourceTable : nil)
        }
        for entry in entries where entry.isActive {
            guard let session = entry.session, let table = destinationTable(entry.endpoint) else { continue }
            entry.lookup = Lookup(
                PipelinePart(session, within: request.timeout, isVital: !request.keepGoing), table: table)
        }
        let lookups = [sourceLookup] + entries.filter(\.isActive).map(\.lookup)
        try PipelineRound.run(lookups.compactMap { $0?.part })
        failingLabel = request.source.label
        sourceTableFound = try sourceLookup?.table()
        sourceServer = try sourceLookup?.server()
        failingLabel = nil
        for entry in entries where entry.isActive {
            guard let lookup = entry.lookup else { continue }
            try preparing(entry) {
                entry.found = try lookup.table()
                let server = try lookup.server()
                entry.server = server
                try refuseGuarded(server)
            }
        }
        try refuseTheSameTable()
    }

    /// Somebody had reasons for a server to be left as it is.
    private func refuseGuarded(_ server: Lookup.Server) throws {
        if server.cluster.isInRecovery {
            throw TransferRefusal(
                "this server is a standby, and takes no rows; name its primary", isUsageError: true,
                isOneDestinations: true)
        }
        if server.isReadOnly, !request.overridesReadOnly {
            throw TransferRefusal(
                "default_transaction_read_only is on here: somebody wants this database left as it is; "
                    + "--override-read-only loads it all the same", isUsageError: true, isOneDestinations: true)
        }
    }

    // MARK: The same table

    /// Copying a table onto itself, or to one place twice, is refused whatever the way there.
    private func refuseTheSameTable() throws {
        typealias Place = (session: Session, server: Lookup.Server, oid: String, label: String)
        var places: [Place] = []
        if let session = sourceSession, let server = sourceServer, let found = sourceTableFound {
            places.append((session, server, found.oid, request.source.label))
        }
        let hasSource = !places.isEmpty
        for entry in entries where entry.isActive {
            guard let session = entry.session, let server = entry.server, let found = entry.found else { continue }
            try preparing(entry) {
                for (index, place) in places.enumerated()
                where place.oid == found.oid && place.server.database == server.database {
                    let relation = server.cluster.relation(to: place.server.cluster)
                    guard try isTheSame(relation, session, place.session) else { continue }
                    let isSource = hasSource && index == 0
                    let what =
                        isSource
                        ? "the source itself: a table is not copied onto itself" : "the same table as \(place.label)"
                    throw TransferRefusal(
                        relation == .sameServer
                            ? "this is \(what)"
                            : "this is \(what), seen on a standby (system identifier and timeline are the same); "
                                + "--not-same copies all the same",
                        isUsageError: true)
                }
            }
            places.append((session, server, found.oid, entry.label))
        }
    }

    /// A name can stand for another table by the time it is locked.
    func refuseTheSameTableAgain() throws {
        var isOther = false
        func note(_ found: inout Lookup.Found?, _ table: TableShape?) {
            guard let table, let oid = found?.oid, oid != table.oid else { return }
            found?.oid = table.oid
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

    // MARK: Locks

    /// Locks what was found and asks all that has to be known, on all servers side by side.
    ///
    /// Two runs that wait at two servers, each for what the other holds, would wait for ever: no server sees both. So
    /// at first nobody waits; where something is in the way all is let go, and locked in one order that every run has.
    func lockAndAsk() throws {
        let withTypes = needsTypes
        var participants: [Participant] = []
        if let session = sourceSession, let server = sourceServer, let rows = sourceRows {
            // A condition's or a query's columns may be written as names, which depend on the search_path.
            let preparation = Preparation(
                session, .source, rows, keepLockTimeout: server.hasOwnLockTimeout, pinsMoney: pinsMoney,
                withTypes: withTypes || request.condition != nil, isVital: true)
            sourcePreparation = preparation
            participants.append(
                Participant(
                    entry: nil, server: server, preparation: preparation, table: sourceTableFound?.oid ?? ""))
        }
        for entry in entries where entry.isActive {
            guard let session = entry.session, let server = entry.server, let found = entry.found else { continue }
            let role = Preparation.Role.destination(
                isEmptied: request.truncate, overridesReadOnly: request.overridesReadOnly,
                deadLink: session.isLocal ? nil : deadLinkTimeout)
            let preparation = Preparation(
                session, role, .table(found), keepLockTimeout: server.hasOwnLockTimeout, pinsMoney: pinsMoney,
                withTypes: withTypes, isVital: !request.keepGoing)
            entry.preparation = preparation
            participants.append(
                Participant(entry: entry, server: server, preparation: preparation, table: found.oid))
        }
        if participants.count > 1 {
            if try lock(inWaves(participants), waiting: false) { return }
            // What is held is let go: somebody may wait for it who holds what we waited for.
            try PipelineRound.run(participants.compactMap { $0.preparation.release() })
            participants.removeAll { !($0.entry?.isActive ?? true) }
            participants.sort { $0.place.lexicographicallyPrecedes($1.place) }
        }
        _ = try lock(participants.map { [$0] }, waiting: true)
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

    /// False: somebody holds a lock that is in the way, and it was not to be waited for.
    private func lock(_ waves: [[Participant]], waiting: Bool) throws -> Bool {
        var done: [Participant] = []
        for wave in waves {
            guard try prepare(wave, after: done, waiting: waiting) else { return false }
            done += wave
        }
        return true
    }

    /// Seconds: longer than a link may be blocked and be reconciled.
    var deadLinkTimeout: Int {
        max(60, Int(min((request.timeout ?? 0) * Double(request.reconcileTries + 1), 1e6)) + 30)
    }

    private var pinsMoney: Bool { request.source.isServer && entries.contains { $0.endpoint.isServer } }

    private var sourceRows: Preparation.Rows? {
        if let query = request.query.map(CopyStatement.trimmed) { return .query(query) }
        return sourceTableFound.map { request.condition == nil ? .table($0) : .tableWithCondition($0) }
    }

    /// How often a source begins anew that is emptied or replaced each time between its snapshot and its lock.
    private static let attempts = 20

    private func prepare(_ wave: [Participant], after done: [Participant], waiting: Bool) throws -> Bool {
        var open = wave
        for _ in 0..<Self.attempts where !open.isEmpty {
            var watched: [(session: Session, usual: (() throws -> Bool)?)] = []
            defer { for (session, usual) in watched { session.isServerWorking = usual } }
            for participant in open {
                let preparation = participant.preparation
                let others = done.filter { $0.sharesLocks(with: participant) }
                guard waiting, !others.isEmpty else {
                    preparation.ask(within: request.timeout, waits: waiting)
                    continue
                }
                let session = preparation.session
                watched.append((session, session.isServerWorking))
                session.isServerWorking = { [unowned self] in
                    try refuseWaitingForOurselves(preparation, others.map { ($0.entry, $0.preparation) })
                }
                preparation.ask(within: 1, waits: true)
            }
            try PipelineRound.run(open.map(\.preparation.part))
            let states = open.map { $0.preparation.state() }
            let failed = zip(open, states).first { participant, state in
                state == .ready && participant.preparation.part.failure != nil
                    && (participant.entry == nil || !request.keepGoing)
            }
            if let failed { try check(failed.0) }
            if states.contains(.busy) { return false }
            open = zip(open, states).filter { $0.1 != .ready }.map(\.0)
        }
        for participant in wave {
            try check(participant, isStuck: open.contains { $0.preparation === participant.preparation })
        }
        return true
    }

    private func check(_ participant: Participant, isStuck: Bool = false) throws {
        func check() throws {
            if isStuck { throw SourceChanged(names: []) }
            try participant.preparation.check()
        }
        if let entry = participant.entry { return try preparing(entry, check) }
        failingLabel = request.source.label
        try check()
        failingLabel = nil
    }

    /// True: it waits for a stranger.
    func refuseWaitingForOurselves(
        _ preparation: Preparation, _ others: [(entry: Entry?, preparation: Preparation)]
    ) throws -> Bool {
        let pid = preparation.backendPID ?? preparation.session.connection.backendPID
        let pids = others.map { ($0.preparation.backendPID ?? $0.preparation.session.connection.backendPID, $0.entry) }
        guard let reader = others.first(where: { $0.preparation.session.connection.isUsable })?.preparation.session,
            let blocker = try Catalog.waits(pid, for: pids.map(\.0), asking: reader)
        else { return true }
        // It is emptied, and the source reads it: whichever of them came first.
        guard let entry = pids.first(where: { $0.0 == blocker })?.1 else {
            throw TransferRefusal("the source reads this table; it cannot be emptied before that is done")
        }
        throw TransferRefusal("this waits for a lock that \(entry.label) of the same run holds")
    }
}

extension Catalog {
    /// Whether two sessions are on one server, by what only that one knows: a lock that the first takes and the second
    /// sees. The living copy of a machine has its start and its identifier.
    static func sharesLocks(_ one: Session, _ other: Session, within seconds: Double?) throws -> Bool {
        let key = Int64.random(in: .min ... .max)
        try one.run("BEGIN", within: seconds)
        _ = try one.query("SELECT pg_catalog.pg_advisory_xact_lock_shared($1)", ["\(key)"], within: seconds)
        let half = { (value: Int64) in UInt32(truncatingIfNeeded: value) }
        let seen = try other.query(
            """
            SELECT 1 FROM pg_catalog.pg_locks l WHERE l.locktype OPERATOR(pg_catalog.=) 'advisory' \
            AND l.classid OPERATOR(pg_catalog.=) $1::pg_catalog.oid AND l.objid OPERATOR(pg_catalog.=) $2::pg_catalog.oid
            """, ["\(half(key >> 32))", "\(half(key))"], within: seconds)
        try one.run("ROLLBACK", within: seconds)
        return seen.rowCount > 0
    }
}

extension Session {
    /// Over a unix socket, which cannot be dead without either side's knowing.
    var isLocal: Bool { connection.host.hasPrefix("/") }
}
