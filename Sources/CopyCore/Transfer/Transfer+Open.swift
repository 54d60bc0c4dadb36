// Producers and receivers, made of what was planned: files are opened here.

/// What is ready to be copied.
final class Opened {
    let plan: Plan
    let producer: any Producer
    /// Keeps a descriptor open.
    private let stream: StreamSource?
    fileprivate(set) var destinations: [(side: Side, destination: any Destination)] = []

    init(_ plan: Plan, _ producer: any Producer, _ stream: StreamSource? = nil) {
        self.plan = plan
        self.producer = producer
        self.stream = stream
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
                (destination.receiver as? ProgramReceiver)?.preamble = line
            }
        }
        return opened
    }

    private func openSource(_ plan: Plan, _ head: StreamHead?) throws -> Opened {
        let label = source.label
        let layout = plan.options.layout
        switch request.source.kind {
        case .null: return Opened(plan, NullProducer(label: label))
        case .standardStream, .file, .program:
            let stream = head == nil ? try openStream() : nil
            let producer =
                head.map { ByteStreamProducer(behind: $0, layout: layout, rules: plan.streamRules, label: label) }
                ?? ByteStreamProducer(
                    stream?.descriptor ?? 0, layout: layout, rules: plan.streamRules, label: label)
            guard let program = source.program else { return Opened(plan, producer, stream) }
            return Opened(
                plan, ProgramProducer(program, producer, poller: poller, tellWaiting: tellWaiting(source)), stream)
        case .server:
            guard let session = source.session, let sql = plan.statement else {
                throw PgcopyError(.unreachable, "not connected")
            }
            return Opened(plan, StatementProducer(session, sql, layout: layout, transport: request.transport))
        }
    }

    func openStream() throws -> StreamSource {
        switch request.source.kind {
        case .file(let path):
            StreamSource(
                file: try OpenFile.reading(path, poller, waiting(source.label, "the pipe's writer")),
                label: source.label)
        case .program(let command): StreamSource(program: try start(command, .source, source))
        case .standardStream, .server, .null: StreamSource(label: source.label)
        }
    }

    private func start(_ command: [UInt8], _ role: Program.Role, _ side: Side) throws -> Program {
        let program = try Program(command, role, label: side.label, poller: poller) { [sink] line in
            sink?.receive(.stderr(line, at: side.label))
        }
        side.program = program
        return program
    }

    private func tellWaiting(_ side: Side) -> (String) -> Void {
        { [sink] what in sink?.receive(.waiting(for: what, at: side.label)) }
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
        case .program(let command):
            return ProgramDestination(
                try start(command, .destination, side), poller: poller, grace: request.grace,
                tellWaiting: tellWaiting(side))
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
