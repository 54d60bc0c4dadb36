// What else a destination's transaction does, once its rows are there: sequences go on, listeners hear.

extension Transfer {
    /// What is not as everybody would take it.
    func tellSequences(_ plan: Plan) {
        for side in active {
            let landings = plan.landings(side.place ?? 0)
            for landing in landings {
                for (ownsOthers, words) in [
                    (false, "no sequence is owned by %: none is set"),
                    (true, "there are sequences of % that bear other names than the source's: those are not set"),
                ] {
                    let columns = landing.unpairedColumns.filter { $0.ownsOthers == ownsOthers }
                        .map { quoteIdentifier($0.column) }
                    guard !columns.isEmpty else { continue }
                    let place = "\(columns.joined(separator: ", ")) of \(landing.table.name.quoted) here"
                    sink?.receive(.warning(words.replacing("%", with: place), at: side.label))
                }
            }
            let foreign = landings.flatMap(\.sequences).map(\.destination).filter { !$0.isOwner }
            guard !foreign.isEmpty else { continue }
            let names = foreign.map(\.name.quoted).joined(separator: ", ")
            sink?.receive(
                .warning("setval sets \(names), which this role does not own: that is not rolled back", at: side.label))
        }
    }

    /// The last of all before the commits: sequences are set to where the source's stand, and listeners are told.
    func finishLanding(_ opened: Opened) throws {
        try finishMade(opened)
        if request.setsSequences { try setSequences(opened) }
        guard request.notifiedChannel != nil else { return }
        // Where tables were committed first, indexes come behind the commits; listeners are told with the last one.
        try askEnding(last(opened).filter { !($0.side.made?.isCommitted ?? false) }) { part, landings in
            let side = active.first { $0.sessions.contains { $0 === part.session } }
            if let side, let sql = announcement(at: side, landings, opened) { part.ask(.statement(sql)) }
            return { _ in }
        }
    }

    /// The statement that tells a destination's listeners; nil: they are not to be told.
    func announcement(at side: Side, _ landings: [TablePlan.Landing], _ opened: Opened) -> String? {
        request.notifiedChannel.map { channel in
            Catalog.announcement(
                channel, from: source.label, landings,
                rows: upserted(side)?.landed ?? opened.rows(at: side) ?? opened.rows, bytes: opened.totals.bytes)
        }
    }

    private func setSequences(_ opened: Opened) throws {
        let all = Dictionary(
            uniqueKeysWithValues: last(opened).map { side, session, landings in
                (ObjectIdentifier(session), landings.flatMap(\.sequences) + (side.made?.sequences ?? []))
            })
        let values = try sequenceValues(all.values.joined().map(\.source))
        // By now others may have altered them.
        var increments: [ObjectIdentifier: [String: Int]] = [:]
        try askEnding(last(opened)) { part, _ in
            let session = ObjectIdentifier(part.session)
            let result = part.ask(Catalog.incrementsQuestion(all[session]?.map(\.destination) ?? []))
            return { _ in increments[session] = Catalog.increments(try result.get()) }
        }
        try askEnding(last(opened)) { part, _ in
            // By name, as all runs do; and what is not rolled back comes last.
            let pairs = (all[ObjectIdentifier(part.session)] ?? []).sorted {
                ($0.destination.isOwner ? 0 : 1, $0.destination.name.quoted)
                    < ($1.destination.isOwner ? 0 : 1, $1.destination.name.quoted)
            }
            let own = increments[ObjectIdentifier(part.session)]
            let answers = pairs.compactMap { pair -> (SequencePair, PipelineResult)? in
                guard let value = values[pair.source.oid] else { return nil }
                let (lock, set) = pair.statements(
                    value, increment: own?[pair.destination.oid] ?? pair.destination.increment)
                if let lock { part.ask(lock) }
                return (pair, part.ask(set))
            }
            return { _ in
                for (pair, result) in answers where try result.get().value(0, 0) != pair.destination.oid {
                    throw PgcopyError(
                        .refused, "the sequence \(pair.destination.name.quoted) was replaced by another one meanwhile")
                }
            }
        }
    }

    /// Asks sessions of destinations side by side, behind the last row.
    /// - Parameters:
    ///   - stage: what that is, of those who have not answered yet.
    ///   - question: asks by the part, and gives what looks at its answers.
    func askEnding(
        _ all: [(side: Side, session: Session, landings: [TablePlan.Landing])],
        as stage: @escaping ([String]) -> TransferStage = TransferStage.settling,
        _ question: (PipelinePart, [TablePlan.Landing]) -> (Side) throws -> Void
    ) throws {
        let asked = all.filter(\.side.isActive).map { side, session, landings in
            let part = PipelinePart(session, timeout: request.timeout, isVital: !request.keepGoing)
            return (side: side, part: part, look: question(part, landings))
        }
        ending = .asking(asked.map { ($0.side, $0.part) }, as: stage)
        try PipelineRound.run(asked.map(\.part))
        for (side, part, look) in asked where side.isActive {
            try attributing(to: side) {
                try part.check()
                try look(side)
            }
        }
    }

    /// The session of each destination that commits last, with all of its tables.
    private func last(_ opened: Opened) -> [(side: Side, session: Session, landings: [TablePlan.Landing])] {
        active.compactMap { side in
            guard let place = side.place, side.server != nil, opened.hasOpened(side) else { return nil }
            let number = opened[side].count - 1
            guard side.sessions.indices.contains(number) else { return nil }
            return (side, side.sessions[number], opened.plan.landings(place))
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
            ending = .asking([(source, part)], as: TransferStage.settling)
            try PipelineRound.run([part])
            try part.check()
            let values = try results.flatMap { Catalog.sequenceValues(try $0.get()) }
            return Dictionary(uniqueKeysWithValues: zip(sequences.map(\.oid), values))
        }
    }
}

extension Catalog {
    /// The statement that tells listeners what was loaded, with the commit. Its payload is a JSON object.
    fileprivate static func announcement(
        _ channel: String, from label: String, _ landings: [TablePlan.Landing], rows: Int, bytes: Int
    ) -> String {
        // A payload has to be shorter than 8,000 bytes; labels are as long as who wrote them liked.
        let source = label.utf8.count < 2000 ? label : ""
        let table = landings.count == 1 ? landings[0].table.name.parts.joined(separator: ".") : ""
        return """
            SELECT pg_catalog.pg_notify(\(quoteLiteral(channel)), (SELECT pg_catalog.json_object_agg(v.key, v.value) FROM (VALUES \
            ('source', pg_catalog.to_json(NULLIF(\(quoteLiteral(source)), ''))), \
            ('table', pg_catalog.to_json(NULLIF(\(quoteLiteral(table)), ''))), \
            ('tables', pg_catalog.to_json(\(landings.count))), ('rows', pg_catalog.to_json(\(rows))), \
            ('bytes', pg_catalog.to_json(\(bytes)))) v(key, value))::pg_catalog.text)
            """
    }
}
