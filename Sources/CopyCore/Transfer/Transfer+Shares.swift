// Tables that are emptied, where there are many streams: which stream has which of them is settled before they are locked.

extension Transfer {
    /// Settles which stream empties and loads which table, by sizes and ties that are looked at without keeping locks: under
    /// the locks they are looked at again.
    func settleShares(_ located: [LocatedServer]) throws {
        shares = nil
        guard request.bindsTables, !request.isDryRun, request.streams > 1,
            let reader = located.first(where: \.side.isSource)
        else { return }
        try lockAndAsk([reader])
        try askMore()
        guard let first = participants.first else { return }
        let source = try atSource { try first.preparation.takeAnswers() }
        let landing = located.filter { !$0.side.isSource && $0.side.isActive && !$0.found.isEmpty }
        let destinations = try lookAhead(landing, source)
        try releaseAll()
        let divider = Divider(
            request: request, order: order(destinations), source: source, destinations: destinations, shares: nil,
            hasEmptied: hasEmptied)
        let shares = divider.deal()
        if shares.streams > 1 { try openStreams(shares.streams) }
        self.shares = shares
    }

    private func order(_ destinations: [[Answers]]) -> [Int] {
        let count = tables(of: source).count
        let references = (0..<count).map { number in destinations.flatMap { $0[number].references } }
        // A circle that cannot be loaded is told by the planner.
        return (try? TableOrder.sorted(references).order) ?? Array(0..<count)
    }

    /// What destinations say of their tables' ties, and whether those that are large hold rows.
    private func lookAhead(_ located: [LocatedServer], _ source: [Answers]) throws -> [[Answers]] {
        let large = source.indices.filter {
            source[$0].size.map { $0.bytes > request.splitSize ?? Division.leastCut } ?? false
        }
        let asked = located.map { place in
            let part = PipelinePart(place.session, timeout: request.timeout, isVital: false)
            let references = part.ask(Catalog.referencesQuestion(place.found))
            // Who has it locked may be about to fill it.
            part.ask(.statement(SessionSettings.lockTimeout(Self.glance)))
            let held =
                large.isEmpty ? nil : part.ask(Catalog.rowsQuestion(large.map { place.found[$0] }), mayFail: true)
            return (place: place, part: part, references: references, held: held)
        }
        try ask(asked.map { ($0.place.side.label, $0.part) })
        var all: [[Answers]] = []
        for (place, part, references, held) in asked {
            try attributing(to: place.side) {
                try part.check()
                let list = Catalog.references(try references.get(), count: source.count)
                let rows = (try? held?.get()).flatMap { $0.map(Catalog.holdRows) }
                all.append(
                    source.indices.map { number in
                        let found = place.found[number]
                        var answers = Answers(
                            table: TableShape(
                                name: found.name, kind: found.kind, oid: found.oid, columns: [], parents: found.parents),
                            references: checksReferences ? list[number] : [], peer: source[number].peer)
                        // What is not known is taken to hold some: it is not divided then.
                        answers.heldRows = large.firstIndex(of: number).flatMap { rows?[$0] } ?? true
                        return answers
                    })
            }
        }
        return all
    }

    /// A destination's tables of its streams.
    func makeParticipants(_ located: LocatedServer, _ shares: Shares) -> [Participant] {
        let divided = shares.of.indices.filter { shares.of[$0] == nil }
        func found(_ numbers: [Int]) -> [Lookup.Found] { numbers.map { located.found[$0] } }
        var all: [Participant] = []
        for stream in 0..<shares.streams {
            let own = shares.of.indices.filter { shares.of[$0] == stream }
            let isFirst = stream == 0
            let numbers = isFirst ? (own + divided).sorted() : own
            let preparation = makePreparation(
                located.side, located.side.sessions[stream], at: located.server, .tables(found(numbers), where: nil),
                kept: Set(found(divided).map(\.oid)),
                leader: all.first?.preparation)
            if isFirst { preparation.emptiedInRun = located.found }
            all.append(
                Participant(located: located, preparation: preparation, stream: stream, numbers: numbers))
        }
        return all
    }

    /// What hangs on the first answers: where the source's tables can be cut; the ties of tables of which each stream has some.
    func askMore() throws {
        referencesAsked = [:]
        var asked: [(label: String, part: PipelinePart)] = []
        for leader in participants where leader.stream == 0 && leader.isActive && !leader.located.found.isEmpty {
            let side = leader.side
            let part = PipelinePart(
                leader.preparation.session, timeout: request.timeout, isVital: side.isSource || !request.keepGoing)
            if side.isSource, request.streams > 1 || request.splitSize != nil || request.part != nil {
                let least = request.part == nil ? request.splitSize ?? Division.leastCut : 0
                try atSource { try leader.preparation.askCuts(part, least: least) }
            } else if !side.isSource, checksReferences, let shares, shares.streams > 1 {
                let result = part.ask(Catalog.referencesQuestion(leader.located.found))
                let count = leader.located.found.count
                referencesAsked[ObjectIdentifier(side)] = {
                    try part.check()
                    return Dictionary(
                        uniqueKeysWithValues: try Catalog.references(result.get(), count: count).enumerated().map {
                            ($0, $1)
                        })
                }
            }
            if !part.isAnswered { asked.append((side.label, part)) }
        }
        if !asked.isEmpty { try ask(asked) }
    }

    /// Locks what other streams load as well, once the first one has it: nobody else empties it then.
    /// - Returns: false: something is in the way.
    func lockDivided(_ plan: Plan) throws -> Bool {
        guard let shares else { return true }
        let divided = shares.of.indices.filter { shares.of[$0] == nil }
        guard !divided.isEmpty else { return true }
        let asked = participants.filter { !$0.side.isSource && $0.isActive && $0.stream > 0 }.map { participant in
            (
                participant,
                participant.preparation.askDivided(divided.map { participant.located.found[$0] }, Self.glance)
            )
        }
        try ask(asked.map { ($0.0.side.label, $0.1) }, locks: true)
        if asked.contains(where: { $0.1.isInTheWay }) { return false }
        for (participant, part) in asked { try attributing(to: participant.side) { try part.check() } }
        return true
    }
}
