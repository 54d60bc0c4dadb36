// The way into a copy and the way out of it.

/// A producer or receiver would not go into its COPY state; its error is noted with the manager.
struct EntryRefused: Error {}

extension CopyManager {
    /// The producer first: when it fails, no receiver was disturbed. Then the receivers, all at once.
    func enterAll() throws {
        do {
            let patience = settings.idleInterval.map { poller.now + $0 }
            while case .waiting(let interest) = try producer.enter() {
                try poller.wait(for: interest, until: patience)
                // A server says so with its first rows only: a long sort must not keep all the others waiting.
                if let patience, poller.now >= patience { break }
            }
        } catch let interrupted as Interrupted {
            throw interrupted
        } catch {
            producerError = error
            producerIsStranger = error as? CopyMisuse == .alreadyUsed
            throw EntryRefused()
        }
        let layout = producer.layout
        let refused = try together(
            allReceivers.indices.map { index in { try self.allReceivers[index].enter(layout) } },
            until: nil, stopping: settings.needsEveryReceiver, interruptible: true
        ) { index, error in
            errors[index] = error
            if error as? CopyMisuse == .alreadyUsed { strangers.insert(index) }
            if !settings.needsEveryReceiver { machine.receiverFaulted(index) }
        }
        if refused, settings.needsEveryReceiver { throw EntryRefused() }
    }

    /// Brings every connection back, all at once; one's trouble never prevents another's.
    func realignAll(complete: Bool, saying reason: String) {
        let deadline = poller.now + settings.realignmentTimeout
        var work: [() throws -> Step] = []
        var letGo: [() -> Void] = []
        var note: [(any Error) -> Void] = []
        if !complete, !producerIsStranger {
            work.append { try self.producer.realign() }
            letGo.append { self.producer.abandon() }
            note.append { self.producerError = self.producerError ?? $0 }
        }
        for index in allReceivers.indices where !machine.isConfirmed(index) && !strangers.contains(index) {
            let receiver = allReceivers[index]
            work.append { try receiver.abort(reason) }
            letGo.append { receiver.abandon() }
            note.append { self.errors[index] = self.errors[index] ?? $0 }
        }
        _ = try? together(work, until: deadline, stopping: false, interruptible: false) { index, error in
            if error is Unanswered { letGo[index]() }
            note[index](error)
        }
    }

    /// Calls every piece of work until it is done, waiting for all of them in one poll.
    /// - Parameter stopping: the first failure ends it: the others would be undone anyway.
    /// - Returns: whether one of them failed; each failure is given to `failed`, `Unanswered` after the deadline.
    private func together(
        _ work: [() throws -> Step], until deadline: Instant?, stopping: Bool, interruptible: Bool,
        failed: (Int, any Error) -> Void
    ) throws(Interrupted) -> Bool {
        var anyFailed = false
        var waiting: [Int: Interest] = [:]
        var due = Array(work.indices)
        while true {
            for index in due {
                waiting[index] = nil
                do {
                    if case .waiting(let interest) = try work[index]() { waiting[index] = interest }
                } catch {
                    anyFailed = true
                    failed(index, error)
                }
            }
            if anyFailed, stopping { return true }
            guard !waiting.isEmpty else { return anyFailed }
            let order = waiting.keys.sorted()
            // Whatever is ready: who goes on for ever is not waited for, and does not make the others wait.
            if let deadline, deadline <= poller.now {
                for index in order { failed(index, Unanswered(seconds: settings.realignmentTimeout)) }
                return true
            }
            var polled = order.map { PollEntry(waiting[$0]!) }
            let alarm = polled.reduce(nil) { earliest($0, $1.interest.alarm) }
            try poller.poll(&polled, until: earliest(deadline, alarm), interruptible: interruptible)
            let now = poller.now
            due = zip(order, polled).filter { _, entry in
                !entry.ready.isEmpty || entry.interest.alarm.map { $0 <= now } ?? false
            }.map(\.0)
        }
    }
}
