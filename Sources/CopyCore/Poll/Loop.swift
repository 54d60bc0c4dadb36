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

/// What some tasks that go on side by side wait for, and where that lies among the entries of all.
struct TaskPlaces {
    private var places: [Range<Int>] = []

    /// Appends what they wait for.
    /// - Returns: false once all are done.
    mutating func watch(_ tasks: [any LoopTask], _ entries: inout [PollEntry]) -> Bool {
        places.removeAll(keepingCapacity: true)
        let first = entries.count
        var goesOn = false
        for task in tasks {
            let start = entries.count
            if task.watch(&entries) { goesOn = true } else { entries.removeSubrange(start...) }
            places.append(start - first..<entries.count - first)
        }
        return goesOn
    }

    /// Calls those for which something is ready; nobody where nothing was polled.
    func step(_ tasks: [any LoopTask], _ polled: ArraySlice<PollEntry>, at now: Instant) throws {
        guard !polled.isEmpty else { return }
        for (place, task) in zip(places, tasks) {
            let own = polled[polled.startIndex + place.lowerBound..<polled.startIndex + place.upperBound]
            if own.contains(where: { $0.isDue(at: now) }) { try task.step(own) }
        }
    }
}

extension Poller {
    /// Runs tasks until all are done, it is enough, or the deadline is past. Each is called when what it waits for is
    /// ready; one that fails ends all. A deadline that is past only looks.
    /// - Parameter isEnough: asked before each wait.
    /// - Returns: false at the deadline.
    /// - Throws: what a task throws, `Interrupted`.
    @discardableResult
    public func run(
        _ tasks: [any LoopTask], until deadline: Instant? = nil, interruptible: Bool = true,
        isEnough: () -> Bool = { false }
    ) throws -> Bool {
        var entries: [PollEntry] = []
        var places = TaskPlaces()
        var isLate = false
        for task in tasks { try task.step([]) }
        while true {
            if isEnough() { return true }
            entries.removeAll(keepingCapacity: true)
            if !places.watch(tasks, &entries) { return true }
            if isLate { return false }
            let own = entries.count
            if let companion { _ = companion.watch(&entries) }
            try wait(for: &entries, until: deadline, interruptible: interruptible)
            let time = now
            if own < entries.count, entries[own...].contains(where: { $0.isDue(at: time) }) {
                try companion?.step(entries[own...])
            }
            try places.step(tasks, entries[..<own], at: time)
            isLate = deadline.map { $0 <= time } ?? false
        }
    }

    /// Waits for the first of these, their alarms included.
    func wait(
        for entries: inout [PollEntry], until deadline: Instant? = nil, interruptible: Bool = true
    ) throws(Interrupted) {
        var alarm = deadline
        for entry in entries { alarm = earliest(alarm, entry.interest.alarm) }
        try poll(&entries, until: alarm, interruptible: interruptible)
    }

    /// Runs a task to its end, which no signal cuts short once it was stopped. What came of it the task says.
    /// - Returns: what stopped it.
    @discardableResult
    func seeThrough(_ task: some StoppableTask) -> (any Error)? {
        do {
            try run([task])
            return nil
        } catch {
            task.stop(error)
            _ = try? run([task], interruptible: false)
            return error
        }
    }

    /// Calls one piece of work until it is done, or the deadline is past.
    /// - Returns: whether it is done.
    /// - Throws: what it throws, `Interrupted`.
    @discardableResult
    func finish(
        until deadline: Instant? = nil, interruptible: Bool = true, _ work: @escaping () throws -> Step
    ) throws -> Bool {
        try run([Work { _ in try work() }], until: deadline, interruptible: interruptible)
    }

    /// Throws when a signal came in; waits for nothing.
    func checkInterruption() throws(Interrupted) {
        var nothing: [PollEntry] = []
        try poll(&nothing, until: now, interruptible: true)
    }
}

/// A task that can be told to stop: it goes on until what it was at is undone.
protocol StoppableTask: LoopTask {
    /// From now on it comes to its end.
    func stop(_ cause: any Error)
}

/// Watches what others wait for, until something of it is ready.
final class Lookout: LoopTask {
    let interests: [Interest]
    private(set) var isReady = false

    init(_ interests: [Interest]) { self.interests = interests }

    func step(_ polled: ArraySlice<PollEntry>) { if !polled.isEmpty { isReady = true } }

    func watch(_ entries: inout [PollEntry]) -> Bool {
        for interest in interests { entries.append(PollEntry(interest)) }
        return !isReady && !interests.isEmpty
    }
}

/// A piece of work as a task.
final class Work: LoopTask {
    private let work: (Readiness?) throws -> Step
    private var waiting: Interest?

    /// - Parameter work: called until it is done, with what is ready of what it waits for; nil the first time.
    init(_ work: @escaping (Readiness?) throws -> Step) { self.work = work }

    func step(_ polled: ArraySlice<PollEntry>) throws {
        waiting = nil
        if case .waiting(let interest) = try work(polled.first?.ready) { waiting = interest }
    }

    func watch(_ entries: inout [PollEntry]) -> Bool {
        guard let waiting else { return false }
        entries.append(PollEntry(waiting))
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

/// Waits as another one does, whatever signal has come: for what has to be cleaned up.
final class UninterruptiblePoller: Poller {
    private let poller: any Poller

    init(_ poller: any Poller) { self.poller = poller }

    var now: Instant { poller.now }

    var companion: (any LoopTask)? {
        get { poller.companion }
        set { poller.companion = newValue }
    }

    func poll(_ entries: inout [PollEntry], until deadline: Instant?, interruptible: Bool) throws(Interrupted) {
        try poller.poll(&entries, until: deadline, interruptible: false)
    }

    func onReadable(_ descriptor: CInt, _ call: (() -> Void)?) { poller.onReadable(descriptor, call) }
    func onTick(every interval: Duration, _ call: (() -> Bool)?) { poller.onTick(every: interval, call) }
}
