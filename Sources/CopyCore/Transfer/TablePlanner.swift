// From what was asked for and what servers have answered of one table, or a query, to its plan; pure.

/// Makes the plan of a table, or says everything that stands in its way.
struct TablePlanner {
    let request: TransferRequest
    /// The names of a stream's header line, where they count.
    var header: [String]?
    /// Nil: the source is no server.
    var source: Answers?
    /// Destinations that still take part, by their place in the request; nil: no server.
    var destinations: [(place: Int, answers: Answers?)]

    /// The plan.
    /// - Throws: `Refusals`.
    func plan() throws(Refusals) -> TablePlan {
        var refusals = Refusals()
        var reading = Reading(rows: .bytes, columns: request.columns?.map { ($0, 0) })
        do {
            reading = try planSource()
        } catch {
            // The destinations are looked at all the same.
            refusals.source = error
        }
        var accepted: [Accepted] = []
        let names = reading.names
        for (place, answers) in destinations {
            do {
                accepted.append(try planDestination(place, answers, names))
            } catch {
                refusals.destinations.append((place, error))
            }
        }
        if refusals.source != nil { throw refusals }
        let sides = sides(reading, accepted, &refusals)
        guard request.keepGoing && !refusals.destinations.contains(where: \.refusal.isRequests) || refusals.isEmpty
        else { throw refusals }
        let refused = Set(refusals.destinations.map(\.place))
        accepted.removeAll { refused.contains($0.place) }
        var decisions: [String] = []
        let options: CopyOptions
        do {
            options = try chooseOptions(sides, accepted, &decisions)
        } catch {
            refusals.run = error
            throw refusals
        }
        let landings = landings(accepted, options)
        return TablePlan(
            rows: reading.rows, pinsNames: reading.pinsNames, options: options,
            landings: landings,
            streamRules: Self.streamRules(request, accepted.compactMap { $0.loaded }), decisions: decisions,
            refused: refusals.destinations, size: source?.size)
    }

    // MARK: Both sides

    /// What is read, with its columns where they are known.
    struct Reading {
        var rows: TablePlan.Rows
        var columns: [(name: String, type: UInt32)]?
        var pinsNames = false

        /// Those of the columns; a table's own array, which all destinations share.
        var names: [String]? {
            if case .table(_, let columns, _, _) = rows { columns } else { columns?.map(\.name) }
        }
    }

    /// A destination that takes the rows.
    struct Accepted {
        let place: Int
        /// Nil: no server.
        let loaded: (answers: Answers, table: TableShape, columns: [String]?)?

        func landing(_ options: CopyOptions, _ request: TransferRequest) -> TablePlan.Landing? {
            guard let (answers, table, columns) = loaded else { return nil }
            var options = options
            options.leavesOut = request.leavesOut
            // With many streams a table may be emptied by another one's transaction.
            options.freezes =
                table.kind == "r" && request.upserts == nil
                && (answers.isMade || request.empties == .truncate && request.streams == 1)
            // Bytes of no known encoding are checked there against its own: a server that is told SQL_ASCII takes
            // anything (seen with 15).
            if let encoding = options.encoding, Encoding.areSame(encoding, "SQL_ASCII") {
                options.encoding = answers.peer.encoding
            }
            let upsert = request.upserts.map { key in
                // No other session sees it, and this one has no other of that table. Errors name it.
                let shown = table.name.parts.joined(separator: ".")
                return Upsert(
                    table: table.name, columns: Self.loaded(table, columns),
                    indexes: UniqueIndex.key(key, among: answers.uniqueIndexes),
                    stage: SQLName(["pg_temp", shown.utf8.count < 64 ? shown : "pgcopy_stage_\(table.oid)"]))
            }
            var target = table
            target.name = upsert?.stage ?? table.name
            return TablePlan.Landing(
                table: table.withoutColumns, heldRows: answers.heldRows, size: answers.size, upsert: upsert,
                statement: CopyStatement.in(target, columns: upsert?.columns ?? columns, options: options))
        }

        /// All that can be, where no columns were named.
        static func loaded(_ table: TableShape, _ columns: [String]?) -> [String] {
            columns ?? table.columns.filter { !$0.isGenerated }.map(\.name)
        }
    }

    private func landings(_ accepted: [Accepted], _ options: CopyOptions) -> [Int: TablePlan.Landing] {
        var landings: [Int: TablePlan.Landing] = [:]
        for destination in accepted {
            guard var landing = destination.landing(options, request) else { continue }
            // Most destinations are loaded by the same words, which are one text then.
            let same = landings.values.first { isSameName($0.statement, landing.statement) }
            landing.statement = same?.statement ?? landing.statement
            if request.setsSequences, let source, let (answers, _, columns) = destination.loaded {
                (landing.sequences, landing.unpairedColumns) = SequencePair.pairs(
                    source.sequences, answers.sequences, columns: columns ?? [])
            }
            landings[destination.place] = landing
        }
        return landings
    }

    private func planSource() throws(PgcopyError) -> Reading {
        guard let source else { return try planStream() }
        if let query = request.query.map(CopyStatement.trimmed) {
            return Reading(
                rows: .query(query, columns: request.columns), columns: try queryColumns(source.columns),
                pinsNames: holdsNames(source.columns, source.types))
        }
        guard let table = source.table else { throw PgcopyError(.refused, "no table was asked for") }
        let columns = try ColumnPlan.source(table, wanted: request.columns)
        for sequence in source.sequences
        where !sequence.mayRead && columns.contains(where: { isSameName($0, sequence.column) }) {
            throw PgcopyError(.refused, "this role may not read the sequence \(sequence.name.quoted); it needs SELECT")
        }
        if let column = source.computed.map(\.column).first(where: { name in !columns.contains { isSameName($0, name) }
        }) {
            throw PgcopyError(
                .refused,
                "--set: \(quoteIdentifier(column)) of \(table.name.quoted) is not among the columns that are copied")
        }
        let types = table.types(of: columns)
        return Reading(
            rows: .table(table, columns: columns, condition: request.condition, computed: source.computed),
            columns: types,
            pinsNames: (request.condition != nil || !source.computed.isEmpty) && holdsNames(types, source.types))
    }

    /// A file or stream: its columns are known where its header line names them.
    private func planStream() throws(PgcopyError) -> Reading {
        guard let header else { return Reading(rows: .bytes) }
        if let wanted = request.columns, !wanted.elementsEqual(header, by: isSameName) {
            func list(_ names: [String]) -> String { names.map(quoteIdentifier).joined(separator: ", ") }
            throw PgcopyError(
                .usage,
                "the header names the columns \(list(header)), --columns \(list(wanted)); "
                    + "--header=skip goes by --columns")
        }
        return Reading(rows: .bytes, columns: header.map { ($0, 0) })
    }

    /// A query's columns under the names that --columns gives them.
    private func queryColumns(
        _ columns: [(name: String, type: UInt32)]
    ) throws(PgcopyError) -> [(name: String, type: UInt32)] {
        guard let names = request.columns else { return columns }
        guard names.count == columns.count else {
            throw PgcopyError(
                .usage,
                "the query gives \(columns.count) \(columns.count == 1 ? "column" : "columns"), --columns names \(names.count)"
            )
        }
        return zip(names, columns).map { ($0, $1.type) }
    }

    /// Whether values are names, which the user's search_path would shorten.
    private func holdsNames(_ columns: [(name: String, type: UInt32)], _ types: TypeGraph) -> Bool {
        columns.map(\.type).filter(TypeGraph.isWorthAsking).contains(where: types.holdsNames)
    }

    private func planDestination(
        _ place: Int, _ answers: Answers?, _ names: [String]?
    ) throws(PgcopyError) -> Accepted {
        guard let answers, let table = answers.table else { return Accepted(place: place, loaded: nil) }
        let columns = try ColumnPlan.destination(
            table, from: names, wanted: request.columns, readsStream: request.readsStream)
        if let wanted = request.upserts { try checkKey(wanted, answers, table, columns) }
        if let limit = request.leavesOut, answers.peer.serverVersion < limit.since * 10000 {
            throw PgcopyError(
                .refused,
                "\(limit.option) needs PostgreSQL \(limit.since) here; this is \(ServerVersion(answers.peer.serverVersion).major)"
            )
        }
        if request.setsSequences { try checkSequences(answers, columns ?? []) }
        return Accepted(place: place, loaded: (answers, table, columns))
    }

    private func checkKey(
        _ wanted: UpsertKey, _ answers: Answers, _ table: TableShape, _ columns: [String]?
    ) throws(PgcopyError) {
        guard let key = UniqueIndex.key(wanted, among: answers.uniqueIndexes).first?.names else {
            let what =
                if case .columns(let names) = wanted {
                    "no unique index of \(names.map(quoteIdentifier).joined(separator: ", "))"
                } else { "no primary key" }
            throw PgcopyError(
                .refused, "\(table.name.quoted) has \(what) here, by which --upsert could tell rows apart",
                hint:
                    "--upsert=COLUMNS goes by a unique index, which may be neither partial, deferrable nor of expressions"
            )
        }
        let loaded = Accepted.loaded(table, columns)
        let missing = key.filter { column in !loaded.contains { isSameName($0, column) } }
        guard missing.isEmpty else {
            throw PgcopyError(
                .refused,
                "\(missing.map(quoteIdentifier).joined(separator: ", ")) of \(table.name.quoted) tells rows apart for --upsert, "
                    + "and is not among the columns that come")
        }
    }

    /// What could not be set at the end is refused at the beginning.
    private func checkSequences(_ answers: Answers, _ columns: [String]) throws(PgcopyError) {
        for pair in SequencePair.pairs(source?.sequences ?? [], answers.sequences, columns: columns).pairs {
            let (own, other) = (pair.source, pair.destination)
            guard other.isOwner || other.mayUpdate else {
                throw PgcopyError(
                    .refused, "this role may not set the sequence \(other.name.quoted); it needs UPDATE, or to own it")
            }
            // What it gives is read to compare.
            guard other.isOwner || other.mayRead else {
                throw PgcopyError(.refused, "this role may not read the sequence \(other.name.quoted); it needs SELECT")
            }
            guard own.increment.signum() == other.increment.signum() else {
                throw PgcopyError(
                    .refused, "the sequence \(other.name.quoted) counts in the other direction than the source's")
            }
        }
    }

    // MARK: A stream's end

    /// How the end of a file or stream is looked at. The line `\.` of csv is the end where that is sure: it can be no row,
    /// and every server takes it so.
    static func streamRules(
        _ request: TransferRequest, _ loaded: [(answers: Answers, table: TableShape, columns: [String]?)] = []
    ) -> StreamRules {
        var rules = StreamRules()
        rules.allowsUnterminated = request.allowsUnterminated
        rules.csvMarker = .end
        for (answers, table, columns) in loaded {
            let count = columns?.count ?? table.columns.count { !$0.isGenerated }
            if count == 1 || ServerVersion(answers.peer.serverVersion).readsMarkerOfCSVAsValue {
                rules.csvMarker = .refused
            }
        }
        return rules
    }
}

extension TransferRequest {
    /// Whether the rows come from a file or a stream.
    var readsStream: Bool {
        switch source.kind {
        case .standardStream, .file, .program: true
        case .server, .null: false
        }
    }
}
