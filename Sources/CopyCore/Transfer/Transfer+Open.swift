// Producers and receivers, made of what was planned: files are opened here.

/// What is ready to be copied.
final class Opened {
    let plan: Plan
    let producer: any Producer
    /// Keeps a descriptor open.
    private let file: OpenFile?
    fileprivate(set) var destinations: [(side: Side, destination: any Destination)] = []

    init(_ plan: Plan, _ producer: any Producer, _ file: OpenFile?) {
        self.plan = plan
        self.producer = producer
        self.file = file
    }

    subscript(side: Side) -> (any Destination)? { destinations.first { $0.side === side }?.destination }

    /// Those that still take part.
    var active: [(side: Side, destination: any Destination)] { destinations.filter(\.side.isActive) }

    /// Rows the source's server counted; nil where none did.
    var countedRows: Int? { rowCount(ofTag: (producer as? StatementProducer)?.commandTag) }

    /// How many rows the source gave, whatever became of them.
    var rows: Int { countedRows ?? max(0, producer.totals.messages - plan.messagesWithoutRow) }
}

extension Transfer {
    /// Makes everything ready to be copied.
    /// - Parameter head: what was read of the file or stream already.
    func open(_ plan: Plan, behind head: StreamHead?) throws -> Opened {
        let opened = try atSource { try openSource(plan, head) }
        // What was opened is taken back, whatever fails from here on.
        self.opened = opened
        for side in active {
            try attributing(to: side) { opened.destinations.append((side, try openDestination(side, plan))) }
        }
        // Servers do without a header line: its names are their list of columns.
        if let line = head?.line {
            for (_, destination) in opened.destinations {
                (destination.receiver as? ByteStreamReceiver)?.preamble = line
            }
        }
        return opened
    }

    private func openSource(_ plan: Plan, _ head: StreamHead?) throws -> Opened {
        let label = source.label
        let layout = plan.options.layout
        switch request.source.kind {
        case .null: return Opened(plan, NullProducer(label: label), nil)
        case .standardStream, .file:
            if let head {
                return Opened(
                    plan, ByteStreamProducer(behind: head, layout: layout, rules: plan.streamRules, label: label), nil)
            }
            let file = try openStreamFile()
            let producer = ByteStreamProducer(
                file?.descriptor ?? 0, layout: layout, rules: plan.streamRules, label: label)
            return Opened(plan, producer, file)
        case .server:
            guard let session = source.session, let sql = plan.statement else {
                throw PgcopyError(.unreachable, "not connected")
            }
            return Opened(plan, StatementProducer(session, sql, layout: layout, transport: request.transport), nil)
        }
    }

    /// Nil: stdin.
    func openStreamFile() throws -> OpenFile? {
        guard case .file(let path) = request.source.kind else { return nil }
        return try OpenFile.reading(path, poller, waiting(source.label, "the pipe's writer"))
    }

    /// As with everything else that keeps a transfer waiting.
    func waiting(_ label: String, _ what: String) -> OpenFile.Waiting {
        OpenFile.Waiting(timeout: request.timeout) { [sink] in sink?.receive(.waiting(for: what, at: label)) }
    }

    private func openDestination(_ side: Side, _ plan: Plan) throws -> any Destination {
        let label = side.label
        switch side.endpoint.kind {
        case .null: return StreamDestination(null: label)
        case .standardStream: return try StreamDestination(descriptor: 1, label: label)
        case .file(let path):
            return try OpenFile.isReplaceable(path)
                ? FileDestination(path, label: label)
                : StreamDestination(
                    OpenFile.writing(path, poller, waiting(label, "the pipe's reader")), label: label)
        case .server:
            guard let session = side.session, let place = side.place, let landing = plan.landings[place] else {
                throw PgcopyError(.unreachable, "not connected")
            }
            return ServerDestination(
                StatementReceiver(session, landing.statement, transport: request.transport),
                landing.table, isEmptied: request.truncate, timeout: request.timeout)
        }
    }
}
