// Tables emptied by DELETE, in the transactions that load them.

extension Transfer {
    /// Refuses to empty what cannot be, while nothing is emptied yet.
    func refuseObstacles() throws {
        guard let empties = request.empties else { return }
        for leader in landingLeaders {
            try attributing(to: leader.side) {
                guard let obstacles = try leader.preparation.obstacles() else { return }
                if let refusal = obstacles.refusal(of: empties, disablesTriggers: request.disablesTriggers) {
                    throw refusal
                }
            }
        }
    }

    /// Tells which triggers may keep rows.
    func tellTriggers() {
        guard request.empties == .delete else { return }
        for leader in landingLeaders {
            for trigger in (try? leader.preparation.obstacles())?.triggers ?? [] {
                sink?.receive(
                    .warning(
                        "the trigger \(quoteIdentifier(trigger.name)) of \(trigger.table.quoted) may keep rows from being deleted",
                        at: leader.side.label))
            }
        }
    }

    private var landingLeaders: [Participant] {
        participants.filter { $0.stream == 0 && $0.isActive && !$0.side.isSource }
    }

    /// What one session of a destination has for itself, in the order of loading.
    func bound(_ plan: Plan) -> [(side: Side, session: Session, landings: [TablePlan.Landing])] {
        participants.filter { !$0.side.isSource && $0.isActive }.compactMap { participant in
            let own = Set(participant.preparation.found.map(\.oid))
            let landings = plan.landings(participant.side.place ?? 0).filter { own.contains($0.table.oid) }
            return landings.isEmpty ? nil : (participant.side, participant.preparation.session, landings)
        }
    }

    /// Deletes all rows of the tables that are to be loaded, each in the session that loads it, children first: readers see the
    /// old rows until the commit.
    /// - Returns: false: a destination was dropped that others had to wait for; everything is to begin anew.
    func deleteRows(_ plan: Plan) throws -> Bool {
        guard request.empties == .delete else { return true }
        let asked = bound(plan).map { side, session, landings in
            let part = PipelinePart(session, timeout: request.timeout, isVital: !request.keepGoing)
            let tables = landings.map(\.table)
            if plan.defersConstraints { part.ask(.statement("SET CONSTRAINTS ALL DEFERRED")) }
            // DELETE goes by names: they stand for the tables that were planned, before and behind it.
            part.requireNames(tables)
            for table in tables.reversed() { part.ask(.statement("DELETE FROM \(table.only)\(table.name.quoted)")) }
            part.requireNames(tables)
            return (side, part)
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
