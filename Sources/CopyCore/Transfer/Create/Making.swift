// From what pg_dump wrote and catalogs say to what one destination makes; pure.

/// What a destination makes of the source's definitions.
struct Making: Sendable {
    /// What an entry of the dump runs, once the rows are there.
    struct Finishing: Sendable {
        /// When it can be run beside others; each begins once the one before it is done.
        enum Stage: Int, Sendable {
            /// An index, beside others of its table.
            case index
            /// What takes its table for itself: a constraint that has an index.
            case constraint
            /// A constraint whose index was built before, and what else is said of indexes, at once.
            case adoption
            /// Indexes of partitions become those of their tables, one after the other.
            case attaching
            /// What looks at the indexes.
            case check
            /// One after the other, as pg_dump has them.
            case rest
        }

        var stage: Stage
        var statements: [String]
        /// The table that it is part of, and of a foreign key the other one: OIDs at the source.
        var table: UInt32?
        var referenced: UInt32?
        /// As of `DefinedObject`.
        var byIndex: (creation: String, constraint: String)?
        var pages = 0

        /// It is built long enough to be worth a transaction more, or a worker: as min_parallel_table_scan_size, 8 MB.
        var isLarge: Bool { pages >= 1024 }

        /// Builds a key's index beside the other indexes of its table, which the constraint alone would keep off.
        static func sideBySide(_ all: [Finishing]) -> [Finishing] {
            let builds = all.filter { $0.isLarge && [.index, .constraint].contains($0.stage) }
            let counts = Dictionary(grouping: builds.compactMap(\.table)) { $0 }.mapValues(\.count)
            return all.flatMap { entry -> [Finishing] in
                if entry.stage == .index, entry.statements.count > 1 {
                    // What is said of the index takes its table for itself (CLUSTER ON, REPLICA IDENTITY).
                    var (build, rest) = (entry, entry)
                    build.statements = [entry.statements[0]]
                    (rest.stage, rest.statements) = (.adoption, Array(entry.statements.dropFirst()))
                    return [build, rest]
                }
                guard let byIndex = entry.byIndex, let first = entry.statements.first, entry.isLarge,
                    entry.table.flatMap({ counts[$0] }) ?? 0 > 1, first.contains("ADD CONSTRAINT")
                else { return [entry] }
                var (build, adoption) = (entry, entry)
                (build.stage, build.statements) = (.index, [byIndex.creation])
                (adoption.stage, adoption.statements) = (.adoption, [byIndex.constraint] + entry.statements.dropFirst())
                return [build, adoption]
            }
        }
    }

    /// What the source's catalogs say.
    struct Facts: Sendable {
        /// Objects of entries and of whatever tables hang on.
        var defined: [SchemaDump.Object: DefinedObject] = [:]
        /// The source's sequences, by OID, where they are to go on.
        var sequences: [String: OwnedSequence] = [:]
        /// What tables hang on, by itself or by what is part of it.
        var needed: Set<SchemaDump.Object> = []
        /// Schemas of which all is made, by name; nil: all are, and what lies in none.
        var schemas: Set<String>? = []

        /// Made where it is missing, though no table needs it.
        func isWanted(_ object: DefinedObject) -> Bool {
            schemas == nil || needed.contains(object.object) || isInSchemas(object)
        }

        func isInSchemas(_ object: DefinedObject) -> Bool {
            guard let schemas else { return true }
            return schemas.contains(object.schema ?? "")
                || object.type == "schema" && SQLName(object.identity).map { schemas.contains($0.parts[0]) } ?? false
        }
    }

    /// Run before the rows.
    private(set) var statements: [String] = []
    /// Run behind them.
    private(set) var finishing: [Finishing] = []
    /// What it makes that stands by itself, in this order.
    private(set) var objects: [DefinedObject] = []
    /// Needed, neither there nor among the entries.
    private(set) var lacking: [DefinedObject] = []

    private let facts: Facts
    private let tables: Set<UInt32>
    private let present: Set<DefinedObject.Key>
    private var made: Set<SchemaDump.Object> = []
    private var madeRelations: Set<SQLName> = []
    /// Numbers of entries.
    private var taken: Set<Int> = []

    /// - Parameters:
    ///   - tables: that are missing there, and their partitions.
    ///   - present: what is there already.
    init(_ facts: Facts, tables: Set<UInt32>, present: Set<DefinedObject.Key>, dump: SchemaDump) {
        self.facts = facts
        self.tables = tables
        self.present = present
        let known = Set(dump.entries.map(\.number))
        var late: Set<SchemaDump.Object> = []
        var accessMethod: String?
        for (place, entry) in dump.entries.enumerated() where takes(entry, known) {
            let isAfterRows = place >= dump.firstAfterRows
            var statements = entry.statements.map { RawText.decoding($0) }
            // Behind the rows that is forgotten.
            if let method = entry.accessMethod, isAfterRows || method != accessMethod, entry.runsCreation {
                statements.insert("SET LOCAL default_table_access_method = \(method)", at: 0)
                accessMethod = method
            }
            guard isAfterRows else {
                self.statements += statements
                continue
            }
            let object = facts.defined[entry.object]
            // What pg_dump had to put off has its indexes behind it.
            if object?.owner == nil { late.insert(entry.object) }
            let isLate = object?.owner.map(late.contains) ?? false
            finishing.append(
                Finishing(
                    stage: isLate ? .rest : Self.stage(entry, object), statements: statements,
                    table: object?.owner?.oid, referenced: object?.referenced?.oid, byIndex: object?.byIndex,
                    pages: object?.pages ?? 0))
        }
        lacking = facts.needed.compactMap { facts.defined[$0] }.filter {
            $0.owner == nil && !made.contains($0.object) && isMissing($0)
        }.sorted { $0.identity < $1.identity }
    }

    private func isMissing(_ object: DefinedObject) -> Bool { !present.contains(object.key) }

    private static func stage(_ entry: SchemaDump.Entry, _ object: DefinedObject?) -> Finishing.Stage {
        switch (entry.object.catalog, object?.constraint) {
        case (DefinedObject.relations, _) where object?.type == "index": .index
        case (SchemaDump.Catalog.statistics, _), (_, "p"), (_, "u"), (_, "x"): .constraint
        case (_, "f"), (_, "c"), (_, "n"), (SchemaDump.Catalog.trigger, _): .check
        default: entry.attaches ? .attaching : .rest
        }
    }

    /// Whether the entry is run here.
    private mutating func takes(_ entry: SchemaDump.Entry, _ known: Set<Int>) -> Bool {
        guard isMade(entry, known) else { return false }
        taken.insert(entry.number)
        guard let object = facts.defined[entry.object] else { return true }
        if object.owner == nil { objects.append(object) }
        made.insert(object.object)
        if let relation = object.relation { madeRelations.insert(relation) }
        return true
    }

    private func isMade(_ entry: SchemaDump.Entry, _ known: Set<Int>) -> Bool {
        guard let object = facts.defined[entry.object] else {
            guard !entry.dependencies.isEmpty else { return entry.attaches && attaches(entry) }
            // About others: where all of them are made that have entries.
            let others = entry.dependencies.filter(known.contains)
            return !others.isEmpty && others.allSatisfy(taken.contains)
        }
        if let owner = object.owner { return made.contains(owner) }
        return isMissing(object) && (object.isTable ? tables.contains(object.object.oid) : facts.isWanted(object))
    }

    /// Whether both are made here: their names stand in the statement.
    private func attaches(_ entry: SchemaDump.Entry) -> Bool {
        let text = RawText.decoding(entry.statements.last ?? [])
        let mark = " ATTACH PARTITION "
        for start in ["ALTER TABLE ONLY ", "ALTER INDEX "] where text.hasPrefix(start) {
            guard let (first, rest) = Self.name(text.dropFirst(start.count)), rest.hasPrefix(mark),
                let (second, _) = Self.name(rest.dropFirst(mark.count))
            else { return false }
            return madeRelations.contains(first) && madeRelations.contains(second)
        }
        return false
    }

    /// The name that a text begins with, and what follows it.
    private static func name(_ text: Substring) -> (SQLName, Substring)? {
        var isQuoted = false
        let end =
            text.firstIndex { character in
                if character == "\"" { isQuoted.toggle() }
                return character == " " && !isQuoted
            } ?? text.endIndex
        return SQLName(String(text[..<end])).map { ($0, text[end...]) }
    }
}

extension SchemaDump.Entry {
    /// A table or a materialized view, which has an access method.
    var runsCreation: Bool {
        object.catalog == DefinedObject.relations
            && statements.contains { statement in
                ["CREATE TABLE ", "CREATE UNLOGGED TABLE ", "CREATE MATERIALIZED VIEW "].contains {
                    statement.starts(with: $0.utf8)
                }
            }
    }
}
