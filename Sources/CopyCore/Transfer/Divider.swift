// From the answers about tables to what the streams of a run take.

/// Which stream empties and loads which table: who empties a table has it for itself.
struct Shares: Sendable, Equatable {
    var streams: Int
    /// By the table's number; nil: it is divided, and all streams load it.
    var of: [Int?]
}

/// Divides the tables of a plan; pure.
struct Divider {
    let request: TransferRequest
    /// The numbers of the tables, in the order in which they are loaded.
    let order: [Int]
    /// Of each table, by its number; nil: the source is no server.
    let source: [Answers]?
    /// The same of each destination that is a server.
    let destinations: [[Answers]]
    let shares: Shares?
    /// As in `Planner`: what holds rows again is not emptied so once more, for others go on writing.
    var hasEmptied = false

    /// Fills in what its streams take.
    /// - Parameter places: of the destinations.
    func divide(_ plan: inout Plan, places: [Int]) throws(PgcopyError) {
        let tables = order.map(table)
        let references = references
        let ties = Division.ties(Array(order.indices), references: references)
        if let part = request.part {
            plan.units = try units(of: part, ties, references, tables)
        } else {
            let division = Division(streams: request.streams, limit: request.splitSize)
            plan.units =
                request.streams > 1 || request.splitSize != nil
                ? division.units(tables, ties: ties) : tables.indices.map { Division.Unit(pieces: [whole($0, tables)]) }
            let most = division.share(tables)
            let divided = plan.divided
            for number in tables.indices where tables[number].bytes > most && !divided.contains(number) {
                plan.tables[number].undivided =
                    switch tables[number].cuts {
                    case .none(let reason): reason
                    case .blocks(0...1): "all its rows lie in one block"
                    default: "foreign keys tie it to other tables"
                    }
            }
        }
        // Each stream finds something to do. Bound tables are those of the first ones.
        let bound = Set(plan.units.compactMap(\.stream)).count
        let free = plan.units.count { $0.stream == nil }
        plan.streams = max(1, min(shares?.streams ?? request.streams, bound + free))
        if plan.streams == 1 {
            plan.units = [
                Division.Unit(pieces: plan.units.sorted { $0.pieces[0].table < $1.pieces[0].table }.flatMap(\.pieces))
            ]
        }
        let divided = plan.divided
        if let shares {
            // A table that no stream has for itself is emptied by none: it has to be divided.
            plan.breaksShares =
                ties.contains { tie in Set(tie.map { shares.of[order[$0]] }).count > 1 }
                || order.indices.contains { shares.of[order[$0]] == nil && !divided.contains($0) }
        }
        // One stream empties all in the transaction that loads it.
        guard request.empties == .truncate, request.streams > 1 else { return }
        for (place, answers) in zip(places, destinations) {
            let held = order.indices.filter { divided.contains($0) && answers[order[$0]].heldRows }
            if !held.isEmpty { plan.emptiedFirst[place] = held }
        }
    }

    private func whole(_ number: Int, _ tables: [Division.Table]) -> Division.Piece {
        Division.Piece(table: number, bytes: tables[number].bytes)
    }

    /// By places in the order: the tables that each refers to at any destination.
    private var references: [[Int]] {
        var place = order
        for (index, number) in order.enumerated() { place[number] = index }
        return order.map { number in
            destinations.flatMap { answers in
                answers[number].references.map { place[$0.parent] } + kin(number, answers).map { place[$0] }
            }
        }
    }

    /// Tables of one tree of partitions: who empties one empties the other.
    private func kin(_ number: Int, _ answers: [Answers]) -> [Int] {
        guard let parents = answers[number].table?.parents, !parents.isEmpty else { return [] }
        return answers.indices.filter { $0 != number && answers[$0].table.map { parents.contains($0.oid) } ?? false }
    }

    private func table(_ number: Int) -> Division.Table {
        let answers = source?[number]
        var table = Division.Table(
            bytes: answers?.size?.bytes ?? 0, cuts: answers?.cuts ?? .none("it is no table of a server"))
        if let shares { table.stream = shares.of[number] }
        if !request.landsInPieces {
            table.cuts = .none("each table goes to one file")
        } else if destinations.contains(where: { $0[number].references.contains { $0.parent == number } }) {
            table.cuts = .none("its rows refer to each other by a foreign key")
        } else if looksAtTable(number) {
            table.cuts = .none("--where or --set may look at more of it than a partition's columns")
        } else if case .rows = request.leavesOut {
            table.cuts = .none("--reject-limit counts over all of its rows")
        } else if request.upserts != nil {
            table.cuts = .none("--upsert moves all of its rows at once")
        } else if request.empties == .delete {
            table.cuts = .none("--delete empties it in the transaction that loads it")
        } else if request.empties == .truncate, request.streams > 1,
            destinations.contains(where: { $0[number].heldRows })
        {
            if request.splitSize == nil {
                table.cuts = .none(
                    "it is emptied in the transaction that loads it; --split-larger-than empties it in one of its own before"
                )
            } else if hasEmptied {
                table.cuts = .none("others write to it all the while")
            } else if case .leaves(let leaves) = table.cuts, leaves.contains(where: \.isForeign) {
                table.cuts = .none("a foreign partition may hold what would be emptied before it is read")
            }
        }
        return table
    }

    /// What the user wrote may take a whole row, whose columns a partition has in another order, or name the table with its
    /// schema, which a partition that is read under its name does not have.
    private func looksAtTable(_ number: Int) -> Bool {
        let texts = [request.condition].compactMap { $0 } + request.computed.map(\.expression)
        guard !texts.isEmpty, let answers = source?[number], case .leaves(let leaves) = answers.cuts else {
            return false
        }
        let schema = answers.table?.name.parts.first ?? ""
        return leaves.contains(where: \.hasOtherOrder)
            || texts.contains { text in
                ["\(schema).", "\(quoteIdentifier(schema))."].contains { text.lowercased().contains($0.lowercased()) }
            }
    }

    private func units(
        of part: RunPart, _ ties: [[Int]], _ references: [[Int]], _ tables: [Division.Table]
    ) throws(PgcopyError) -> [Division.Unit] {
        if let child = references.indices.first(where: { !references[$0].isEmpty }) {
            let name = source?[order[child]].table?.name.quoted ?? ""
            throw PgcopyError(
                .refused,
                "\(name) refers by a foreign key to rows that another part may load: --part cannot tell what comes first"
            )
        }
        var pieces: [Division.Piece] = []
        for number in tables.indices {
            let answers = source?[order[number]]
            guard answers?.isReadable ?? true else {
                throw PgcopyError(
                    .refused,
                    "this role may not read all of \(answers?.table?.name.quoted ?? ""), columns and partitions by themselves: "
                        + "its part would have other borders than those of others",
                    hint: "GRANT SELECT ON TABLE gives that")
            }
            var own = part.pieces(
                number, tables[number].bytes, answers?.cuts ?? .none("it is no table of a server"), key: answers?.key)
            // Each file and each program is one of a table, though it has no row of it.
            if own.isEmpty, !request.landsInPieces { own = [Division.Piece(table: number, range: .nothing, bytes: 0)] }
            guard !request.landsInPieces, var whole = own.first else {
                pieces += own
                continue
            }
            // The borders are the same as on other machines, whatever they write to.
            whole.also = Array(own.dropFirst())
            whole.bytes = own.reduce(0) { $0 + $1.bytes }
            pieces.append(whole)
        }
        guard !pieces.isEmpty else {
            return [Division.Unit(pieces: [Division.Piece(table: 0, range: .nothing, bytes: 0)])]
        }
        return pieces.map { Division.Unit(pieces: [$0]) }
    }

    /// Deals tables that are emptied to streams.
    func deal() -> Shares {
        let tables = order.map(table)
        let units = Division(streams: request.streams, limit: request.splitSize).units(
            tables, ties: Division.ties(Array(order.indices), references: references))
        var of: [Int?] = order.map { _ in nil }
        let streams = max(1, min(request.streams, units.count))
        let bound = units.filter { unit in unit.pieces.allSatisfy { $0.range == nil && $0.leaf == nil } }
        let dealt = Division.deal(bound.map(\.bytes), among: max(1, min(streams, bound.count)))
        for (unit, stream) in zip(bound, dealt) { for piece in unit.pieces { of[order[piece.table]] = stream } }
        return Shares(streams: streams, of: of)
    }
}

extension Plan {
    /// The places of the tables that are copied in several pieces.
    var divided: Set<Int> {
        Set(units.flatMap(\.pieces).filter { $0.range != nil || $0.leaf != nil }.map(\.table))
    }
}

extension TransferRequest {
    /// How many streams copy side by side at most. What is one stream of bytes is read, and written, by one.
    var streams: Int {
        guard source.isServer, query == nil, destinations.allSatisfy(\.takesStreams) else { return 1 }
        return jobs
    }

    /// The rows of a table may come to each destination from several streams.
    var landsInPieces: Bool {
        destinations.allSatisfy { destination in
            switch destination.kind {
            case .server, .null: true
            case .file, .program, .standardStream: false
            }
        }
    }
}

extension Endpoint {
    /// Several streams may give it rows, each its own tables.
    fileprivate var takesStreams: Bool {
        switch kind {
        case .server, .null: true
        case .file, .program, .standardStream: (try? tellsTablesApart()) ?? false
        }
    }
}
