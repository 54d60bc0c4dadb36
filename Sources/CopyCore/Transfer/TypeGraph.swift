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
        /// What a range is over; 0 where it is none.
        var subtype: UInt32 = 0
        /// A composite's columns.
        var members: [UInt32] = []
    }

    /// By OID.
    var nodes: [UInt32: Node]

    /// How a type's binary form looks, where it means the same on every server; else why it may not.
    ///
    /// Arrays and composites carry the OIDs of what is in them, so that must be built in; domains and ranges do not.
    func signature(_ oid: UInt32, embedded: Bool = false) -> Result<String, Doubt> {
        guard let node = nodes[oid] else { return .failure(Doubt("an unknown type")) }
        let builtIn = oid < Self.firstUserOID && node.schema == "pg_catalog"
        switch node.kind {
        case "d" where !embedded:
            return signature(node.base)
        case "c" where !embedded:
            var parts: [String] = []
            for member in node.members {
                switch signature(member, embedded: true) {
                case .success(let part): parts.append(part)
                case .failure(let doubt): return .failure(doubt)
                }
            }
            return .success("(" + parts.joined(separator: ",") + ")")
        case "r" where builtIn || !embedded:
            return signature(node.subtype, embedded: false).map { "range<\($0)>" }
        case "b" where node.element != 0 && builtIn && !Self.vectors.contains(node.name):
            return signature(node.element, embedded: true).map { "\($0)[]" }
        case "b" where builtIn && Self.portable.contains(node.name), "m" where builtIn:
            return .success(node.name)
        default:
            return .failure(Doubt(described(node)))
        }
    }

    /// The type's name with domains looked through: what must be equal for binary to be tried at all.
    func name(_ oid: UInt32) -> String {
        guard let node = nodes[oid] else { return "\(oid)" }
        return node.kind == "d" ? name(node.base) : "\(node.schema).\(node.name)"
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

    /// access/transam.h: FirstNormalObjectId. Below it every server of a version has the same OIDs, and those
    /// of the types listed here never changed.
    private static let firstUserOID: UInt32 = 16384
    private static let vectors: Set<String> = ["oidvector", "int2vector"]
    /// Not here: money (its scale is the locale's), reg* (OIDs), xml (depends on how the server was built),
    /// tsvector and tsquery (reported to fail), aclitem and others without a binary form.
    private static let portable: Set<String> = [
        "bool", "bytea", "char", "name", "int8", "int2", "int4", "text", "oid", "tid", "xid", "cid", "json", "jsonb",
        "point", "lseg", "path", "box", "polygon", "line", "circle", "float4", "float8", "cidr", "inet", "macaddr",
        "macaddr8", "bpchar", "varchar", "date", "time", "timestamp", "timestamptz", "interval", "timetz", "bit",
        "varbit", "numeric", "uuid",
    ]
}
