// What else a destination's transaction does, once its rows are there: sequences go on, listeners hear.

extension Transfer {
    /// The sequences of each destination's tables, by its place: with those of the source that they are to go on from.
    private func sequences(_ plan: Plan, _ side: Side) -> [SequencePair] {
        plan.landings(side.place ?? 0).flatMap(\.sequences)
    }

    /// What is not as everybody would take it.
    func tellSequences(_ plan: Plan) {
        for side in active {
            for landing in plan.landings(side.place ?? 0) where !landing.unpairedColumns.isEmpty {
                let columns = landing.unpairedColumns.map(quoteIdentifier).joined(separator: ", ")
                sink?.receive(
                    .warning(
                        "no sequence is owned by \(columns) of \(landing.table.name.quoted) here: none is set",
                        at: side.label))
            }
            let foreign = sequences(plan, side).map(\.destination).filter { !$0.isOwner }
            guard !foreign.isEmpty else { continue }
            let names = foreign.map(\.name.quoted).joined(separator: ", ")
            sink?.receive(
                .warning("setval sets \(names), which this role does not own: that is not rolled back", at: side.label))
        }
    }

    /// The last of all before the commits: sequences are set to where the source's stand, and listeners are told.
    func finishLanding(_ opened: Opened) throws {
        let last = lastOfEach(opened)
        if request.setsSequences {
            let values = try sequenceValues(last.flatMap { sequences(opened.plan, $0.side).map(\.source) })
            let looks = last.map { side, session in
                let part = PipelinePart(session, timeout: request.timeout, isVital: !request.keepGoing)
                let own = sequences(opened.plan, side).map(\.destination)
                return (side: side, part: part, result: own.isEmpty ? nil : part.ask(Catalog.incrementsQuestion(own)))
            }
            try askEnding(looks.filter { $0.result != nil }.map { ($0.side, $0.part) })
            var asked: [(side: Side, part: PipelinePart, answers: [(pair: SequencePair, result: PipelineResult)])] = []
            for (side, session) in last {
                let part = PipelinePart(session, timeout: request.timeout, isVital: !request.keepGoing)
                // By name, as all runs do; and what is not rolled back comes last.
                let pairs = sequences(opened.plan, side).sorted {
                    ($0.destination.isOwner ? 0 : 1, $0.destination.name.quoted)
                        < ($1.destination.isOwner ? 0 : 1, $1.destination.name.quoted)
                }
                guard !pairs.isEmpty, let look = looks.first(where: { $0.side === side }), let result = look.result
                else {
                    continue
                }
                var increments: [String: Int] = [:]
                try attributing(to: side) { increments = Catalog.increments(try result.get()) }
                guard side.isActive else { continue }
                let answers = pairs.compactMap { pair -> (SequencePair, PipelineResult)? in
                    guard let value = values[pair.source.oid] else { return nil }
                    let (lock, set) = pair.statements(
                        value, increment: increments[pair.destination.oid] ?? pair.destination.increment)
                    if let lock { part.ask(lock) }
                    return (pair, part.ask(set))
                }
                asked.append((side, part, answers))
            }
            try askEnding(asked.map { ($0.side, $0.part) })
            for (side, part, answers) in asked where side.isActive {
                try attributing(to: side) {
                    try part.check()
                    for (pair, result) in answers where try result.get().value(0, 0) != pair.destination.oid {
                        throw PgcopyError(
                            .refused,
                            "the sequence \(pair.destination.name.quoted) was replaced by another one meanwhile")
                    }
                }
            }
        }
        guard let channel = request.notifiedChannel else { return }
        let asked = last.filter(\.side.isActive).map { side, session in
            let part = PipelinePart(session, timeout: request.timeout, isVital: !request.keepGoing)
            part.ask(Catalog.announcement(channel, from: source.label, opened, at: side))
            return (side, part)
        }
        try askEnding(asked)
        for (side, part) in asked { try attributing(to: side) { try part.check() } }
    }

    func askEnding(_ parts: [(Side, PipelinePart)]) throws {
        ending = .settling(parts.map { (side: $0.0, part: $0.1) })
        try PipelineRound.run(parts.map(\.1))
    }

    /// The session of each destination that commits last.
    private func lastOfEach(_ opened: Opened) -> [(side: Side, session: Session)] {
        active.compactMap { side in
            guard side.place != nil, side.server != nil, opened.hasOpened(side) else { return nil }
            let count = opened[side].count
            return side.sessions.indices.contains(count - 1) ? (side, side.sessions[count - 1]) : nil
        }
    }

    /// Where the source's sequences stand, by their OIDs.
    private func sequenceValues(_ all: [OwnedSequence]) throws -> [String: (last: String, isCalled: Bool)] {
        var seen: Set<String> = []
        let sequences = all.filter { seen.insert($0.oid).inserted }
        guard !sequences.isEmpty, let session = source.session else { return [:] }
        // An array of so many expressions is parsed in no time.
        let chunk = 500
        return try atSource {
            let part = PipelinePart(session, timeout: request.timeout, isVital: true)
            let results = stride(from: 0, to: sequences.count, by: chunk).map { start in
                part.ask(Catalog.sequenceValuesQuestion(sequences[start..<min(start + chunk, sequences.count)]))
            }
            try askEnding([(source, part)])
            try part.check()
            let values = try results.flatMap { Catalog.sequenceValues(try $0.get()) }
            return Dictionary(uniqueKeysWithValues: zip(sequences.map(\.oid), values))
        }
    }
}

extension Catalog {
    /// The statement that tells listeners what was loaded, with the commit. Its payload is a JSON object.
    fileprivate static func announcement(
        _ channel: String, from label: String, _ opened: Opened, at side: Side
    ) -> PipelineMessage {
        let landings = opened.plan.landings(side.place ?? 0)
        // A payload has to be shorter than 8,000 bytes; labels are as long as who wrote them liked.
        let source = label.utf8.count < 2000 ? label : ""
        let table = landings.count == 1 ? landings[0].table.name.parts.joined(separator: ".") : nil
        return .statement(
            """
            SELECT pg_catalog.pg_notify($1, (SELECT pg_catalog.json_object_agg(v.key, v.value) FROM (VALUES \
            ('source', pg_catalog.to_json(NULLIF($2, ''))), \
            ('table', pg_catalog.to_json(NULLIF($3, ''))), \
            ('tables', pg_catalog.to_json($4::pg_catalog.int8)), \
            ('rows', pg_catalog.to_json($5::pg_catalog.int8)), \
            ('bytes', pg_catalog.to_json($6::pg_catalog.int8))) v(key, value))::pg_catalog.text)
            """,
            [channel, source, table ?? "", "\(landings.count)", "\(opened.rows)", "\(opened.totals.bytes)"])
    }
}
