// Moves COPY data from one producer to many receivers: entered, iterated, left.

/// The manager of one copy.
///
/// ```swift
/// let manager = CopyManager(producer, receivers)
/// try manager.withCopy { copy in
///     while let event = try copy.next() {
///         if case .faulted(let faults) = event { for fault in faults { try copy.drop(fault.receiver) } }
///     }
/// }
/// ```
///
/// A manager and what it moves belong to one thread. It is used once.
public final class CopyManager {
    /// Where the data comes from.
    public let producer: any Producer
    /// Every receiver the copy began with, in the order given.
    public let allReceivers: [any Receiver]
    /// The numbers it runs by.
    public let settings: CopySettings
    /// As in the settings, in seconds: every cycle reckons with them.
    let timeout: Double?
    let idleInterval: Double?
    let isLimited: Bool

    let poller: any Poller
    let memory: RingMemory
    var machine: CopyMachine
    /// What each receiver failed with, until it is reconciled.
    var errors: [(any Error)?]
    var producerError: (any Error)?
    /// Who never took a row: there is nothing to go on from.
    var unentered: Set<Int> = []
    /// Who was used by another copy already: not ours to bring back.
    var strangers: Set<Int> = []
    var producerIsStranger = false
    /// How long each receiver has been stuck.
    var clocks: [StallClock]
    /// What each one's socket held when it was looked whether it gets less: a link may be slow.
    var unsent: [Int?]
    /// What each receiver, and the producer, is blocked by.
    var blockedBy: [Interest?]
    var producerBlockedBy: Interest?
    /// The producer's way in, for as long as it takes.
    var producerEntry: (() throws -> Step)?
    /// How long the producer has given nothing although there is room, and the question whether it is at work.
    var producerClock = StallClock()
    var producerInquiry: Inquiry?
    /// Questions whether those that do not confirm their end are at work, by receiver.
    var inquiries: [Int: Inquiry] = [:]
    var rateLimit: RateLimit?
    var lastReturn: Instant
    /// Whose what is watched is.
    var owners: [Int] = []
    /// Kept between cycles: no allocation a cycle.
    var entries: [PollEntry] = []

    /// A receiver was faulted between two cycles: the poll is not to wait.
    var isFaultedFromOutside = false

    /// A poll is under way, and whether it may wait.
    var wasPolled: Bool?

    private enum Stage { case initialized, entered, left }
    private var stage = Stage.initialized

    /// A manager of a copy that has not begun.
    public init(
        _ producer: any Producer, _ receivers: [any Receiver],
        settings: CopySettings = CopySettings(), poller: any Poller = SystemPoller()
    ) {
        self.producer = producer
        self.settings = settings
        timeout = settings.timeout?.seconds
        idleInterval = settings.idleInterval?.seconds
        isLimited = settings.rateLimit != nil
        self.poller = poller
        allReceivers = receivers
        memory = RingMemory(capacity: settings.buffer)
        machine = CopyMachine(receivers: receivers.count, ring: settings.buffer, chunk: settings.chunk)
        errors = Array(repeating: nil, count: receivers.count)
        clocks = Array(repeating: StallClock(), count: receivers.count)
        unsent = Array(repeating: nil, count: receivers.count)
        blockedBy = Array(repeating: nil, count: receivers.count)
        lastReturn = poller.now
    }

    /// The receivers that still take part: a faulted one is out until it is reconciled.
    public var receivers: [any Receiver] {
        allReceivers.indices.filter { machine.isActive($0) }.map { allReceivers[$0] }
    }

    /// Bytes a receiver is behind the producer; 0 for one that is out.
    public func backlog(of receiver: any Receiver) -> Int {
        index(of: receiver).map { machine.backlog($0) } ?? 0
    }

    /// Bytes of the receiver's that are still on their way, as far as the system tells.
    func unsent(of receiver: any Receiver) -> Int { receiver.unsent ?? 0 }

    /// Whether this receiver's copy was confirmed as complete.
    public func isConfirmed(_ receiver: any Receiver) -> Bool {
        index(of: receiver).map { machine.isConfirmed($0) } ?? false
    }

    /// Whether the producer has given everything.
    public var sourceEnded: Bool { machine.sourceEnded }

    /// The producer has nothing, and there would be room.
    var isWaitingForSource: Bool { machine.wantsProducer }

    /// The producer could give more: nobody is so far behind that it has to wait.
    var hasRoom: Bool { machine.hasRoom }

    /// One word or two on where the copy stands.
    public var state: String {
        stage == .initialized ? "initialized" : "\(producer.totals.messages) messages transferred"
    }

    // MARK: The scope

    /// Puts the producer, then every receiver, into its COPY state.
    /// - Throws: `CopyFail` when one cannot be; every connection is usable again then.
    public func enter() throws {
        try beginEntering()
        do {
            try enterAll()
        } catch {
            // A refused receiver's or producer's error is noted where it happened; anything else is the cause.
            try leave(error is EntryRefused ? nil : error, reason: .notStarted)
        }
        beginMoving()
    }

    /// Everybody is in the COPY state.
    func beginMoving() {
        let now = poller.now
        producerEntry = nil
        lastReturn = now
        rateLimit = settings.rateLimit.map { RateLimit(bytesPerSecond: $0, now: now) }
    }

    /// Called by whoever drives it himself instead of `enter()`.
    func beginEntering() throws {
        guard stage == .initialized else { throw PgcopyError.alreadyEntered }
        stage = .entered
    }

    /// Moves data and gives what came of this cycle; nil at the end, when every receiver left has confirmed it.
    /// - Throws: `PgcopyError` with `.producerFault`, after which iteration may go on, or `.misuse`; `Interrupted`.
    public func next() throws -> CopyEvent? {
        guard stage == .entered else { throw PgcopyError.notEntered }
        try requireNoOpenFault()
        defer { lastReturn = poller.now }
        return try cycle()
    }

    func requireNoOpenFault() throws(PgcopyError) { if machine.hasOpenFault { throw .faultIgnored } }

    /// Ends the copy. It was a success only if the producer was exhausted and every server confirmed that.
    /// - Parameter cause: the user's own error that ends it; it makes the copy fail.
    /// - Throws: `CopyFail`, after every connection was brought back to a usable state or closed.
    public func leave(_ cause: (any Error)? = nil) throws {
        try leave(cause, reason: nil)
    }

    private func leave(_ cause: (any Error)?, reason: CopyFail.Reason?) throws {
        let leaving = try beginLeaving(cause, reason)
        _ = try? poller.run([leaving.task], interruptible: false)
        if let failure = leaving.failure() { throw failure }
    }

    /// What brings every connection back, and gives the failure behind that; nil: it was a success.
    func beginLeaving(
        _ cause: (any Error)?, _ reason: CopyFail.Reason?
    ) throws(PgcopyError) -> (task: Together, failure: () -> CopyFail?) {
        guard stage == .entered else { throw PgcopyError.notEntered }
        stage = .left
        let complete = cause == nil && reason == nil && machine.isComplete
        let task = realigning(complete: complete, saying: abortReason(cause))
        return (task, { [self] in complete ? nil : failure(cause, reason) })
    }

    private func failure(_ cause: (any Error)?, _ reason: CopyFail.Reason?) -> CopyFail {
        let faults = allReceivers.indices.compactMap { index in
            errors[index].map { CopyFail.Fault(allReceivers[index], $0) }
        }
        return CopyFail(
            reason: reason ?? (noneLeft ? .noReceivers : .incomplete), receiverFaults: faults,
            producerFault: producerError, producerLabel: producer.label, cause: cause)
    }

    var noneLeft: Bool { !allReceivers.indices.contains { machine.isActive($0) } }

    /// It says nothing that the producer's and the receivers' own errors do not.
    func isTold(_ error: any Error) -> Bool {
        error.has(.producerFault) && producerError != nil
            || error as? PgcopyError == .faultIgnored && errors.contains { $0 != nil }
    }

    private func abortReason(_ cause: (any Error)?) -> String {
        if let cause { return "pgcopy: \(cause)" }
        if let producerError { return "pgcopy: the source failed: \(producerError)" }
        return "pgcopy: the copy was not completed"
    }

    /// Enters, runs the body, and leaves on every path out of it.
    /// - Throws: `CopyFail` only; what the body throws is its `cause`.
    public func withCopy<R>(_ body: (CopyManager) throws -> R) throws -> R {
        try enter()
        let result: R
        do {
            result = try body(self)
        } catch {
            try leave(isTold(error) ? nil : error, reason: noneLeft ? .noReceivers : .incomplete)
            preconditionFailure("leaving with a reason always throws")
        }
        try leave()
        return result
    }

    /// Runs the whole copy.
    /// - Throws: `CopyFail` only.
    @discardableResult
    public func run() throws -> Totals {
        try withCopy { copy in while try copy.next() != nil {} }
        return producer.totals
    }

    /// Its rate limit is another one from now on, where it has one.
    func limit(to bytesPerSecond: Int) { rateLimit?.change(to: bytesPerSecond, now: poller.now) }

    // MARK: Faults

    /// Faults a receiver for a reason that somebody else has found; that is raised with the next cycle.
    /// - Returns: false: it is not at work any more.
    @discardableResult
    func fault(_ receiver: any Receiver, _ error: any Error) -> Bool {
        guard stage == .entered, let index = index(of: receiver), machine.isActive(index) else { return false }
        receiverFailed(index, error)
        isFaultedFromOutside = true
        return true
    }

    /// Goes on without a faulted receiver, for good. Possible until the next `next()`.
    public func drop(_ receiver: any Receiver) throws { machine.giveUp(try faultedIndex(of: receiver)) }

    /// Puts a faulted receiver back, from the very byte where it stopped.
    ///
    /// It first sends what it still owes as far as its socket takes it; if that fails, or it never went into its COPY
    /// state, the receiver stays out and the error is thrown. Possible until the next `next()`.
    public func reconcile(_ receiver: any Receiver) throws {
        let index = try faultedIndex(of: receiver)
        if unentered.contains(index), let error = errors[index] { throw error }
        do {
            var blocked = try receiver.attend(.write)
            var taken = 0
            let owed = machine.readable(index)
            if blocked == nil, !owed.isEmpty {
                let drained = try memory.read(owed) { try receiver.drain($0) }
                taken = drained.taken
                blocked = drained.blocked
            }
            machine.reconciled(index, took: taken, blocked: blocked != nil)
            clocks[index].progressed()
            note(index, blockedBy: blocked)
            errors[index] = nil
        } catch {
            errors[index] = error
            throw error
        }
    }

    private func faultedIndex(of receiver: any Receiver) throws(PgcopyError) -> Int {
        guard stage == .entered else { throw .notEntered }
        guard let index = index(of: receiver) else { throw .notAReceiver }
        guard machine.canReconcile(index) else { throw machine.isActive(index) ? .notFaulted : .givenUp }
        return index
    }

    private func index(of receiver: any Receiver) -> Int? {
        allReceivers.firstIndex { $0 === receiver }
    }
}

/// Runs a copy of a producer to receivers and gives what it moved.
/// - Throws: `CopyFail` only.
@discardableResult
public func transfer(_ producer: any Producer, _ receivers: any Receiver...) throws -> Totals {
    try CopyManager(producer, receivers).run()
}
