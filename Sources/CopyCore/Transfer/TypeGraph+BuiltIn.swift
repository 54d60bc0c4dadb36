// The types that every server has under the same numbers (pg_type.dat: OIDs below 10,000 are given by hand and stay).

/// All of them, without asking; `BuiltInTypesTests` compares them with servers of every version at hand.
enum BuiltInTypes {
    /// What is known of one.
    static func node(_ oid: UInt32) -> TypeGraph.Node? {
        var range = table.indices
        while let middle = range.isEmpty ? nil : (range.lowerBound + range.upperBound) / 2 {
            let entry = table[middle]
            if entry.oid == oid {
                var node = TypeGraph.Node(schema: "pg_catalog", name: entry.name, kind: entry.kind)
                if "rm".contains(entry.kind) { node.subtype = entry.inside } else { node.element = entry.inside }
                return node
            }
            range = entry.oid < oid ? middle + 1..<range.upperBound : range.lowerBound..<middle
        }
        return nil
    }

    /// Their numbers.
    static var oids: [UInt32] { table.map(\.oid) }

    /// By OID: name, pg_type.typtype, and what an array, a range or a multirange holds. Looked into, not taken in: to make
    /// a dictionary of them took a third of what a small copy costs us.
    private static let table: [(oid: UInt32, name: String, kind: Character, inside: UInt32)] = [
        (16, "bool", "b", 0), (17, "bytea", "b", 0), (18, "char", "b", 0), (19, "name", "b", 0), (20, "int8", "b", 0),
        (21, "int2", "b", 0), (22, "int2vector", "b", 21), (23, "int4", "b", 0), (24, "regproc", "b", 0),
        (25, "text", "b", 0), (26, "oid", "b", 0), (27, "tid", "b", 0), (28, "xid", "b", 0), (29, "cid", "b", 0),
        (30, "oidvector", "b", 26), (32, "pg_ddl_command", "p", 0), (114, "json", "b", 0), (142, "xml", "b", 0),
        (143, "_xml", "b", 142), (194, "pg_node_tree", "b", 0), (199, "_json", "b", 114), (210, "_pg_type", "b", 71),
        (269, "table_am_handler", "p", 0), (270, "_pg_attribute", "b", 75), (271, "_xid8", "b", 5069),
        (272, "_pg_proc", "b", 81), (273, "_pg_class", "b", 83), (325, "index_am_handler", "p", 0),
        (600, "point", "b", 0), (601, "lseg", "b", 0), (602, "path", "b", 0), (603, "box", "b", 0),
        (604, "polygon", "b", 0), (628, "line", "b", 0), (629, "_line", "b", 628), (650, "cidr", "b", 0),
        (651, "_cidr", "b", 650), (700, "float4", "b", 0), (701, "float8", "b", 0), (705, "unknown", "p", 0),
        (718, "circle", "b", 0), (719, "_circle", "b", 718), (774, "macaddr8", "b", 0), (775, "_macaddr8", "b", 774),
        (790, "money", "b", 0), (791, "_money", "b", 790), (829, "macaddr", "b", 0), (869, "inet", "b", 0),
        (1000, "_bool", "b", 16), (1001, "_bytea", "b", 17), (1002, "_char", "b", 18), (1003, "_name", "b", 19),
        (1005, "_int2", "b", 21), (1006, "_int2vector", "b", 22), (1007, "_int4", "b", 23),
        (1008, "_regproc", "b", 24), (1009, "_text", "b", 25), (1010, "_tid", "b", 27), (1011, "_xid", "b", 28),
        (1012, "_cid", "b", 29), (1013, "_oidvector", "b", 30), (1014, "_bpchar", "b", 1042),
        (1015, "_varchar", "b", 1043), (1016, "_int8", "b", 20), (1017, "_point", "b", 600),
        (1018, "_lseg", "b", 601), (1019, "_path", "b", 602), (1020, "_box", "b", 603), (1021, "_float4", "b", 700),
        (1022, "_float8", "b", 701), (1027, "_polygon", "b", 604), (1028, "_oid", "b", 26), (1033, "aclitem", "b", 0),
        (1034, "_aclitem", "b", 1033), (1040, "_macaddr", "b", 829), (1041, "_inet", "b", 869),
        (1042, "bpchar", "b", 0), (1043, "varchar", "b", 0), (1082, "date", "b", 0), (1083, "time", "b", 0),
        (1114, "timestamp", "b", 0), (1115, "_timestamp", "b", 1114), (1182, "_date", "b", 1082),
        (1183, "_time", "b", 1083), (1184, "timestamptz", "b", 0), (1185, "_timestamptz", "b", 1184),
        (1186, "interval", "b", 0), (1187, "_interval", "b", 1186), (1231, "_numeric", "b", 1700),
        (1263, "_cstring", "b", 2275), (1266, "timetz", "b", 0), (1270, "_timetz", "b", 1266), (1560, "bit", "b", 0),
        (1561, "_bit", "b", 1560), (1562, "varbit", "b", 0), (1563, "_varbit", "b", 1562), (1700, "numeric", "b", 0),
        (1790, "refcursor", "b", 0), (2201, "_refcursor", "b", 1790), (2202, "regprocedure", "b", 0),
        (2203, "regoper", "b", 0), (2204, "regoperator", "b", 0), (2205, "regclass", "b", 0),
        (2206, "regtype", "b", 0), (2207, "_regprocedure", "b", 2202), (2208, "_regoper", "b", 2203),
        (2209, "_regoperator", "b", 2204), (2210, "_regclass", "b", 2205), (2211, "_regtype", "b", 2206),
        (2249, "record", "p", 0), (2275, "cstring", "p", 0), (2276, "any", "p", 0), (2277, "anyarray", "p", 0),
        (2278, "void", "p", 0), (2279, "trigger", "p", 0), (2280, "language_handler", "p", 0),
        (2281, "internal", "p", 0), (2283, "anyelement", "p", 0), (2287, "_record", "p", 2249),
        (2776, "anynonarray", "p", 0), (2949, "_txid_snapshot", "b", 2970), (2950, "uuid", "b", 0),
        (2951, "_uuid", "b", 2950), (2970, "txid_snapshot", "b", 0), (3115, "fdw_handler", "p", 0),
        (3220, "pg_lsn", "b", 0), (3221, "_pg_lsn", "b", 3220), (3310, "tsm_handler", "p", 0),
        (3361, "pg_ndistinct", "b", 0), (3402, "pg_dependencies", "b", 0), (3500, "anyenum", "p", 0),
        (3614, "tsvector", "b", 0), (3615, "tsquery", "b", 0), (3642, "gtsvector", "b", 0),
        (3643, "_tsvector", "b", 3614), (3644, "_gtsvector", "b", 3642), (3645, "_tsquery", "b", 3615),
        (3734, "regconfig", "b", 0), (3735, "_regconfig", "b", 3734), (3769, "regdictionary", "b", 0),
        (3770, "_regdictionary", "b", 3769), (3802, "jsonb", "b", 0), (3807, "_jsonb", "b", 3802),
        (3831, "anyrange", "p", 0), (3838, "event_trigger", "p", 0), (3904, "int4range", "r", 23),
        (3905, "_int4range", "b", 3904), (3906, "numrange", "r", 1700), (3907, "_numrange", "b", 3906),
        (3908, "tsrange", "r", 1114), (3909, "_tsrange", "b", 3908), (3910, "tstzrange", "r", 1184),
        (3911, "_tstzrange", "b", 3910), (3912, "daterange", "r", 1082), (3913, "_daterange", "b", 3912),
        (3926, "int8range", "r", 20), (3927, "_int8range", "b", 3926), (4072, "jsonpath", "b", 0),
        (4073, "_jsonpath", "b", 4072), (4089, "regnamespace", "b", 0), (4090, "_regnamespace", "b", 4089),
        (4096, "regrole", "b", 0), (4097, "_regrole", "b", 4096), (4191, "regcollation", "b", 0),
        (4192, "_regcollation", "b", 4191), (4451, "int4multirange", "m", 23), (4532, "nummultirange", "m", 1700),
        (4533, "tsmultirange", "m", 1114), (4534, "tstzmultirange", "m", 1184), (4535, "datemultirange", "m", 1082),
        (4536, "int8multirange", "m", 20), (4537, "anymultirange", "p", 0), (4538, "anycompatiblemultirange", "p", 0),
        (4600, "pg_brin_bloom_summary", "b", 0), (4601, "pg_brin_minmax_multi_summary", "b", 0),
        (5017, "pg_mcv_list", "b", 0), (5038, "pg_snapshot", "b", 0), (5039, "_pg_snapshot", "b", 5038),
        (5069, "xid8", "b", 0), (5077, "anycompatible", "p", 0), (5078, "anycompatiblearray", "p", 0),
        (5079, "anycompatiblenonarray", "p", 0), (5080, "anycompatiblerange", "p", 0),
        (6150, "_int4multirange", "b", 4451), (6151, "_nummultirange", "b", 4532), (6152, "_tsmultirange", "b", 4533),
        (6153, "_tstzmultirange", "b", 4534), (6155, "_datemultirange", "b", 4535),
        (6157, "_int8multirange", "b", 4536),
    ]
}
