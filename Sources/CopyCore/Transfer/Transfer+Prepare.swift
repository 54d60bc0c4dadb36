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

    func prepare() throws {
        try openSessions()
        failingLabel = request.source.label
        let source = try prepareSource(sourceSession)
        self.source = source
        var tables: [TableShape.Identity: String] = [:]
        if let table = source.table { tables[table.identity] = request.source.label }
        for entry in entries where entry.isActive {
            failingLabel = entry.label
            do {
                entry.destination = try prepareDestination(entry, source, &tables)
            } catch let error where request.keepGoing && !(error is Interrupted) && !isUsageError(error) {
                drop(entry, error)
            }
        }
        failingLabel = nil
        try refuse(!entries.contains(where: \.isActive), "no destination is left")
    }

    private func isUsageError(_ error: any Error) -> Bool { (error as? TransferRefusal)?.isUsageError ?? false }

    func drop(_ entry: Entry, _ error: any Error) {
        entry.error = error
        observer?.faulted(entry.label, error, .dropped)
    }

    private func prepareSource(_ session: Session?) throws -> Source {
        let label = request.source.label
        switch request.source.kind {
        case .null:
            return Source(producer: NullProducer(label: label), session: nil, columns: nil, table: nil, file: nil)
        case .standardStream:
            let producer = ByteStreamProducer(0, layout: request.options.layout, label: label)
            return Source(producer: producer, session: nil, columns: nil, table: nil, file: nil)
        case .file(let path):
            let file = try OpenFile.reading(path, poller)
            let producer = ByteStreamProducer(file.descriptor, layout: request.options.layout, label: label)
            return Source(producer: producer, session: nil, columns: nil, table: nil, file: file)
        case .server:
            guard let session else { throw ConnectFailure("not connected") }
            return try prepareServerSource(session)
        }
    }

    private func prepareServerSource(_ session: Session) throws -> Source {
        let options = copyOptions
        try session.run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", within: request.timeout)
        if let query = request.query.map(CopyStatement.trimmed) {
            let columns = try session.columns(of: query, within: request.timeout)
            let sql = CopyStatement.out(query: query, options: options)
            return Source(
                producer: StatementProducer(session, sql, layout: options.layout),
                session: session, columns: columns, table: nil, file: nil)
        }
        guard let name = sourceTable, let table = try Catalog.table(name, session, within: request.timeout) else {
            throw TransferRefusal("there is no table \(sourceTable?.quoted ?? "")")
        }
        let columns = try ColumnPlan.source(table, wanted: request.columns)
        let sql = CopyStatement.out(table, columns: columns, condition: request.condition, options: options)
        // A condition is the user's own SQL: it keeps the user's search_path.
        if request.condition == nil { try Catalog.secureSearchPath(session, within: request.timeout) }
        return Source(
            producer: StatementProducer(session, sql, layout: options.layout),
            session: session, columns: columns, table: table, file: nil)
    }

    private func prepareDestination(
        _ entry: Entry, _ source: Source, _ tables: inout [TableShape.Identity: String]
    ) throws -> any Destination {
        let endpoint = entry.endpoint
        switch endpoint.kind {
        case .null: return StreamDestination(null: endpoint.label)
        case .standardStream: return StreamDestination(descriptor: 1, label: endpoint.label)
        case .file(let path):
            return try OpenFile.isReplaceable(path)
                ? FileDestination(path, label: endpoint.label)
                : StreamDestination(OpenFile.writing(path, poller), label: endpoint.label)
        case .server:
            guard let session = entry.session else { throw ConnectFailure("not connected") }
            return try prepareServerDestination(endpoint, session, source, &tables)
        }
    }

    private func prepareServerDestination(
        _ endpoint: Endpoint, _ session: Session, _ source: Source, _ tables: inout [TableShape.Identity: String]
    ) throws -> any Destination {
        try session.run("BEGIN READ WRITE", within: request.timeout)
        guard let name = destinationTable(endpoint),
            let table = try Catalog.table(name, session, within: request.timeout)
        else { throw TransferRefusal("there is no table \(destinationTable(endpoint)?.quoted ?? "")") }
        if let first = tables[table.identity] {
            throw TransferRefusal(
                first == request.source.label && source.table?.identity == table.identity
                    ? "this is the source itself: a table is not copied onto itself"
                    : "this is the same table as \(first)",
                isUsageError: true)
        }
        tables[table.identity] = endpoint.label
        let columns = try ColumnPlan.destination(table, from: source.columns, wanted: request.columns)
        try Catalog.secureSearchPath(session, within: request.timeout)
        if request.truncate {
            // ONLY, as COPY itself: the children of an ordinary table are tables of their own.
            let only = table.kind == "r" ? "ONLY " : ""
            try session.run("TRUNCATE TABLE \(only)\(table.name.quoted)", within: request.timeout)
        }
        var options = copyOptions
        if options.encoding?.uppercased() == "SQL_ASCII" {
            // Bytes of no encoding are the destination's own: told so, its server checks them, else it takes any.
            options.encoding = session.connection.parameterStatus("server_encoding")
        }
        let sql = CopyStatement.in(table, columns: columns, options: options)
        return ServerDestination(session, copy: sql, timeout: request.timeout)
    }

    /// The request's options with the encoding the data is to have.
    private var copyOptions: CopyOptions {
        var options = request.options
        guard options.encoding == nil, options.format != .binary else { return options }
        // Bytes of no known encoding are passed on as they are.
        if sourceSession?.connection.parameterStatus("server_encoding") == "SQL_ASCII" {
            options.encoding = "SQL_ASCII"
        }
        return options
    }
}
