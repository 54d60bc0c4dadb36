// The format and the options both sides are given.

extension Transfer {
    /// The request's options, completed by what the servers say.
    func chooseOptions(_ source: Source) throws -> CopyOptions {
        var options = request.options
        if let session = source.session, try !chooseBinary(session, source) {
            options.format = request.format ?? .text
            if options.encoding == nil { options.encoding = commonEncoding(session) }
        } else {
            options.format = request.format ?? (source.session == nil ? .text : .binary)
        }
        return options
    }

    /// The options as a destination is given them. Bytes of no known encoding are checked there against its own:
    /// a server that is told SQL_ASCII takes anything (seen with 15).
    func options(at session: Session) -> CopyOptions {
        var options = options
        if options.encoding?.uppercased() == "SQL_ASCII" {
            options.encoding = session.connection.parameterStatus("server_encoding")
        }
        return options
    }

    /// Whether binary is spoken; says why, and refuses it where types differ.
    private func chooseBinary(_ session: Session, _ source: Source) throws -> Bool {
        guard request.format == .binary || request.format == nil else { return false }
        if let stream = entries.first(where: { !$0.endpoint.isServer && $0.endpoint.kind != .null }) {
            if request.format == .binary { return true }
            return chosen(.text, "\(stream.label) is a stream")
        }
        if request.format == nil {
            if request.options.isTextual { return chosen(.text, "an option of the text format is given") }
            if session.connection.parameterStatus("server_encoding") == "SQL_ASCII" {
                return chosen(.text, "the source does not know its encoding")
            }
        }
        let sides = try self.sides(session, source)
        if request.format == .binary {
            try FormatPlan.checkBinary(sides.source, sides.destinations)
            return true
        }
        let choice = FormatPlan.automatic(sides.source, sides.destinations)
        return chosen(choice.format, choice.reason)
    }

    private func chosen(_ format: CopyFormat, _ reason: String) -> Bool {
        observer?.decided("format \(format.rawValue): \(reason)")
        return format == .binary
    }

    private func sides(
        _ session: Session, _ source: Source
    ) throws -> (source: FormatPlan.Side, destinations: [FormatPlan.Side]) {
        let columns = source.columns ?? []
        func side(_ label: String, _ session: Session, _ columns: [(name: String, type: UInt32)]) throws
            -> FormatPlan.Side
        {
            let types = try Catalog.types(columns.map(\.type), session, within: request.timeout)
            return FormatPlan.Side(label: label, columns: columns, types: types)
        }
        var destinations: [FormatPlan.Side] = []
        for entry in entries where entry.isActive {
            guard let plan = entry.plan, let session = entry.session else { continue }
            try preparing(entry) {
                destinations.append(try side(entry.label, session, plan.table.types(of: columns.map(\.name))))
            }
        }
        return (try side(request.source.label, session, columns), destinations)
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
