// Types whose text is the name of something, which depends on the search_path.

extension TypeGraph {
    private static let nameTypes: Set<String> = [
        "regproc", "regprocedure", "regoper", "regoperator", "regclass", "regtype", "regconfig", "regdictionary",
        "regnamespace", "regrole", "regcollation",
    ]

    /// Whether values hold names of tables, functions, types and the like, at any depth.
    func holdsNames(_ oid: UInt32) -> Bool {
        contents(oid).contains { _, node in
            node.schema == "pg_catalog" && Self.nameTypes.contains(node.name)
                // A record or an array of anything: what is in it is known to each row.
                || node.kind == "p"
        }
    }

    /// Whether it is worth asking what a type is made of: it is one of these itself, an array of them, or made of
    /// columns (pg_type.dat: OIDs from 10,000 on are given by initdb and by users).
    static func isWorthAsking(_ oid: UInt32) -> Bool { oid >= 10_000 || nameOIDs.contains(oid) }

    /// reg* and their arrays; the rows of pg_type, pg_attribute, pg_proc and pg_class.
    private static let nameOIDs: Set<UInt32> = [
        24, 2202, 2203, 2204, 2205, 2206, 3734, 3769, 4089, 4096, 4191,
        1008, 2207, 2208, 2209, 2210, 2211, 3735, 3770, 4090, 4097, 4192,
        2249, 2277, 2283, 2287, 71, 75, 81, 83, 210, 270, 272, 273,
    ]
}
