// What a transaction holds locks on, and what became of it.

/// The relations that a source's transaction has locked, as it saw them at some moment; pure.
struct LockedRelations: Sendable {
    struct Relation: Sendable {
        var oid: String
        /// Without its schema; nil: it was not there at the snapshot.
        var name: String?
        /// As in `TableShape`.
        var schemaVersion: String?
        /// For a person.
        var shown: String
        /// It is not what it was at the snapshot.
        var isChanged: Bool
        /// What the catalogs say of its columns, its children, its definition was written since the snapshot.
        var isWritten = false
    }

    private let relations: [Relation]
    /// access/transam.h: FirstNormalObjectId.
    static let firstOfUsers: UInt32 = 16_384

    init(_ relations: [Relation]) { self.relations = relations }

    /// Tables alone.
    init(tables: [TableShape]) {
        relations = tables.map { table in
            Relation(
                oid: table.oid, name: table.name.parts.last, schemaVersion: table.schemaVersion,
                shown: table.name.quoted, isChanged: false)
        }
    }

    /// Those that are not what they were at the snapshot, for a person.
    var changed: [String] { shown(\.isChanged) }

    /// Those, and what was written in the catalogs: perhaps behind the snapshot and before the lock.
    var writtenOrChanged: [String] { shown { $0.isChanged || $0.isWritten } }

    private func shown(_ condition: (Relation) -> Bool) -> [String] {
        relations.filter(condition).map(\.shown).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }

    /// The same, and those whose name was another table's for a while since then: their schema was renamed and renamed
    /// back. COPY has then locked that namesake, which nobody had planned to read. And those that were locked since then,
    /// by a function or as a child, and written before that.
    /// - Parameter copied: names of tables that several of those that are copied bear: they were locked from the start.
    func changed(since before: LockedRelations, copied: Set<String> = []) -> [String] {
        let known = Set(before.relations.map(\.oid))
        // The server's own are those that our questions have locked.
        let new = relations.filter { !known.contains($0.oid) && UInt32($0.oid) ?? 0 >= Self.firstOfUsers }
        let newNames = Set(new.compactMap(\.name)).union(copied)
        let versions = Dictionary(before.relations.map { ($0.oid, $0.schemaVersion) }) { first, _ in first }
        let replaced = relations.filter { relation in
            guard let name = relation.name, let version = versions[relation.oid] else { return false }
            // Somebody may have been at it already, and not have committed.
            let wasBeingWritten = version.map { !$0.hasSuffix(" 0") } ?? false
            return newNames.contains(name) && (wasBeingWritten || version != relation.schemaVersion)
        }
        let late = new.filter(\.isWritten)
        return LockedRelations(
            relations
                + (replaced + late).map { relation in
                    var relation = relation
                    relation.isChanged = true
                    return relation
                }
        ).changed
    }
}
