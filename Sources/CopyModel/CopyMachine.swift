// The machine that decides what a copy does next. A pure value: events in, one action out.
//
// One cycle: poll, fill the ring once, give every receiver its turn, then report or raise. The manager
// performs each action and answers with the event that says what came of it.

/// Decides the course of a copy from one producer to many receivers over one shared ring. There is one of each copy: to ask
/// it something never duplicates its arrays, which it would several times a cycle.
package struct CopyMachine: ~Copyable, Sendable {
    /// What the manager is to do.
    package enum Action: Sendable, Equatable {
        /// See what is ready; wait for it only when `block`. Answer: `becameReady`…, then `polled` or `idled`.
        case poll(block: Bool)
        /// Let the producer write into this region of the ring. Answer: `filled`, `producerBlocked`,
        /// `producerEnded` or `producerFaulted`.
        case fill(RingLedger.Region)
        /// Let a receiver take from this region. Answer: `took` or `receiverFaulted`.
        case drain(receiver: Int, RingLedger.Region)
        /// The receiver has everything: have the end confirmed. Answer: `confirmed`, `unconfirmed` or `receiverFaulted`.
        case finish(receiver: Int)
        /// The cycle is over and moved so much.
        case report(Totals)
        /// The cycle is over and these receivers faulted in it.
        case raiseReceivers([Int])
        /// The producer faulted; nothing changed by it.
        case raiseProducer
        /// There is nothing left to do: everything is confirmed, or no receiver is left.
        case end
    }

    /// Where the producer stands.
    enum Source: Sendable, Equatable {
        /// It may have data. → blocked, ended
        case open
        /// It has none until its descriptor is ready. → open, ended
        case blocked
        /// It gave everything and its server confirmed that. No exit.
        case ended
    }

    /// Where one receiver stands.
    enum Sink: Sendable, Equatable {
        /// It takes data. → finishing, faulted
        case receiving
        /// It has everything and its confirmation is awaited. → confirmed, faulted
        case finishing
        /// Its server, or file, confirmed the end. No exit.
        case confirmed
        /// It faulted in this cycle or the one before. → receiving, finishing (reconciled), lost
        case faulted(finishing: Bool, raised: Bool)
        /// It is out for good. No exit.
        case lost
    }

    /// Where in a cycle the machine stands.
    enum Stage: Sendable, Equatable {
        /// Between two cycles. → polling, idle (a report), over
        case idle
        /// A poll is under way. → filling, serving, idle
        case polling
        /// The producer fills. → serving, idle
        case filling
        /// The receivers have their turns; this is the next. → idle, polling
        case serving(Int)
        /// The copy was run to its end. No exit.
        case over
    }

    private var stage = Stage.idle
    private var source = Source.open
    private var sinks: [Sink]
    /// A receiver that could take no more until its descriptor is ready.
    private var blocked: [Bool]
    private var ring: RingLedger
    /// The longest region given to one fill.
    private let chunk: Int
    /// The least room worth a fill: what a server sends at once. Else a ring that is all but full is filled by
    /// ever smaller reads.
    private let leastRoom: Int
    /// Moved and not reported yet: a faulted cycle's share comes with the next report.
    private var unreported = Totals.zero
    private var producerMayFill = true

    /// A copy that has not moved anything yet.
    /// - Parameters:
    ///   - ring: bytes the fastest receiver may be ahead of the slowest.
    ///   - chunk: bytes the producer gives in one cycle at most.
    package init(receivers: Int, ring: Int, chunk: Int) {
        precondition(chunk > 0, "a chunk is at least a byte")
        sinks = Array(repeating: .receiving, count: receivers)
        blocked = Array(repeating: false, count: receivers)
        self.ring = RingLedger(capacity: ring, readers: receivers)
        self.chunk = chunk
        leastRoom = max(1, min(8192, ring / 16))
    }

    // MARK: What is asked of it

    /// The producer gave everything and every receiver left confirmed the end; at least one is left.
    package var isComplete: Bool {
        stage == .over && source == .ended && sinks.contains(.confirmed)
            && sinks.allSatisfy { $0 == .confirmed || $0 == .lost }
    }

    /// The copy was run to its end, well or not.
    package var isOver: Bool { stage == .over }

    /// The producer gave everything.
    package var sourceEnded: Bool { source == .ended }

    /// Whether the receiver still takes part.
    package func isActive(_ receiver: Int) -> Bool {
        switch sinks[receiver] {
        case .receiving, .finishing, .confirmed: true
        case .faulted, .lost: false
        }
    }

    /// Whether this receiver has everything and its confirmation is awaited.
    package func isFinishing(_ receiver: Int) -> Bool { sinks[receiver] == .finishing }

    /// Whether the end of this receiver's copy is confirmed.
    package func isConfirmed(_ receiver: Int) -> Bool { sinks[receiver] == .confirmed }

    /// How many bytes the receiver has not taken yet.
    package func backlog(_ receiver: Int) -> Int { ring.backlog(receiver) }

    /// Whether readiness of the producer's descriptor is worth waiting for.
    package var wantsProducer: Bool { source == .blocked && hasRoom }

    /// Whether the producer could fill, were it not held back by what `mayFill` stands for.
    package var isHeldBack: Bool { source == .open && hasRoom && !producerMayFill }

    /// Whether the receiver waits for its descriptor.
    package func isBlocked(_ receiver: Int) -> Bool { standing(receiver) == .blocked }

    /// What a receiver's descriptor is watched for.
    package enum Standing: Sendable {
        /// It takes no part, or not for now.
        case out
        /// Its copy is confirmed.
        case confirmed
        /// It waits until it can go on.
        case blocked
        /// It waits for rows: only what it says by itself is of interest.
        case free
    }

    /// What a receiver is watched for.
    package func standing(_ receiver: Int) -> Standing {
        switch sinks[receiver] {
        case .faulted, .lost: .out
        case .confirmed: .confirmed
        case .receiving, .finishing: blocked[receiver] ? .blocked : .free
        }
    }

    // MARK: The course of a cycle

    /// A new cycle begins. Receivers that faulted and were not reconciled are given up.
    /// - Parameter mayFill: false while something else, such as a rate limit, holds the producer back.
    package mutating func cycleBegan(mayFill: Bool = true) -> Action {
        guard stage != .over else { return .end }
        producerMayFill = mayFill
        for index in sinks.indices {
            if case .faulted(_, raised: true) = sinks[index] { giveUp(index) }
        }
        return poll()
    }

    private mutating func poll() -> Action {
        if isOverNow {
            // A faulted cycle's share is told even when nothing moves after it.
            if unreported != .zero {
                stage = .idle
                return report()
            }
            stage = .over
            return .end
        }
        stage = .polling
        return .poll(block: !canMove && unreported == .zero)
    }

    private var isOverNow: Bool {
        var anyLeft = false
        for sink in sinks {
            switch sink {
            case .lost: continue
            case .confirmed: anyLeft = true
            case .receiving, .finishing, .faulted: return false
            }
        }
        return !anyLeft || source == .ended
    }

    private var canMove: Bool {
        if canFill { return true }
        for index in sinks.indices {
            if case .faulted(_, raised: false) = sinks[index] { return true }
            if !blocked[index], hasWork(index) { return true }
        }
        return false
    }

    private var canFill: Bool { source == .open && hasRoom && producerMayFill }

    package var hasRoom: Bool { ring.space >= leastRoom }

    private func hasWork(_ receiver: Int) -> Bool {
        switch sinks[receiver] {
        case .receiving: ring.backlog(receiver) > 0 || source == .ended
        case .finishing: true
        case .confirmed, .faulted, .lost: false
        }
    }

    /// The producer's descriptor is ready.
    package mutating func producerBecameReady() {
        if source == .blocked { source = .open }
    }

    /// A receiver's descriptor is ready.
    package mutating func receiverBecameReady(_ receiver: Int) { blocked[receiver] = false }

    /// The poll is over. `mayFill` as in `cycleBegan`, seen anew.
    package mutating func polled(mayFill: Bool = true) -> Action {
        producerMayFill = mayFill
        guard canFill else {
            stage = .serving(0)
            return serve()
        }
        stage = .filling
        ring.rewind()
        let region = ring.writable
        return .fill(region.prefix(chunk))
    }

    /// The poll ended because it was time for a report.
    package mutating func idled() -> Action {
        stage = .idle
        return report()
    }

    /// The producer wrote so much; `blocked` when it has no more until its descriptor is ready.
    package mutating func filled(_ moved: Totals, blocked: Bool = false) -> Action {
        if blocked { source = .blocked }
        ring.wrote(moved.bytes)
        unreported += moved
        stage = .serving(0)
        return serve()
    }

    /// The producer has nothing until its descriptor is ready.
    package mutating func producerBlocked() -> Action {
        source = .blocked
        stage = .serving(0)
        return serve()
    }

    /// The producer gave everything, and its server confirmed it; `last` came with the end.
    package mutating func producerEnded(_ last: Totals = .zero) -> Action {
        source = .ended
        unreported += last
        stage = .serving(0)
        return serve()
    }

    /// The producer failed; it may be asked again.
    package mutating func producerFaulted() -> Action {
        stage = .idle
        return .raiseProducer
    }

    /// A receiver took so many bytes of its region; `blocked` when it takes no more for now.
    package mutating func took(_ bytes: Int, _ receiver: Int, blocked isBlocked: Bool) -> Action {
        ring.took(bytes, receiver)
        blocked[receiver] = isBlocked
        return next(after: receiver)
    }

    /// A receiver's end is confirmed.
    package mutating func confirmed(_ receiver: Int) -> Action {
        sinks[receiver] = .confirmed
        blocked[receiver] = false
        return next(after: receiver)
    }

    /// A receiver's end is sent and awaits confirmation.
    package mutating func unconfirmed(_ receiver: Int) -> Action {
        blocked[receiver] = true
        return next(after: receiver)
    }

    /// A receiver failed during its turn.
    package mutating func receiverFaulted(inTurn receiver: Int) -> Action {
        receiverFaulted(receiver)
        return next(after: receiver)
    }

    /// A receiver failed outside its turn: an error of its server, a timeout.
    package mutating func receiverFaulted(_ receiver: Int) {
        switch sinks[receiver] {
        case .receiving: sinks[receiver] = .faulted(finishing: false, raised: false)
        case .finishing: sinks[receiver] = .faulted(finishing: true, raised: false)
        case .confirmed, .faulted, .lost: break
        }
    }

    private mutating func next(after receiver: Int) -> Action {
        stage = .serving(receiver + 1)
        return serve()
    }

    /// The next receiver's turn, or the end of the cycle.
    private mutating func serve() -> Action {
        guard case .serving(var index) = stage else { preconditionFailure("no cycle is under way") }
        while index < sinks.count {
            if !blocked[index] {
                switch sinks[index] {
                case .receiving:
                    if ring.backlog(index) > 0 {
                        stage = .serving(index)
                        return .drain(receiver: index, ring.readable(index))
                    }
                    if source == .ended {
                        sinks[index] = .finishing
                        stage = .serving(index)
                        return .finish(receiver: index)
                    }
                case .finishing:
                    stage = .serving(index)
                    return .finish(receiver: index)
                case .confirmed, .faulted, .lost:
                    break
                }
            }
            index += 1
        }
        return cycleEnded()
    }

    private mutating func cycleEnded() -> Action {
        var faulted: [Int]?
        for index in sinks.indices {
            if case .faulted(let finishing, raised: false) = sinks[index] {
                sinks[index] = .faulted(finishing: finishing, raised: true)
                faulted = (faulted ?? []) + [index]
            }
        }
        if let faulted {
            stage = .idle
            return .raiseReceivers(faulted)
        }
        if unreported != .zero {
            stage = .idle
            return report()
        }
        return poll()
    }

    private mutating func report() -> Action {
        defer { unreported = .zero }
        return .report(unreported)
    }

    // MARK: Reconciliation

    /// Whether a receiver's fault was raised, and the receiver neither put back nor given up.
    package var hasOpenFault: Bool {
        sinks.contains { if case .faulted(_, raised: true) = $0 { true } else { false } }
    }

    /// Whether a receiver faulted and can still be put back.
    package func canReconcile(_ receiver: Int) -> Bool {
        if case .faulted = sinks[receiver] { return true }
        return false
    }

    /// The part of its backlog that lies in one piece, for a receiver that is being reconciled.
    package func readable(_ receiver: Int) -> RingLedger.Region { ring.readable(receiver) }

    /// The faulted receiver took so many bytes of what it owed and takes part again.
    package mutating func reconciled(_ receiver: Int, took bytes: Int, blocked isBlocked: Bool) {
        guard case .faulted(let finishing, _) = sinks[receiver] else { return }
        ring.took(bytes, receiver)
        sinks[receiver] = finishing ? .finishing : .receiving
        blocked[receiver] = isBlocked
    }

    /// The receiver is out for good.
    package mutating func giveUp(_ receiver: Int) {
        sinks[receiver] = .lost
        ring.leave(receiver)
    }
}
