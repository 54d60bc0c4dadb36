// One cycle of the manager: performs what the machine decides.

extension CopyManager {
    func cycle() throws -> CopyEvent? {
        var action = machine.cycleBegan(mayFill: mayFill())
        while true {
            switch action {
            case .poll(let block): action = try poll(block: block)
            case .fill(let region): action = fill(region)
            case .drain(let receiver, let region): action = drain(receiver, region)
            case .finish(let receiver): action = finish(receiver)
            case .report(let moved): return moved == .zero ? .idle : .moved(moved)
            case .raiseReceivers(let faulted): return .faulted(faults(of: faulted))
            case .raiseProducer:
                throw ProducerFault(label: producer.label, error: producerError ?? CopyMisuse.notEntered)
            case .end: return nil
            }
        }
    }

    private func faults(of faulted: [Int]) -> [ReceiverFault] {
        faulted.compactMap { index in errors[index].map { ReceiverFault(receiver: allReceivers[index], error: $0) } }
    }

    // MARK: Polling

    private func mayFill() -> Bool { (rateLimit?.allowance(at: poller.now) ?? 1) > 0 }

    private func poll(block: Bool) throws(Interrupted) -> CopyMachine.Action {
        let idleAt = settings.idleInterval.map { lastReturn + $0 }
        var deadline = block ? earliest(idleAt, collectEntries()) : poller.now
        if !block { _ = collectEntries() }
        if block, machine.isHeldBack, let rateLimit { deadline = earliest(deadline, rateLimit.opensAt()) }
        try poller.poll(&entries, until: deadline, interruptible: true)
        let now = poller.now
        let moved = attendAll(now: now)
        if block, !moved, let idleAt, now >= idleAt { return machine.idled() }
        return machine.polled(mayFill: mayFill())
    }

    /// Lists what is watched; gives the time of the first timeout or alarm.
    private func collectEntries() -> Instant? {
        entries.removeAll(keepingCapacity: true)
        owners.removeAll(keepingCapacity: true)
        var deadline: Instant?
        if machine.wantsProducer, let interest = producerBlockedBy {
            entries.append(PollEntry(interest))
            owners.append(-1)
            deadline = earliest(deadline, interest.alarm)
        }
        for index in allReceivers.indices where machine.isActive(index) {
            let blocked = machine.isBlocked(index)
            if blocked, let timeout = settings.timeout {
                deadline = earliest(deadline, clocks[index].deadline(timeout))
            }
            guard !machine.isConfirmed(index),
                let interest = blocked ? blockedBy[index] : allReceivers[index].attention
            else { continue }
            entries.append(PollEntry(interest))
            owners.append(index)
            deadline = earliest(deadline, interest.alarm)
        }
        return deadline
    }

    /// Serves whoever is ready, and faults whoever is stuck for too long. True when that may have moved something.
    private func attendAll(now: Instant) -> Bool {
        var moved = false
        for (entry, owner) in zip(entries, owners) {
            let due = entry.interest.alarm.map { $0 <= now } ?? false
            if entry.ready.isEmpty, !due { continue }
            moved = true
            if owner < 0 { machine.producerBecameReady() } else { attend(owner, entry.ready) }
        }
        guard let timeout = settings.timeout else { return moved }
        for index in allReceivers.indices where machine.isBlocked(index) {
            guard let deadline = clocks[index].deadline(timeout), deadline <= now else { continue }
            moved = true
            clocks[index].progressed()
            receiverFailed(
                index, SocketTimeout(seconds: timeout, awaitingConfirmation: machine.isFinishing(index)))
        }
        return moved
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

    private func receiverFailed(_ index: Int, _ error: any Error) {
        errors[index] = error
        machine.receiverFaulted(index)
    }

    // MARK: Moving

    private func fill(_ region: RingLedger.Region) -> CopyMachine.Action {
        var region = region
        if let allowance = rateLimit?.allowance(at: poller.now) { region = region.prefix(max(1, allowance)) }
        do {
            switch try memory.write(region, { try producer.fill(&$0) }) {
            case .moved(let totals, let blocked):
                producerError = nil
                rateLimit?.spend(totals.bytes)
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
        if interest != nil { clocks[index].stalled(at: poller.now) }
    }
}
