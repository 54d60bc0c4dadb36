// Whether types are still what they were when rows began to flow.

/// Who has written what the catalogs say of some types; pure.
struct TypeVersions: Sendable {
    /// By the type's name, then by the attribute's.
    private var rows: [String: [String: String]] = [:]
    /// Types of which the snapshot sees what is no longer so.
    private(set) var replaced: Set<String> = []

    mutating func note(_ type: String, attribute: String?, version: String, isReplaced: Bool) {
        rows[type, default: [:]][attribute ?? ""] = version
        if isReplaced { replaced.insert(type) }
    }

    /// The names of those that were altered since then.
    func altered(since before: TypeVersions) -> [String] {
        let known = Set(rows.keys).union(before.rows.keys)
        return known.filter { replaced.contains($0) || rows[$0] != before.rows[$0] }.sorted()
    }
}
