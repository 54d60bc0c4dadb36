// The way into a copy and the way out of it.

/// A producer or receiver would not go into its COPY state; its error is noted with the manager.
struct EntryRefused: Error {}

extension CopyManager {
    /// The producer first: when it fails, no receiver was disturbed. Then the receivers, all at once.
    func enterAll() throws {
        let deadline = idleInterval.map { poller.now + $0 }
        // A server says so with its first rows only: a long sort must not keep all the others waiting.
        try poller.finish(until: deadline) { [self] in try enterProducer() }
        let entering = receiversEntering()
        try poller.run([entering])
        try requireEntered(entering)
    }

    /// Called until done, or until it has taken too long.
    func enterProducer() throws(EntryRefused) -> Step {
        let enter =
            producerEntry
            ?? asking(
                { [producer] in try producer.enter() }, { [producer] in try producer.inquire() },
                PgcopyError.sourceTimeout)
        producerEntry = enter
        do {
            return try enter()
        } catch {
            producerError = error
            producerIsStranger = error as? PgcopyError == .alreadyUsed
            throw EntryRefused()
        }
    }

    /// Enters somebody. Who does not answer in time is asked about, as later.
    private func asking(
        _ enter: @escaping () throws -> Step, _ inquire: @escaping () throws -> Inquiry?,
        _ fault: (Duration) -> PgcopyError
    ) -> () throws -> Step {
        guard let timeout else { return enter }
        var deadline = poller.now + timeout
        var inquiry: Inquiry?
        let fault = fault(settings.timeout ?? .zero)
        return { [poller] in
            inquiry?.step([])
            var waiting: [PollEntry] = []
            if let inquiry, inquiry.watch(&waiting), let entry = waiting.first { return .waiting(entry.interest) }
            // It may have answered while it was asked about: what waits for rows by now is not late.
            guard case .waiting(var interest) = try enter() else { return .done }
            if let answer = inquiry?.answer {
                inquiry = nil
                guard try answer.get() else { throw fault }
                deadline = poller.now + timeout
            } else if poller.now >= deadline {
                inquiry = try inquire()
                guard inquiry != nil else { throw fault }
                // Called again at once.
                return .waiting(Interest.at(poller.now))
            }
            interest.alarm = earliest(interest.alarm, deadline)
            return .waiting(interest)
        }
    }

    /// All receivers on their way into their COPY state.
    func receiversEntering() -> Together {
        let layout = producer.layout
        return Together(
            allReceivers.map { receiver in
                asking({ try receiver.enter(layout) }, { try receiver.inquire() }, PgcopyError.entryTimeout)
            }, poller,
            isStoppedByFailure: settings.needsEveryReceiver
        ) { [unowned self] index, error in
            errors[index] = error
            unentered.insert(index)
            if error as? PgcopyError == .alreadyUsed { strangers.insert(index) }
            if !settings.needsEveryReceiver { machine.receiverFaulted(index) }
        }
    }

    /// Throws where that ended the copy.
    func requireEntered(_ entering: Together) throws(EntryRefused) {
        if entering.hasFailed, settings.needsEveryReceiver { throw EntryRefused() }
    }

    /// Every connection on its way back, all at once; one's trouble never prevents another's.
    func realigning(complete: Bool, saying reason: String) -> Together {
        var work: [() throws -> Step] = []
        var letGo: [() -> Void] = []
        var note: [(any Error) -> Void] = []
        if !complete, !producerIsStranger {
            work.append { [producer] in try producer.realign() }
            letGo.append { [producer] in producer.abandon() }
            note.append { [unowned self] in producerError = producerError ?? $0 }
        }
        for index in allReceivers.indices where !machine.isConfirmed(index) && !strangers.contains(index) {
            let receiver = allReceivers[index]
            work.append { try receiver.abort(reason) }
            letGo.append { receiver.abandon() }
            note.append { [unowned self] in errors[index] = errors[index] ?? $0 }
        }
        let grace = settings.grace
        return Together(work, poller, until: (poller.now + grace, PgcopyError.unanswered(after: grace))) {
            index, error in
            if error.has(.unanswered) { letGo[index]() }
            note[index](error)
        }
    }
}
