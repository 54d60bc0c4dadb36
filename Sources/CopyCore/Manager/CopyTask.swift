// A whole copy as a task beside others.

/// Enters, moves and leaves without ever waiting itself: many copies go on in one poll.
public final class CopyTask: LoopTask {
    private enum Phase {
        /// The producer goes in; a server that thinks for long before its first row holds nobody up for longer than this.
        case enteringProducer(Interest?, deadline: Instant?)
        case enteringReceivers(Together)
        case moving
        case leaving(Together, () -> CopyFail?)
        case over(CopyFail?)
    }

    /// The copy.
    public let manager: CopyManager
    private let handle: (CopyEvent, CopyManager) throws -> Void
    private var phase: Phase

    /// A copy that begins with the first step.
    /// - Parameter handle: called with what came of each cycle; receivers that faulted are to be reconciled or dropped in
    ///   it, and what it throws ends the copy.
    public init(_ manager: CopyManager, handle: @escaping (CopyEvent, CopyManager) throws -> Void) {
        self.manager = manager
        self.handle = handle
        phase = .enteringProducer(nil, deadline: nil)
    }

    /// It is over, well or not.
    public var isOver: Bool { if case .over = phase { true } else { false } }

    /// What it failed with; nil: it goes on, or every receiver left has confirmed the end.
    public var failure: CopyFail? { if case .over(let failure) = phase { failure } else { nil } }

    /// Ends it before its end: every connection is brought back.
    public func stop(_ cause: any Error) {
        switch phase {
        case .leaving, .over: return
        case .enteringProducer(nil, _):
            guard (try? manager.beginEntering()) != nil else { return }
            leave(cause, .notStarted)
        default: leave(cause, .incomplete)
        }
    }

    /// Goes on with what it is at; what fails is in `failure`.
    public func step(_ polled: ArraySlice<PollEntry>) throws {
        do {
            try advance(polled)
        } catch is EntryRefused {
            leave(nil, .notStarted)
        } catch {
            leave(manager.isTold(error) ? nil : error, manager.noneLeft ? .noReceivers : .incomplete)
        }
    }

    private func leave(_ cause: (any Error)?, _ reason: CopyFail.Reason?) {
        guard let (task, failure) = try? manager.beginLeaving(cause, reason) else { return }
        goOnLeaving(task, failure, [])
    }

    private func goOnLeaving(
        _ task: Together, _ failure: @escaping () -> CopyFail?, _ polled: ArraySlice<PollEntry>
    ) {
        task.step(polled)
        phase = task.isDone ? .over(failure()) : .leaving(task, failure)
    }

    private func advance(_ polled: ArraySlice<PollEntry>) throws {
        if case .moving = phase { return try move(polled) }
        if case .leaving(let task, let failure) = phase { return goOnLeaving(task, failure, polled) }
        if case .enteringProducer(let interest, var deadline) = phase {
            if interest == nil {
                try manager.beginEntering()
                deadline = manager.idleInterval.map { manager.poller.now + $0 }
            }
            let isLate = interest != nil && deadline.map { $0 <= manager.poller.now } ?? false
            if !isLate, case .waiting(let interest) = try manager.enterProducer() {
                phase = .enteringProducer(interest, deadline: deadline)
                return
            }
            let entering = manager.receiversEntering()
            phase = .enteringReceivers(entering)
            return try enter(entering, [])
        }
        if case .enteringReceivers(let entering) = phase { try enter(entering, polled) }
    }

    private func enter(_ entering: Together, _ polled: ArraySlice<PollEntry>) throws {
        entering.step(polled)
        try manager.requireEntered(entering)
        guard entering.isDone else { return }
        manager.beginMoving()
        phase = .moving
        try move()
    }

    private func move(_ polled: ArraySlice<PollEntry> = []) throws {
        var polled = polled
        while true {
            try manager.requireNoOpenFault()
            switch try manager.advance(polled) {
            case .poll: return
            case .event(let event):
                manager.lastReturn = manager.poller.now
                try handle(event, manager)
                // What was asked for meanwhile ends it.
                guard case .moving = phase else { return }
                polled = []
            case .ended: return leave(nil, nil)
            }
        }
    }

    /// What it waits for: sockets, timeouts, the next time it may read.
    public func watch(_ entries: inout [PollEntry]) -> Bool {
        switch phase {
        case .enteringProducer(let interest, let deadline):
            if let interest { entries.append(PollEntry(interest)) }
            if let deadline { entries.append(PollEntry(.at(deadline))) }
        case .enteringReceivers(let task): return task.watch(&entries)
        case .moving: manager.watch(&entries)
        case .leaving(let task, _): return task.watch(&entries)
        case .over: return false
        }
        return true
    }
}
