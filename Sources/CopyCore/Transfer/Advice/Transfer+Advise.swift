// A run that failed asks what helps: of the servers that refused something, once.

extension Transfer {
    /// What is asked of a side because of its error.
    private struct Inquest {
        let side: Side
        let error: PgcopyError
        let part: PipelinePart
        var namesakes: PipelineResult?
        var rights: PipelineResult?
        /// Columns of its tables, and those of the source's, where values did not fit.
        var columns: PipelineResult?
        /// A row of its table, where a key was there already.
        var row: PipelineResult?
    }

    /// Adds to each error what may have been meant, and what to do.
    func advise(about failure: any Error) {
        attribute(failure)
        forgetConsequences()
        var inquests: [Inquest] = []
        for side in [source] + destinations where side.status == .rolledBack {
            // What a destination was dropped for has been told.
            guard let error = side.error as? PgcopyError, side.isSource || !request.keepGoing else { continue }
            side.error = adviseAtOnce(error, side)
            if let inquest = inquest(about: error, side) { inquests.append(inquest) }
        }
        var reading: (names: [SQLName], result: PipelineResult, part: PipelinePart)?
        if inquests.contains(where: { $0.columns != nil }), source.error == nil, let part = openPart(source) {
            let names = tables(of: source)
            if !names.isEmpty { reading = (names, part.ask(Catalog.driftQuestion(names, empties: nil)), part) }
        }
        guard !inquests.isEmpty else { return }
        // The others are not to keep their locks while these are asked.
        if copying != nil {
            for side in destinations where side.status == .rolledBack && !inquests.contains(where: { $0.side === side })
            {
                leave(side)
            }
        }
        let asked = inquests.map { ($0.side.label, $0.part) } + (reading.map { [(source.label, $0.part)] } ?? [])
        try? ask(asked)
        for inquest in inquests {
            inquest.side.error = answered(inquest, source: reading.map { ($0.names, $0.result) })
        }
    }

    /// Whose failure it is, where nobody has said so yet.
    private func attribute(_ failure: any Error) {
        if let fault = (failure as? CopyFail)?.producerFault, source.error == nil { source.error = fault }
        guard let failure = failure as? PgcopyError, let label = failure.endpoint else { return }
        // A failure of the source's own was noted where it was met.
        let sides = (destinations + [source]).filter { $0.label == label }
        guard !sides.contains(where: { $0.error != nil }), let side = sides.first, side.status == .rolledBack else {
            return
        }
        side.error = failure
    }

    /// A destination that goes by the source's names lacks what the source lacks: that is one mistake.
    private func forgetConsequences() {
        guard let error = source.error as? PgcopyError, case .tables(let names) = error.lack, !request.keepGoing else {
            return
        }
        for side in destinations {
            guard let other = side.error as? PgcopyError, case .tables(let own) = other.lack, request.into == nil,
                request.intoSchema == nil, case .server(_, nil) = side.endpoint.kind, own == names
            else { continue }
            side.error = nil
            side.lacksTables = true
        }
    }

    /// What helps without asking.
    func adviseAtOnce(_ error: any Error, _ side: Side) -> any Error {
        guard let error = error as? PgcopyError, let server = error.server, server.hint == nil, error.hint == nil else {
            return error
        }
        var now = ServerAdvice.Circumstances()
        now.isSource = side.isSource
        now.readsTable = source.endpoint.isServer && request.query == nil
        now.readsStream = request.readsStream
        now.format = request.format
        now.upserts = request.upserts != nil
        now.empties = request.empties != nil
        now.condition = request.condition
        now.query = request.query
        if case .server(_, let table?) = source.endpoint.kind, table.parts.count == 2 { now.schema = table.parts[0] }
        now.encoding = side.session?.connection.parameterStatus("server_encoding")
        now.tables = opened?.plan.tables.compactMap { $0.source?.name.parts.last } ?? []
        if let plan = opened?.plan, plan.tables.count == 1 { now.columns = plan.tables[0].columnsThatCome }
        return error.advised(hint: ServerAdvice.hint(server, now))
    }

    /// A part that asks in a transaction of its own; nil: it cannot be asked.
    private func openPart(_ side: Side) -> PipelinePart? {
        guard let session = side.session, session.connection.isUsable, session.transactionStatus != .active,
            !(side.made?.isCommitted ?? false)
        else { return nil }
        let part = PipelinePart(session, timeout: .seconds(2), isVital: false)
        if session.connection.transactionStatus != .idle { part.ask(.statement("ROLLBACK")) }
        part.ask(.statement("BEGIN READ ONLY"))
        for setting in SessionSettings.first(session.connection) { part.ask(.statement(setting)) }
        return part
    }

    private func inquest(about error: PgcopyError, _ side: Side) -> Inquest? {
        let names = tables(of: side).filter { $0.parts.count <= 2 }
        let wantsNamesakes: [String]? =
            switch error.lack {
            case .tables(let names): names.compactMap(\.parts.last)
            case .patterns(let lines):
                lines.compactMap { if case .table(let name) = $0.1 { name.parts.last } else { nil } }
            case .rights, nil: nil
            }
        let state = error.server?.sqlState ?? ""
        var wantsRights = error.server.map(ServerAdvice.deniesTable) ?? false || state == "0A000" && !side.isSource
        if case .rights = error.lack { wantsRights = true }
        let wantsColumns =
            !side.isSource && (state.hasPrefix("22") || state == "42804")
            && error.server.flatMap(ServerAdvice.column) != nil
        // What has another context lies deeper: in a trigger.
        let isOfRows = error.server?.context?.hasPrefix("COPY ") ?? false
        let wantsRow = !side.isSource && state == "23505" && isOfRows && names.count == 1
        guard wantsNamesakes != nil || !names.isEmpty && (wantsRights || wantsColumns || wantsRow),
            let part = openPart(side)
        else { return nil }
        var inquest = Inquest(side: side, error: side.error as? PgcopyError ?? error, part: part)
        if let wantsNamesakes {
            inquest.namesakes = part.ask(Catalog.namesakesQuestion(wantsNamesakes))
        } else if wantsRights {
            inquest.rights = part.ask(Catalog.rightsQuestion(names))
        } else if wantsRow {
            // Where policies hide rows nobody knows.
            let table = names[0].quoted
            inquest.row = part.ask(
                .statement(
                    """
                    SELECT FROM \(table) UNION ALL SELECT \
                    WHERE pg_catalog.row_security_active(\(quoteLiteral(table))::pg_catalog.regclass) LIMIT 1
                    """))
        } else {
            inquest.columns = part.ask(Catalog.driftQuestion(names, empties: nil))
        }
        return inquest
    }

    private func answered(_ inquest: Inquest, source reading: (names: [SQLName], result: PipelineResult)?)
        -> PgcopyError
    {
        let (side, error) = (inquest.side, inquest.error)
        if let result = try? inquest.namesakes?.get() {
            let isMarked = if case .server(_, _?) = side.endpoint.kind { true } else { false }
            return named(error, side, Catalog.namesakes(result, mark: isMarked ? "#" : ""))
        }
        if let result = try? inquest.rights?.get() {
            return error.advised(hint: Catalog.rights(result).hint(error, isSource: side.isSource))
        }
        if let result = try? inquest.row?.get(), result.rowCount == 0 {
            return error.advised(hint: "the table is empty: this key comes twice")
        }
        if let result = try? inquest.columns?.get(), let column = error.server.flatMap(ServerAdvice.column) {
            let own = Catalog.driftShapes(result, count: tables(of: side).count)
            let there = reading.flatMap { names, result in
                (try? result.get()).map { Catalog.driftShapes($0, count: names.count) }
            }
            return error.advised(hint: types(column, own, there) ?? error.hint)
        }
        return error
    }

    /// Which types differ, where a value did not fit.
    private func types(_ column: String, _ own: [Drift.Shape?], _ source: [Drift.Shape?]?) -> String? {
        func type(_ shapes: [Drift.Shape?]) -> String? {
            let types = Set(shapes.compactMap { $0?.columns.first { isSameName($0.name, column) }?.type })
            // Of several tables nobody can say which it is about.
            return types.count == 1 ? types.first : nil
        }
        guard let here = type(own) else { return nil }
        guard let source else { return nil }
        guard let there = type(source), there != here else { return nil }
        return "column \(SQLName([column]).plain) is \(there) at the source and \(here) here"
    }

    /// A destination that was looked at, and has a table of the name that the source lacks.
    private func hasSameTable(_ side: Side, _ name: SQLName) -> Bool {
        side.error == nil && !side.lacksTables && side.session?.connection.isUsable ?? false
            && tables(of: side) == [name]
    }

    /// Whether `--create` could be given beside what was.
    private func canMakeTables(at side: Side) -> Bool {
        guard !side.isSource, source.error == nil, source.endpoint.isServer, case .server(_, nil) = side.endpoint.kind
        else { return false }
        let areOthers = request.query != nil || request.into != nil || request.intoSchema != nil
        return !request.creates && !areOthers && request.upserts == nil && request.part == nil
    }

    /// The names that may have been meant.
    private func named(_ error: PgcopyError, _ side: Side, _ advice: NameAdvice) -> PgcopyError {
        switch error.lack {
        case .tables(let names):
            let meant = names.map { name in (name, advice.meant(by: name)) }.filter { $0.1 != nil }
            if names.count == 1, let text = meant.first?.1 { return error.advised("\(error.message); \(text)") }
            if !meant.isEmpty, meant.count <= 3 {
                return error.advised(
                    error.message + meant.map { "\n\($0.quoted): \($1 ?? "")" }.joined())
            }
            if ServerLink(server: side.endpoint)?.leavesDatabaseOpen ?? false,
                let name = side.session?.connection.database
            {
                return error.advised(
                    "\(error.message); the connection names no database, so this is \(SQLName([name]).plain)")
            }
            if side.isSource, names.count == 1, let other = destinations.first(where: { hasSameTable($0, names[0]) }) {
                return error.advised("\(error.message), and \(other.label) has one: are they exchanged?")
            }
            guard canMakeTables(at: side) else { return error }
            return error.advised("\(error.message); --create makes \(names.count == 1 ? "it" : "them")")
        case .patterns(let lines):
            var texts = error.message.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
            for (line, what) in lines where texts.indices.contains(line) {
                let meant: String? =
                    switch what {
                    case .table(let name): advice.meant(by: name)
                    case .beginning(let text): advice.meant(byPattern: text)
                    case .schema(let name): advice.meant(bySchema: name)
                    }
                if let meant { texts[line] += "; " + meant }
            }
            return error.advised(texts.joined(separator: "\n"))
        case .rights, nil: return error
        }
    }
}
