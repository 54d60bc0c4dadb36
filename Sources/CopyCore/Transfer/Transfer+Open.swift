// Producers and receivers, made of what was planned: files are opened here, tables emptied.

extension Transfer {
    /// Makes everything ready to be copied.
    func open() throws {
        guard let source else { return }
        failingLabel = request.source.label
        let producer = try openSource(source)
        self.source?.producer = producer
        failingLabel = nil
        for entry in entries where entry.isActive {
            try preparing(entry) { entry.destination = try openDestination(entry) }
        }
        passHeaderOn()
        if request.truncate { try emptyTables(source) }
    }

    private func openSource(_ source: Source) throws -> any Producer {
        let label = request.source.label
        let layout = options.layout
        switch request.source.kind {
        case .null: return NullProducer(label: label)
        case .standardStream, .file: return try openStream()
        case .server:
            guard let session = source.session, let sql = source.copySQL?(options) else {
                throw ConnectFailure("not connected")
            }
            return StatementProducer(session, sql, layout: layout, transport: request.transport)
        }
    }

    private func openDestination(_ entry: Entry) throws -> any Destination {
        let label = entry.label
        switch entry.endpoint.kind {
        case .null: return StreamDestination(null: label)
        case .standardStream: return StreamDestination(descriptor: 1, label: label)
        case .file(let path):
            return try OpenFile.isReplaceable(path)
                ? FileDestination(path, label: label)
                : StreamDestination(OpenFile.writing(path, poller), label: label)
        case .server:
            guard let session = entry.session, let plan = entry.plan else { throw ConnectFailure("not connected") }
            return ServerDestination(
                StatementReceiver(
                    session, CopyStatement.in(plan.table, columns: plan.columns, options: options(at: session)),
                    transport: request.transport),
                timeout: request.timeout)
        }
    }

    /// Empties the tables of all destinations, side by side.
    private func emptyTables(_ source: Source) throws {
        var asked: [(entry: Entry, part: PipelinePart, usual: (() throws -> Bool)?)] = []
        defer { for (_, part, usual) in asked { part.session.isServerWorking = usual } }
        for entry in entries where entry.isActive {
            guard let session = entry.session, let table = entry.plan?.table else { continue }
            let usual = session.isServerWorking
            let reader = source.clusterStart == table.identity.clusterStart ? source.session : nil
            let part = PipelinePart(
                session, within: reader == nil ? request.timeout : 1, isVital: !request.keepGoing)
            // ONLY, as COPY itself: the children of an ordinary table are tables of their own.
            let only = table.kind == "r" ? "ONLY " : ""
            part.ask(.statement("TRUNCATE TABLE \(only)\(table.name.quoted)"))
            asked.append((entry, part, usual))
            guard let reader else { continue }
            // On one cluster the source may read the very table, by a query or a view: its lock would never go away.
            session.isServerWorking = { [pid = entry.preparation?.backendPID ?? session.connection.backendPID] in
                guard try Catalog.blocks(reader, pid) else { return true }
                throw TransferRefusal("the source reads this table; it cannot be emptied before that is done")
            }
        }
        try PipelineRound.run(asked.map(\.part))
        for (entry, part, _) in asked { try preparing(entry, part.check) }
    }
}
