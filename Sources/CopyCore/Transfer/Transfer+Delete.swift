// Tables emptied by DELETE, in the transactions that load them.

extension Transfer {
    /// Refuses to empty what cannot be, while nothing is emptied yet, and tells what may keep rows.
    func refuseObstacles() throws {
        guard let empties = request.empties else { return }
        for leader in participants where leader.stream == 0 && leader.isActive && !leader.side.isSource {
            try attributing(to: leader.side) {
                guard let obstacles = try leader.preparation.obstacles() else { return }
                if let refusal = obstacles.refusal(of: empties, disablesTriggers: request.disablesTriggers) {
                    throw refusal
                }
                guard empties == .delete else { return }
                for trigger in obstacles.triggers {
                    sink?.receive(
                        .warning(
                            "the trigger \(quoteIdentifier(trigger.name)) of \(trigger.table.quoted) may keep rows from being deleted",
                            at: leader.side.label))
                }
            }
        }
    }

    /// Deletes all rows of the tables that are to be loaded, each in the session that loads it, children first: readers see the
    /// old rows until the commit.
    /// - Returns: false: a destination was dropped that others had to wait for; everything is to begin anew.
    func deleteRows(_ plan: Plan) throws -> Bool {
        guard request.empties == .delete else { return true }
        let asked = participants.filter { !$0.side.isSource && $0.isActive }.compactMap {
            participant -> (Side, PipelinePart)? in
            let own = Set(participant.preparation.found.map(\.oid))
            let tables = plan.landings(participant.side.place ?? 0).map(\.table).filter { own.contains($0.oid) }
            guard !tables.isEmpty else { return nil }
            let part = PipelinePart(
                participant.preparation.session, timeout: request.timeout, isVital: !request.keepGoing)
            if plan.defersConstraints { part.ask(.statement("SET CONSTRAINTS ALL DEFERRED")) }
            // DELETE goes by names: they stand for the tables that were planned, before and behind it.
            part.ask(Catalog.requireNamesQuestion(tables))
            for table in tables.reversed() { part.ask(.statement("DELETE FROM \(table.only)\(table.name.quoted)")) }
            part.ask(Catalog.requireNamesQuestion(tables))
            return (participant.side, part)
        }
        return try askOrDrop(asked)
    }

    /// Asks sessions of destinations for what may have to wait for others' locks. With `--keep-going` the one that waits too long is
    /// dropped; what the others were at is cancelled with it.
    /// - Returns: false: that happened.
    func askOrDrop(_ asked: [(side: Side, part: PipelinePart)]) throws -> Bool {
        do {
            try ask(asked.map { ($0.side.label, $0.part) }, locks: true)
        } catch let late as PgcopyError where request.keepGoing {
            guard let side = asked.first(where: { $0.side.label == late.endpoint })?.side else { throw late }
            drop(side, late)
            lockWatch?.onlyTells = false
            return false
        }
        for (side, part) in asked { try attributing(to: side) { try part.check() } }
        return true
    }
}
