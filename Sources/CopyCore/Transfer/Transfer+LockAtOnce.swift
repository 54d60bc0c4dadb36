// The plain case in one round trip: tables are locked by the names that were asked for, and looked at then.

extension Transfer {
    /// Locks the tables and asks all that has to be known of them.
    func lockTables() throws {
        guard let found = try lockAtOnce() else { return try lockSelected() }
        try attributingEach { side in
            if let server = found.first(where: { $0.side === side })?.located.server { try refuseGuarded(server) }
        }
        let located = found.map(\.located).filter(\.side.isActive)
        try refuseTheSameTable(located)
        if found.allSatisfy(\.preparation.isPlain) {
            participants = found.filter(\.isActive)
        } else {
            try lockAndAsk(located.filter(\.side.isActive))
        }
    }

    /// Takes each name for that of an ordinary table that is read or loaded, and asks everything on all servers side by
    /// side. What is locked so is in nobody's way, least of all in each other's.
    /// - Returns: what was found; nil: names are to be looked up first, and nothing has happened.
    private func lockAtOnce() throws -> [Participant]? {
        guard !request.creates, request.query == nil, request.condition == nil, request.empties == nil,
            !request.setsSequences,
            request.upserts == nil, request.computed.isEmpty,
            request.snapshot == nil,
            !request.isDryRun, request.jobs == 1, request.part == nil, request.splitSize == nil
        else {
            return nil
        }
        var asked: [(side: Side, session: Session, preparation: Preparation)] = []
        for side in [source] + active {
            guard let session = side.session else { continue }
            let names = tables(of: side)
            guard names.count == 1, let name = names.first, name.parts.count <= 2, !name.isCut,
                !session.connection.isGiven("lock_timeout")
            else { return nil }
            asked.append(
                (side, session, makePreparation(side, session, at: nil, .tables([.unknown(name)], where: nil))))
        }
        for (side, _, preparation) in asked {
            preparation.ask(timeout: request.timeout, lockTimeout: Self.glance)
            preparation.part.endsRound = side.isSource || !request.keepGoing
        }
        try ask(asked.map { ($0.side.label, $0.preparation.part) })
        let isOver = asked.contains {
            $0.preparation.part.failure != nil && !$0.preparation.part.isStopped && !$0.preparation.isRefused
        }
        func check(_ side: Side) throws {
            guard let preparation = asked.first(where: { $0.side === side })?.preparation,
                !preparation.part.isStopped
            else { return }
            // Where all is over, nobody is asked again: what is missing is told as far as it is known.
            if preparation.isRefused, !isOver || !preparation.lacksTable { return }
            try preparation.check()
        }
        do {
            try check(source)
        } catch {
            source.error = error
        }
        try attributingEach(check)
        var found: [Participant] = []
        for (side, session, preparation) in asked where side.isActive {
            guard let (table, server) = try preparation.foundAtOnce() else { return nil }
            let located = LocatedServer(side: side, session: session, server: server, found: [table])
            found.append(Participant(located: located, preparation: preparation, numbers: [0]))
        }
        return found
    }
}

extension Lookup.Found {
    /// What is taken for an ordinary table until it is known.
    fileprivate static func unknown(_ name: SQLName) -> Self { Self(asked: name, name: name, kind: "r", oid: "") }
}
