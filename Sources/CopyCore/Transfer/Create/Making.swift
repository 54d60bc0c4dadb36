// From what pg_dump wrote and catalogs say to what one destination makes; pure.

/// What a destination makes of the source's definitions.
struct Making: Sendable {
    /// What an entry of the dump runs, once the rows are there.
    struct Finishing: Sendable {
        /// As `INDEX`, `FK CONSTRAINT`.
        let type: String
        let statements: [String]
        /// The table that it is part of, and of a foreign key the other one: OIDs at the source.
        let table: UInt32?
        let referenced: UInt32?
    }

    /// Run before the rows.
    private(set) var statements: [String] = []
    /// Run behind them.
    private(set) var finishing: [Finishing] = []
    /// What it makes that stands by itself, in this order.
    private(set) var objects: [DefinedObject] = []
    /// Needed, neither there nor among the entries.
    private(set) var lacking: [DefinedObject] = []

    private var made: Set<SchemaDump.Object> = []
    private var madeRelations: Set<SQLName> = []

    /// What the source's catalogs say.
    struct Facts: Sendable {
        /// Objects of entries and of whatever tables hang on.
        var defined: [SchemaDump.Object: DefinedObject] = [:]
        /// The source's sequences, by OID, where they are to go on.
        var sequences: [String: OwnedSequence] = [:]
        /// What tables hang on, by itself or by what is part of it.
        var needed: Set<SchemaDump.Object> = []
    }

    /// - Parameters:
    ///   - tables: that are missing there, and their partitions.
    ///   - present: what is there already.
    ///   - dump: of tables.
    ///   - others: what else is there at the source; only what is needed is made of it.
    init(
        _ facts: Facts, tables: Set<UInt32>, present: Set<DefinedObject.Key>, dump: SchemaDump, others: SchemaDump?
    ) {
        func isMissing(_ object: DefinedObject) -> Bool { !present.contains(object.key) }
        var texts: [(entry: SchemaDump.Entry, isAfterRows: Bool)] = []
        func take(_ dump: SchemaDump, _ wanted: (DefinedObject) -> Bool) {
            var numbers: Set<Int> = []
            let known = Set(dump.entries.map(\.number))
            for (place, entry) in dump.entries.enumerated() {
                guard makes(entry, facts, numbers, known, wanted) else { continue }
                numbers.insert(entry.number)
                texts.append((entry, place >= dump.firstAfterRows))
            }
        }
        if let others {
            take(others) { !$0.isTable && facts.needed.contains($0.object) && isMissing($0) }
        }
        let alreadyMade = made
        take(dump) { object in
            guard !alreadyMade.contains(object.object) else { return false }
            return object.isTable ? tables.contains(object.object.oid) && isMissing(object) : isMissing(object)
        }
        for (entry, isAfterRows) in texts {
            let statements = entry.statements.map { RawText.decoding($0) }
            guard isAfterRows else {
                self.statements += statements
                continue
            }
            let object = facts.defined[entry.object]
            finishing.append(
                Finishing(
                    type: entry.type, statements: statements, table: object?.owner?.oid,
                    referenced: object?.referenced?.oid))
        }
        lacking = facts.needed.compactMap { facts.defined[$0] }.filter {
            $0.owner == nil && !made.contains($0.object) && isMissing($0)
        }.sorted { $0.identity < $1.identity }
    }

    /// Whether the entry is run here.
    private mutating func makes(
        _ entry: SchemaDump.Entry, _ facts: Facts, _ numbers: Set<Int>, _ known: Set<Int>,
        _ wanted: (DefinedObject) -> Bool
    ) -> Bool {
        guard let object = facts.defined[entry.object] else {
            guard !entry.dependencies.isEmpty else { return attaches(entry) }
            // About others: where all of them are made that have entries.
            let others = entry.dependencies.filter(known.contains)
            return !others.isEmpty && others.allSatisfy(numbers.contains)
        }
        guard object.owner.map(made.contains) ?? wanted(object) else { return false }
        if object.owner == nil { objects.append(object) }
        made.insert(object.object)
        if let relation = object.relation { madeRelations.insert(relation) }
        return true
    }

    /// A partition, or its index, becomes one: both names stand in the statement.
    private func attaches(_ entry: SchemaDump.Entry) -> Bool {
        guard let statement = entry.statements.last, ["TABLE ATTACH", "INDEX ATTACH"].contains(entry.type) else {
            return false
        }
        let text = RawText.decoding(statement)
        let (start, mark) = (entry.type == "TABLE ATTACH" ? "ALTER TABLE ONLY " : "ALTER INDEX ", " ATTACH PARTITION ")
        guard text.hasPrefix(start), let (first, rest) = Self.name(text.dropFirst(start.count)), rest.hasPrefix(mark),
            let (second, _) = Self.name(rest.dropFirst(mark.count))
        else { return false }
        return madeRelations.contains(first) && madeRelations.contains(second)
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
