// What a transfer tells of itself: the plan, how far it is, who is waited for, how it ended.

extension Transfer {
    /// The plan as it is told.
    func told(_ plan: Plan) -> TransferPlan {
        let parts = parts(plan)
        return TransferPlan(
            isDryRun: request.isDryRun,
            tables: plan.tables.enumerated().map { number, table in
                TransferPlan.Table(
                    name: table.source.map { $0.name.parts.joined(separator: ".") }, rows: table.size?.rows,
                    bytes: table.size?.bytes, format: table.options.format, reason: table.decisions.first,
                    statement: table.statement, parts: parts[number] ?? [], undivided: table.undivided,
                    landings: table.landings.sorted { $0.key < $1.key }.map { place, landing in
                        let isMade = destinations[place].made?.tables.contains(landing.table.oid) ?? false
                        return TransferPlan.Landing(
                            label: destinations[place].label, table: landing.table.name.parts.joined(separator: "."),
                            isMade: isMade, isMadeFirst: isMade && request.streams > 1,
                            isEmptied: request.empties != nil,
                            isEmptiedFirst: plan.emptiedFirst[place]?.contains(number) ?? false,
                            rows: landing.size?.rows, key: landing.upsert?.key, statement: landing.statement)
                    })
            }, streams: plan.streams, defersConstraints: plan.defersConstraints, locks: locks)
    }

    /// What the tables are divided into, by their places.
    private func parts(_ plan: Plan) -> [Int: [TransferPlan.Part]] {
        var parts: [Int: [TransferPlan.Part]] = [:]
        for piece in plan.units.flatMap(\.pieces) {
            guard let name = piece.name else { continue }
            parts[piece.table, default: []].append(
                TransferPlan.Part(
                    name: name, bytes: piece.bytes, statement: plan.tables[piece.table].statement(piece) ?? ""))
        }
        return parts
    }

    func report(_ moved: Totals) {
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

    func progress(_ reading: RateMeter.Reading, at now: Instant) -> TransferProgress {
        var progress = TransferProgress(
            duration: now.duration(since: begun), reading: reading, destinations: destinationProgress(at: now),
            stage: stage)
        guard let opened, copying != nil else { return progress }
        let given = opened.given
        let sizes = opened.plan.tables.map(\.size)
        if sizes.count > 1 { progress.tables = (given.count { $0.partsLeft == 0 }, sizes.count) }
        progress.streams = opened.streams.enumerated().map { number, stream in
            StreamProgress(number + 1, stream, opened.plan)
        }
        // Nobody has counted the rows that a condition or a part of the run chooses.
        if request.condition == nil, request.part == nil {
            let tables = zip(sizes, given).map { size, given in
                Forecast.Table(
                    rows: size?.rows, bytes: size?.bytes, moved: given.moved,
                    isDone: sizes.count > 1 && given.partsLeft == 0)
            }
            progress.forecast = Forecast(tables, moved: reading.total.bytes)
            progress.forecast.estimate(reading)
        }
        return progress
    }

    private var stage: TransferStage {
        switch ending {
        case .asking(let checks, let stage)?:
            // The last word of a round comes behind the answers.
            let late = checks.filter { !$0.part.isAnswered }
            // Once, however many streams it has.
            let labels = (late.isEmpty ? checks : late).map(\.side.label)
            let names = labels.indices.filter { !labels[..<$0].contains(labels[$0]) }.map { labels[$0] }
            return stage(names)
        case .indexing(let labels)?: return .indexing(labels)
        case .committing(let label, let number, let count)?: return .committing(label, number: number, of: count)
        case nil: break
        }
        guard let copies = copying?.managers else {
            return .preparing(preparing.filter { !$0.part.isAnswered }.map(\.label))
        }
        let open = copies.filter { !$0.sourceEnded }
        guard open.isEmpty else { return open.allSatisfy(\.isWaitingForSource) ? .waitingForSource : .copying }
        return .finishing(destinations.filter { $0.isActive && !isConfirmed($0) }.map(\.label))
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
        if let since = dumpingSince, now.duration(since: since) >= .seconds(1) {
            dumpingSince = now + interval + .seconds(-1)
            sink?.receive(.waiting(for: "pg_dump to end", at: source.label))
        }
        guard let since = preparingSince, now.duration(since: since) >= .seconds(1) else { return }
        for (label, part) in preparing where !part.isAnswered {
            // The next time an interval from now.
            preparingSince = now + interval + .seconds(-1)
            sink?.receive(.waiting(for: "the server to answer", at: label))
        }
    }

    /// Looks from time to time whether anything moves, and goes on with reports behind the last row.
    func startTicking(_ lockWatch: LockWatch) {
        // Where each cycle is told there is none behind the last one.
        let interval = request.reportInterval.map { $0 > .zero ? $0 : .seconds(1) }
        var reported = poller.now
        poller.onTick(every: min(interval ?? .seconds(1), lockWatch.tickInterval)) { [unowned self] in
            let now = poller.now
            tellSilent(now, max(interval ?? .seconds(1), .seconds(1)))
            // While rows flow each cycle looks itself.
            if ending == nil, copying != nil {
                reported = now
            } else if let interval, now.duration(since: reported) >= interval {
                reported = now
                var meter = copying?.meter ?? RateMeter(start: now)
                sink?.receive(.progress(progress(meter.read(at: now), at: now)))
                if copying?.meter != nil { copying?.meter = meter }
            }
            let hasEnded = noticeEndedPrograms()
            return lockWatch.tick() || hasEnded
        }
    }

    private func destinationProgress(at now: Instant) -> [DestinationProgress] {
        destinations.map { side in
            let taken = copying == nil ? 0 : taken(side)
            let behind = backlog(of: side)
            let rate = side.pace.read(taken, at: now, since: copying?.startedAt ?? now)
            return DestinationProgress(
                label: side.label, state: state(of: side, isStalled: behind > 0 && side.pace.isStalled(at: now)),
                taken: taken, rate: rate, behind: behind)
        }
    }

    private func state(of side: Side, isStalled: Bool) -> DestinationProgress.State {
        guard side.isActive else { return .failed }
        if side.hasCommitted { return .committed }
        switch ending {
        case .asking(let checks, let stage)?:
            guard checks.contains(where: { $0.side === side && !$0.part.isAnswered }) else { return .complete }
            if case .merging = stage([]) { return .merging }
            return .settling
        case .indexing(let labels)?: return labels.contains(side.label) ? .indexing : .committed
        case .committing(let label, _, _)?: return label == side.label ? .committing : .complete
        case nil: break
        }
        guard let copying else {
            return side.endpoint.isServer && side.sessions.isEmpty ? .connecting : .preparing
        }
        if isConfirmed(side) { return .complete }
        if isStalled { return .stalled }
        return copying.managers.allSatisfy(\.sourceEnded) ? .finishing : .copying
    }

    /// Nil: it takes rows as they come.
    func upserted(_ side: Side) -> UpsertCounts? {
        guard request.upserts != nil, side.server != nil else { return nil }
        var counts = side.upserted
        counts.unchanged = max(0, (opened?.rows(at: side) ?? counts.landed) - counts.landed)
        return counts
    }

    func outcome(_ failure: (any Error)?) -> TransferOutcome {
        var totals = copying == nil ? .zero : opened?.totals ?? .zero
        totals.messages = max(0, totals.messages - (opened?.messagesWithoutRow ?? 0))
        let now = poller.now
        var outcome = TransferOutcome(
            destinations: destinations.map { side in
                TransferOutcome.Destination(
                    label: side.label, taker: taker(side),
                    status: hasStarted(side) ? side.status : .notStarted,
                    rows: side.status == .rolledBack
                        ? nil
                        : upserted(side)?.landed ?? opened?.rows(at: side) ?? opened?.countedRows ?? totals.messages,
                    upserted: side.status == .committed ? upserted(side) : nil,
                    rowsLeftOut: request.leavesOut == nil || side.status != .committed
                        ? nil : opened.flatMap { opened in opened.rows(at: side).map { opened.rows - $0 } },
                    bytes: side.bytes, ends: side.ends, emptied: side.emptied, left: side.left, error: side.error,
                    lingering: lingering(side))
            },
            totals: totals, duration: now.duration(since: begun),
            copyDuration: copying.map { now.duration(since: $0.startedAt) } ?? .zero, started: copying != nil)
        outcome.isDryRun = request.isDryRun && failure == nil
        let hasCommitted = failure == nil || outcome.destinations.contains { $0.status == .committed }
        if let opened, hasCommitted, opened.plan.tables.count > 1 {
            outcome.tables = zip(opened.plan.tables, opened.given).compactMap { table, given in
                given.rows.map { TransferOutcome.Table(name: table.label, rows: $0) }
            }
        }
        switch failure {
        case let interrupted as Interrupted:
            outcome.signal = interrupted.signal
        case let failure as CopyFail:
            outcome.error = source.error ?? failure.producerFault
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

    /// Rows were to flow there, or it was changed before.
    private func hasStarted(_ side: Side) -> Bool {
        side.status != .rolledBack || !side.emptied.isEmpty || !side.left.isEmpty
            || copying != nil && opened?.hasOpened(side) ?? false
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

extension StreamProgress {
    fileprivate init(_ number: Int, _ stream: OpenedStream, _ plan: Plan) {
        guard let track = stream.track else {
            let table = plan.first
            self.init(number: number, table: table.label, bytes: stream.producer.totals.bytes, size: table.size?.bytes)
            return
        }
        self.init(
            number: number, table: track.current?.label, part: track.current?.name,
            bytes: track.current == nil ? 0 : stream.producer.totals.bytes - (track.ends.last ?? 0),
            size: track.current?.size)
    }
}

extension Transfer {
    /// What takes the rows there.
    private func taker(_ side: Side) -> TransferOutcome.Taker {
        switch side.endpoint.kind {
        case .server: return .server
        case .null: return .nothing
        case .standardStream, .program: return .reader
        // A pipe or a device has no other name to appear under.
        case .file: return (opened?[side] ?? []).contains { $0 is StreamDestination } ? .reader : .file
        }
    }
}
