// Everything behind the last row: the last checks, then the commits.

extension Transfer {
    /// Last checks, while all of it can still be rolled back.
    func settle() throws {
        let parts = entries.filter(\.isActive).map { $0.destination?.settling(isVital: !request.keepGoing) }
        let sourceCheck = sourceSession.map { PipelinePart($0, within: request.timeout, isVital: true) }
        let look = sourceCheck.flatMap { sourcePreparation?.lookAgain($0) }
        let described = sourceCheck.flatMap { sourcePreparation?.describeAgain($0) }
        try PipelineRound.run(([sourceCheck] + parts).compactMap { $0 })
        failingLabel = request.source.label
        try sourceCheck?.check()
        if let names = try look?(), !names.isEmpty { throw SourceChanged(names: names) }
        // A function of the query's was replaced by one that gives something else.
        if let now = try described?.get().columns, let before = try sourcePreparation?.columns(),
            !now.elementsEqual(before, by: ==)
        {
            throw TransferRefusal("the query's columns are others than before; nothing was committed, run it again")
        }
        failingLabel = nil
        try ofEach { entry, destination in
            try refuseEmptying(entry)
            try destination.settle()
        }
        // Flushing takes its time, and a rename cannot be tried: it is looked at right before the first commit.
        try ofEach { try $1.recheck() }
        // All these checks may have taken long.
        failingLabel = request.source.label
        try sourceSession?.requireAlive()
        failingLabel = nil
        // The last moment at which a signal undoes everything.
        try poller.checkInterruption()
        // A standby whose COMMITs are waited for cannot replay what our locks are in the way of.
        sourceSession?.close()
    }

    private func ofEach(_ check: (Entry, any Destination) throws -> Void) throws {
        for entry in entries where entry.isActive {
            do {
                if let destination = entry.destination { try check(entry, destination) }
            } catch let error where !(error is Interrupted) {
                entry.error = error
                sink?.receive(.fault(error, at: entry.label, request.keepGoing ? .dropped : .fatal))
                if !request.keepGoing { throw error }
            }
        }
    }

    /// What holds rows is not emptied for the sake of none: source and destination may have been mixed up.
    private func refuseEmptying(_ entry: Entry) throws {
        guard entry.heldRows, !request.allowsEmpty, rowsOfSource == 0 else { return }
        throw TransferRefusal(
            "the source has no row, and this table holds some: it is left as it was; --allow-empty empties it all the same"
        )
    }

    /// Servers first, then files: a rename hardly ever fails. The first failure stops the rest.
    func commit() -> (any Error)? {
        let servers = entries.indices.filter { entries[$0].endpoint.isServer }
        var committer = Committer(
            order: servers + entries.indices.filter { !entries[$0].endpoint.isServer }, goesOn: request.keepGoing)
        for index in entries.indices where !entries[index].isActive { committer.drop(index) }
        var failure: (any Error)?
        while let index = committer.next() {
            let entry = entries[index]
            do {
                try entry.destination?.commit()
                committer.answered(.committed)
                entry.status = .committed
            } catch let doubt as CommitInDoubt {
                committer.answered(.lost)
                entry.status = .inDoubt(transaction: doubt.transaction)
                entry.error = doubt
                failure = doubt
            } catch {
                committer.answered(.refused)
                entry.error = error
                failure = error
            }
        }
        return failure
    }
}
