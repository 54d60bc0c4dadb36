// Staging tables: made before rows flow, and moved to their tables behind the last row.

extension Transfer {
    /// Makes the staging tables, and asks whether their rows could be moved.
    /// - Returns: as `askOrDrop`.
    func makeStages(_ plan: Plan) throws -> Bool {
        guard request.upserts != nil else { return true }
        let asked = bound(plan).map { side, session, landings in
            let part = PipelinePart(session, timeout: request.timeout, isVital: !request.keepGoing)
            for upsert in landings.compactMap(\.upsert) { part.ask(.statement(upsert.creation)) }
            for upsert in landings.compactMap(\.upsert) { part.ask(.statement(upsert.rehearsal)) }
            return (side, part)
        }
        return try askOrDrop(asked)
    }

    /// Moves all rows from the staging tables, parents first. A key that came twice fails, for nobody knows which of both is right.
    func merge(_ opened: Opened) throws {
        guard request.upserts != nil else { return }
        try askEnding(bound(opened.plan)) { part, landings in
            let doubles = landings.compactMap(\.upsert).flatMap { upsert in
                upsert.doublesQuestions.map { (upsert, part.ask(.statement($0))) }
            }
            return { _ in
                for (upsert, result) in doubles {
                    let result = try result.get()
                    guard result.rowCount > 0, let key = result.value(0, 0) else { continue }
                    throw PgcopyError(
                        .refused,
                        "the key (\(upsert.key.map(quoteIdentifier).joined(separator: ", "))) = (\(RawText.shown(key))) of "
                            + "\(upsert.table.quoted) came more than once: --upsert cannot tell which row is to stay")
                }
            }
        }
        try askEnding(bound(opened.plan), as: TransferStage.merging) { part, landings in
            // INSERT goes by names: they stand for the tables that were planned, before and behind it.
            part.requireNames(landings.map(\.table))
            let merges = landings.compactMap(\.upsert).map { part.ask(.statement($0.merging)) }
            part.requireNames(landings.map(\.table))
            return { side in
                for merge in merges { side.upserted = side.upserted + UpsertCounts(try merge.get()) }
            }
        }
    }
}
