// Many pieces of work side by side, in one poll.

/// Work that goes on beside other work, and never waits itself.
public protocol LoopTask: AnyObject {
    /// Goes on as far as it can without waiting.
    /// - Parameter polled: what it waited for, with what is ready by now; none the first time.
    func step(_ polled: ArraySlice<PollEntry>) throws
    /// Appends what it waits for; a time alone is an interest in no descriptor (`Interest.at`).
    /// - Returns: false once it is done.
    func watch(_ entries: inout [PollEntry]) -> Bool
}

extension Poller {
    /// Runs tasks until all are done or the deadline is past. Each is called when what it waits for is ready; one that
    /// fails ends all.
    /// - Returns: whether all are done.
    /// - Throws: what a task throws, `Interrupted`.
    @discardableResult
    public func run(_ tasks: [any LoopTask], until deadline: Instant? = nil, interruptible: Bool = true) throws -> Bool
    {
        var entries: [PollEntry] = []
        // Where the entries of each task lie.
        var places = Array(repeating: 0..<0, count: tasks.count)
        for task in tasks { try task.step([]) }
        while true {
            entries.removeAll(keepingCapacity: true)
            var isDone = true
            for (index, task) in tasks.enumerated() {
                let start = entries.count
                if task.watch(&entries) { isDone = false } else { entries.removeSubrange(start...) }
                places[index] = start..<entries.count
            }
            if isDone { return true }
            if let deadline, now >= deadline { return false }
            let alarm = entries.reduce(deadline) { earliest($0, $1.interest.alarm) }
            try poll(&entries, until: alarm, interruptible: interruptible)
            let time = now
            for (place, task) in zip(places, tasks) where entries[place].contains(where: { $0.isDue(at: time) }) {
                try task.step(entries[place])
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

extension PollEntry {
    /// Something is ready, or its time has come.
    func isDue(at now: Instant) -> Bool { !ready.isEmpty || interest.alarm.map { $0 <= now } ?? false }
}

extension Interest {
    /// To be called at this time, whatever is ready. poll(2) passes over a descriptor below zero.
    static func at(_ time: Instant) -> Interest { Interest(-1, [], alarm: time) }
}

/// Pieces of work side by side as one task: each is called until it is done, or fails by itself.
final class Together: LoopTask {
    private let work: [() throws -> Step]
    private let failed: (Int, any Error) -> Void
    private let isStoppedByFailure: Bool
    private let deadline: (at: Instant, late: any Error)?
    private let poller: any Poller
    private var waiting: [Interest?]
    /// Whose entries were watched.
    private var order: [Int] = []
    private var hasBegun = false
    private(set) var hasFailed = false

    /// - Parameters:
    ///   - deadline: when those that are not done fail, and with what.
    ///   - isStoppedByFailure: the first failure ends it: the others would be undone anyway.
    ///   - failed: called with each failure.
    init(
        _ work: [() throws -> Step], _ poller: any Poller, until deadline: (at: Instant, late: any Error)? = nil,
        isStoppedByFailure: Bool = false, failed: @escaping (Int, any Error) -> Void
    ) {
        self.work = work
        self.poller = poller
        self.deadline = deadline
        self.isStoppedByFailure = isStoppedByFailure
        self.failed = failed
        waiting = Array(repeating: nil, count: work.count)
    }

    func step(_ polled: ArraySlice<PollEntry>) {
        let now = poller.now
        let due = hasBegun ? zip(order, polled).filter { $1.isDue(at: now) }.map(\.0) : Array(work.indices)
        hasBegun = true
        for index in due {
            waiting[index] = nil
            do {
                if case .waiting(let interest) = try work[index]() { waiting[index] = interest }
            } catch {
                fail(index, error)
            }
        }
        if hasFailed, isStoppedByFailure { return }
        // Whatever is ready: who goes on for ever is not waited for, and does not make the others wait.
        guard let deadline, deadline.at <= poller.now else { return }
        for index in work.indices where waiting[index] != nil {
            waiting[index] = nil
            fail(index, deadline.late)
        }
    }

    private func fail(_ index: Int, _ error: any Error) {
        hasFailed = true
        failed(index, error)
    }

    /// Nothing is left to wait for.
    var isDone: Bool { hasFailed && isStoppedByFailure || waiting.allSatisfy { $0 == nil } }

    func watch(_ entries: inout [PollEntry]) -> Bool {
        if isDone { return false }
        order.removeAll(keepingCapacity: true)
        for (index, interest) in waiting.enumerated() {
            guard let interest else { continue }
            order.append(index)
            entries.append(PollEntry(interest))
        }
        if let deadline { entries.append(PollEntry(.at(deadline.at))) }
        return true
    }
}
