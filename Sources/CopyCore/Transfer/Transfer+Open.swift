// Producers and receivers, made of what was planned: files are opened here.

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

    /// As with everything else that keeps a transfer waiting.
    func patience(_ label: String, _ what: String) -> OpenFile.Patience {
        OpenFile.Patience(seconds: request.timeout) { [sink] in sink?.receive(.waiting(for: what, at: label)) }
    }

    private func openDestination(_ entry: Entry) throws -> any Destination {
        let label = entry.label
        switch entry.endpoint.kind {
        case .null: return StreamDestination(null: label)
        case .standardStream: return StreamDestination(descriptor: 1, label: label)
        case .file(let path):
            return try OpenFile.isReplaceable(path)
                ? FileDestination(path, label: label)
                : StreamDestination(
                    OpenFile.writing(path, poller, patience(label, "the pipe's reader")), label: label)
        case .server:
            guard let session = entry.session, let plan = entry.plan else { throw ConnectFailure("not connected") }
            return ServerDestination(
                StatementReceiver(
                    session, CopyStatement.in(plan.table, columns: plan.columns, options: options(at: session)),
                    transport: request.transport),
                plan.table, timeout: request.timeout)
        }
    }
}
