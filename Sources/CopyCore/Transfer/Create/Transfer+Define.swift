// What missing tables are made of: asked of the source's catalogs, and of pg_dump.

extension Transfer {
    /// Asks the source what is needed, and has pg_dump write it.
    func define(_ found: [Missing]) throws -> (
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
        let definedResult = part.ask(Catalog.definedQuestion(objects, indexes: request.streams > 1))
        let relations = objects.filter { $0.catalog == DefinedObject.relations }.map { "\($0.oid)" }
        let sequences = request.setsSequences ? part.ask(Catalog.standingSequencesQuestion(relations)) : nil
        let others = needed.isEmpty ? nil : part.ask(Catalog.otherRelationsQuestion(relations))
        // What is altered of an index is seen with its table.
        let watched = needed.filter { !["i", "I"].contains($0.kind) }.map(\.object)
        let versions = needed.isEmpty ? nil : part.ask(Catalog.alterationsQuestion(watched))
        try askSource(part)
        let defined = Catalog.defined(try definedResult.get())
        for object in defined { facts.defined[object.object] = object }
        for sequence in try sequences.map({ Catalog.sequences(try $0.get(), count: 1)[0] }) ?? [] {
            facts.sequences[sequence.oid] = sequence
        }
        if let versions {
            definedAs = Catalog.alterations(try versions.get())
            definitions = watched
        }
        try askPresent(found, defined)
        return try others.map { Catalog.relations(try $0.get()) } ?? []
    }

    private var snapshotArguments: [String] {
        (request.snapshot.map { ["--snapshot=\($0)"] } ?? [])
            + (request.lockTimeout.map { ["--lock-wait-timeout=\(max(1, Int($0.seconds * 1000)))"] } ?? [])
    }

    /// Whatever is asked takes a look of its own; names are written in full.
    func definitionPart(_ session: Session) -> PipelinePart {
        let part = PipelinePart(session, timeout: request.timeout, isVital: true)
        part.beginAnew("BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY")
        // What defines an index takes its table's lock.
        if let lockTimeout = request.lockTimeout { part.ask(.statement(SessionSettings.lockTimeout(lockTimeout))) }
        for setting in Self.definitionSettings(session) { part.ask(.statement(setting.sql)) }
        return part
    }

    func askSource(_ part: PipelinePart) throws {
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
