// Producers and receivers, made of what was planned: files are opened here.

/// One stream, ready to be copied.
struct OpenedStream {
    let producer: any Producer
    /// Where one part ends and the next begins; nil: there is one.
    var track: PartTrack?
    fileprivate(set) var receivers: [(side: Side, receiver: any Receiver)] = []

    init(_ producer: any Producer, track: PartTrack? = nil) {
        self.producer = producer
        self.track = track
    }

    subscript(side: Side) -> (any Receiver)? { receivers.first { $0.side === side }?.receiver }
}

/// What is ready to be copied.
final class Opened {
    let plan: Plan
    fileprivate(set) var streams: [OpenedStream]
    /// Keeps a descriptor open.
    private let stream: StreamSource?
    /// What keeps the rows: of a server one for each stream.
    fileprivate(set) var destinations: [(side: Side, destination: any Destination)] = []

    init(_ plan: Plan, _ streams: [OpenedStream], _ stream: StreamSource? = nil) {
        self.plan = plan
        self.streams = streams
        self.stream = stream
    }

    convenience init(_ plan: Plan, _ producer: any Producer, _ stream: StreamSource? = nil, track: PartTrack? = nil) {
        self.init(plan, [OpenedStream(producer, track: track)], stream)
    }

    subscript(side: Side) -> [any Destination] { destinations.filter { $0.side === side }.map(\.destination) }

    func hasOpened(_ side: Side) -> Bool { destinations.contains { $0.side === side } }

    /// A destination that takes what each stream gives, part by part.
    fileprivate func takeParts(
        _ side: Side, _ destination: any Destination, _ receiver: (PartTrack) -> any Receiver
    ) {
        destinations.append((side, destination))
        for (number, stream) in streams.enumerated() {
            if let track = stream.track { streams[number].receivers.append((side, receiver(track))) }
        }
    }

    /// Those that still take part.
    var active: [(side: Side, destination: any Destination)] { destinations.filter(\.side.isActive) }

    /// Rows the source's server counted; nil where none did.
    var countedRows: Int? { Self.sum(streams.map(Self.countedRows)) }

    private static func countedRows(_ stream: OpenedStream) -> Int? {
        if let series = stream.producer as? any PartProducer { return sum(series.rows) }
        return rowCount(ofTag: (stream.producer as? StatementProducer)?.commandTag)
    }

    /// What the source has given of a table.
    struct Given {
        /// How many parts are still to be given to the end.
        var partsLeft: Int
        /// The rows of those that were; nil: nobody counted them.
        var rows: Int? = 0
        /// What has come, of those under way, too.
        var moved = Totals.zero
    }

    /// Of each table, what the source has given.
    var given: [Given] {
        var given = plan.tables.map { _ in Given(partsLeft: 0) }
        for piece in plan.units.flatMap(\.pieces) { given[piece.table].partsLeft += 1 }
        for stream in streams {
            guard let track = stream.track else {
                given[0].moved = stream.producer.totals
                given[0].moved.messages = max(0, given[0].moved.messages - messagesWithoutRow)
                continue
            }
            let rows = (stream.producer as? any PartProducer)?.rows ?? []
            // What is left of them is of the part under way.
            var moved = stream.producer.totals
            for (number, part) in track.parts.prefix(track.ends.count).enumerated() {
                let count = number < rows.count ? rows[number] : nil
                let bytes = track.ends[number] - (number > 0 ? track.ends[number - 1] : 0)
                let whole = Totals(messages: count ?? 0, bytes: bytes)
                moved = moved - whole
                given[part.table].partsLeft -= 1
                given[part.table].rows = given[part.table].rows.flatMap { sum in count.map { sum + $0 } }
                given[part.table].moved += whole
            }
            moved.messages = max(0, moved.messages)
            if let part = track.current { given[part.table].moved += moved }
        }
        return given
    }

    /// Rows that a destination's servers counted; nil where none did.
    func rows(at side: Side) -> Int? {
        let destinations = self[side]
        return destinations.isEmpty ? nil : Self.sum(destinations.map(\.rows))
    }

    private static func sum(_ counts: [Int?]) -> Int? {
        counts.contains { $0 == nil } ? nil : counts.reduce(0) { $0 + ($1 ?? 0) }
    }

    /// Messages of the source that are no row: one behind the other, tables are counted without them.
    var messagesWithoutRow: Int { streams[0].producer is any PartProducer ? 0 : plan.tables[0].messagesWithoutRow }

    /// What the source has given.
    var totals: Totals { streams.reduce(into: .zero) { $0 += $1.producer.totals } }

    /// How many rows the source gave, whatever became of them.
    var rows: Int { countedRows ?? max(0, totals.messages - messagesWithoutRow) }
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
            try attributing(to: side) { try openDestination(side, opened) }
        }
        // Servers do without a header line: its names are their list of columns.
        if let line = head?.line {
            for (_, receiver) in opened.streams[0].receivers {
                (receiver as? ByteStreamReceiver)?.preamble = line
                (receiver as? ProgramReceiver)?.preamble = line
            }
        }
        return opened
    }

    /// Where foreign keys go in a circle.
    private func deferConstraints(_ plan: Plan) throws {
        guard plan.defersConstraints else { return }
        let sessions = active.flatMap { side in side.sessions.prefix(plan.streams).map { (side: side, session: $0) } }
        let asked = sessions.map { side, session in
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
        case .program(let command) where request.selection != nil: return try openPrograms(command, plan)
        case .standardStream, .file, .program:
            let stream = head == nil ? try openStream(of: givenTable(plan)) : nil
            let producer =
                head.map { ByteStreamProducer(behind: $0, layout: layout, rules: table.streamRules, label: label) }
                ?? ByteStreamProducer(
                    stream?.descriptor ?? 0, layout: layout, rules: table.streamRules, label: label)
            guard let program = source.programs.first else { return Opened(plan, producer, stream) }
            return Opened(
                plan, ProgramProducer(program, producer, poller: poller, tellWaiting: tellWaiting(source)), stream)
        case .server:
            guard let session = source.session, let sql = table.statement else {
                throw PgcopyError(.unreachable, "not connected")
            }
            guard plan.isSeries else {
                let part = plan.pieces.first.map(plan.part)
                return Opened(
                    plan, StatementProducer(session, part?.out ?? sql, layout: layout, transport: request.transport))
            }
            let queue = Shared(PartQueue(plan.units, streams: plan.streams))
            let streams = source.sessions.prefix(plan.streams).enumerated().map { number, session in
                let track = PartTrack()
                let producer = request.transport.producer(session, track) {
                    queue.value.ahead
                } next: {
                    queue.value.next(for: number).map(plan.part)
                }
                return OpenedStream(producer, track: track)
            }
            return Opened(plan, streams)
        }
    }

    /// - Parameter table: whose rows it gives, where that is known.
    func openStream(of table: SQLName?) throws -> StreamSource {
        switch request.source.kind {
        case .file(let path):
            StreamSource(
                file: try OpenFile.reading(
                    table.flatMap { try PathTemplate(path)?.path(for: $0) } ?? path, poller,
                    waiting(source.label, "the pipe's writer")),
                label: source.label)
        case .program(let text):
            StreamSource(program: try start(command(text, for: table), .source, source))
        case .standardStream, .server, .null: StreamSource(label: source.label)
        }
    }

    /// A file for each table as the source, in the order in which they land.
    private func openFiles(_ plan: Plan) throws -> Opened {
        guard case .file(let path) = request.source.kind, let template = PathTemplate(path) else {
            throw PgcopyError(.refused, "no file was named")
        }
        let paths = try paths(template, plan)
        let missing = paths.filter { FileIdentity(at: $0) == nil }
        guard missing.isEmpty else {
            throw PgcopyError(
                .refused, "there is no file \(missing.map { Echo.printable($0.text) }.joined(separator: ", "))")
        }
        var left = Array(zip(plan.pieces, zip(plan.tables, paths)).reversed())
        var current: (table: TablePlan, path: Path)?
        // The file that is read.
        var file: OpenFile?
        let track = PartTrack()
        let producer = SerialProducer(label: source.label, track) {
            guard let next = left.popLast() else { return nil }
            current = next.1
            return plan.part(next.0)
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

    /// A file for each table.
    private func paths(_ template: PathTemplate, _ plan: Plan) throws -> [Path] {
        try ofEach(plan, "file") { name in
            let path = try template.path(for: name)
            return (path, text: path.bytes)
        }
    }

    /// Something for each table, in the plan's order; no two are one.
    /// - Parameters:
    ///   - kind: what it is called.
    ///   - make: gives it, and what tells it from the others.
    func ofEach<Target>(
        _ plan: Plan, _ kind: String, _ make: (SQLName) throws -> (Target, text: [UInt8])
    ) throws -> [Target] {
        var seen: [[UInt8]: SQLName] = [:]
        return try plan.tables.compactMap(\.namesake?.name).map { name in
            let (target, text) = try make(name)
            if let other = seen.updateValue(name, forKey: text) {
                throw PgcopyError(
                    .refused,
                    "\(other.quoted) and \(name.quoted) would go to the same \(kind) \(Echo.printable(Path(text).text))"
                )
            }
            return target
        }
    }

    /// As with everything else that keeps a transfer waiting.
    func waiting(_ label: String, _ what: String) -> OpenFile.Waiting {
        OpenFile.Waiting(timeout: request.timeout) { [sink] in sink?.receive(.waiting(for: what, at: label)) }
    }

    private func openDestination(_ side: Side, _ opened: Opened) throws {
        /// One that takes all rows, which one stream gives.
        func take(_ destination: any Destination, _ receiver: any Receiver) {
            opened.destinations.append((side, destination))
            opened.streams[0].receivers.append((side, receiver))
        }
        let label = side.label
        switch side.endpoint.kind {
        case .null:
            opened.destinations.append((side, StreamDestination(null: label)))
            for number in opened.streams.indices {
                opened.streams[number].receivers.append((side, NullReceiver(label: label)))
            }
        case .standardStream:
            let destination = try StreamDestination(descriptor: 1, label: label)
            take(destination, destination.receiver)
        case .file(let path): try openFile(path, side, opened, take)
        case .program(let command):
            let plan = opened.plan
            if plan.isSeries, plan.tables.count > 1 {
                let destination = try programs(command, plan, side)
                opened.takeParts(side, destination, destination.receiver)
            } else {
                let destination = try program(self.command(command, for: plan.first.namesake?.name), side)
                take(destination, destination.writer)
            }
        case .server: try openServer(side, opened)
        }
    }

    private func openFile(
        _ path: Path, _ side: Side, _ opened: Opened, _ take: (any Destination, any Receiver) -> Void
    ) throws {
        var path = path
        if let template = PathTemplate(path) {
            if opened.streams[0].track != nil {
                let destination = try FilesDestination(paths(template, opened.plan), label: side.label)
                return opened.takeParts(side, destination, destination.receiver)
            }
            if let table = opened.plan.first.source { path = try template.path(for: table.name) }
        }
        if try OpenFile.isReplaceable(path) {
            let destination = try FileDestination(path, label: side.label)
            take(destination, destination.receiver)
        } else {
            let destination = try StreamDestination(
                OpenFile.writing(path, poller, waiting(side.label, "the pipe's reader")), label: side.label)
            take(destination, destination.receiver)
        }
    }

    private func openServer(_ side: Side, _ opened: Opened) throws {
        let place = side.place ?? 0
        let plan = opened.plan
        let divided = opened.plan.divided
        for (number, stream) in opened.streams.enumerated() {
            guard side.sessions.indices.contains(number), let first = plan.tables.first?.landings[place] else {
                throw PgcopyError(.unreachable, "not connected")
            }
            let session = side.sessions[number]
            let receiver: any Receiver =
                if let track = stream.track {
                    request.transport.receiver(session, track) { $0.into[place] ?? "" }
                } else {
                    StatementReceiver(session, first.statement, transport: request.transport)
                }
            opened.streams[number].receivers.append((side, receiver))
            let bound = Set(shares.map { shares in emptied(plan, by: number, shares) } ?? [])
            let destination = ServerDestination(session, receiver, timeout: request.timeout) {
                [empties = request.empties, upserts = request.upserts != nil] in
                let loaded = stream.track.map { $0.parts.map(\.table) } ?? [0]
                return Set(loaded).union(bound).sorted().compactMap { table in
                    plan.tables[table].landings[place].map {
                        ServerDestination.Loaded(
                            table: $0.table,
                            isEmptied: empties == .truncate && (plan.streams == 1 || bound.contains(table)),
                            isDivided: empties == .delete || upserts || divided.contains(table))
                    }
                }
            }
            opened.destinations.append((side, destination))
        }
    }

    /// The places of the tables that a stream has emptied.
    private func emptied(_ plan: Plan, by stream: Int, _ shares: Shares) -> [Int] {
        plan.units.filter { $0.stream == stream }.flatMap(\.pieces).map(\.table)
    }
}

/// A value that closures share.
final class Shared<Value> {
    var value: Value
    init(_ value: Value) { self.value = value }
}
