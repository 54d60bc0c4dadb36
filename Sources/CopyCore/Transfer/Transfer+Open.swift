// Producers and receivers, made of what was planned: files are opened here.

/// What is ready to be copied.
final class Opened {
    let plan: Plan
    let producer: any Producer
    /// Keeps a descriptor open.
    private let stream: StreamSource?
    /// Where one table ends and the next begins; nil: there is one.
    let track: PartTrack?
    fileprivate(set) var destinations: [(side: Side, destination: any Destination)] = []

    init(_ plan: Plan, _ producer: any Producer, _ stream: StreamSource? = nil, track: PartTrack? = nil) {
        self.plan = plan
        self.track = track
        self.producer = producer
        self.stream = stream
    }

    subscript(side: Side) -> (any Destination)? { destinations.first { $0.side === side }?.destination }

    /// Those that still take part.
    var active: [(side: Side, destination: any Destination)] { destinations.filter(\.side.isActive) }

    /// Rows the source's server counted; nil where none did.
    var countedRows: Int? {
        if let series = producer as? any PartProducer {
            return series.rows.contains { $0 == nil } ? nil : series.rows.reduce(0) { $0 + ($1 ?? 0) }
        }
        return rowCount(ofTag: (producer as? StatementProducer)?.commandTag)
    }

    /// Messages of the source that are no row: one behind the other, tables are counted without them.
    var messagesWithoutRow: Int { producer is any PartProducer ? 0 : plan.tables[0].messagesWithoutRow }

    /// How many rows the source gave, whatever became of them.
    var rows: Int { countedRows ?? max(0, producer.totals.messages - messagesWithoutRow) }
}

extension Transfer {
    /// Makes everything ready to be copied.
    /// - Parameter head: what was read of the file or stream already.
    func open(_ plan: Plan, behind head: StreamHead?) throws -> Opened {
        try deferConstraints(plan)
        let opened = try atSource { try openSource(plan, head) }
        // What was opened is taken back, whatever fails from here on.
        self.opened = opened
        for side in active {
            try attributing(to: side) { opened.destinations.append((side, try openDestination(side, opened))) }
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

    /// Where foreign keys go in a circle.
    private func deferConstraints(_ plan: Plan) throws {
        guard plan.defersConstraints else { return }
        let asked = active.compactMap { side in side.session.map { (side: side, session: $0) } }.map { side, session in
            let part = PipelinePart(session, timeout: request.timeout, isVital: !request.keepGoing)
            part.ask(.statement("SET CONSTRAINTS ALL DEFERRED"))
            return (side: side, part: part)
        }
        try PipelineRound.run(asked.map(\.part))
        for (side, part) in asked { try attributing(to: side) { try part.check() } }
    }

    private func openSource(_ plan: Plan, _ head: StreamHead?) throws -> Opened {
        let label = source.label
        let table = plan.tables[0]
        let layout = table.options.layout
        switch request.source.kind {
        case .null: return Opened(plan, NullProducer(label: label))
        case .file where request.selection != nil: return try openFiles(plan)
        case .standardStream, .file, .program:
            let stream = head == nil ? try openStream() : nil
            let producer =
                head.map { ByteStreamProducer(behind: $0, layout: layout, rules: table.streamRules, label: label) }
                ?? ByteStreamProducer(
                    stream?.descriptor ?? 0, layout: layout, rules: table.streamRules, label: label)
            guard let program = source.program else { return Opened(plan, producer, stream) }
            return Opened(
                plan, ProgramProducer(program, producer, poller: poller, tellWaiting: tellWaiting(source)), stream)
        case .server:
            guard let session = source.session, let sql = table.statement else {
                throw PgcopyError(.unreachable, "not connected")
            }
            guard plan.tables.count > 1 else {
                return Opened(plan, StatementProducer(session, sql, layout: layout, transport: request.transport))
            }
            var left = Array(plan.parts(label: label).reversed())
            let track = PartTrack()
            return Opened(plan, request.transport.producer(session, track) { left.popLast() }, track: track)
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

    /// A file for each table as the source, in the order in which they land.
    private func openFiles(_ plan: Plan) throws -> Opened {
        guard let template = sourceTemplate else { throw PgcopyError(.refused, "no file was named") }
        let paths = try paths(template, plan)
        let missing = paths.filter { FileIdentity(at: $0) == nil }
        guard missing.isEmpty else {
            throw PgcopyError(
                .refused, "there is no file \(missing.map { Echo.printable($0.text) }.joined(separator: ", "))")
        }
        var left = Array(zip(plan.parts(label: source.label), zip(plan.tables, paths)).reversed())
        var current: (table: TablePlan, path: Path)?
        // The file that is read.
        var file: OpenFile?
        let track = PartTrack()
        let producer = SerialProducer(label: source.label, track) {
            guard let next = left.popLast() else { return nil }
            current = next.1
            return next.0
        } make: { [poller, waiting = waiting(source.label, "the pipe's writer")] part in
            guard let (table, path) = current else { throw PgcopyError(.unexpected, "there is no file left") }
            let opened = try OpenFile.reading(path, poller, waiting)
            file = opened
            return ByteStreamProducer(
                opened.descriptor, layout: table.options.layout, rules: table.streamRules,
                label: Echo.printable(path.text))
        }
        _ = file
        return Opened(plan, producer, track: track)
    }

    /// A file for each table; no two are one.
    private func paths(_ template: PathTemplate, _ plan: Plan) throws -> [Path] {
        var seen: [Path: SQLName] = [:]
        return try plan.tables.compactMap { $0.source ?? $0.landings.min { $0.key < $1.key }?.value.table }.map {
            table in
            let path = try template.path(for: table.name)
            if let other = seen.updateValue(table.name, forKey: path) {
                throw PgcopyError(
                    .refused,
                    "\(other.quoted) and \(table.name.quoted) would go to the same file \(Echo.printable(path.text))")
            }
            return path
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

    private func openDestination(_ side: Side, _ opened: Opened) throws -> any Destination {
        let label = side.label
        switch side.endpoint.kind {
        case .null: return StreamDestination(null: label)
        case .standardStream: return try StreamDestination(descriptor: 1, label: label)
        case .file(var path):
            if let template = PathTemplate(path) {
                if let track = opened.track {
                    return try FilesDestination(paths(template, opened.plan), track, label: label)
                }
                if let table = opened.plan.tables[0].source { path = try template.path(for: table.name) }
            }
            return try OpenFile.isReplaceable(path)
                ? FileDestination(path, label: label)
                : StreamDestination(
                    OpenFile.writing(path, poller, waiting(label, "the pipe's reader")), label: label)
        case .program(let command):
            return ProgramDestination(
                try start(command, .destination, side), poller: poller, grace: request.grace,
                tellWaiting: tellWaiting(side))
        case .server:
            let landings = side.place.map(opened.plan.landings) ?? []
            guard let session = side.session, let first = landings.first else {
                throw PgcopyError(.unreachable, "not connected")
            }
            let receiver: any Receiver =
                if let track = opened.track {
                    request.transport.receiver(session, track) { [place = side.place ?? 0] in $0.into[place] ?? "" }
                } else {
                    StatementReceiver(session, first.statement, transport: request.transport)
                }
            return ServerDestination(
                session, receiver, landings.map(\.table), isEmptied: request.truncate, timeout: request.timeout)
        }
    }
}
