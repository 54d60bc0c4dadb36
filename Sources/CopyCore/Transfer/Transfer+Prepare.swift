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
        if case .server(_, let table) = request.source.kind {
            try refuse(
                table != nil && (request.table != nil || request.query != nil),
                "\(request.source.label) names a table already; --table and --query name another")
            try refuse(
                table == nil && request.table == nil && request.query == nil,
                "no table to copy from \(request.source.label); name one with #TABLE, --table or --query")
        }
        for entry in entries {
            guard case .server(_, nil) = entry.endpoint.kind else { continue }
            try refuse(
                destinationTable(entry.endpoint) == nil,
                "no table to copy to at \(entry.label); name one with #TABLE or --into")
        }
        try refuseFilesTwice()
        try refuseHarmfulOptions()
    }

    /// Refuses what was asked for, whatever the servers hold.
    func refuse(_ wrong: Bool, _ why: String) throws {
        if wrong { throw TransferRefusal(why, isUsageError: true) }
    }

    var sourceTable: SQLName? {
        if case .server(_, let table?) = request.source.kind { return table }
        return request.table
    }

    func destinationTable(_ endpoint: Endpoint) -> SQLName? {
        if case .server(_, let table?) = endpoint.kind { return table }
        return request.into ?? (request.query == nil ? sourceTable : nil)
    }

    // MARK: What needs the servers

    /// Finds out what is copied from where to where; the tables are locked for it.
    func plan() throws {
        try readHead()
        try openSessions()
        try refuseEncodingOfNone()
        try refuseGivenEncoding()
        try refuseMissingHeader()
        try lookUp()
        try lockAndAsk()
        try askTypes()
        failingLabel = request.source.label
        let source = try planSource()
        self.source = source
        try preparingEach { try planDestination($0, source) }
        try refuseTheSameTableAgain()
        failingLabel = nil
        options = try chooseOptions(source)
    }

    /// Does a part of a destination's preparation; with `--keep-going` its failure is the destination's own.
    func preparing(_ entry: Entry, _ body: () throws -> Void) throws {
        failingLabel = entry.label
        do {
            try body()
        } catch {
            let isRequest = (error as? TransferRefusal).map { $0.isUsageError && !$0.isOneDestinations } ?? false
            guard request.keepGoing, !isRequest, !(error is Interrupted) else { throw error }
            entry.error = error
            sink?.receive(.fault(error, at: entry.label, .dropped))
            // The others may take hours, and its table may be locked.
            entry.session?.close()
        }
        failingLabel = nil
    }

    /// Does a part of every destination's preparation. What fails is told of all of them, and of the source.
    func preparingEach(_ body: (Entry) throws -> Void) throws {
        var failure = sourceFailure
        for entry in entries where entry.isActive {
            do {
                try preparing(entry) { try body(entry) }
            } catch let interrupted as Interrupted {
                throw interrupted
            } catch {
                entry.error = error
                failure = failure ?? error
            }
        }
        if let failure { throw failure }
    }

    private func planSource() throws -> Source {
        guard case .server = request.source.kind else { return try headedSource() }
        guard let session = sourceSession, let preparation = sourcePreparation else {
            throw ConnectFailure("not connected")
        }
        if let query = request.query.map(CopyStatement.trimmed) {
            let columns = try preparation.columns()
            let pinsNames = try holdsNames(columns, nil)
            return Source(session: session, columns: try queryColumns(columns)) { [names = request.columns] in
                CopyStatement.out(query: query, columns: names, pinsNames: pinsNames, options: $0)
            }
        }
        let table = try preparation.table()
        let columns = try ColumnPlan.source(table, wanted: request.columns)
        let condition = request.condition
        let types = table.types(of: columns)
        let pinsNames = try condition != nil && holdsNames(types, preparation.types())
        return Source(session: session, table: table, columns: types) {
            CopyStatement.out(table, columns: columns, condition: condition, pinsNames: pinsNames, options: $0)
        }
    }

    /// Whether values are names, which the user's search_path would shorten.
    private func holdsNames(_ columns: [(name: String, type: UInt32)], _ types: TypeGraph?) throws -> Bool {
        let doubtful = columns.map(\.type).filter(TypeGraph.isWorthAsking)
        guard !doubtful.isEmpty else { return false }
        let types = try types ?? sourceTypes(doubtful)
        return doubtful.contains(where: types.holdsNames)
    }

    private func planDestination(_ entry: Entry, _ source: Source) throws {
        guard entry.endpoint.isServer else { return }
        guard let preparation = entry.preparation else { throw ConnectFailure("not connected") }
        let table = try preparation.table()
        let columns = try ColumnPlan.destination(
            table, from: source.columns?.map(\.name), wanted: request.columns, readsStream: readsStream)
        entry.plan = Entry.Plan(table: table, columns: columns)
        entry.heldRows = try preparation.heldRows()
    }
}
