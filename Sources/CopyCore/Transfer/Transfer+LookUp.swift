// Names before locks: which servers these are, and what the names stand for.

/// A server that takes part: which it is, and which tables the names stand for.
struct LocatedServer {
    let side: Side
    let session: Session
    let server: Lookup.Server
    /// Its tables, in the order of the source's; none: rows are a query's.
    var found: [Lookup.Found]
}

extension Transfer {
    /// One round trip to every server, side by side: which server it is, and what the names stand for. What is missing is
    /// told of all of them.
    func lookUp() throws -> [LocatedServer] {
        var lookups: [(side: Side, session: Session, lookup: Lookup)] = []
        for side in [source] + active {
            guard let session = side.session else { continue }
            let tables = tables(of: side)
            guard side.isSource || !tables.isEmpty else { continue }
            let part = PipelinePart(session, timeout: request.timeout, isVital: false)
            lookups.append(
                (
                    side, session,
                    Lookup(
                        part, tables: tables, empties: side.isSource ? nil : request.empties,
                        computed: side.isSource ? request.computed : [])
                ))
        }
        try ask(lookups.map { ($0.side.label, $0.lookup.part) })
        var located: [LocatedServer] = []
        func locate(_ side: Side) throws {
            guard let (_, session, lookup) = lookups.first(where: { $0.side === side }) else { return }
            let found = try lookup.tables()
            try refuseWithoutRights(found, side)
            let server = try lookup.server()
            if !side.isSource { try refuseGuarded(server) }
            located.append(LocatedServer(side: side, session: session, server: server, found: found))
        }
        do {
            try locate(source)
        } catch {
            source.error = error
        }
        try attributingEach(locate)
        try refuseTheSameTable(located)
        return located.filter(\.side.isActive)
    }

    /// What the role may not do is told of all tables at once.
    private func refuseWithoutRights(_ tables: [Lookup.Found], _ side: Side) throws {
        var lines: [String] = []
        var rights: [(right: String, tables: [SQLName])] = []
        func need(_ verb: String, _ right: String, _ has: (Lookup.Found) -> Bool) {
            let names = tables.filter { !has($0) }.map(\.name)
            guard !names.isEmpty else { return }
            let list = names.map(\.quoted).joined(separator: ", ")
            lines.append("this role may not \(verb) \(list); it needs \(right)")
            rights.append((right, names))
        }
        if side.isSource {
            need("read", "SELECT", \.mayRead)
        } else {
            need("load", "INSERT", \.mayLoad)
            if let empties = request.empties { need("empty", empties.right, \.mayEmpty) }
        }
        guard lines.isEmpty else {
            throw PgcopyError(.refused, lines.joined(separator: "\n"), detail: Lack.rights(rights))
        }
    }

    /// Somebody had reasons for a server to be left as it is.
    func refuseGuarded(_ server: Lookup.Server) throws {
        if server.cluster.isInRecovery {
            throw PgcopyError(
                .readOnly, "this server is a standby, and takes no rows; name its primary",
                hint: "where a connection names several hosts, target_session_attrs=primary finds it")
        }
        if server.isReadOnly, !request.overridesReadOnly {
            throw PgcopyError(
                .readOnly,
                "default_transaction_read_only is on here: somebody wants this database left as it is; "
                    + "--override-read-only loads it all the same")
        }
    }
}
