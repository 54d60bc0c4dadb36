// Tables that are missing at destinations, made there by the source's definitions.

/// What a destination has made.
struct Made {
    let making: Making
    /// In a transaction of its own, before the rows.
    var isCommitted = false
    /// Its numbers there, once it is committed.
    var present: [DefinedObject] = []
    /// The tables that are loaded, by their OIDs there.
    var tables: Set<String> = []
    /// Sequences that stand by themselves, and are to go on where the source's stand.
    var sequences: [SequencePair] = []
}

extension Transfer {
    func refuseCreating() throws {
        guard request.creates else { return }
        try refuse(
            request.query != nil || !request.source.isServer, "--create needs tables of a server as the source")
        try refuse(
            !request.destinations.contains(where: \.isServer), "--create needs a server as a destination")
        try refuse(
            request.into != nil || request.intoSchema != nil,
            "--create makes tables under the names that they have at the source; --into and --into-schema name others")
        try refuse(
            request.upserts != nil,
            "--create and --upsert: a table that is made has no key before its rows are there; make it by a run without --upsert"
        )
        try refuse(
            request.part != nil,
            "--part and --create: that is done once for a table; make it before its parts are copied")
    }

    /// Makes what is missing at the destinations.
    func create() throws {
        guard request.creates else { return }
        let found = try lookUpMissing()
        guard found.contains(where: { !$0.missing.isEmpty }) else { return }
        try refuseOtherNames(found)
        let (needed, facts, dump) = try define(found)
        var makings: [(place: Missing, making: Making)] = []
        for place in found where !place.missing.isEmpty && place.side.isActive {
            try attributing(to: place.side) {
                let missing = Set(place.missing.map(\.source.oid))
                let tables = needed.filter { !$0.roots.isDisjoint(with: missing) }.map(\.object.oid)
                try refuseStrangers(needed, missing, place.present, facts)
                let making = Making(facts, tables: Set(tables), present: place.present, dump: dump)
                guard making.lacking.isEmpty else { throw PgcopyError.lacking(making.lacking) }
                makings.append((place, making))
            }
        }
        try refuseTheSameDatabase(makings.map(\.place))
        // Of two runs that make the same at the same servers the second waits for the first, at the first server.
        for (place, making) in makings.sorted(by: { $0.place.order.lexicographicallyPrecedes($1.place.order) }) {
            try make(making, at: place, facts)
        }
        try commitMade()
    }

    /// A destination with the source's tables that it does not have.
    final class Missing {
        let side: Side
        let session: Session
        let server: Lookup.Server
        let missing: [(source: Lookup.Found, asked: SQLName)]
        /// What is there of what is to be made.
        var present: Set<DefinedObject.Key> = []

        init(
            _ side: Side, _ session: Session, _ server: Lookup.Server,
            _ missing: [(source: Lookup.Found, asked: SQLName)]
        ) {
            self.side = side
            self.session = session
            self.server = server
            self.missing = missing
        }

        /// As `Participant.place`.
        var order: [Int] { [server.cluster.start, server.database].map { Int($0) ?? 0 } }
    }

    /// Looks up all names; those of the source have to be there.
    private func lookUpMissing() throws -> [Missing] {
        var lookups: [(side: Side, session: Session, lookup: Lookup)] = []
        for side in [source] + active {
            guard let session = side.session else { continue }
            let part = PipelinePart(session, timeout: request.timeout, isVital: false)
            lookups.append((side, session, Lookup(part, tables: tables(of: side))))
        }
        try ask(lookups.map { ($0.side.label, $0.lookup.part) })
        guard let own = lookups.first(where: \.side.isSource) else { return [] }
        let tables = try atSource { try own.lookup.tables() }
        var found: [Missing] = []
        for (side, session, lookup) in lookups where !side.isSource {
            try attributing(to: side) {
                let (names, server) = (try lookup.present(), try lookup.server())
                let asked = self.tables(of: side)
                let missing = zip(tables, zip(asked, names)).filter { $1.1 == nil }.map { (source: $0, asked: $1.0) }
                if !missing.isEmpty { try refuseGuarded(server) }
                found.append(Missing(side, session, server, missing))
            }
        }
        return found.filter(\.side.isActive)
    }

    /// A definition names its table.
    private func refuseOtherNames(_ found: [Missing]) throws {
        for place in found {
            try attributing(to: place.side) {
                for (table, asked) in place.missing {
                    guard zip(asked.parts.reversed(), table.name.parts.reversed()).allSatisfy(isSameName) else {
                        throw PgcopyError(
                            .usage,
                            "there is no table \(asked.quoted); --create makes \(table.name.quoted) under the name that it has at the source"
                        )
                    }
                    guard "rp".contains(table.kind) else {
                        throw PgcopyError(
                            .refused,
                            "there is no table \(asked.quoted), and --create makes none of what is no table at the source"
                        )
                    }
                }
            }
        }
    }

    /// Rows would pass over a table that has a partition's name and is none.
    private func refuseStrangers(
        _ needed: [NeededObject], _ missing: Set<String>, _ present: Set<DefinedObject.Key>, _ facts: Making.Facts
    ) throws {
        let taken = needed.filter { table in
            !table.roots.isDisjoint(with: missing) && !missing.contains("\(table.object.oid)")
                && facts.defined[table.object].map { present.contains($0.key) } ?? false
        }.compactMap { $0.name?.quoted }
        guard taken.isEmpty else {
            throw PgcopyError(
                .refused,
                "--create: \(taken.joined(separator: ", ")) is here already, and is to be a partition of a table that is not: "
                    + "rename it, or make the table and attach it")
        }
    }

    private func refuseTheSameDatabase(_ places: [Missing]) throws {
        for (index, place) in places.enumerated() {
            let other = places[..<index].first { other in
                other.server.database == place.server.database
                    && other.server.cluster.relation(to: place.server.cluster) == .sameServer
            }
            if let other {
                throw PgcopyError(
                    .usage,
                    "\(other.side.label) and \(place.side.label) are one database, and the same tables would be made twice"
                )
            }
        }
    }

    /// Asks the source what is needed, and has pg_dump write it.
    private func define(_ found: [Missing]) throws -> (
        needed: [NeededObject], facts: Making.Facts, dump: SchemaDump
    ) {
        guard let session = source.session else { throw PgcopyError(.unreachable, "not connected") }
        var seen: Set<String> = []
        let wanted = found.flatMap(\.missing).map(\.source).filter { seen.insert($0.oid).inserted }
        let selection = request.selection.flatMap { $0.namesTables ? nil : $0 }
        var facts = Making.Facts()
        facts.schemas =
            selection.map { $0.isAll ? nil : Set(wanted.map { $0.name.parts[0] }) } ?? []
        let part = definitionPart(session)
        let neededResult = part.ask(Catalog.neededQuestion(wanted.map(\.oid), inSchemas: selection != nil))
        let standard = part.ask(Catalog.standardStringsQuestion)
        try askSource(part)
        let needed = Catalog.needed(try neededResult.get())
        facts.needed = Set(needed.map(\.object))
        let others = try lookUp(Array(facts.needed), found, &facts, needed)
        // What --table and --schema leave out is among all that is no table.
        let lacks = found.contains { place in
            place.side.isActive
                && facts.needed.contains { object in
                    guard let object = facts.defined[object] else { return false }
                    let isDumped =
                        object.isRelation ? object.type == "sequence" : selection != nil && facts.isInSchemas(object)
                    return object.owner == nil && !object.isTable && !isDumped && !place.present.contains(object.key)
                }
        }
        let tables = needed.filter { !$0.roots.isEmpty || $0.kind == "S" }.compactMap(\.name)
        let arguments =
            lacks && facts.schemas != nil
            ? TableSelection.dumpArguments("exclude-table", others)
            : selection?.dumpArguments ?? TableSelection.dumpArguments("table", tables)
        let dump = try atSource {
            try self.dump(
                snapshotArguments + arguments, standardStrings: try standard.get().value(0, 0) != "off")
        }
        let objects = Set(dump.entries.map(\.object).filter { $0.catalog != 0 }).subtracting(facts.needed)
        _ = try lookUp(Array(objects), found, &facts, [])
        return (needed, facts, dump)
    }

    /// Asks the source what these are, and the destinations which of them they have.
    /// - Parameter needed: what is asked for first; none: it was asked.
    /// - Returns: all relations that are not needed.
    private func lookUp(
        _ objects: [SchemaDump.Object], _ found: [Missing], _ facts: inout Making.Facts, _ needed: [NeededObject]
    ) throws -> [SQLName] {
        guard let session = source.session else { return [] }
        let part = definitionPart(session)
        let definedResult = part.ask(Catalog.definedQuestion(objects))
        let relations = objects.filter { $0.catalog == DefinedObject.relations }.map { "\($0.oid)" }
        let sequences = request.setsSequences ? part.ask(Catalog.standingSequencesQuestion(relations)) : nil
        let others = needed.isEmpty ? nil : part.ask(Catalog.otherRelationsQuestion(relations))
        let types = objects.filter { $0.catalog == 1247 }.map { "\($0.oid)" }
        let versions =
            needed.isEmpty
            ? nil
            : part.ask(
                Catalog.alterationsQuestion(
                    needed.filter { !$0.roots.isEmpty }.map { "\($0.object.oid)" }, types: types))
        try askSource(part)
        let defined = Catalog.defined(try definedResult.get())
        for object in defined { facts.defined[object.object] = object }
        for sequence in try sequences.map({ Catalog.sequences(try $0.get(), count: 1)[0] }) ?? [] {
            facts.sequences[sequence.oid] = sequence
        }
        if let versions {
            definedAs = Catalog.alterations(try versions.get())
            definedTypes = types
        }
        try askPresent(found, defined)
        return try others.map { Catalog.relations(try $0.get()) } ?? []
    }

    private var snapshotArguments: [String] {
        (request.snapshot.map { ["--snapshot=\($0)"] } ?? [])
            + (request.lockTimeout.map { ["--lock-wait-timeout=\(max(1, Int($0.seconds * 1000)))"] } ?? [])
    }

    /// Whatever is asked takes a look of its own; names are written in full.
    private func definitionPart(_ session: Session) -> PipelinePart {
        let part = PipelinePart(session, timeout: request.timeout, isVital: true)
        part.beginAnew("BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY")
        for setting in Self.definitionSettings(session) { part.ask(.statement(setting.sql)) }
        return part
    }

    private func askSource(_ part: PipelinePart) throws {
        try ask([(source.label, part)])
        try atSource { try part.check() }
    }

    private func askPresent(_ found: [Missing], _ objects: [DefinedObject]) throws {
        let standing = objects.filter { $0.owner == nil }
        let asked = found.filter { $0.side.isActive && !$0.missing.isEmpty }.map { place in
            let part = definitionPart(place.session)
            let result = part.ask(
                Catalog.presentQuestion(standing.map(\.key), schemas: Array(Set(standing.compactMap(\.schema)))))
            return (place: place, part: part, result: result)
        }
        try ask(asked.map { ($0.place.side.label, $0.part) })
        for (place, part, result) in asked {
            try attributing(to: place.side) {
                try part.check()
                place.present.formUnion(Catalog.defined(try result.get()).map(\.key))
            }
        }
    }

    // MARK: Making

    /// Behind these a transaction begins anew.
    private static let savepoint = "pgcopy_made"

    /// Makes all that comes before the rows, in a transaction that stays open.
    private func make(_ making: Making, at place: Missing, _ facts: Making.Facts) throws {
        let (side, session) = (place.side, place.session)
        guard side.isActive else { return }
        let part = PipelinePart(session, timeout: request.timeout, isVital: !request.keepGoing)
        part.beginAnew(
            "BEGIN ISOLATION LEVEL READ COMMITTED" + (request.overridesReadOnly ? " READ WRITE" : ""))
        if place.server.canNoticeClient { part.ask(.statement(SessionSettings.noticingClient)) }
        if let lockTimeout = request.lockTimeout { part.ask(.statement(SessionSettings.lockTimeout(lockTimeout))) }
        for setting in Self.definitionSettings(session) { part.ask(.statement(setting.sql)) }
        for statement in making.statements { part.ask(.statement(statement)) }
        let present = part.ask(
            Catalog.presentQuestion(
                making.objects.map(\.key), schemas: Array(Set(making.objects.compactMap(\.schema)))))
        let names = part.ask(Catalog.namesQuestion(place.missing.map(\.source.name)))
        for name in Self.definitionSettings(session).map(\.name) + ["default_table_access_method"] {
            part.ask(.statement("SET LOCAL \(name) TO DEFAULT"))
        }
        if !commitsMade { part.ask(.statement("SAVEPOINT \(Self.savepoint)")) }
        guard try askOrDrop([(side, part)]), side.isActive else { return }
        try attributing(to: side) {
            var made = Made(making: making, present: Catalog.defined(try present.get()))
            made.tables = Set(
                Catalog.found(try names.get(), asked: place.missing.map(\.source.name)).compactMap { $0?.oid })
            made.sequences = try pairs(of: made, facts.sequences)
            side.made = made
            if !commitsMade { session.savepoint = Self.savepoint }
        }
    }

    /// Those that belong to columns are found where these are planned.
    private func pairs(of made: Made, _ sequences: [String: OwnedSequence]) throws -> [SequencePair] {
        let numbers = Dictionary(made.present.map { ($0.key, $0.object.oid) }) { first, _ in first }
        return try made.making.objects.filter { $0.isRelation && $0.type == "sequence" }.compactMap { object in
            guard let source = sequences["\(object.object.oid)"], let oid = numbers[object.key] else { return nil }
            guard source.mayRead else {
                throw PgcopyError(
                    .refused, "this role may not read the sequence \(source.name.quoted); it needs SELECT",
                    endpoint: self.source.label)
            }
            var own = source
            (own.oid, own.mayUpdate, own.isOwner) = ("\(oid)", true, true)
            return SequencePair(source: source, destination: own)
        }
    }

    /// As pg_dump has them; everything else that a session has set stands.
    static func definitionSettings(_ session: Session) -> [(name: String, sql: String)] {
        let settings = [("search_path", "''"), ("check_function_bodies", "off"), ("xmloption", "content")]
        // To compile a question to the catalogs takes a second.
        return (settings + (session.version.compilesQueries ? [("jit", "off")] : [])).map {
            (name: $0, sql: "SET LOCAL \($0) = \($1)")
        }
    }

    /// Other streams are to see the tables; a plan alone is undone.
    private var commitsMade: Bool { request.streams > 1 && !request.isDryRun }

    private func commitMade() throws {
        guard commitsMade else { return }
        for side in active {
            guard let made = side.made, let session = side.session else { continue }
            try attributing(to: side) {
                side.made?.isCommitted = true
                try session.commitOrDoubt(timeout: request.timeout)
                sink?.receive(
                    .warning(
                        "made in a transaction of its own, before the rows: \(made.names.joined(separator: ", "))",
                        at: side.label))
            }
        }
    }

    /// COPY freezes rows only outside of subtransactions.
    func releaseMade() throws {
        let asked = active.compactMap { side -> (side: Side, part: PipelinePart)? in
            guard let session = side.session, let savepoint = session.savepoint.take() else { return nil }
            let part = PipelinePart(session, timeout: request.timeout, isVital: !request.keepGoing)
            part.ask(.statement("RELEASE SAVEPOINT \(savepoint)"))
            return (side, part)
        }
        guard !asked.isEmpty else { return }
        try ask(asked.map { ($0.side.label, $0.part) })
        for (side, part) in asked { try attributing(to: side) { try part.check() } }
    }

    /// The definitions are those of the tables whose rows are read.
    func refuseAltered() throws {
        guard !definedAs.isEmpty, let session = source.session else { return }
        let part = PipelinePart(session, timeout: request.timeout, isVital: true)
        let types = Set(definedTypes)
        let result = part.ask(
            Catalog.alterationsQuestion(definedAs.keys.filter { !types.contains($0) }, types: definedTypes))
        try askSource(part)
        let now = Catalog.alterations(try result.get())
        guard now == definedAs else {
            throw PgcopyError(
                .refused,
                "tables were altered while they were made at the destinations; nothing was copied, run it again",
                endpoint: source.label)
        }
    }
}

extension Made {
    /// The tables, for a person.
    var names: [String] { making.objects.filter(\.isTable).map(\.identity) }
}

extension PipelinePart {
    /// Whatever was begun ends, and something else begins, under the settings that come first everywhere. A transaction
    /// that has a savepoint goes on behind that.
    func beginAnew(_ begin: String) {
        for statement in session.beginning(begin) { ask(.statement(statement)) }
    }
}

extension Session {
    /// What begins anew, as statements.
    func beginning(_ begin: String) -> [String] {
        ending + (savepoint == nil ? [begin] : []) + SessionSettings.first(connection)
    }

    /// What ends whatever was begun.
    private var ending: [String] {
        if let savepoint { return ["ROLLBACK TO SAVEPOINT \(savepoint)"] }
        return connection.transactionStatus == .idle ? [] : ["ROLLBACK"]
    }
}

extension PgcopyError {
    fileprivate static func lacking(_ objects: [DefinedObject]) -> PgcopyError {
        let (tables, others) = (objects.filter(\.isTable), objects.filter { !$0.isTable })
        var lines: [String] = []
        if !tables.isEmpty {
            lines.append(
                "--create: what is made refers to \(tables.map(\.identity).joined(separator: ", ")), which is not here, "
                    + "nor among the tables that are copied")
        }
        if !others.isEmpty {
            lines.append(
                "--create: the tables need \(others.map { "the \($0.type) \($0.identity)" }.joined(separator: ", ")), "
                    + "which is not here, and pg_dump does not write it")
        }
        return PgcopyError(
            .refused, lines.joined(separator: "\n"),
            hint: tables.isEmpty ? "make it before" : "select it, too, or make it before")
    }
}

extension TableSelection {
    /// Tables are named, whatever schemas are.
    var namesTables: Bool { !tables.isEmpty }

    /// What makes pg_dump choose whole schemas as these patterns do, with all that lies in them.
    var dumpArguments: [String] {
        schemas.map { "--schema=\($0.text)" } + excludedSchemas.map { "--exclude-schema=\($0.text)" }
            + excludedTables.map { "--exclude-table=\($0.text)" }
    }

    /// Exactly these, many in one pattern: pg_dump looks through all tables for each.
    static func dumpArguments(_ option: String, _ names: [SQLName]) -> [String] {
        // An argument may be 128 KiB long (Linux: MAX_ARG_STRLEN), an expression is best shorter.
        let limit = 16_384
        var patterns: [(schema: String, names: [String], size: Int)] = []
        for name in names {
            let (schema, table) = (quoteIdentifier(name.parts[0]), quoteIdentifier(name.parts[name.parts.count - 1]))
            if let index = patterns.lastIndex(where: { $0.schema == schema }), patterns[index].size < limit {
                patterns[index].names.append(table)
                patterns[index].size += table.utf8.count
            } else {
                patterns.append((schema, [table], table.utf8.count))
            }
        }
        return patterns.map { "--\(option)=\($0.schema).(\($0.names.joined(separator: "|")))" }
    }
}
