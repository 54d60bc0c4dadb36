// One cycle of the manager: performs what the machine decides.

extension CopyManager {
    /// How far a cycle goes without waiting.
    enum Turn {
        case event(CopyEvent)
        /// What is watched is to be polled.
        case poll
        case ended
    }

    /// Goes on as far as it can without waiting, behind a poll by what that found.
    func advance(_ polled: ArraySlice<PollEntry> = []) throws -> Turn {
        var action =
            wasPolled.take().map { attend(polled, block: $0) } ?? machine.cycleBegan(mayFill: mayFill())
        while true {
            switch action {
            case .poll(let block):
                wasPolled = block
                return .poll
            case .fill(let region): action = fill(region)
            case .drain(let receiver, let region): action = drain(receiver, region)
            case .finish(let receiver): action = finish(receiver)
            case .report(let moved): return .event(moved == .zero ? .idle : .moved(moved))
            case .raiseReceivers(let faulted): return .event(.faulted(faults(of: faulted)))
            case .raiseProducer:
                throw PgcopyError.producerFault(producerError ?? PgcopyError.notEntered, at: producer.label)
            case .end: return .ended
            }
        }
    }

    /// One cycle, waiting by the manager's own poller: a run of one task would cost each poll a thousand instructions more.
    func cycle() throws -> CopyEvent? {
        var entries: [PollEntry] = []
        swap(&entries, &self.entries)
        defer { self.entries = entries }
        var turn = try advance()
        while case .poll = turn {
            entries.removeAll(keepingCapacity: true)
            watch(&entries)
            do {
                try poller.wait(for: &entries)
            } catch {
                wasPolled = nil
                throw error
            }
            turn = try advance(entries[...])
        }
        return if case .event(let event) = turn { event } else { nil }
    }

    private func faults(of faulted: [Int]) -> [ReceiverFault] {
        faulted.compactMap { index in errors[index].map { ReceiverFault(receiver: allReceivers[index], error: $0) } }
    }

    // MARK: Polling

    private func mayFill() -> Bool { !isLimited || (rateLimit?.allowance(at: poller.now) ?? 1) > 0 }

    private var idleAt: Instant? { idleInterval.map { lastReturn + $0 } }

    private func attend(_ polled: ArraySlice<PollEntry>, block: Bool) -> CopyMachine.Action {
        let now = poller.now
        let moved = attendAll(polled, now: now)
        if timeout != nil, producerIsLate(now) { return machine.producerFaulted() }
        if block, !moved, let idleAt, now >= idleAt { return machine.idled() }
        return machine.polled(mayFill: mayFill())
    }

    /// Appends what is watched, and the time of the first timeout.
    func watch(_ entries: inout [PollEntry]) {
        var owners: [Int] = []
        swap(&owners, &self.owners)
        defer { self.owners = owners }
        owners.removeAll(keepingCapacity: true)
        var deadline = wasPolled == false ? poller.now : idleAt
        if isFaultedFromOutside {
            isFaultedFromOutside = false
            deadline = poller.now
        }
        if isLimited, machine.isHeldBack { deadline = earliest(deadline, rateLimit?.opensAt()) }
        let wantsProducer = machine.wantsProducer
        if let interest = producerBlockedBy, wantsProducer {
            entries.append(PollEntry(interest))
            owners.append(Self.producer)
        }
        if let timeout {
            // What is held back is not late.
            if wantsProducer { producerClock.stalled(at: poller.now) } else { producerClock.progressed() }
            if let producerInquiry {
                let start = entries.count
                _ = producerInquiry.watch(&entries)
                for _ in start..<entries.count { owners.append(Self.producerInquiry) }
            } else {
                deadline = earliest(deadline, producerClock.deadline(timeout))
            }
        }
        for index in allReceivers.indices {
            let standing = machine.standing(index)
            if standing == .out { continue }
            if let inquiry = inquiries[index] {
                let start = entries.count
                _ = inquiry.watch(&entries)
                for _ in start..<entries.count { owners.append(Self.ofInquiry(index)) }
            } else if standing == .blocked, let timeout {
                deadline = earliest(deadline, clocks[index].deadline(timeout))
            }
            guard standing != .confirmed,
                let interest = standing == .blocked ? blockedBy[index] : allReceivers[index].attention
            else { continue }
            entries.append(PollEntry(interest))
            owners.append(index)
        }
        if let deadline { entries.append(PollEntry(.at(deadline))) }
    }

    /// Owners that are no receivers.
    private static let producer = -1
    private static let producerInquiry = -2
    /// The owner of what an inquiry about a receiver waits for.
    private static func ofInquiry(_ index: Int) -> Int { -3 - index }

    /// Serves whoever is ready, and faults whoever is stuck for too long. True when that may have moved something.
    private func attendAll(_ polled: ArraySlice<PollEntry>, now: Instant) -> Bool {
        var moved = false
        for (entry, owner) in zip(polled, owners) {
            let due = entry.interest.alarm.map { $0 <= now } ?? false
            if entry.ready.isEmpty, !due { continue }
            if owner == Self.producerInquiry {
                producerInquiry?.step([entry])
                continue
            }
            if owner < Self.producerInquiry {
                inquiries[Self.ofInquiry(owner)]?.step([entry])
                continue
            }
            moved = true
            if owner < 0 { machine.producerBecameReady() } else { attend(owner, entry.ready) }
        }
        if hearInquiries(now) { moved = true }
        guard let timeout else { return moved }
        for index in allReceivers.indices where machine.isBlocked(index) && inquiries[index] == nil {
            guard let deadline = clocks[index].deadline(timeout), deadline <= now else { continue }
            if hasDrained(index) {
                clocks[index].progressed()
                clocks[index].stalled(at: now)
                continue
            }
            if machine.isFinishing(index) || allReceivers[index].awaitsAnswer,
                let inquiry = try? allReceivers[index].inquire()
            {
                inquiry.step([])
                inquiries[index] = inquiry
                if hearInquiries(now) { moved = true }
                continue
            }
            moved = true
            clocks[index].progressed()
            receiverFailed(index, timeoutFault(awaitingConfirmation: machine.isFinishing(index)))
        }
        return moved
    }

    /// Whether less is on its way than at the last look: a link that is only slow takes long to have room for more.
    private func hasDrained(_ index: Int) -> Bool {
        let now = allReceivers[index].unsent
        defer { unsent[index] = now }
        guard let now, let before = unsent[index] else { return false }
        return now < before
    }

    /// Whether the producer gives nothing, and is not at work on it either; who is has as much time again.
    private func producerIsLate(_ now: Instant) -> Bool {
        guard let timeout, machine.wantsProducer else {
            producerInquiry = nil
            return false
        }
        if producerInquiry == nil {
            guard let deadline = producerClock.deadline(timeout), deadline <= now else { return false }
            producerInquiry = try? producer.inquire()
            producerInquiry?.step([])
        }
        var isAtWork = false
        if let producerInquiry {
            guard let answer = producerInquiry.answer else { return false }
            self.producerInquiry = nil
            switch answer {
            case .success(let answer): isAtWork = answer
            case .failure(let error):
                producerClock.progressed()
                producerError = error
                return true
            }
        }
        producerClock.progressed()
        guard !isAtWork else { return false }
        producerError = PgcopyError.sourceTimeout(after: settings.timeout ?? .zero)
        return true
    }

    private func timeoutFault(awaitingConfirmation: Bool) -> PgcopyError {
        .timeout(after: settings.timeout ?? .zero, awaitingConfirmation: awaitingConfirmation)
    }

    /// Who is at work has as much time again; others are late. True when one is.
    private func hearInquiries(_ now: Instant) -> Bool {
        var isLate = false
        for (index, inquiry) in inquiries {
            // Who has something to say by now is heard first.
            let isAwaited = machine.isFinishing(index) || allReceivers[index].awaitsAnswer
            let isOver = !isAwaited || !machine.isBlocked(index)
            guard isOver || inquiry.answer != nil else { continue }
            inquiries[index] = nil
            guard !isOver else { continue }
            clocks[index].progressed()
            switch inquiry.answer {
            case .success(true): clocks[index].stalled(at: now)
            case .failure(let error):
                isLate = true
                receiverFailed(index, error)
            default:
                isLate = true
                receiverFailed(index, timeoutFault(awaitingConfirmation: true))
            }
        }
        return isLate
    }

    private func attend(_ index: Int, _ ready: Readiness) {
        if machine.isFinishing(index) {
            clocks[index].progressed()
            machine.receiverBecameReady(index)
            return
        }
        do {
            let blocked = try allReceivers[index].attend(ready)
            blockedBy[index] = blocked
            // A socket that takes bytes again is progress, however few they were.
            if ready.contains(.write) || blocked == nil { clocks[index].progressed() }
            if blocked != nil { clocks[index].stalled(at: poller.now) } else { machine.receiverBecameReady(index) }
        } catch {
            receiverFailed(index, error)
        }
    }

    func receiverFailed(_ index: Int, _ error: any Error) {
        errors[index] = error
        machine.receiverFaulted(index)
    }

    // MARK: Moving

    private func fill(_ region: RingLedger.Region) -> CopyMachine.Action {
        var region = region
        if isLimited, let allowance = rateLimit?.allowance(at: poller.now) { region = region.prefix(max(1, allowance)) }
        do {
            switch try memory.write(region, { try producer.fill(&$0) }) {
            case .moved(let totals, let blocked):
                producerError = nil
                if timeout != nil { producerClock.progressed() }
                if isLimited { rateLimit?.spend(totals.bytes) }
                producerBlockedBy = blocked
                return machine.filled(totals, blocked: blocked != nil)
            case .blocked(let interest):
                producerBlockedBy = interest
                return machine.producerBlocked()
            case .ended(let last):
                return machine.producerEnded(last)
            }
        } catch {
            producerError = error
            return machine.producerFaulted()
        }
    }

    private func drain(_ index: Int, _ region: RingLedger.Region) -> CopyMachine.Action {
        do {
            let drained = try memory.read(region) { try allReceivers[index].drain($0) }
            precondition(drained.taken > 0 || drained.blocked != nil, "a receiver took nothing and waits for nothing")
            if drained.taken > 0 { clocks[index].progressed() }
            note(index, blockedBy: drained.blocked)
            return machine.took(drained.taken, index, blocked: drained.blocked != nil)
        } catch {
            errors[index] = error
            return machine.receiverFaulted(inTurn: index)
        }
    }

    private func finish(_ index: Int) -> CopyMachine.Action {
        do {
            switch try allReceivers[index].finish() {
            case .done:
                clocks[index].progressed()
                return machine.confirmed(index)
            case .waiting(let interest):
                note(index, blockedBy: interest)
                return machine.unconfirmed(index)
            }
        } catch {
            errors[index] = error
            return machine.receiverFaulted(inTurn: index)
        }
    }

    /// What it is blocked by; its clock runs from now on.
    func note(_ index: Int, blockedBy interest: Interest?) {
        blockedBy[index] = interest
        guard interest != nil else { return }
        if timeout != nil, clocks[index].isStopped { unsent[index] = allReceivers[index].unsent }
        clocks[index].stalled(at: poller.now)
    }
}
