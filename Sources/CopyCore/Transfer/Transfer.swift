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
    /// All locks are had; they are given back only where everything begins anew.
    var hasLocks = false
    /// Which stream empties and loads which table, where there are many streams.
    var shares: Shares?
    /// Tables that are to be divided were emptied already, in transactions of their own.
    var hasEmptied = false
    /// How often streams have tried to join.
    var joinTries = 0
    /// What is locked at servers, once many tables are.
    var locks: [TransferPlan.Locks] = []
    /// The ties of a destination's tables, where no session of it has all of them.
    var referencesAsked: [ObjectIdentifier: () throws -> [Int: [TableOrder.Reference]]] = [:]
    /// What was selected by patterns; nil: one table is named, or none.
    var selected: [TableSelection.Selected]?
    /// What tables are made of, at the source.
    var definitions: [SchemaDump.Object] = []
    /// By OID, what tells whether these are still what was defined.
    var definedAs: [String: String] = [:]
    var opened: Opened?
    var lockWatch: LockWatch?
    let columnNames = SharedNames()
    var copying: Copying?
    /// Who is asked before the first row.
    var preparing: [(label: String, part: PipelinePart)] = []
    /// Since when, and when it was told that somebody does not answer; nil: waits for locks are told by the watch.
    var preparingSince: Instant?
    /// Since when pg_dump runs, and when that was told; nil: it does not.
    var dumpingSince: Instant?
    /// Requests to cancel what is not waited for.
    private var cancels: [CancelRequest] = []
    /// What it is at behind the last row; nil: it is not there, or there no more.
    var ending: Ending?
    let begun: Instant

    /// What is done behind the last row.
    enum Ending {
        /// They are asked for something; what that is, of those who have not answered yet.
        case asking([(side: Side, part: PipelinePart)], as: ([String]) -> TransferStage)
        case indexing([String])
        case committing(String, number: Int, of: Int)
    }

    /// The copy, from its first moment on.
    struct Copying {
        /// One for each stream.
        let managers: [CopyManager]
        let startedAt: Instant
        var meter: RateMeter?
    }

    /// A transfer that has not begun.
    /// - Parameters:
    ///   - sink: hears of everything that happens.
    ///   - begun: from when on its seconds count; nil: from now on.
    ///   - password: asked for a password by who logs in where, `user bob at host:port/database`; nil when none can be had.
    public init(
        _ request: TransferRequest, poller: any Poller, sink: (any EventSink)? = nil, begun: Instant? = nil,
        password: @escaping (_ login: String) -> String? = { _ in nil }
    ) {
        self.begun = begun ?? poller.now
        var request = request
        request.tellEndpointsApart()
        self.request = request
        self.poller = poller
        self.sink = sink
        self.password = password
        source = Side(request.source, place: nil)
        destinations = request.destinations.enumerated().map { Side($1, place: $0) }
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
            for decision in plan.decisions { sink?.receive(.decision(decision)) }
            tellIdle(plan)
            tellSequences(plan)
            for locks in locks where locks.held > locks.limit / 4 * 3 {
                sink?.receive(
                    .warning(
                        "about \(locks.held) locks are held, and no more than \(locks.limit) are sure to fit: a larger "
                            + "max_locks_per_transaction helps", at: locks.label))
            }
            sink?.receive(.planned(told(plan)))
            if !request.isDryRun { failure = try carryOut(plan, behind: head) }
        } catch {
            failure = error
            if (error as? PgcopyError)?.code == .refused { tellDrift() }
            if !(error is Interrupted) { advise(about: error) }
        }
        poller.companion = nil
        lockWatch.stop()
        self.lockWatch = nil
        ending = nil
        poller.onTick(every: .zero, nil)
        for destination in destinations where [.rolledBack, .partlyCommitted].contains(destination.status) {
            leave(destination)
        }
        endPrograms(failed: failure != nil)
        dropMade()
        for side in [source] + destinations {
            for program in side.programs { program.reap() }
        }
        for session in ([source] + destinations).flatMap(\.sessions) { session.close() }
        let patience = poller.now + request.grace
        for cancel in cancels where !cancel.isDone {
            _ = try? poller.run([Lookout([cancel.interest])], until: patience, interruptible: false)
        }
        for destination in destinations { destination.error = destination.error.map(meaning) }
        let outcome = outcome(failure.map(meaning))
        sink?.receive(.finished(outcome))
        return outcome
    }

    /// Streams that were asked for and have nothing to do.
    private func tellIdle(_ plan: Plan) {
        guard plan.streams < request.jobs, let table = plan.tables.first(where: { $0.undivided != nil }),
            let reason = table.undivided
        else { return }
        let streams = plan.streams == 1 ? "one stream copies" : "\(plan.streams) streams copy"
        sink?.receive(.warning("\(streams): \(table.label) is not divided: \(reason)", at: source.label))
    }

    /// Gives what went wrong from the first commit on; what fails before is thrown.
    private func carryOut(_ plan: Plan, behind head: StreamHead?) throws -> (any Error)? {
        let opened = try open(plan, behind: head)
        try copy(opened)
        try checkRowCount(opened)
        try merge(opened)
        try settle(opened)
        // Once COMMIT was sent nobody is stopped for a lock.
        lockWatch?.onlyTells = true
        let failure = commit(opened)
        return failure == nil || request.keepGoing ? finishCommitted() ?? failure : failure
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
        let error = adviseAtOnce(error, destination)
        destination.error = error
        sink?.receive(.fault(error, at: destination.label, .dropped))
        leave(destination)
    }

    /// A destination failed; the others go on where that is wanted.
    func fail(_ destination: Side, _ error: any Error) {
        let error = adviseAtOnce(meaning(of: error), destination)
        destination.error = error
        sink?.receive(.fault(error, at: destination.label, request.keepGoing ? .dropped : .fatal))
    }

    /// Nothing of a destination is to be left. At once: the others may take hours, its table may be locked and its disk be
    /// full, and a server that comes to must not find its client there.
    func leave(_ destination: Side) {
        // A backend that waits for a lock does not notice that its client is gone.
        for session in destination.sessions where session.connection.isUsable && session.transactionStatus == .active {
            if let cancel = CancelRequest(session.connection) { cancels.append(cancel) }
        }
        for destination in opened?[destination] ?? [] { destination.rollBack() }
        for session in destination.sessions { session.close() }
    }

    /// Nothing is left of what failed: neither programs nor what they have started.
    private func endPrograms(failed: Bool) {
        let sides = (failed ? [source] : []) + destinations.filter { $0.status != .committed }
        let programs = sides.flatMap(\.programs)
        Program.terminate(programs, grace: request.grace)
        // SIGKILL comes behind that grace, and is obeyed, but by who waits for a disk; a busy machine takes its time.
        let deadline = poller.now + request.grace + 5
        for program in programs { program.waitUntilGone(by: deadline) }
        // The end of its input, which comes with ours, would look like success.
        for side in sides where side.status == .rolledBack && side.programs.contains(where: \.isRead) {
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
}
