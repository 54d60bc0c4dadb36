// The other streams of a run, once the first one has looked and planned.

extension Transfer {
    /// Opens the connections of all streams.
    func openStreams(_ count: Int) throws {
        var wanted: [(side: Side, server: Server)] = []
        for side in [source] + active {
            guard let server = side.server, side.session != nil else { continue }
            for _ in 0..<max(0, count - side.sessions.count) { wanted.append((side, server)) }
        }
        guard !wanted.isEmpty else { return }
        let connector = LinkConnector(poller: poller)
        let connections = try connector.connect(wanted.map { $0.server.parameters(waitingUpTo: connectTimeout) }) {
            [sink] place in sink?.receive(.waiting(for: "the server to answer", at: wanted[place].side.label))
        }
        for ((side, server), connection) in zip(wanted, connections) where side.isActive {
            try attributing(to: side) {
                guard connection.isUsable else {
                    let failure = server.failure(connection)
                    throw PgcopyError(
                        failure.code, failure.message,
                        hint:
                            "--jobs \(request.jobs) needs as many connections here, and one more to ask whom they wait for",
                        server: failure.server)
                }
                side.sessions.append(try openSession(side, connection))
            }
        }
    }

    /// Brings the other streams in: each locks what it may read or load, and reads in the first one's snapshot.
    /// - Returns: false: something is in the way, or is not as it was seen.
    func join(_ plan: Plan) throws -> Bool {
        // Those that empty tables have locked theirs already. Another server has other tables of these names.
        try requireAllJoined()
        guard try lockDivided(plan) else { return false }
        guard plan.streams > 1 else { return true }
        try openStreams(plan.streams)
        let snapshot = try atSource {
            try request.snapshot ?? source.session?.exportSnapshot(timeout: request.timeout)
        }
        var joining: [Participant] = []
        for leader in participants where leader.stream == 0 && leader.isActive {
            let side = leader.side
            // Those that empty tables have joined from the start.
            if !side.isSource, shares != nil { continue }
            for number in 1..<plan.streams {
                let preparation = makePreparation(
                    side, side.sessions[number], at: leader.located.server,
                    .tables([], where: side.isSource ? request.condition : nil),
                    snapshot: side.isSource ? snapshot : nil, others: leader.preparation.found,
                    leader: leader.preparation)
                joining.append(Participant(located: leader.located, preparation: preparation, stream: number))
            }
        }
        participants += joining
        // A little longer each time, and by chance, so that two runs do not try at the same moments.
        let lockTimeout = min(.seconds(2), Self.glance * Double(1 << min(joinTries, 4)) * Double.random(in: 0.7...1.3))
        joinTries += 1
        for participant in joining { participant.preparation.ask(timeout: request.timeout, lockTimeout: lockTimeout) }
        try ask(joining.map { ($0.side.label, $0.preparation.part) }, locks: true)
        let states = joining.map { $0.preparation.state() }
        // 42P01, 3F000: a schema was renamed behind the first one's locks.
        if zip(joining, states).contains(where: { [.busy, .changed].contains($1) || $0.preparation.isMisnamedByNow }) {
            return false
        }
        try requireAllJoined()
        for participant in participants where participant.stream > 0 { participant.preparation.forgetAnswers() }
        return true
    }

    private func requireAllJoined() throws {
        for participant in participants where participant.isActive && participant.stream > 0 {
            try attributing(to: participant.side) { try requireJoined(participant) }
        }
    }

    /// Throws unless it is on the server of the first one.
    func requireJoined(_ participant: Participant) throws {
        let preparation = participant.preparation
        guard let leader = preparation.leader else { return }
        let elsewhere = PgcopyError(
            .refused, "another connection leads to another server or database: a pooler or a balancer lies between",
            hint: "name the server itself, or leave --jobs away")
        do {
            try preparation.check()
        } catch let error as PgcopyError {
            // Before anything else could be asked.
            throw preparation.lacksSnapshot ? elsewhere : error
        }
        let first = participant.located.server
        guard let server = try preparation.joined(), server.database == first.database,
            server.cluster.relation(to: first.cluster) == .sameServer, leader.session !== preparation.session
        else { throw elsewhere }
    }
}
