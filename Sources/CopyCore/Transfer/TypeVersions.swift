// Whether types are still what they were when rows began to flow.

/// Who has written what the catalogs say of some types; pure.
struct TypeVersions: Sendable {
    private struct Version: Sendable {
        /// By the attribute's name.
        var attributes: [String: String] = [:]
        /// Of an enum's labels.
        var labels: Set<String> = []
    }

    /// By the type's name.
    private var types: [String: Version] = [:]
    /// Types of which the snapshot sees what is no longer so.
    private(set) var replaced: Set<String> = []

    /// - Parameters:
    ///   - version: who has written the attribute.
    ///   - labels: each label's number and who has written it.
    mutating func note(_ type: String, attribute: String?, version: String, labels: Set<String>, isReplaced: Bool) {
        if let attribute { types[type, default: Version()].attributes[attribute] = version }
        types[type, default: Version()].labels.formUnion(labels)
        if isReplaced { replaced.insert(type) }
    }

    /// The names of those that were altered since then. A label that was added is no value that was read.
    func altered(since before: TypeVersions) -> [String] {
        before.types.filter { name, old in
            guard let new = types[name] else { return true }
            return replaced.contains(name) || old.attributes != new.attributes || !old.labels.isSubset(of: new.labels)
        }.keys.sorted()
    }
}
