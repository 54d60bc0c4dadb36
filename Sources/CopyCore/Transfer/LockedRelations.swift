// What a transaction holds locks on, and what became of it.

/// The relations that a source's transaction has locked, as it saw them at some moment; pure.
struct LockedRelations: Sendable {
    struct Relation: Sendable {
        var oid: String
        /// Without its schema; nil: it was not there at the snapshot.
        var name: String?
        /// xmin and xmax of its schema's row: who has written it, and who has written a newer one, or tried to.
        var schemaVersion: String?
        /// It holds rows that others may replace: a user's table, partitioned table or view.
        var isTable = false
        /// What LOCK TABLE takes from this role; nil: nothing, or it goes with its parent.
        var lockName: SQLName?
        /// For a person.
        var shown: String
        /// It is not what it was at the snapshot.
        var isChanged: Bool
    }

    private let relations: [Relation]

    init(_ relations: [Relation]) { self.relations = relations }

    /// Those that are not what they were at the snapshot, for a person.
    var changed: [String] {
        relations.filter(\.isChanged).map(\.shown).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }

    /// The same, and those whose name was another table's for a while since then: their schema was renamed and renamed
    /// back. COPY has then locked that namesake, which nobody had planned to read.
    func changed(since before: LockedRelations) -> [String] {
        let known = Set(before.relations.map(\.oid))
        let newNames = Set(relations.filter { !known.contains($0.oid) }.compactMap(\.name))
        let versions = Dictionary(before.relations.map { ($0.oid, $0.schemaVersion) }) { first, _ in first }
        let replaced = relations.filter { relation in
            guard let name = relation.name, let version = versions[relation.oid] else { return false }
            return newNames.contains(name) && version != relation.schemaVersion
        }
        return LockedRelations(
            relations
                + replaced.map { relation in
                    var relation = relation
                    relation.isChanged = true
                    return relation
                }
        ).changed
    }

    /// Tables that were not among these OIDs.
    func tables(lockedSince before: Set<String>) -> [Relation] {
        relations.filter { $0.isTable && !before.contains($0.oid) }
    }

    /// Everything that LOCK TABLE takes, but for one relation.
    func lockNames(without oid: String?) -> [SQLName] {
        var seen = Set([oid])
        return relations.compactMap { seen.insert($0.oid).inserted ? $0.lockName : nil }
    }
}
