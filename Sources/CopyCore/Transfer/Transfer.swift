// A transfer from its request to its outcome: prepare, copy, settle, commit.

/// Runs one request. Used once.
public final class Transfer {
    let request: TransferRequest
    let poller: any Poller
    let sink: (any EventSink)?
    let password: (_ label: String) -> String?

    let source: Side
    let destinations: [Side]
    /// The servers among them, once their tables are to be locked.
    var participants: [Participant] = []
    /// What was selected by patterns; nil: one table is named, or none.
    var selected: [TableSelection.Selected]?
    var opened: Opened?
    var lockWatch: LockWatch?
    private var copying: Copying?
    /// Who is asked before the first row.
    var preparing: [(label: String, part: PipelinePart)] = []
    /// Since when, and when it was told that somebody does not answer; nil: waits for locks are told by the watch.
    private var preparingSince: Instant?
    /// Requests to cancel what is not waited for.
    private var cancels: [CancelRequest] = []
    /// What it is at behind the last row; nil: it is not there, or there no more.
    var ending: Ending?
    private let begun: Instant

    /// What is done behind the last row.
    enum Ending {
        case settling([(side: Side, part: PipelinePart)])
        case committing(String, number: Int, of: Int)
    }

    /// The copy, from its first moment on.
    private struct Copying {
        let manager: CopyManager
        let startedAt: Instant
        var meter: RateMeter?
    }

    /// A transfer that has not begun.
    /// - Parameters:
    ///   - sink: hears of everything that happens.
    ///   - begun: from when on its seconds count; nil: from now on.
    ///   - password: asked for a password that an endpoint wants; nil when none can be had.
    public init(
        _ request: TransferRequest, poller: any Poller, sink: (any EventSink)? = nil, begun: Instant? = nil,
        password: @escaping (_ label: String) -> String? = { _ in nil }
    ) {
        self.begun = begun ?? poller.now
        var request = request
        request.numberPrograms()
        self.request = request
        self.poller = poller
        self.sink = sink
        self.password = password
        source = Side(request.source, place: nil)
        destinations = request.destinations.enumerated().map { Side($1, place: $0) }
    }

    /// Nothing is to be done but to say what would be.
    private struct DryRun: Error {}
    private var isOver = false

    /// The plan as it is told.
    private func told(_ plan: Plan) -> TransferPlan {
        TransferPlan(
            isDryRun: request.isDryRun,
            tables: plan.tables.map { table in
                TransferPlan.Table(
                    name: table.source.map { $0.name.parts.joined(separator: ".") }, rows: table.size?.rows,
                    bytes: table.size?.bytes, format: table.options.format, reason: table.decisions.first,
                    statement: table.statement,
                    landings: table.landings.sorted { $0.key < $1.key }.map { place, landing in
                        TransferPlan.Landing(
                            label: destinations[place].label, table: landing.table.name.parts.joined(separator: "."),
                            isEmptied: request.truncate, rows: landing.size?.rows, statement: landing.statement)
                    })
            }, defersConstraints: plan.defersConstraints)
    }

    /// Runs it to its end; never throws: the outcome tells.
    public func run() -> TransferOutcome {
        var failure: (any Error)?
        let lockWatch = makeLockWatch()
        self.lockWatch = lockWatch
        startTicking(lockWatch)
        do {
            try refuseNonsense()
            let (plan, head) = try prepare()
            sink?.receive(.planned(told(plan)))
            if request.isDryRun { throw DryRun() }
            let opened = try open(plan, behind: head)
            try copy(opened)
            try checkRowCount(opened)
            try settle(opened)
            // Once COMMIT was sent nobody is stopped for a lock.
            lockWatch.onlyTells = true
            failure = commit(opened)
        } catch is DryRun {
            isOver = true
        } catch {
            failure = error
        }
        poller.companion = nil
        lockWatch.stop()
        self.lockWatch = nil
        ending = nil
        poller.onTick(every: .zero, nil)
        for destination in destinations where destination.status == .rolledBack { leave(destination) }
        endPrograms(failed: failure != nil)
        for side in [source] + destinations {
            side.program?.hearRest()
            side.program?.reap()
        }
        for side in [source] + destinations { side.session?.close() }
        let patience = poller.now + request.grace
        for cancel in cancels where !cancel.isDone {
            _ = try? poller.run([Lookout([cancel.interest])], until: patience, interruptible: false)
        }
        let outcome = outcome(failure)
        sink?.receive(.finished(outcome))
        return outcome
    }

    var active: [Side] { destinations.filter(\.isActive) }

    // MARK: Sides that fail

    /// Does something about the source; its failure is what ended it all.
    func atSource<R>(_ body: () throws -> R) throws -> R {
        do {
            return try at(source.label, body)
        } catch let failure as PgcopyError {
            if failure.endpoint == source.label { source.error = failure }
            throw failure
        }
    }

    /// Does a part of a side's preparation; with `--keep-going` a destination's failure is its own.
    func attributing(to side: Side, _ body: () throws -> Void) throws {
        if side.isSource { return try atSource(body) }
        do {
            try at(side.label, body)
        } catch let failure as PgcopyError {
            guard request.keepGoing, !failure.isRequests else { throw failure }
            drop(side, failure)
        }
    }

    /// Goes on without a destination.
    func drop(_ destination: Side, _ error: any Error) {
        destination.error = error
        sink?.receive(.fault(error, at: destination.label, .dropped))
        leave(destination)
    }

    /// A destination failed; the others go on where that is wanted.
    func fail(_ destination: Side, _ error: any Error) {
        destination.error = error
        sink?.receive(.fault(error, at: destination.label, request.keepGoing ? .dropped : .fatal))
    }

    /// Nothing of a destination is to be left. At once: the others may take hours, its table may be locked and its disk be
    /// full, and a server that comes to must not find its client there.
    func leave(_ destination: Side) {
        // A backend that waits for a lock does not notice that its client is gone.
        if let session = destination.session, session.connection.isUsable, session.transactionStatus == .active,
            let cancel = CancelRequest(session.connection)
        {
            cancels.append(cancel)
        }
        opened?[destination]?.rollBack()
        destination.session?.close()
    }

    /// Nothing is left of what failed: neither programs nor what they have started.
    private func endPrograms(failed: Bool) {
        let sides = (failed ? [source] : []) + destinations.filter { $0.status != .committed }
        let programs = sides.compactMap(\.program)
        for program in programs { program.terminate(grace: request.grace) }
        // SIGKILL comes behind that grace, and is obeyed, but by who waits for a disk; a busy machine takes its time.
        let deadline = poller.now + request.grace + 5
        for program in programs { program.waitUntilGone(by: deadline) }
        // The end of its input, which comes with ours, would look like success.
        for side in sides where side.status == .rolledBack && side.program?.isRead ?? false {
            fail(side, PgcopyError.programReadsOn(side.error))
            side.status = .inDoubt(transaction: nil)
        }
    }

    /// Does a part of every destination's preparation. What fails is told of all of them, and of the source.
    func attributingEach(_ body: (Side) throws -> Void) throws {
        var failure = source.error
        for destination in active {
            do {
                try attributing(to: destination) { try body(destination) }
            } catch let error as PgcopyError {
                destination.error = error
                failure = failure ?? error
            }
        }
        if let failure { throw failure }
    }

    // MARK: Copying

    private func copy(_ opened: Opened) throws {
        guard !opened.destinations.isEmpty else {
            // Each has told why.
            throw PgcopyError(
                .refused, "no destination is left", endpoint: destinations.first { !$0.isActive }?.label)
        }
        var settings = CopySettings()
        settings.timeout = request.timeout
        settings.needsEveryReceiver = !request.keepGoing
        settings.idleInterval = request.idleInterval
        settings.rateLimit = request.rateLimit
        settings.grace = request.grace
        let manager = CopyManager(
            opened.producer, opened.destinations.map(\.destination.receiver), settings: settings, poller: poller)
        copying = Copying(manager: manager, startedAt: poller.now)
        defer { for (side, destination) in opened.destinations { side.bytes = taken(side, destination) } }
        var uncounted = opened.messagesWithoutRow
        var tries = Tries(limit: request.reconcileTries)
        let run = Part(label: source.label, size: 0, out: "", into: [:])
        let streams = Streams([run], count: 1, poller: poller) { _, _ in
            manager
        } handle: { [unowned self] _, _, event, copy in
            switch event {
            case .moved(var moved):
                if moved.messages > 0 {
                    moved.messages -= uncounted
                    uncounted = 0
                }
                report(moved)
            case .idle: report(.zero)
            // A fault that is left alone fails the copy.
            case .faulted(let faults): try goOn(after: faults, opened, copy, &tries)
            }
        }
        do {
            try streams.run()
        } catch {
            if let failure = streams.failures.first { try noteFailure(failure, opened) }
            throw error
        }
    }

    private func report(_ moved: Totals) {
        let now = poller.now
        var meter = copying?.meter ?? RateMeter(start: copying?.startedAt ?? now)
        meter.add(moved)
        if let interval = request.reportInterval, now.duration(since: meter.lastReport) >= interval {
            sink?.receive(.progress(progress(meter.read(at: now), at: now)))
        }
        copying?.meter = meter
    }

    /// Reports how far it is, now; at any time.
    public func reportNow() {
        let now = poller.now
        // Before the copy there is nothing to go on from.
        var meter = copying?.meter ?? RateMeter(start: now)
        var progress = progress(meter.read(at: now), at: now)
        progress.wasAskedFor = true
        if copying?.meter != nil { copying?.meter = meter }
        sink?.receive(.progress(progress))
    }

    private func progress(_ reading: RateMeter.Reading, at now: Instant) -> TransferProgress {
        TransferProgress(
            duration: now.duration(since: begun), reading: reading, destinations: lags(), stage: stage)
    }

    private var stage: TransferStage {
        switch ending {
        case .settling(let checks)?:
            // The last word of a round comes behind the answers.
            let late = checks.filter { !$0.part.isAnswered }
            return .settling((late.isEmpty ? checks : late).map(\.side.label))
        case .committing(let label, let number, let count)?: return .committing(label, number: number, of: count)
        case nil: break
        }
        guard let copy = copying?.manager else {
            return .preparing(preparing.filter { !$0.part.isAnswered }.map(\.label))
        }
        guard copy.sourceEnded else { return copy.isWaitingForSource ? .waitingForSource : .copying }
        return .finishing(
            destinations.filter { side in
                side.isActive && opened?[side].map { !copy.isConfirmed($0.receiver) } ?? false
            }.map(\.label))
    }

    /// Whether anything has moved.
    var lockMark: LockWatch.Mark {
        var mark = LockWatch.Mark(stage: copying == nil ? LockWatch.Mark.locking : 1, bytes: 0, backlog: 0)
        switch ending {
        case .settling(let checks)?: mark.stage = 2 + checks.filter { $0.part.hasSucceeded }.count
        case .committing(_, let number, _)?: mark.stage = 1000 + number
        case nil: break
        }
        guard let copy = copying?.manager else { return mark }
        mark.flows = ending == nil && !copy.sourceEnded && copy.hasRoom
        mark.awaitsSource = copy.isWaitingForSource
        mark.bytes = copy.producer.totals.bytes
        mark.backlog = copy.allReceivers.reduce(0) { $0 + copy.backlog(of: $1) + (copy.isConfirmed($1) ? 0 : 1) }
        return mark
    }

    /// Goes on without a destination, while rows flow or at the last checks; false where that is not wanted, or it is too late.
    func goOnWithout(_ side: Side, _ error: PgcopyError) -> Bool {
        guard request.keepGoing, !side.isSource, let copy = copying?.manager, let receiver = opened?[side]?.receiver
        else { return false }
        switch ending {
        case nil: copy.fault(receiver, error)
        case .settling:
            fail(side, error)
            leave(side)
        case .committing: return false
        }
        return true
    }

    /// Whether the source has to wait for a destination.
    func holdsUp(_ side: Side) -> Bool {
        guard ending == nil, let copy = copying?.manager, !copy.hasRoom, let receiver = opened?[side]?.receiver else {
            return false
        }
        let most = copy.allReceivers.map(copy.backlog(of:)).max() ?? 0
        return copy.backlog(of: receiver) > most - (1 << 16)
    }

    /// Whether a side has nothing to do before the others have finished; nil: that is for its server to say.
    func rests(_ side: Side) -> Bool? {
        if case .settling(let checks)? = ending {
            return checks.first { $0.side === side }.map { $0.part.isAnswered }
        }
        guard let copy = copying?.manager else { return nil }
        let isDone = side.isSource ? copy.sourceEnded : opened?[side].map { copy.isConfirmed($0.receiver) } ?? false
        return isDone ? true : nil
    }

    /// Asks all of them, and says who does not answer.
    /// - Parameter locks: they may wait for locks, which the watch tells.
    func ask(_ parts: [(label: String, part: PipelinePart)], locks: Bool = false) throws {
        preparing = parts
        preparingSince = locks ? nil : poller.now
        defer { preparing = [] }
        try PipelineRound.run(parts.map(\.part))
    }

    private func tellSilent(_ now: Instant, _ interval: Duration) {
        guard let since = preparingSince, now.duration(since: since) >= .seconds(1) else { return }
        for (label, part) in preparing where !part.isAnswered {
            // The next time an interval from now.
            preparingSince = now + interval + .seconds(-1)
            sink?.receive(.waiting(for: "the server to answer", at: label))
        }
    }

    /// Looks from time to time whether anything moves, and goes on with reports behind the last row.
    private func startTicking(_ lockWatch: LockWatch) {
        // Where each cycle is told there is none behind the last one.
        let interval = request.reportInterval.map { $0 > .zero ? $0 : .seconds(1) }
        var reported = poller.now
        poller.onTick(every: min(interval ?? .seconds(1), lockWatch.tickInterval)) { [unowned self] in
            let now = poller.now
            tellSilent(now, max(interval ?? .seconds(1), .seconds(1)))
            if ending != nil, let interval, var meter = copying?.meter {
                if now.duration(since: reported) >= interval {
                    reported = now
                    sink?.receive(.progress(progress(meter.read(at: now), at: now)))
                    copying?.meter = meter
                }
            } else {
                reported = now
            }
            return lockWatch.tick()
        }
    }

    private func lags() -> [DestinationLag] {
        destinations.map { side in
            DestinationLag(
                label: side.label,
                bytes: opened?[side].map { copying?.manager.backlog(of: $0.receiver) ?? 0 } ?? 0,
                isActive: side.isActive
            )
        }
    }

    private func taken(_ side: Side, _ destination: any Destination) -> Int {
        guard let manager = copying?.manager else { return 0 }
        return side.isActive || manager.isConfirmed(destination.receiver)
            ? manager.producer.totals.bytes - manager.backlog(of: destination.receiver) : side.bytes
    }

    /// Reconciles or drops them; what is left alone has everything rolled back.
    private func goOn(
        after faults: [ReceiverFault], _ opened: Opened, _ copy: CopyManager, _ tries: inout Tries
    ) throws {
        for fault in faults {
            let receiver = fault.receiver
            guard let (side, destination) = opened.destinations.first(where: { $1.receiver === receiver }) else {
                continue
            }
            var error = fault.error
            if let timeout = error as? PgcopyError, timeout.code == .timeout {
                do {
                    if try reconcile(side, destination, timeout, copy, &tries) { continue }
                } catch let interrupted as Interrupted {
                    throw interrupted
                } catch let again {
                    error = again
                }
            }
            side.bytes = taken(side, destination)
            fail(side, error)
            if !request.keepGoing { return }
            try copy.drop(receiver)
            leave(side)
            receiver.abandon()
        }
    }

    /// False when its tries are used up.
    private func reconcile(
        _ side: Side, _ destination: any Destination, _ timeout: PgcopyError, _ copy: CopyManager,
        _ tries: inout Tries
    ) throws -> Bool {
        let receiver = destination.receiver
        let arrived = taken(side, destination) - copy.unsent(of: receiver)
        guard let number = tries.next(of: side.place ?? 0, taken: arrived) else { return false }
        try copy.reconcile(receiver)
        sink?.receive(.fault(timeout, at: side.label, .reconciled(tries: number, limit: tries.limit)))
        return true
    }

    /// What the manager's failure says about each side; rethrows it.
    private func noteFailure(_ failure: CopyFail, _ opened: Opened) throws {
        for (side, destination) in opened.destinations where side.isActive {
            guard let error = failure[destination.receiver] else { continue }
            if error.has(.unanswered) { side.isUnheard = true } else { side.error = error }
        }
        if let cause = failure.cause { throw cause }
        throw failure
    }

    // MARK: The end

    private func outcome(_ failure: (any Error)?) -> TransferOutcome {
        var totals = copying?.manager.producer.totals ?? .zero
        totals.messages = max(0, totals.messages - (opened?.messagesWithoutRow ?? 0))
        let now = poller.now
        var outcome = TransferOutcome(
            destinations: destinations.map { side in
                TransferOutcome.Destination(
                    label: side.label, status: side.status,
                    rows: side.status == .rolledBack
                        ? nil : opened?[side]?.rows ?? opened?.countedRows ?? totals.messages,
                    bytes: side.bytes, error: side.error, lingering: lingering(side))
            },
            totals: totals, duration: now.duration(since: begun),
            copyDuration: copying.map { now.duration(since: $0.startedAt) } ?? .zero, started: copying != nil)
        outcome.isDryRun = isOver
        switch failure {
        case let interrupted as Interrupted:
            outcome.signal = interrupted.signal
        case let failure as CopyFail:
            outcome.error = failure.producerFault
            outcome.errorLabel = source.label
        case let unexpected as PgcopyError where unexpected.code == .rowCount:
            outcome.error = unexpected
            outcome.errorLabel = source.label
        case nil:
            break
        case let cause?:
            outcome.isUsageError = (cause as? PgcopyError)?.isUsageError ?? false
            let label = (cause as? PgcopyError)?.endpoint
            if let error = source.error {
                outcome.error = error
                outcome.errorLabel = source.label
            } else if !destinations.contains(where: { $0.label == label && $0.error != nil }) {
                // What is not told as a destination's own.
                outcome.error = cause
                outcome.errorLabel = label
            }
        }
        return outcome
    }

    /// A server that was not heard of again does not know that its client is gone.
    private func lingering(_ side: Side) -> TransferOutcome.Lingering? {
        guard side.status == .rolledBack else { return nil }
        let wasUnheard =
            switch side.error {
            case let error as PgcopyError:
                [.timeout, .unanswered].contains(error.code) || error.code == .connectionLost && error.server == nil
            default: false
            }
        return wasUnheard || side.isUnheard ? participants.first { $0.side === side }?.preparation.lingering : nil
    }
}

/// How often destinations that timed out are tried again; pure.
struct Tries {
    /// In a row, without progress between them.
    let limit: Int
    private var counts: [Int: (tries: Int, taken: Int)] = [:]

    init(limit: Int) { self.limit = limit }

    /// The number of the next try; nil: they are used up.
    /// - Parameter taken: bytes it has taken by now.
    mutating func next(of place: Int, taken: Int) -> Int? {
        var count = counts[place] ?? (0, -1)
        if taken > count.taken { count.tries = 0 }
        guard count.tries < limit else { return nil }
        count = (count.tries + 1, taken)
        counts[place] = count
        return count.tries
    }
}
