// Everything before the first row: nonsense refused, connections made, tables found, files opened.

extension Transfer {
    // MARK: What needs no server

    func refuseNonsense() throws {
        if request.query != nil {
            try refuse(!request.source.isServer, "--query needs a server as the source, not \(request.source.label)")
        }
        if request.condition != nil {
            try refuse(!request.source.isServer, "--where needs a server as the source, not \(request.source.label)")
        }
        if request.snapshot != nil {
            try refuse(!request.source.isServer, "--snapshot needs a server as the source, not \(request.source.label)")
            let isPlain = request.snapshot?.utf8.allSatisfy {
                $0 == 0x2D || (0x30...0x39).contains($0) || (0x41...0x46).contains($0)
            }
            try refuse(
                isPlain != true,
                "--snapshot: \(Echo.quoted(request.snapshot ?? "")) is no identifier of a snapshot, as 00000003-0000001B-1"
            )
        }
        if request.intoSchema != nil {
            try refuse(
                request.into != nil,
                "--into names the table with its schema; --into-schema is for tables that keep their names")
            try refuse(
                request.query != nil,
                "--into-schema needs tables as the source; --into names the table for a query's rows")
            try refuse(
                request.selection != nil && !request.source.isServer,
                "--into-schema: patterns select tables of the destination here; name the schema in them")
            try refuse(
                !request.destinations.contains(where: \.isServer), "--into-schema needs a server as a destination")
        }
        try refuse(
            !request.computed.isEmpty && (request.query != nil || !request.source.isServer),
            "--set needs tables of a server as the source; a query computes by itself")
        for (isGiven, option) in [
            (request.setsSequences, "--sequences"), (request.notifiedChannel != nil, "--notify"),
        ] where isGiven {
            try refuse(
                request.part != nil, "--part and \(option): that is done once for a table, behind all of its parts")
            try refuse(
                !request.destinations.contains(where: \.isServer), "\(option) needs a server as a destination")
        }
        try refuse(
            request.setsSequences && (request.query != nil || !request.source.isServer),
            "--sequences needs tables of a server as the source")
        if let channel = request.notifiedChannel {
            try ChannelRules.checkName(channel)
            try refuse(
                channel.utf8.count > ChannelRules.longestName,
                "--notify: \(Echo.quoted(channel)) is longer than a channel's name can be, \(ChannelRules.longestName) bytes"
            )
        }
        if request.part != nil {
            try refuse(request.snapshot == nil, "--part needs --snapshot: all parts are to see the same rows")
            if let empties = request.empties {
                let option = empties == .truncate ? "--truncate" : "--delete"
                throw PgcopyError(
                    .usage, "--part and \(option): each part would empty the table; empty it before")
            }
            try refuse(request.query != nil, "--part and --query: a query has no parts")
        }
        if case .server(_, let table) = request.source.kind {
            try refuse(
                table != nil && (request.table != nil || request.query != nil),
                "\(request.source.label) names a table already; --table and --query name another")
            try refuse(
                table == nil && request.table == nil && request.query == nil && request.selection == nil,
                "no table to copy from \(request.source.label); name one with #TABLE, --table or --query"
                    + request.source.quotingAdvice)
        }
        for destination in request.destinations {
            guard case .server(_, nil) = destination.kind else { continue }
            try refuse(
                destinationTable(destination) == nil && request.selection == nil,
                "no table to copy to at \(destination.label); name one with #TABLE or --into"
                    + destination.quotingAdvice)
        }
        try refuseCreating()
        try refuseMisplacedNames()
        try refuseWithSelection()
        try refuseFilesTwice()
        try refuseHarmfulOptions()
    }

    /// A command has a table's name where the shell can take it.
    private func refuseMisplacedNames() throws {
        for endpoint in [request.source] + request.destinations {
            _ = try at(endpoint.label) { try endpoint.tellsTablesApart() }
        }
    }

    /// What is about one table does not go with many.
    private func refuseWithSelection() throws {
        guard request.selection != nil else { return }
        if let tellsTablesApart = try request.source.tellsTablesApart() {
            let (kind, name) = request.source.isFile ? ("file", "name") : ("program", "command")
            try refuse(
                !tellsTablesApart,
                "several tables cannot come from one \(kind), \(request.source.label); with {table} in its \(name) "
                    + "each has its own")
            try refuse(
                !request.destinations.contains(where: \.isServer),
                "tables are selected on a server, and none is among these")
            try refuse(
                request.options.header,
                "--header is read from one \(kind); name one table, or leave the lines out of the \(kind)s' rows")
        } else {
            try refuse(
                !request.source.isServer,
                "tables are selected on a server, not in \(request.source.label); with {table} in a file's name or a "
                    + "program's command each has its own")
        }
        if case .server(_, let table?) = request.source.kind {
            throw PgcopyError(
                .usage, "\(request.source.label) names the table \(table.quoted) already; patterns select others")
        }
        for destination in request.destinations {
            if case .server(_, _?) = destination.kind {
                throw PgcopyError(
                    .usage, "\(destination.label) names one table, and several are to be copied; leave it out there")
            }
            switch destination.kind {
            case .server, .null: break
            case .file where try destination.tellsTablesApart() ?? false: break
            case .program where try destination.tellsTablesApart() ?? false: break
            case .file, .program:
                let (kind, name) = destination.isFile ? ("file", "name") : ("program", "command")
                throw PgcopyError(
                    .usage,
                    "several tables cannot go to one \(kind), \(destination.label); with {table} in its \(name), and "
                        + "{schema}, each has its own")
            case .standardStream:
                throw PgcopyError(.usage, "several tables cannot go to \(destination.label); name one table")
            }
        }
        for (isGiven, option) in [
            (request.query != nil, "--query"), (request.condition != nil, "--where"),
            (request.columns != nil, "--columns"),
            (request.into != nil, "--into"),
        ] {
            try refuse(isGiven, "\(option) is about one table; name it exactly")
        }
    }

    /// Refuses what was asked for, whatever the servers hold.
    func refuse(_ wrong: Bool, _ why: String) throws {
        if wrong { throw PgcopyError(.usage, why) }
    }

    var sourceTable: SQLName? {
        if case .server(_, let table?) = request.source.kind { return table }
        return request.table
    }

    /// The names of a side's tables, in the order of the source's; none where rows are a query's, or no server is there.
    func tables(of side: Side) -> [SQLName] {
        if let selected { return selected.map { side.isSource ? $0.name : landing($0.asked) } }
        if side.isSource { return request.query == nil ? [sourceTable].compactMap { $0 } : [] }
        return [destinationTable(side.endpoint)].compactMap { $0 }
    }

    func destinationTable(_ endpoint: Endpoint) -> SQLName? {
        if case .server(_, let table?) = endpoint.kind { return table }
        return request.into ?? (request.query == nil ? sourceTable.map(landing) : nil)
    }

    /// The name at the destinations of a table that is not named there.
    private func landing(_ name: SQLName) -> SQLName {
        request.intoSchema.map { SQLName([$0] + name.parts.suffix(1)) } ?? name
    }

    // MARK: What needs the servers

    /// How long streams try to join where others lock the tables again and again.
    private static let joinPatience = Duration.seconds(60)

    /// Finds out what is copied from where to where; the tables are locked for it.
    /// - Returns: the plan, and the file or stream of which the header line was read.
    func prepare() throws -> (Plan, StreamHead?) {
        let head = try readHead()
        try openSessions()
        try refuseEncodingOfNone()
        try refuseGivenEncoding()
        try refuseMissingHeader()
        try select()
        try create()
        let patience = poller.now + (request.lockTimeout ?? Self.joinPatience)
        var tries = 0
        while tries < Self.attempts || poller.now < patience {
            tries += 1
            try lockTables()
            try refuseAltered()
            let plan = try plan(header: headerNames(head))
            try refuseObstacles()
            try requireDestination()
            if tries == 1 { tellTriggers() }
            if request.isDryRun {
                hasLocks = true
                _ = try makeStages(plan)
                try requireDestination()
                try countLocks(plan)
                return (plan, head)
            }
            if !plan.breaksShares {
                if !plan.emptiedFirst.isEmpty {
                    try emptyFirst(plan)
                } else if try join(plan) {
                    // From here on what waits for a lock is not let go.
                    hasLocks = true
                    if try deleteRows(plan), try makeStages(plan) {
                        try releaseMade()
                        try requireDestination()
                        try countLocks(plan)
                        return (plan, head)
                    }
                    hasLocks = false
                }
            }
            // Not as it was seen, or something is in the way: that is waited for by the next try, with nothing held.
            try releaseAll()
        }
        throw PgcopyError(
            .lock,
            "others locked or altered the tables again and again while the streams were to join; nothing was copied")
    }

    /// Where all were dropped there is nothing left to do.
    private func requireDestination() throws {
        guard active.isEmpty, let dropped = destinations.first(where: { $0.error != nil }), let error = dropped.error
        else { return }
        throw PgcopyError.of(error, at: dropped.label)
    }

    /// Finds out which tables the patterns stand for: at the source, or where files are to land.
    func select() throws {
        guard let selection = request.selection,
            let side = source.session == nil ? active.first(where: { $0.session != nil }) : source,
            let session = side.session
        else { return }
        selected = try at(side.label) {
            try selection.tables(on: session, timeout: request.timeout) { try ask([(side.label, $0)]) }
        }
        try refuseNamesakes()
    }

    /// In one schema there is one table of a name.
    private func refuseNamesakes() throws {
        guard let schema = request.intoSchema else { return }
        var seen: [[UInt8]: SQLName] = [:]
        for table in selected ?? [] {
            guard let other = seen.updateValue(table.name, forKey: Array((table.name.parts.last ?? "").utf8)) else {
                continue
            }
            throw PgcopyError(
                .usage,
                "\(other.quoted) and \(table.name.quoted) would both go into one table of the schema \(quoteIdentifier(schema))"
            )
        }
    }

    private func plan(header: [String]?) throws -> Plan {
        var planner = Planner(request: request, header: header, destinations: [])
        planner.shares = shares
        planner.hasEmptied = hasEmptied
        var answered: [(LocatedServer, [Answers])] = []
        try askMore()
        for leader in participants where leader.stream == 0 && leader.isActive {
            try attributing(to: leader.side) { answered.append((leader.located, try answers(of: leader.side))) }
        }
        planner.source = answered.first { $0.0.side.isSource }?.1
        planner.destinations = active.map { side in (side.place ?? 0, answered.first { $0.0.side === side }?.1) }
        try askTypes(&planner)
        planner.destinations.removeAll { !destinations[$0.place].isActive }
        let plan: Plan
        do {
            plan = try planner.plan()
        } catch {
            try note(error)
            throw error
        }
        for (place, refusal) in plan.refused { drop(destinations[place], refusal) }
        try refuseTheSameTableAgain(answered.filter(\.0.side.isActive))
        return plan
    }

    /// What a side's sessions say of all tables, in the order of the run's.
    private func answers(of side: Side) throws -> [Answers] {
        var all: [Int: Answers] = [:]
        for participant in participants where participant.side === side && !participant.numbers.isEmpty {
            for (number, answers) in zip(participant.numbers, try participant.preparation.takeAnswers()) {
                all[number] = answers
            }
        }
        for (number, references) in try referencesAsked[ObjectIdentifier(side)]?() ?? [:] {
            all[number]?.references = references
        }
        if let made = side.made, !made.isCommitted {
            for (number, answers) in all where made.tables.contains(answers.table?.oid ?? "") {
                all[number]?.isMade = true
            }
        }
        return all.sorted { $0.key < $1.key }.map(\.value)
    }

    /// Each refusal is that of its side.
    private func note(_ refusals: Refusals) throws {
        source.error = refusals.source
        for (place, refusal) in refusals.destinations { destinations[place].error = refusal }
        if let refusal = refusals.source { throw PgcopyError.of(refusal, at: source.label) }
        if let (place, refusal) = refusals.destinations.first {
            throw PgcopyError.of(refusal, at: destinations[place].label)
        }
        if let refusal = refusals.run { throw refusal }
    }

    /// What the tables' types are made of that not every server has: one round trip, side by side.
    private func askTypes(_ planner: inout Planner) throws {
        var questions: [(side: Side, part: PipelinePart, result: PipelineResult)] = []
        for participant in participants where participant.isActive && participant.stream == 0 {
            let side = participant.side
            let answers =
                side.isSource ? planner.source : planner.destinations.first { $0.place == side.place }?.answers
            let unknown = Set(answers?.flatMap(\.unknownTypes) ?? []).sorted()
            guard !unknown.isEmpty else { continue }
            let preparation = participant.preparation
            let part = PipelinePart(
                preparation.session, timeout: request.timeout, isVital: side.isSource || !request.keepGoing)
            questions.append((side, part, preparation.askTypes(unknown, part)))
        }
        try ask(questions.map { ($0.side.label, $0.part) })
        for (side, _, result) in questions {
            try attributing(to: side) {
                let types = Catalog.types(try result.get())
                func note(_ answers: inout [Answers]?) {
                    for index in answers?.indices ?? 0..<0 { answers?[index].types = types }
                }
                if side.isSource { note(&planner.source) }
                let index = planner.destinations.firstIndex { $0.place == side.place }
                if let index { note(&planner.destinations[index].answers) }
            }
        }
    }
}
