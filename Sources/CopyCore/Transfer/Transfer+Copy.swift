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
        settings.rateLimit = request.rateLimit.map { max(1, $0 / opened.streams.count) }
        settings.grace = request.grace
        settings.buffer = min(settings.buffer, max(Self.leastRing, Self.allRings / opened.streams.count))
        let managers = opened.streams.map { stream in
            CopyManager(stream.producer, stream.receivers.map(\.receiver), settings: settings, poller: poller)
        }
        copying = Copying(managers: managers, startedAt: poller.now)
        defer { for side in destinations where opened.hasOpened(side) { side.bytes = taken(side) } }
        var uncounted = opened.messagesWithoutRow
        var tries = Tries(limit: request.reconcileTries)
        var live = managers.count
        let streams = Streams(managers, poller: poller) { [unowned self] stream, event, copy in
            if managers.count > 1 { shareRate(&live) }
            switch event {
            case .moved(var moved):
                if moved.messages > 0 {
                    moved.messages -= uncounted
                    uncounted = 0
                }
                report(moved)
            case .idle: report(.zero)
            // A fault that is left alone fails the copy.
            case .faulted(let faults): try goOn(after: faults, stream, opened, copy, &tries)
            }
        }
        do {
            try streams.run()
        } catch {
            for failure in streams.failures.dropFirst() { noteUnheard(failure, opened) }
            if let failure = streams.failures.first { try noteFailure(failure, opened) }
            throw error
        }
    }

    /// The rings of many streams are not the memory of many copies; each holds some of the largest chunks.
    private static let allRings = 1 << 21
    private static let leastRing = 1 << 18

    /// The rate limit is that of all streams: those that are left share it.
    private func shareRate(_ live: inout Int) {
        guard let limit = request.rateLimit, let copies = copying?.managers.filter({ !$0.sourceEnded }),
            copies.count != live, !copies.isEmpty
        else { return }
        live = copies.count
        for copy in copies { copy.limit(to: limit / live) }
    }

    /// A destination's copies, one of each stream.
    func copies(to side: Side) -> [(copy: CopyManager, receiver: any Receiver)] {
        guard let copying, let opened else { return [] }
        return zip(copying.managers, opened.streams).compactMap { copy, stream in stream[side].map { (copy, $0) } }
    }

    /// Bytes it has not taken yet.
    func backlog(of side: Side) -> Int { copies(to: side).reduce(0) { $0 + $1.copy.backlog(of: $1.receiver) } }

    func isConfirmed(_ side: Side) -> Bool { copies(to: side).allSatisfy { $0.copy.isConfirmed($0.receiver) } }

    func taken(_ side: Side) -> Int {
        let copies = copies(to: side)
        return side.isActive || isConfirmed(side)
            ? copies.reduce(0) { $0 + $1.copy.producer.totals.bytes - $1.copy.backlog(of: $1.receiver) } : side.bytes
    }

    /// Reconciles or drops them; what is left alone has everything rolled back.
    private func goOn(
        after faults: [ReceiverFault], _ stream: Int, _ opened: Opened, _ copy: CopyManager, _ tries: inout Tries
    ) throws {
        for fault in faults {
            let receiver = fault.receiver
            guard let side = opened.streams[stream].receivers.first(where: { $0.receiver === receiver })?.side else {
                continue
            }
            // It was dropped for what happened on another stream.
            guard side.isActive else {
                try copy.drop(receiver)
                continue
            }
            var error = fault.error
            if let timeout = error as? PgcopyError, timeout.code == .timeout {
                do {
                    if try reconcile(side, receiver, stream, timeout, copy, &tries) { continue }
                } catch let interrupted as Interrupted {
                    throw interrupted
                } catch let again {
                    error = again
                }
            }
            side.bytes = taken(side)
            fail(side, error)
            if !request.keepGoing { return }
            try copy.drop(receiver)
            // Its other streams hear of it by their next cycles.
            for (other, receiver) in copies(to: side) where other !== copy { other.fault(receiver, error) }
            leave(side)
            receiver.abandon()
        }
    }

    /// False when its tries are used up.
    private func reconcile(
        _ side: Side, _ receiver: any Receiver, _ stream: Int, _ timeout: PgcopyError, _ copy: CopyManager,
        _ tries: inout Tries
    ) throws -> Bool {
        let arrived = copy.producer.totals.bytes - copy.backlog(of: receiver) - copy.unsent(of: receiver)
        guard let number = tries.next(of: [side.place ?? 0, stream], taken: arrived) else { return false }
        try copy.reconcile(receiver)
        sink?.receive(.fault(timeout, at: side.label, .reconciled(tries: number, limit: tries.limit)))
        return true
    }

    /// What the manager's failure says about each side; rethrows it.
    private func noteFailure(_ failure: CopyFail, _ opened: Opened) throws {
        noteUnheard(failure, opened)
        for (side, receiver) in opened.streams.flatMap(\.receivers) where side.isActive {
            if let error = failure[receiver], !error.has(.unanswered) { side.error = error }
        }
        if let cause = failure.cause { throw cause }
        throw failure
    }

    /// What a server's words say here.
    func meaning(of error: any Error) -> any Error {
        guard let error = error as? PgcopyError, let server = error.server else { return error }
        if request.readsStream, request.format == .csv, !request.options.header,
            let hint = ServerAdvice.firstLine(server)
        {
            return PgcopyError(
                error.code, error.message, hint: hint, endpoint: error.endpoint, server: server, causes: error.causes)
        }
        // A table that this transaction has neither made nor emptied takes no frozen rows: its name stood for another one before.
        guard server.sqlState == "55000", server.message.contains("COPY FREEZE") else { return error }
        return PgcopyError(
            .refused, "the table was replaced by another one while it was loaded; nothing was committed here",
            endpoint: error.endpoint, causes: [error])
    }

    private func noteUnheard(_ failure: CopyFail, _ opened: Opened) {
        for (side, receiver) in opened.streams.flatMap(\.receivers) where side.isActive {
            if failure[receiver]?.has(.unanswered) ?? false { side.isUnheard = true }
        }
    }
}

/// How often destinations that timed out are tried again; pure.
struct Tries {
    /// In a row, without progress between them.
    let limit: Int
    private var counts: [[Int]: (tries: Int, taken: Int)] = [:]

    init(limit: Int) { self.limit = limit }

    /// The number of the next try; nil: they are used up.
    /// - Parameters:
    ///   - place: whose: the destination's and the stream's.
    ///   - taken: bytes it has taken by now.
    mutating func next(of place: [Int], taken: Int) -> Int? {
        var count = counts[place] ?? (0, -1)
        if taken > count.taken { count.tries = 0 }
        guard count.tries < limit else { return nil }
        count = (count.tries + 1, taken)
        counts[place] = count
        return count.tries
    }
}
