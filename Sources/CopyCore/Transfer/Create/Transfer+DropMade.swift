// Tables that were made and committed, and have got no rows after all.

extension Transfer {
    /// Drops what destinations have made and not loaded. What cannot be dropped stays and is told.
    func dropMade() {
        for side in destinations {
            guard let made = side.made, made.isCommitted, side.status == .rolledBack || side.isUnfinished
            else { continue }
            var left = made.tables
            do {
                try dropMade(made, at: side, &left)
            } catch {
                if side.left.isEmpty { side.left = made.present.map(\.identity) }
                // Their rows have stayed.
                if side.isUnfinished { noteEnds(of: side, left: left) }
                sink?.receive(
                    .warning(
                        "what was made before could not be dropped: \(PgcopyError.of(error, at: side.label))",
                        at: side.label))
            }
        }
    }

    /// How long whoever looks at the tables is waited for.
    private static let dropPatience = Duration.seconds(10)
    /// How long a server may be silent: a large table is looked through, and a link may be dead.
    private static let dropTimeout = Duration.seconds(60)

    /// - Parameter remaining: the tables that are there yet, by their OIDs.
    private func dropMade(_ made: Made, at side: Side, _ remaining: inout Set<String>) throws {
        guard let server = side.server else { throw PgcopyError(.unreachable, "not connected") }
        // A signal has come already, perhaps.
        let poller = UninterruptiblePoller(poller)
        let connections = try LinkConnector(poller: poller).connect([
            server.parameters(waitingUpTo: connectTimeout ?? 10)
        ])
        guard let connection = connections.first, connection.isUsable else {
            throw connections.first.map(server.failure) ?? PgcopyError(.unreachable, "not connected")
        }
        let session = try Session(connection, label: side.label, poller: poller)
        session.onStatement = { [sink] session, sql in sink?.receive(.statement(sql, at: session.label)) }
        let timeout = request.timeout ?? Self.dropTimeout
        defer { session.close() }
        let settings =
            session.beginning("BEGIN READ WRITE")
            + [SessionSettings.lockTimeout(Self.dropPatience), "SET LOCAL search_path = ''"]
        try session.run(settings.joined(separator: ";\n"), timeout: timeout)
        // By number: what bears such a name by now may be somebody else's, and what is ours another name.
        func there() throws -> [SchemaDump.Object: DefinedObject] {
            let result = try session.answer(
                to: Catalog.definedQuestion(made.present.map(\.object)), timeout: timeout)
            return Dictionary(Catalog.defined(result).map { ($0.object, $0) }) { first, _ in first }
        }
        let numbers = Dictionary(made.present.map { ($0.key, $0.object) }) { first, _ in first }
        let present = try there()
        let objects = made.making.objects.compactMap { numbers[$0.key] }.compactMap { present[$0] }
        guard !objects.isEmpty else { return }
        let tables = objects.filter(\.isTable)
        // LOCK TABLE takes no foreign tables.
        let own = tables.filter { $0.type == "table" }
        if !own.isEmpty {
            try session.run(
                "LOCK TABLE \(own.map { "ONLY \($0.identity)" }.joined(separator: ", ")) IN ACCESS EXCLUSIVE MODE",
                timeout: timeout)
        }
        let others = try session.answer(
            to: Catalog.othersOfQuestion(tables.map { "\($0.object.oid)" }, sequences: made.owned), timeout: timeout)
        guard others.rowCount == 0 else {
            let names = (0..<others.rowCount).compactMap { others.name($0, 0) }
            throw PgcopyError(.refused, "others have made \(names.joined(separator: ", ")) part of it")
        }
        let loaders = side.transactions.map { quoteLiteral($0) }.joined(separator: ", ")
        let foreign = loaders.isEmpty ? "" : " WHERE xmin::text NOT IN (\(loaders))"
        for table in own {
            let result = try session.query(
                "SELECT EXISTS (SELECT FROM ONLY \(table.identity)\(foreign))", timeout: timeout)
            guard result.value(0, 0) == "f" else {
                throw PgcopyError(.refused, "\(table.identity) holds rows that others have written")
            }
        }
        try session.run(Self.dropping(objects), timeout: timeout)
        let left = try there()
        try session.commitOrDoubt(timeout: timeout)
        side.left = objects.filter { left[$0.object] != nil }.map(\.identity)
        remaining = Set(left.keys.filter { $0.catalog == DefinedObject.relations }.map { "\($0.oid)" })
        guard left.isEmpty else {
            throw PgcopyError(.refused, "others refer to \(side.left.joined(separator: ", "))")
        }
        sink?.receive(
            .warning(
                "what was made before was dropped: \(tables.map(\.identity).joined(separator: ", "))", at: side.label))
    }

    /// Drops objects, the last that was made first, as long as anything can be dropped: of what refers to each other the order is
    /// not known. RESTRICT, the default: what others have made of them keeps them.
    static func dropping(_ objects: [DefinedObject]) -> String {
        let tables = objects.filter(\.isTable).map(\.identity)
        var statements = objects.reversed().map { "DROP \(kind($0.type)) \($0.droppedAs)" }
        // Tables may refer to each other.
        if tables.count > 1 { statements.insert("DROP TABLE \(tables.joined(separator: ", "))", at: 0) }
        let list = "ARRAY[\(statements.map(quoteLiteral).joined(separator: ", "))]::text[]"
        return """
            DO \(quoteLiteral("""
            DECLARE open text[] := \(list); failed text[]; statement text;
            BEGIN
              LOOP
                failed := '{}';
                FOREACH statement IN ARRAY open LOOP
                  BEGIN EXECUTE statement;
                  EXCEPTION WHEN undefined_object OR undefined_table OR undefined_function OR invalid_schema_name THEN NULL;
                  WHEN OTHERS THEN failed := failed || statement;
                  END;
                END LOOP;
                EXIT WHEN failed = open;
                open := failed;
              END LOOP;
            END
            """))
            """
    }

    /// The word that DROP has for what pg_identify_object calls so.
    private static func kind(_ type: String) -> String {
        type == "foreign-data wrapper" ? "FOREIGN DATA WRAPPER" : type.uppercased()
    }
}

extension DefinedObject {
    /// An aggregate of no arguments is one of all rows.
    fileprivate var droppedAs: String {
        type == "aggregate" && identity.hasSuffix("()") ? identity.dropLast(2) + "(*)" : identity
    }
}
