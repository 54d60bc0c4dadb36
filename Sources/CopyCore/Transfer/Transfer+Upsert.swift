// Staging tables: made before rows flow, and moved to their tables behind the last row.

extension Transfer {
    /// What one session of a destination upserts, in the order of loading.
    private struct Upserting {
        let side: Side
        let session: Session
        let tables: [TableShape]
        let upserts: [Upsert]
    }

    private func upserts(_ plan: Plan) -> [Upserting] {
        var all: [Upserting] = []
        for participant in participants where !participant.side.isSource && participant.isActive {
            let own = Set(participant.preparation.found.map(\.oid))
            let landings = plan.landings(participant.side.place ?? 0).filter {
                own.contains($0.table.oid) && $0.upsert != nil
            }
            guard !landings.isEmpty else { continue }
            all.append(
                Upserting(
                    side: participant.side, session: participant.preparation.session, tables: landings.map(\.table),
                    upserts: landings.compactMap(\.upsert)))
        }
        return all
    }

    /// Makes the staging tables, and asks whether their rows could be moved.
    /// - Returns: as `askOrDrop`.
    func makeStages(_ plan: Plan) throws -> Bool {
        guard request.upserts != nil else { return true }
        let asked = upserts(plan).map { one in
            let part = PipelinePart(one.session, timeout: request.timeout, isVital: !request.keepGoing)
            for upsert in one.upserts { part.ask(.statement(upsert.creation)) }
            for upsert in one.upserts { part.ask(.statement(upsert.rehearsal)) }
            return (one.side, part)
        }
        return try askOrDrop(asked)
    }

    /// Moves all rows from the staging tables, parents first. A key that came twice fails, for nobody knows which of both is right.
    func merge(_ opened: Opened) throws {
        guard request.upserts != nil else { return }
        let all = upserts(opened.plan)
        let looks = all.map { one in
            let part = PipelinePart(one.session, timeout: request.timeout, isVital: !request.keepGoing)
            let results = one.upserts.map { ($0, part.ask(.statement($0.doublesQuestion))) }
            return (side: one.side, part: part, results: results)
        }
        try askEnding(looks.map { ($0.side, $0.part) })
        for (side, part, results) in looks where side.isActive {
            try attributing(to: side) {
                try part.check()
                for (upsert, result) in results {
                    let doubles = try result.get()
                    guard doubles.rowCount > 0, let key = doubles.value(0, 0) else { continue }
                    throw PgcopyError(
                        .refused,
                        "the key (\(upsert.key.map(quoteIdentifier).joined(separator: ", "))) = (\(RawText.shown(key))) of "
                            + "\(upsert.table.quoted) came more than once: --upsert cannot tell which row is to stay")
                }
            }
        }
        let merges = all.filter(\.side.isActive).map { one in
            let part = PipelinePart(one.session, timeout: request.timeout, isVital: !request.keepGoing)
            // INSERT goes by names: they stand for the tables that were planned, before and behind it.
            part.ask(Catalog.requireNamesQuestion(one.tables))
            let results = one.upserts.map { upsert in (upsert, upsert.merging.map { part.ask(.statement($0)) }) }
            part.ask(Catalog.requireNamesQuestion(one.tables))
            return (side: one.side, part: part, results: results)
        }
        try askEnding(merges.map { ($0.side, $0.part) })
        for (side, part, results) in merges where side.isActive {
            try attributing(to: side) {
                try part.check()
                for (upsert, answers) in results {
                    side.upserted = side.upserted + upsert.counts(try answers.map { try $0.get() })
                }
            }
        }
    }
}
