// Everything behind the last row: the last checks, then the commits.

extension Transfer {
    /// Refuses any other number of rows than the one that was expected.
    func checkRowCount(_ opened: Opened) throws {
        guard let expected = request.expectedRows else { return }
        guard opened.rows == expected else { throw PgcopyError.rowCount(opened.rows, expected: expected) }
    }

    /// Last checks, while all of it can still be rolled back.
    func settle(_ opened: Opened) throws {
        var typeChecks: [(side: Side, check: () throws -> Void)] = []
        func checkTypes(_ side: Side, _ part: PipelinePart?) {
            guard let part,
                let preparation = participants.first(where: { $0.preparation.session === part.session })?.preparation
            else { return }
            typeChecks.append((side, preparation.checkTypesAgain(part)))
        }
        let parts = opened.active.map { side, destination in
            let part = destination.settling(isVital: !request.keepGoing)
            checkTypes(side, part)
            return part
        }
        let readers = participants.filter(\.side.isSource).map(\.preparation)
        let sourceChecks = readers.map { reader in
            let part = PipelinePart(reader.session, timeout: request.timeout, isVital: true)
            let look = reader.lookAgain(part)
            checkTypes(source, part)
            return (part: part, look: look)
        }
        let reader = readers.first
        let described = sourceChecks.first.flatMap { reader?.describeAgain($0.part) }
        ending = .asking(
            sourceChecks.map { (source, $0.part) }
                + zip(opened.active, parts).compactMap { active, part in part.map { (active.side, $0) } },
            as: TransferStage.settling)
        try PipelineRound.run(sourceChecks.map(\.part) + parts.compactMap { $0 })
        try atSource {
            for (part, look) in sourceChecks {
                try part.check()
                let names = try look()
                if !names.isEmpty { throw PgcopyError.sourceChanged(names) }
            }
            for (side, check) in typeChecks where side.isSource { try check() }
            // A function of the query's was replaced by one that gives something else.
            if let now = try described?.get().columns, let before = try reader?.columns(),
                !now.elementsEqual(before, by: ==)
            {
                throw PgcopyError(
                    .refused, "the query's columns are others than before; nothing was committed, run it again")
            }
        }
        try ofEach(opened) { side, destination in
            try refuseEmptying(side, opened)
            try destination.settle()
            for (other, check) in typeChecks where other === side { try check() }
        }
        // Flushing takes its time, and a rename cannot be tried: it is looked at right before the first commit.
        try ofEach(opened) { try $1.recheck() }
        try finishLanding(opened)
        // All these checks may have taken long.
        try atSource { for session in source.sessions { try session.requireAlive() } }
        // The last moment at which a signal undoes everything.
        try poller.checkInterruption()
        // A standby whose COMMITs are waited for cannot replay what our locks are in the way of.
        for session in source.sessions { session.letGo() }
    }

    private func ofEach(_ opened: Opened, _ check: (Side, any Destination) throws -> Void) throws {
        for (side, destination) in opened.destinations where side.isActive {
            do {
                try check(side, destination)
            } catch let error where !(error is Interrupted) {
                fail(side, error)
                if !request.keepGoing { throw PgcopyError.of(error, at: side.label) }
                leave(side)
            }
        }
    }

    /// What holds rows is not emptied for the sake of none: source and destination may have been mixed up.
    private func refuseEmptying(_ side: Side, _ opened: Opened) throws {
        // What was left out is no row either.
        let taken = request.leavesOut == nil ? opened.rows : opened.rows(at: side) ?? opened.rows
        guard let place = side.place, !request.allowsEmpty, taken == 0 else { return }
        guard side.emptied.isEmpty else {
            throw PgcopyError(
                .refused,
                (opened.rows == 0 ? "the source has no row any more" : "all rows were left out")
                    + ": what was emptied before is left so, and nothing else is emptied")
        }
        guard opened.plan.heldRows(place) else { return }
        throw PgcopyError(
            .refused,
            (opened.rows == 0 ? "the source has no row" : "all rows were left out")
                + ", and this table holds some: it is left as it was; --allow-empty empties it all the same"
        )
    }

    /// Programs first, which fail more often than servers, that can still be rolled back then; files last: a rename hardly ever
    /// fails. The first failure stops the rest.
    func commit(_ opened: Opened) -> (any Error)? {
        let all = opened.destinations
        func rank(_ index: Int) -> Int {
            switch all[index].side.endpoint.kind {
            case .program: 0
            case .server: 1
            case .standardStream, .file, .null: 2
            }
        }
        let order = (0...2).flatMap { wanted in all.indices.filter { rank($0) == wanted } }
        var committer = Committer(order: order, goesOn: request.keepGoing)
        for index in all.indices where !all[index].side.isActive { committer.drop(index) }
        var failure: (any Error)?
        /// What is not committed yet of a destination that failed is not to be.
        func failed(_ side: Side, _ error: any Error) {
            side.error = error
            failure = failure ?? PgcopyError.of(error, at: side.label)
            for index in all.indices where all[index].side === side { committer.drop(index) }
        }
        var number = 0
        let count = committer.states.count { $0 == .open }
        while !committer.isOver {
            // A signal between two of them: those that are open are rolled back.
            if interruption() != nil { break }
            // A program may have taken long to end: a server that is gone meanwhile keeps the others from committing.
            for index in all.indices where committer.states[index] == .open {
                do {
                    try all[index].destination.requireAlive()
                } catch {
                    failed(all[index].side, error)
                    if !request.keepGoing { committer.stop() }
                }
            }
            guard let index = committer.next() else { break }
            let (side, destination) = all[index]
            number += 1
            ending = .committing(side.label, number: number, of: count)
            do {
                try destination.commit()
                committer.answered(.committed)
                side.hasCommitted = all.indices.allSatisfy {
                    all[$0].side !== side || committer.states[$0] == .committed
                }
                if let number = (destination as? ServerDestination)?.transactionNumber {
                    side.transactions.append(number)
                }
            } catch let doubt as PgcopyError where doubt.code == .commitInDoubt {
                committer.answered(.lost)
                failed(side, doubt)
            } catch {
                committer.answered(.refused)
                failed(side, error)
            }
        }
        for side in destinations where opened.hasOpened(side) {
            let own = all.indices.filter { all[$0].side === side }
            side.status = status(own.map { committer.states[$0] }, side)
            guard side.status != .committed else { continue }
            side.ends = TableEnds(own.map { (committer.states[$0], all[$0].destination.tables) })
        }
        return committer.verdict == .all ? nil : interruption() ?? failure
    }

    /// What became of a destination whose streams' transactions came to this.
    private func status(_ ends: [Committer.State], _ side: Side) -> TransferOutcome.Status {
        switch Committer.Verdict(ends) {
        case .all: .committed
        case .none: .rolledBack
        case .some: .partlyCommitted
        case .inDoubt: .inDoubt(transaction: (side.error as? PgcopyError)?.transaction)
        }
    }

    private func interruption() -> Interrupted? {
        do { try poller.checkInterruption() } catch { return error }
        return nil
    }
}
