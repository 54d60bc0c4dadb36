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
        let streams = entries.filter { $0.endpoint.kind == .standardStream }
        try refuse(streams.count > 1, "stdout is named as a destination twice")
        try refuseFilesTwice()
    }

    private func refuse(_ wrong: Bool, _ why: String) throws {
        if wrong { throw TransferRefusal(why, isUsageError: true) }
    }

    private func refuseFilesTwice() throws {
        var seen: [[UInt64]: String] = [:]
        var new: Set<Path> = []
        func identity(_ endpoint: Endpoint) -> (Path, [UInt64]?)? {
            guard case .file(let path) = endpoint.kind else { return nil }
            return (path, (try? OpenFile.isReplaceable(path)) == true ? OpenFile.identity(path) : nil)
        }
        if let (_, own) = identity(request.source), let own { seen[own] = request.source.label }
        for entry in entries {
            guard let (path, own) = identity(entry.endpoint) else { continue }
            if let own, let first = seen[own] {
                try refuse(
                    true,
                    first == request.source.label
                        ? "\(entry.label) is the source itself" : "\(entry.label) is the same file as \(first)")
            }
            if let own { seen[own] = entry.label }
            guard OpenFile.identity(path) == nil else { continue }
            // Nothing is there yet: its folder and its name make it one.
            let target = path.resolved
            let place = Path(target.folder.resolved.bytes + [UInt8(ascii: "/")] + target.name)
            try refuse(!new.insert(place).inserted, "\(entry.label) is named as a destination twice")
        }
    }

    private var sourceTable: SQLName? {
        if case .server(_, let table?) = request.source.kind { return table }
        return request.table
    }

    private func destinationTable(_ endpoint: Endpoint) -> SQLName? {
        if case .server(_, let table?) = endpoint.kind { return table }
        return request.into ?? (request.query == nil ? sourceTable : nil)
    }

    // MARK: What needs the servers

    /// Finds out what is copied from where to where; nothing is opened or locked for it yet.
    func plan() throws {
        try openSessions()
        try askServers()
        failingLabel = request.source.label
        let source = try planSource()
        self.source = source
        var tables: [TableShape.Identity: String] = [:]
        if let table = source.table { tables[table.identity] = request.source.label }
        for entry in entries where entry.isActive {
            try preparing(entry) { try planDestination(entry, source, &tables) }
        }
        failingLabel = nil
        options = try chooseOptions(source)
    }

    /// One round trip to every server, side by side.
    private func askServers() throws {
        let withTypes = needsTypes
        if let preparation = sourcePreparation {
            if let query = request.query.map(CopyStatement.trimmed) {
                preparation.ask(query: query)
                if request.truncate { preparation.askCluster() }
            } else if let table = sourceTable {
                preparation.ask(table: table, withTypes: withTypes)
                // A condition is the user's own SQL: it keeps the user's search_path.
                if request.condition == nil { preparation.secureSearchPath() }
            }
        }
        let active = entries.filter(\.isActive)
        for entry in active {
            guard let preparation = entry.preparation, let table = destinationTable(entry.endpoint) else { continue }
            preparation.ask(table: table, withTypes: withTypes)
            preparation.secureSearchPath()
        }
        try PipelineRound.run(([sourcePreparation] + active.map(\.preparation)).compactMap { $0?.part })
    }

    /// Does a part of a destination's preparation; with `--keep-going` its failure is the destination's own.
    func preparing(_ entry: Entry, _ body: () throws -> Void) throws {
        failingLabel = entry.label
        do {
            try body()
        } catch {
            let isRequest = (error as? TransferRefusal)?.isUsageError ?? false
            guard request.keepGoing, !isRequest, !(error is Interrupted) else { throw error }
            entry.error = error
            observer?.faulted(entry.label, error, .dropped)
        }
        failingLabel = nil
    }

    private func planSource() throws -> Source {
        guard case .server = request.source.kind else { return Source() }
        guard let session = sourceSession, let preparation = sourcePreparation else {
            throw ConnectFailure("not connected")
        }
        if let query = request.query.map(CopyStatement.trimmed) {
            return Source(
                session: session, columns: try preparation.columns(), clusterStart: try preparation.clusterStart()
            ) { CopyStatement.out(query: query, options: $0) }
        }
        let table = try preparation.table()
        let columns = try ColumnPlan.source(table, wanted: request.columns)
        let condition = request.condition
        return Source(
            session: session, table: table, columns: table.types(of: columns),
            clusterStart: table.identity.clusterStart
        ) { CopyStatement.out(table, columns: columns, condition: condition, options: $0) }
    }

    private func planDestination(
        _ entry: Entry, _ source: Source, _ tables: inout [TableShape.Identity: String]
    ) throws {
        guard entry.endpoint.isServer else { return }
        guard let preparation = entry.preparation else { throw ConnectFailure("not connected") }
        let table = try preparation.table()
        if let first = tables[table.identity] {
            throw TransferRefusal(
                source.table?.identity == table.identity
                    ? "this is the source itself: a table is not copied onto itself"
                    : "this is the same table as \(first)",
                isUsageError: true)
        }
        tables[table.identity] = entry.label
        let columns = try ColumnPlan.destination(
            table, from: source.columns?.map(\.name), wanted: request.columns)
        entry.plan = Entry.Plan(table: table, columns: columns)
    }
}
