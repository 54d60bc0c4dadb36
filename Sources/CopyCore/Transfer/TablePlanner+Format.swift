// The format and the options both sides are given.

extension TablePlanner {
    /// The columns of all servers.
    typealias Sides = (source: FormatPlan.Side, destinations: [FormatPlan.Side])

    /// Whether types are compared: between servers always, for composites.
    private var needsTypes: Bool { typesDecide || source != nil && !servers.isEmpty }

    private var servers: [Answers] { destinations.compactMap(\.answers) }

    /// Whether the types of all columns must be known: they decide the format, or some values would be misread in text.
    private var typesDecide: Bool {
        guard formatWithoutTypes != nil else { return true }
        guard request.format != .binary, let source else { return false }
        let encoding = request.options.encoding ?? commonEncoding(destinations) ?? "UTF8"
        return TypeHistory.Misreading.allCases.contains { misreading in
            servers.contains { misreading.isPossible(from: source.peer, to: $0.peer, in: encoding) }
        }
    }

    /// The format where no column's type matters, and why where it was left to us.
    private var formatWithoutTypes: (format: CopyFormat, reason: String?)? {
        guard let source else { return (request.format ?? .text, nil) }
        if let format = request.format {
            return format == .binary && request.destinations.contains(where: \.isServer) ? nil : (format, nil)
        }
        if let stream = request.destinations.first(where: { !$0.isServer && $0.kind != .null }) {
            return (.text, "\(stream.label) is a stream")
        }
        if request.leavesOut != nil { return (.text, "rows can be left out of text, not of binary") }
        if request.options.isTextual { return (.text, "an option of the text format is given") }
        if source.peer.encoding == "SQL_ASCII" { return (.text, "the source does not know its encoding") }
        return nil
    }

    /// The encoding the data is sent in; nil: the sessions' own, UTF8. Bytes of no known encoding are passed
    /// on as they are, and what all sides hold alike is not converted to and fro.
    private func commonEncoding(_ destinations: [(place: Int, answers: Answers?)]) -> String? {
        guard let own = source?.peer.encoding else { return nil }
        if own == "SQL_ASCII" { return own }
        let others = destinations.filter { request.destinations[$0.place].kind != .null }.map(\.answers?.peer.encoding)
        return others.allSatisfy { $0 == own } && own != "UTF8" ? own : nil
    }

    /// Nil where no type matters. Columns that only differ in the order of their attributes are refused here.
    func sides(_ reading: Reading, _ accepted: [Accepted], _ refusals: inout Refusals) -> Sides? {
        let columns = reading.columns ?? []
        guard let source, needsTypes,
            typesDecide || columns.contains(where: { TypeGraph.isWorthAsking($0.type) })
        else { return nil }
        let own = FormatPlan.Side(
            label: request.source.label, columns: columns, types: source.types, peer: source.peer)
        var others: [FormatPlan.Side] = []
        for destination in accepted {
            guard let (answers, table, _) = destination.loaded else { continue }
            let side = FormatPlan.Side(
                label: request.destinations[destination.place].label, columns: table.types(of: columns.map(\.name)),
                types: answers.types, peer: answers.peer)
            do {
                try FormatPlan.checkAttributes(own, side)
                others.append(side)
            } catch {
                refusals.destinations.append((destination.place, error))
            }
        }
        return (own, others)
    }

    /// The request's options, completed by what the servers say.
    func chooseOptions(
        _ sides: Sides?, _ accepted: [Accepted], _ decisions: inout [String]
    ) throws(PgcopyError) -> CopyOptions {
        var options = request.options
        let encoding = commonEncoding(accepted.map { ($0.place, $0.loaded?.answers) })
        options.format = try chooseFormat(sides, encoding, &decisions)
        // A stream's own header line is not among its rows.
        if request.readsStream { options.header = false }
        guard source != nil, options.format != .binary else { return options }
        options.encoding = options.encoding ?? encoding
        options.selection = sides.flatMap {
            FormatPlan.selection($0.source, $0.destinations, encoding: options.encoding ?? "UTF8")
        }
        return options
    }

    /// Refuses binary where types differ.
    private func chooseFormat(
        _ sides: Sides?, _ encoding: String?, _ decisions: inout [String]
    ) throws(PgcopyError) -> CopyFormat {
        if let (format, reason) = formatWithoutTypes {
            if let reason { decisions.append("format \(format.rawValue): \(reason)") }
            return format
        }
        guard let sides else { return .text }
        if request.format == .binary {
            try FormatPlan.checkBinary(sides.source, sides.destinations)
            return .binary
        }
        let choice = FormatPlan.automatic(sides.source, sides.destinations, encoding: encoding)
        decisions.append("format \(choice.format.rawValue): \(choice.reason)")
        return choice.format
    }
}
