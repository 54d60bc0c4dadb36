// The types of a table's columns, down to what they are made of.

/// What one server's catalogs say of some types and of every type inside them.
struct TypeGraph: Sendable {
    /// One type, as pg_type has it.
    struct Node: Sendable {
        var schema: String
        var name: String
        /// pg_type.typtype: b base, c composite, d domain, e enum, r range, m multirange, p pseudo.
        var kind: Character
        /// An array's elements; 0 where it is none.
        var element: UInt32 = 0
        /// What a domain is over; 0 where it is none.
        var base: UInt32 = 0
        /// What a range or multirange is over; 0 where it is none.
        var subtype: UInt32 = 0
        /// A composite's.
        var attributes: [Attribute] = []

        /// What is in it, one level down.
        var parts: [UInt32] { [element, base, subtype].filter { $0 != 0 } + attributes.map(\.type) }

        /// access/transam.h: FirstNormalObjectId. Below it every server of a version has the same OIDs, and those
        /// of the portable types never changed.
        func isBuiltIn(_ oid: UInt32) -> Bool { oid < 16384 && schema == "pg_catalog" }

        /// An array in the catalogs, a type of its own on the wire.
        var isVector: Bool { schema == "pg_catalog" && (name == "oidvector" || name == "int2vector") }
    }

    /// A column of a composite.
    struct Attribute: Sendable {
        var name: String
        var type: UInt32
    }

    /// By OID, those that were asked for.
    var nodes: [UInt32: Node] = [:]

    /// What is known of a type.
    subscript(oid: UInt32) -> Node? { nodes[oid] ?? BuiltInTypes.node(oid) }

    /// These, of which nothing is known without asking.
    static func unknown(_ oids: some Sequence<UInt32>) -> [UInt32] {
        Set(oids).filter { BuiltInTypes.node($0) == nil }.sorted()
    }

    /// A type and every type inside it, each once: a composite can contain itself, through a multirange.
    func contents(_ oid: UInt32) -> [(oid: UInt32, node: Node)] {
        var found: [(oid: UInt32, node: Node)] = []
        var seen: Set = [oid]
        var rest = [oid]
        while let next = rest.popLast() {
            guard let node = self[next] else { continue }
            found.append((next, node))
            rest += node.parts.filter { seen.insert($0).inserted }
        }
        return found
    }

    /// How a type's binary form looks, where it means the same on every server; else why it may not.
    ///
    /// Arrays and composites carry the OIDs of what is in them, so that must be built in; domains and ranges do not.
    /// What contains itself is a composite inside another type, where this ends.
    func signature(_ oid: UInt32, embedded: Bool = false) -> Result<String, Doubt> {
        guard let node = self[oid] else { return .failure(Doubt("an unknown type")) }
        let builtIn = node.isBuiltIn(oid)
        switch node.kind {
        case "d" where !embedded:
            return signature(node.base)
        case "c" where !embedded:
            var parts: [String] = []
            for attribute in node.attributes {
                switch signature(attribute.type, embedded: true) {
                case .success(let part): parts.append(part)
                case .failure(let doubt): return .failure(doubt)
                }
            }
            return .success("(" + parts.joined(separator: ",") + ")")
        case "r" where builtIn || !embedded:
            return signature(node.subtype, embedded: false).map { "range<\($0)>" }
        case "b" where node.element != 0 && builtIn && !node.isVector:
            return signature(node.element, embedded: true).map { "\($0)[]" }
        case "b" where builtIn && Self.portable.contains(node.name), "m" where builtIn:
            return .success(node.name)
        default:
            return .failure(Doubt(described(node)))
        }
    }

    /// The type's name and what is in it, domains looked through: what must be equal for binary to be tried at all.
    /// A server does not notice when an array, a composite or a range holds something else under the same name.
    func structure(_ oid: UInt32) -> String {
        var told: Set<UInt32> = []
        return structure(oid, &told)
    }

    /// What was told already is named only: it may be itself that is inside.
    private func structure(_ oid: UInt32, _ told: inout Set<UInt32>) -> String {
        guard let node = self[oid] else { return "\(oid)" }
        let name = "\(node.schema).\(node.name)"
        switch node.kind {
        case "d": return structure(node.base, &told)
        case "r", "m":
            guard !node.isBuiltIn(oid), told.insert(oid).inserted else { return name }
            return "\(name)<\(structure(node.subtype, &told))>"
        case "c":
            guard told.insert(oid).inserted else { return name }
            return name + "(" + node.attributes.map { structure($0.type, &told) }.joined(separator: ", ") + ")"
        default: return node.element == 0 || node.isVector ? name : structure(node.element, &told) + "[]"
        }
    }

    /// Whether values of this built-in type may be in it, which a server's version may have changed. A record or an array
    /// of anything may hold all types.
    func mayHold(_ name: String, _ oid: UInt32) -> Bool {
        contents(oid).contains { $0.node.kind == "p" || $0.node.isBuiltIn($0.oid) && $0.node.name == name }
    }

    /// Whether characters may be in it, which depend on the encoding.
    func mayHoldText(_ oid: UInt32) -> Bool {
        contents(oid).contains { oid, node in
            switch node.kind {
            case "e", "p": true
            case "b" where node.element == 0:
                !node.isBuiltIn(oid) || !Self.portable.contains(node.name) || Self.characters.contains(node.name)
            default: false
            }
        }
    }

    private func described(_ node: Node) -> String {
        switch node.kind {
        case "d": "the domain \(node.name) inside another type"
        case "c": "the composite \(node.name) inside another type"
        case "e": "the enum \(node.name)"
        default: node.element != 0 ? "the array \(node.name)" : "the type \(node.name)"
        }
    }

    /// Why a type's binary form is not trusted.
    struct Doubt: Error, Hashable {
        var what: String
        init(_ what: String) { self.what = what }
    }

    private static let characters: Set<String> = ["text", "varchar", "bpchar", "name", "json", "jsonb"]
    /// Not here: money (its scale is the locale's), reg* (OIDs), xml (depends on how the server was built),
    /// tsvector and tsquery (reported to fail), aclitem and others without a binary form.
    private static let portable: Set<String> = [
        "bool", "bytea", "char", "name", "int8", "int2", "int4", "text", "oid", "tid", "xid", "cid", "json", "jsonb",
        "point", "lseg", "path", "box", "polygon", "line", "circle", "float4", "float8", "cidr", "inet", "macaddr",
        "macaddr8", "bpchar", "varchar", "date", "time", "timestamp", "timestamptz", "interval", "timetz", "bit",
        "varbit", "numeric", "uuid",
    ]
}
