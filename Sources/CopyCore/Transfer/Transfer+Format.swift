// The format and the options both sides are given.

extension Transfer {
    /// The request's options, completed by what the servers say.
    func chooseOptions(_ source: Source) throws -> CopyOptions {
        var options = request.options
        let sides = try self.sides(source)
        options.format = try chooseFormat(source, sides)
        // A stream's own header line is not among its rows.
        if readsStream { options.header = false }
        guard let session = source.session, options.format != .binary else { return options }
        options.encoding = options.encoding ?? commonEncoding(session)
        options.selection = sides.flatMap {
            FormatPlan.selection($0.source, $0.destinations, encoding: options.encoding ?? "UTF8")
        }
        return options
    }

    /// Whether tables are asked for their columns' types: between servers always, for composites.
    var needsTypes: Bool { typesDecide || request.source.isServer && hasServerDestination }

    private var hasServerDestination: Bool { entries.contains { $0.isActive && $0.endpoint.isServer } }

    /// Whether the types of all columns must be known: they decide the format, or some values would be misread in text.
    private var typesDecide: Bool {
        guard formatWithoutTypes != nil else { return true }
        guard request.format != .binary, let source = sourceSession.map(peer) else { return false }
        let destinations = entries.filter(\.isActive).compactMap(\.session).map(peer)
        let encoding = request.options.encoding ?? sourceSession.flatMap(commonEncoding) ?? "UTF8"
        return TypeHistory.Misreading.allCases.contains { misreading in
            destinations.contains { misreading.isPossible(from: source, to: $0, in: encoding) }
        }
    }

    private func peer(_ session: Session) -> TypeHistory.Peer {
        TypeHistory.Peer(
            serverVersion: session.connection.serverVersion,
            encoding: session.connection.parameterStatus("server_encoding"))
    }

    /// The format where no column's type matters, and why where it was left to us.
    var formatWithoutTypes: (format: CopyFormat, reason: String?)? {
        guard request.source.isServer else { return (request.format ?? .text, nil) }
        if let format = request.format {
            return format == .binary && entries.contains { $0.endpoint.isServer } ? nil : (format, nil)
        }
        if let stream = entries.first(where: { !$0.endpoint.isServer && $0.endpoint.kind != .null }) {
            return (.text, "\(stream.label) is a stream")
        }
        if request.options.isTextual { return (.text, "an option of the text format is given") }
        if sourceSession?.connection.parameterStatus("server_encoding") == "SQL_ASCII" {
            return (.text, "the source does not know its encoding")
        }
        return nil
    }

    /// The options as a destination is given them. Bytes of no known encoding are checked there against its own:
    /// a server that is told SQL_ASCII takes anything (seen with 15).
    func options(at session: Session) -> CopyOptions {
        var options = options
        if let encoding = options.encoding, Encoding.areSame(encoding, "SQL_ASCII") {
            options.encoding = session.connection.parameterStatus("server_encoding")
        }
        return options
    }

    /// A server that knows its encoding would give its bytes as those of none, and another take them for its own.
    func refuseEncodingOfNone() throws {
        guard let encoding = request.options.encoding, Encoding.areSame(encoding, "SQL_ASCII"), hasServerDestination,
            let own = sourceSession?.connection.parameterStatus("server_encoding"), own != "SQL_ASCII"
        else { return }
        throw TransferRefusal(
            "--encoding=\(encoding) between servers says that the source's bytes are in no known encoding; "
                + "\(request.source.label) is in \(own)", isUsageError: true)
    }

    /// The columns of all servers.
    private typealias Sides = (source: FormatPlan.Side, destinations: [FormatPlan.Side])

    /// Says why, and refuses binary where types differ.
    private func chooseFormat(_ source: Source, _ sides: Sides?) throws -> CopyFormat {
        if let (format, reason) = formatWithoutTypes {
            if let reason { decided(format, reason) }
            return format
        }
        guard let sides else { return .text }
        if request.format == .binary {
            try FormatPlan.checkBinary(sides.source, sides.destinations)
            return .binary
        }
        let choice = FormatPlan.automatic(
            sides.source, sides.destinations, encoding: source.session.flatMap(commonEncoding))
        decided(choice.format, choice.reason)
        return choice.format
    }

    private func decided(_ format: CopyFormat, _ reason: String) {
        sink?.receive(.decision("format \(format.rawValue): \(reason)"))
    }

    /// Nil where no type matters. Columns that only differ in the order of their attributes are refused here.
    private func sides(_ source: Source) throws -> Sides? {
        let columns = source.columns ?? []
        guard needsTypes, typesDecide || columns.contains(where: { TypeGraph.isWorthAsking($0.type) }) else {
            return nil
        }
        let types = try sourcePreparation?.types() ?? sourceTypes(columns.map(\.type))
        let own = FormatPlan.Side(
            label: request.source.label, columns: columns, types: types,
            peer: sourceSession.map(peer) ?? TypeHistory.Peer(serverVersion: 0))
        var destinations: [FormatPlan.Side] = []
        for entry in entries where entry.isActive {
            guard let plan = entry.plan, let session = entry.session, let types = try entry.preparation?.types() else {
                continue
            }
            let side = FormatPlan.Side(
                label: entry.label, columns: plan.table.types(of: columns.map(\.name)), types: types,
                peer: peer(session))
            try preparing(entry) {
                try FormatPlan.checkAttributes(own, side)
                destinations.append(side)
            }
        }
        return (own, destinations)
    }

    /// What the tables' types are made of that not every server has: one round trip, side by side. A condition's columns
    /// may be written as names, which depend on the search_path.
    func askTypes() throws {
        guard needsTypes || request.condition != nil else { return }
        let preparations = [sourcePreparation] + entries.filter(\.isActive).map(\.preparation)
        try PipelineRound.run(preparations.compactMap { $0?.askTypes(within: request.timeout) })
    }

    /// The types of a query's columns.
    func sourceTypes(_ types: [UInt32]) throws -> TypeGraph {
        let unknown = TypeGraph.unknown(types)
        guard let session = sourceSession, !unknown.isEmpty else { return .builtIn }
        let asked = Catalog.types(
            try session.answer(
                to: Catalog.typesQuestion(unknown, serverVersion: session.connection.serverVersion),
                within: request.timeout))
        return TypeGraph.builtIn.merging(asked)
    }

    /// The encoding the data is sent in; nil: the sessions' own, UTF8. Bytes of no known encoding are passed
    /// on as they are, and what all sides hold alike is not converted to and fro.
    private func commonEncoding(_ session: Session) -> String? {
        let own = session.connection.parameterStatus("server_encoding")
        if own == "SQL_ASCII" { return own }
        let others = entries.filter { $0.isActive && $0.endpoint.kind != .null }
            .map { $0.session?.connection.parameterStatus("server_encoding") }
        return others.allSatisfy { $0 == own } && own != "UTF8" ? own : nil
    }
}
