// Rows flow: faults of destinations are reconciled, dropped, or end it all.

extension Transfer {
    func copy(_ opened: Opened) throws {
        guard !opened.destinations.isEmpty else {
            // Each has told why.
            throw PgcopyError(
                .refused, "no destination is left", endpoint: destinations.first { !$0.isActive }?.label)
        }
        var settings = CopySettings()
        settings.timeout = request.timeout
        settings.needsEveryReceiver = !request.keepGoing
        settings.idleInterval = request.idleInterval
        settings.rateLimit = request.rateLimit
        settings.grace = request.grace
        let manager = CopyManager(
            opened.producer, opened.destinations.map(\.destination.receiver), settings: settings, poller: poller)
        copying = Copying(manager: manager, startedAt: poller.now)
        defer { for (side, destination) in opened.destinations { side.bytes = taken(side, destination) } }
        var uncounted = opened.messagesWithoutRow
        var tries = Tries(limit: request.reconcileTries)
        let run = Part(label: source.label, size: 0, out: "", into: [:])
        let streams = Streams([run], count: 1, poller: poller) { _, _ in
            manager
        } handle: { [unowned self] _, _, event, copy in
            switch event {
            case .moved(var moved):
                if moved.messages > 0 {
                    moved.messages -= uncounted
                    uncounted = 0
                }
                report(moved)
            case .idle: report(.zero)
            // A fault that is left alone fails the copy.
            case .faulted(let faults): try goOn(after: faults, opened, copy, &tries)
            }
        }
        do {
            try streams.run()
        } catch {
            if let failure = streams.failures.first { try noteFailure(failure, opened) }
            throw error
        }
    }

    func taken(_ side: Side, _ destination: any Destination) -> Int {
        guard let manager = copying?.manager else { return 0 }
        return side.isActive || manager.isConfirmed(destination.receiver)
            ? manager.producer.totals.bytes - manager.backlog(of: destination.receiver) : side.bytes
    }

    /// Reconciles or drops them; what is left alone has everything rolled back.
    private func goOn(
        after faults: [ReceiverFault], _ opened: Opened, _ copy: CopyManager, _ tries: inout Tries
    ) throws {
        for fault in faults {
            let receiver = fault.receiver
            guard let (side, destination) = opened.destinations.first(where: { $1.receiver === receiver }) else {
                continue
            }
            var error = fault.error
            if let timeout = error as? PgcopyError, timeout.code == .timeout {
                do {
                    if try reconcile(side, destination, timeout, copy, &tries) { continue }
                } catch let interrupted as Interrupted {
                    throw interrupted
                } catch let again {
                    error = again
                }
            }
            side.bytes = taken(side, destination)
            fail(side, error)
            if !request.keepGoing { return }
            try copy.drop(receiver)
            leave(side)
            receiver.abandon()
        }
    }

    /// False when its tries are used up.
    private func reconcile(
        _ side: Side, _ destination: any Destination, _ timeout: PgcopyError, _ copy: CopyManager,
        _ tries: inout Tries
    ) throws -> Bool {
        let receiver = destination.receiver
        let arrived = taken(side, destination) - copy.unsent(of: receiver)
        guard let number = tries.next(of: side.place ?? 0, taken: arrived) else { return false }
        try copy.reconcile(receiver)
        sink?.receive(.fault(timeout, at: side.label, .reconciled(tries: number, limit: tries.limit)))
        return true
    }

    /// What the manager's failure says about each side; rethrows it.
    private func noteFailure(_ failure: CopyFail, _ opened: Opened) throws {
        for (side, destination) in opened.destinations where side.isActive {
            guard let error = failure[destination.receiver] else { continue }
            if error.has(.unanswered) { side.isUnheard = true } else { side.error = error }
        }
        if let cause = failure.cause { throw cause }
        throw failure
    }
}

/// How often destinations that timed out are tried again; pure.
struct Tries {
    /// In a row, without progress between them.
    let limit: Int
    private var counts: [Int: (tries: Int, taken: Int)] = [:]

    init(limit: Int) { self.limit = limit }

    /// The number of the next try; nil: they are used up.
    /// - Parameter taken: bytes it has taken by now.
    mutating func next(of place: Int, taken: Int) -> Int? {
        var count = counts[place] ?? (0, -1)
        if taken > count.taken { count.tries = 0 }
        guard count.tries < limit else { return nil }
        count = (count.tries + 1, taken)
        counts[place] = count
        return count.tries
    }
}
