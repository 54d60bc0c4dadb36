// Who waits for whom: what the lock watch is to know of a transfer, and may do.

extension Transfer {
    /// Watches over the whole run.
    func makeLockWatch() -> LockWatch {
        LockWatch(
            poller, interval: request.reportInterval ?? .seconds(1), lockTimeout: request.lockTimeout,
            timeout: request.timeout, mark: { [unowned self] in lockMark }, watched: { [unowned self] in watched },
            open: { [unowned self] server in
                // A server that does not answer is asked no longer than it may take to answer.
                try Witness(server.parameters(waitingUpTo: connectTimeout ?? 5), open: opening(server))
            },
            tell: { [sink] wait, side in sink?.receive(.waitingForLock(wait, at: side.label)) },
            tellAbroad: { [sink] waiting, holder, visitor in
                let what = "a foreign server; there \(visitor.shown) waits for \(holder.label) of the same run"
                sink?.receive(.waiting(for: what, at: waiting.label))
            },
            tellUnasked: { [sink] error, side in
                sink?.receive(.waiting(for: "the server; whom it waits for cannot be asked: \(error)", at: side.label))
            },
            drop: { [unowned self] side, error in goOnWithout(side, error) })
    }

    private var watched: [LockWatch.Watched] {
        var first: [Participant] = []
        return participants.filter(\.isActive).compactMap { participant in
            let session = participant.preparation.session
            guard session.connection.isUsable, let server = participant.side.server
            else { return nil }
            let group = first.firstIndex { $0.isOnServer(of: participant) } ?? first.count
            if group == first.count { first.append(participant) }
            return LockWatch.Watched(
                side: participant.side, stream: participant.stream,
                pid: participant.preparation.backendPID ?? session.connection.backendPID,
                trace: participant.preparation.backendPID == nil ? participant.preparation.trace : "",
                server: server, group: group, rests: rests(participant), holdsUp: holdsUp(participant),
                locked: { table in
                    participant.preparation.found
                        .first { table == "\(participant.located.server.database)/\($0.oid)" }?
                        .name.parts.joined(separator: ".")
                })
        }
    }

    /// Whether anything has moved.
    var lockMark: LockWatch.Mark {
        let preparing = hasLocks ? LockWatch.Mark.locked : LockWatch.Mark.locking
        var mark = LockWatch.Mark(stage: copying == nil ? preparing : 1)
        switch ending {
        case .asking(let checks, _)?: mark.stage = 2 + checks.filter { $0.part.hasSucceeded }.count
        case .committing(_, let number, _)?: mark.stage = 1000 + number
        case .indexing?: mark.stage = 1 << 20
        case nil: break
        }
        mark.streams = (copying?.managers ?? []).map { copy in
            LockWatch.Mark.Stream(
                bytes: copy.producer.totals.bytes,
                backlog: copy.allReceivers.reduce(0) { $0 + copy.backlog(of: $1) + (copy.isConfirmed($1) ? 0 : 1) },
                flows: ending == nil && !copy.sourceEnded && copy.hasRoom, awaitsSource: copy.isWaitingForSource,
                isOver: copy.sourceEnded && copy.receivers.allSatisfy(copy.isConfirmed))
        }
        return mark
    }

    /// Goes on without a destination, while rows flow or at the last checks; false where that is not wanted, or it is too late.
    func goOnWithout(_ side: Side, _ error: PgcopyError) -> Bool {
        guard request.keepGoing, !side.isSource else { return false }
        switch ending {
        // The other streams of the side hear of it from the first that is at work yet.
        case nil: return copies(to: side).contains { $0.copy.fault($0.receiver, error) }
        case .asking:
            fail(side, error)
            leave(side)
        case .committing, .indexing: return false
        }
        return true
    }

    /// A stream's copy, and its receiver where it is a destination's.
    private func copy(_ participant: Participant) -> (copy: CopyManager, receiver: (any Receiver)?)? {
        guard let copies = copying?.managers, let opened, copies.indices.contains(participant.stream) else {
            return nil
        }
        return (copies[participant.stream], opened.streams[participant.stream][participant.side])
    }

    /// Whether the source has to wait for a destination.
    func holdsUp(_ participant: Participant) -> Bool {
        guard ending == nil, let (copy, receiver) = copy(participant), let receiver, !copy.hasRoom else { return false }
        let most = copy.allReceivers.map(copy.backlog(of:)).max() ?? 0
        return copy.backlog(of: receiver) > most - (1 << 16)
    }

    /// Whether it has nothing to do before the others have finished; nil: that is for its server to say.
    func rests(_ participant: Participant) -> Bool? {
        if case .asking(let checks, _)? = ending {
            return checks.first { $0.part.session === participant.preparation.session }.map { $0.part.isAnswered }
        }
        guard let (copy, receiver) = copy(participant) else { return nil }
        let isDone = participant.side.isSource ? copy.sourceEnded : receiver.map(copy.isConfirmed) ?? false
        return isDone ? true : nil
    }
}
