// Many pieces of work side by side, in one poll.

/// Work that goes on beside other work, and never waits itself.
public protocol LoopTask: AnyObject {
    /// Goes on as far as it can without waiting.
    func step() throws
    /// What it waits for; nil once it is done.
    var interests: [Interest]? { get }
}

extension Poller {
    /// Runs tasks until all are done or the deadline is past. Each is called when what it waits for is ready; one that
    /// fails ends all.
    /// - Returns: whether all are done.
    /// - Throws: what a task throws, `Interrupted`.
    @discardableResult
    public func run(_ tasks: [any LoopTask], until deadline: Instant? = nil, interruptible: Bool = true) throws -> Bool
    {
        var due = Array(tasks.indices)
        var entries: [PollEntry] = []
        var owners: [Int] = []
        while true {
            for index in due { try tasks[index].step() }
            entries.removeAll(keepingCapacity: true)
            owners.removeAll(keepingCapacity: true)
            var isDone = true
            var alarm = deadline
            for (index, task) in tasks.enumerated() {
                guard let interests = task.interests else { continue }
                isDone = false
                for interest in interests {
                    entries.append(PollEntry(interest))
                    owners.append(index)
                    alarm = earliest(alarm, interest.alarm)
                }
            }
            if isDone { return true }
            if let deadline, now >= deadline { return false }
            try poll(&entries, until: alarm, interruptible: interruptible)
            let time = now
            due = []
            for (entry, owner) in zip(entries, owners) where due.last != owner {
                if !entry.ready.isEmpty || entry.interest.alarm.map({ $0 <= time }) ?? false { due.append(owner) }
            }
        }
    }

    /// Calls one piece of work until it is done, or the deadline is past.
    /// - Returns: whether it is done.
    /// - Throws: what it throws, `Interrupted`.
    @discardableResult
    func finish(
        until deadline: Instant? = nil, interruptible: Bool = true, _ work: () throws -> Step
    ) throws -> Bool {
        while case .waiting(let interest) = try work() {
            if let deadline, now >= deadline { return false }
            try wait(for: interest, until: deadline, interruptible: interruptible)
        }
        return true
    }
}
