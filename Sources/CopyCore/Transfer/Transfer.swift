// A transfer from its request to its outcome: connect, prepare, copy, settle, commit.

/// Runs one request. Used once.
public final class Transfer {
    let request: TransferRequest
    let poller: any Poller
    let sink: (any EventSink)?
    let password: (_ label: String) -> String?

    /// A destination and what became of it.
    final class Entry {
        /// The table rows go to, and its columns in the order they come; nil: the table's own.
        struct Plan {
            let table: TableShape
            let columns: [String]?
        }

        let endpoint: Endpoint
        var session: Session?
        var lookup: Lookup?
        var server: Lookup.Server?
        var found: Lookup.Found?
        var preparation: Preparation?
        var plan: Plan?
        var destination: (any Destination)?
        var status = TransferOutcome.Status.rolledBack
        var error: (any Error)?
        var bytes = 0
        /// Its table held rows before it was emptied.
        var heldRows = false
        /// Timeouts reconciled in a row, and what it had taken at the last.
        var tries = 0
        var takenAtTimeout = -1

        init(_ endpoint: Endpoint) { self.endpoint = endpoint }

        var isActive: Bool { error == nil }
        var label: String { endpoint.label }
    }

    let entries: [Entry]
    var source: Source?
    /// What COPY is told on both sides; complete once planned.
    var options: CopyOptions
    var sourceSession: Session?
    var sourceLookup: Lookup?
    var sourceServer: Lookup.Server?
    var sourceTableFound: Lookup.Found?
    var sourcePreparation: Preparation?
    var manager: CopyManager?
    /// The header line of the file or stream the rows come from.
    var streamHead: StreamHead?
    private let begun: Instant
    private var startedAt: Instant?
    private var meter: RateMeter?

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
        self.request = request
        self.poller = poller
        self.sink = sink
        self.password = password
        options = request.options
        entries = request.destinations.map(Entry.init)
    }

    /// Runs it to its end; never throws: the outcome tells.
    public func run() -> TransferOutcome {
        var failure: (any Error)?
        do {
            try refuseNonsense()
            try plan()
            try open()
            try copy()
            try checkRowCount()
            try settle()
        } catch {
            failure = error
        }
        if failure == nil { failure = commit() }
        for entry in entries where entry.status == .rolledBack {
            entry.destination?.rollBack()
            entry.session?.close()
        }
        sourceSession?.close()
        let outcome = outcome(failure)
        sink?.receive(.finished(outcome))
        return outcome
    }

    // MARK: Copying

    private func copy() throws {
        guard let producer = source?.producer else { return }
        guard entries.contains(where: \.isActive) else { throw TransferRefusal("no destination is left") }
        var settings = CopySettings()
        settings.timeout = request.timeout
        settings.needsEveryReceiver = !request.keepGoing
        settings.idleInterval = request.idleInterval
        settings.rateLimit = request.rateLimit
        settings.realignmentTimeout = request.realignmentTimeout
        let active = entries.filter(\.isActive)
        let manager = CopyManager(
            producer, active.compactMap(\.destination?.receiver), settings: settings, poller: poller)
        self.manager = manager
        startedAt = poller.now
        defer { for entry in active { entry.bytes = taken(entry) } }
        var uncounted = messagesWithoutRow
        do {
            try manager.withCopy { copy in
                while let event = try copy.next() {
                    switch event {
                    case .moved(var moved):
                        if moved.messages > 0 {
                            moved.messages -= uncounted
                            uncounted = 0
                        }
                        report(moved)
                    case .idle: report(.zero)
                    case .faulted(let faults):
                        // Left before its end, the copy fails.
                        guard try goOn(after: faults, copy) else { return }
                    }
                }
            }
        } catch let failure as CopyFail {
            try noteFailure(failure)
        }
    }

    private func report(_ moved: Totals) {
        let now = poller.now
        // The first cycle's data flowed from the moment copying began, which is this one but for a chunk.
        var meter = self.meter ?? RateMeter(start: now)
        meter.add(moved)
        if let interval = request.reportInterval, now.seconds(since: meter.lastReport) >= interval {
            sink?.receive(.progress(progress(meter.read(at: now), at: now)))
        }
        self.meter = meter
    }

    /// Reports how far it is, now; at any time.
    public func reportNow() {
        let now = poller.now
        // Before the copy there is nothing to go on from.
        var meter = self.meter ?? RateMeter(start: now)
        var progress = progress(meter.read(at: now), at: now)
        progress.wasAskedFor = true
        if self.meter != nil { self.meter = meter }
        sink?.receive(.progress(progress))
    }

    private func progress(_ reading: RateMeter.Reading, at now: Instant) -> TransferProgress {
        TransferProgress(seconds: now.seconds(since: begun), reading: reading, destinations: lags())
    }

    private func lags() -> [DestinationLag] {
        entries.map { entry in
            DestinationLag(
                label: entry.label,
                bytes: entry.destination.map { manager?.backlog(of: $0.receiver) ?? 0 } ?? 0,
                isActive: entry.isActive
            )
        }
    }

    private func taken(_ entry: Entry) -> Int {
        guard let manager, let destination = entry.destination else { return 0 }
        return entry.isActive || manager.isConfirmed(destination.receiver)
            ? manager.producer.totals.bytes - manager.backlog(of: destination.receiver) : entry.bytes
    }

    /// False when everything is to be rolled back.
    private func goOn(after faults: [ReceiverFault], _ copy: CopyManager) throws -> Bool {
        for fault in faults {
            let receiver = fault.receiver
            guard let entry = entries.first(where: { $0.destination?.receiver === receiver }) else { continue }
            var error = fault.error
            if let timeout = error as? SocketTimeout {
                do {
                    if try reconcile(entry, receiver, timeout, copy) { continue }
                } catch let interrupted as Interrupted {
                    throw interrupted
                } catch let again {
                    error = again
                }
            }
            entry.bytes = taken(entry)
            entry.error = error
            sink?.receive(.fault(error, at: entry.label, request.keepGoing ? .dropped : .fatal))
            if !request.keepGoing { return false }
            try copy.drop(receiver)
            // The others may take hours: a server that comes to must not find its client there, and hold its locks.
            if error is SocketTimeout { receiver.abandon() }
        }
        return true
    }

    /// False when its tries are used up. A server that checks what it was given takes its time without a try.
    private func reconcile(
        _ entry: Entry, _ receiver: any Receiver, _ timeout: SocketTimeout, _ manager: CopyManager
    ) throws -> Bool {
        if timeout.awaitingConfirmation, try entry.session?.isServerWorking?() ?? false {
            try manager.reconcile(receiver)
            return true
        }
        let taken = taken(entry)
        if taken > entry.takenAtTimeout { entry.tries = 0 }
        guard entry.tries < request.reconcileTries else { return false }
        entry.takenAtTimeout = taken
        entry.tries += 1
        try manager.reconcile(receiver)
        sink?.receive(
            .fault(timeout, at: entry.label, .reconciled(tries: entry.tries, limit: request.reconcileTries)))
        return true
    }

    /// What the manager's failure says about each side; rethrows it.
    private func noteFailure(_ failure: CopyFail) throws {
        for entry in entries where entry.isActive {
            guard let receiver = entry.destination?.receiver, let error = failure[receiver], !(error is Unanswered)
            else { continue }
            entry.error = error
        }
        if let cause = failure.cause { throw cause }
        throw failure
    }

    // MARK: The end

    private func outcome(_ failure: (any Error)?) -> TransferOutcome {
        var totals = manager?.producer.totals ?? .zero
        totals.messages = max(0, totals.messages - messagesWithoutRow)
        let now = poller.now
        var outcome = TransferOutcome(
            destinations: entries.map { entry in
                TransferOutcome.Destination(
                    label: entry.label, status: entry.status,
                    rows: entry.status == .rolledBack
                        ? nil : entry.destination?.rows ?? source?.rows ?? totals.messages,
                    bytes: entry.bytes, error: entry.error, lingering: lingering(entry))
            },
            totals: totals, seconds: now.seconds(since: begun),
            copySeconds: startedAt.map { now.seconds(since: $0) } ?? 0, started: startedAt != nil)
        switch failure {
        case let interrupted as Interrupted:
            outcome.signal = interrupted.signal
        case let failure as CopyFail:
            outcome.error = failure.producerFault
            outcome.errorLabel = request.source.label
        case let unexpected as UnexpectedRowCount:
            outcome.error = unexpected
            outcome.errorLabel = request.source.label
        case nil:
            break
        case let failure?:
            outcome.isUsageError = failure is ConnectFailure || (failure as? TransferRefusal)?.isUsageError ?? false
            if let sourceFailure {
                outcome.error = sourceFailure
                outcome.errorLabel = request.source.label
            } else if !entries.contains(where: { $0.error != nil }) {
                outcome.error = failure
                outcome.errorLabel = failingLabel
            }
        }
        return outcome
    }

    /// A server that was not heard of again does not know that its client is gone.
    private func lingering(_ entry: Entry) -> TransferOutcome.Lingering? {
        guard entry.status == .rolledBack else { return nil }
        let isUnheard =
            switch entry.error {
            case is SocketTimeout: true
            case let unanswered as Unanswered: !unanswered.wasCancelled
            case let error as PQError: error.connectionLost && error.server == nil
            default: false
            }
        return isUnheard ? entry.preparation?.lingering : nil
    }

    /// What was being prepared when it failed.
    var failingLabel: String?
    /// What the source failed with, where that is told beside what destinations did.
    var sourceFailure: (any Error)?
}
