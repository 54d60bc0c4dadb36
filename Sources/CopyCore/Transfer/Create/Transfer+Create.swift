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
    /// Sequences that belong to its tables, by their OIDs there.
    var owned: [String] = []
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
        let owned = part.ask(
            Catalog.ownedSequencesQuestion(making.objects.filter(\.isTable).map(\.identity)))
        for name in Self.definitionSettings(session).map(\.name) + ["default_table_access_method"] {
            part.ask(.statement("SET LOCAL \(name) TO DEFAULT"))
        }
        if !commitsMade { part.ask(.statement("SAVEPOINT \(Self.savepoint)")) }
        guard try askOrDrop([(side, part)]), side.isActive else { return }
        try attributing(to: side) {
            var made = Made(making: making, present: Catalog.defined(try present.get()))
            made.tables = Set(
                Catalog.found(try names.get(), asked: place.missing.map(\.source.name)).compactMap { $0?.oid })
            let ownedResult = try owned.get()
            made.owned = (0..<ownedResult.rowCount).compactMap { ownedResult.value($0, 0) }
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
        let result = part.ask(Catalog.alterationsQuestion(definitions))
        try askSource(part)
        let now = Catalog.alterations(try result.get())
        guard now == definedAs else {
            throw PgcopyError(
                .refused,
                "tables, or what they are made of, were altered since pg_dump looked at them; nothing was copied, run it again"
                    + (request.snapshot == nil ? "" : " with another snapshot"),
                endpoint: source.label)
        }
    }
}

extension Made {
    /// The tables, for a person.
    var names: [String] { making.objects.filter(\.isTable).map(\.identity) }
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
