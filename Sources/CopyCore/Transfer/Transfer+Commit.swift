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
            guard let part, let preparation = participants.first(where: { $0.side === side })?.preparation else {
                return
            }
            typeChecks.append((side, preparation.checkTypesAgain(part)))
        }
        let parts = opened.active.map { side, destination in
            let part = destination.settling(isVital: !request.keepGoing)
            checkTypes(side, part)
            return part
        }
        let reader = participants.first(where: \.side.isSource)?.preparation
        let sourceCheck = reader.map { PipelinePart($0.session, timeout: request.timeout, isVital: true) }
        let look = sourceCheck.flatMap { reader?.lookAgain($0) }
        checkTypes(source, sourceCheck)
        let described = sourceCheck.flatMap { reader?.describeAgain($0) }
        ending = .settling(
            [(source, sourceCheck)].compactMap { side, part in part.map { (side, $0) } }
                + zip(opened.active, parts).compactMap { active, part in part.map { (active.side, $0) } })
        try PipelineRound.run(([sourceCheck] + parts).compactMap { $0 })
        try atSource {
            try sourceCheck?.check()
            if let names = try look?(), !names.isEmpty { throw PgcopyError.sourceChanged(names) }
            try typeChecks.first { $0.side.isSource }?.check()
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
            try typeChecks.first { $0.side === side }?.check()
        }
        // Flushing takes its time, and a rename cannot be tried: it is looked at right before the first commit.
        try ofEach(opened) { try $1.recheck() }
        // All these checks may have taken long.
        try atSource { try source.session?.requireAlive() }
        // The last moment at which a signal undoes everything.
        try poller.checkInterruption()
        // A standby whose COMMITs are waited for cannot replay what our locks are in the way of.
        source.session?.letGo()
    }

    private func ofEach(_ opened: Opened, _ check: (Side, any Destination) throws -> Void) throws {
        for (side, destination) in opened.active {
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
        guard let place = side.place, opened.plan.heldRows(place), !request.allowsEmpty, opened.rows == 0
        else { return }
        throw PgcopyError(
            .refused,
            "the source has no row, and this table holds some: it is left as it was; --allow-empty empties it all the same"
        )
    }

    /// Programs first, which fail more often than servers, that can still be rolled back then; files last: a rename hardly ever
    /// fails. The first failure stops the rest.
    func commit(_ opened: Opened) -> (any Error)? {
        let places = destinations.indices
        func rank(_ place: Int) -> Int {
            switch destinations[place].endpoint.kind {
            case .program: 0
            case .server: 1
            case .standardStream, .file, .null: 2
            }
        }
        let order = (0...2).flatMap { wanted in places.filter { rank($0) == wanted } }
        var committer = Committer(order: order, goesOn: request.keepGoing)
        for place in places where !destinations[place].isActive { committer.drop(place) }
        var failure: (any Error)?
        var number = 0
        let count = places.filter { destinations[$0].isActive }.count
        while !committer.isOver {
            // A signal between two of them: those that are open are rolled back.
            if interruption() != nil { break }
            // A program may have taken long to end: a server that is gone meanwhile keeps the others from committing.
            for place in places where committer.states[place] == .open {
                do {
                    try opened[destinations[place]]?.requireAlive()
                } catch {
                    let side = destinations[place]
                    side.error = error
                    failure = failure ?? PgcopyError.of(error, at: side.label)
                    if request.keepGoing { committer.drop(place) } else { committer.stop() }
                }
            }
            guard let index = committer.next() else { break }
            let side = destinations[index]
            number += 1
            ending = .committing(side.label, number: number, of: count)
            do {
                try opened[side]?.commit()
                committer.answered(.committed)
                side.status = .committed
            } catch let doubt as PgcopyError where doubt.code == .commitInDoubt {
                committer.answered(.lost)
                side.status = .inDoubt(transaction: doubt.transaction)
                side.error = doubt
                failure = PgcopyError.of(doubt, at: side.label)
            } catch {
                committer.answered(.refused)
                side.error = error
                failure = PgcopyError.of(error, at: side.label)
            }
        }
        return committer.verdict == .all ? nil : interruption() ?? failure
    }

    private func interruption() -> Interrupted? {
        do { try poller.checkInterruption() } catch { return error }
        return nil
    }
}
