// The types that every server has under the same numbers (pg_type.dat: OIDs below 10,000 are given by hand and stay).

extension TypeGraph {
    /// All of them, without asking; `BuiltInTypesTests` compares them with servers of every version at hand.
    static let builtIn: TypeGraph = {
        var graph = TypeGraph(nodes: [:])
        for entry in table.split(separator: ",") {
            let fields = entry.split(separator: " ")
            guard let oid = UInt32(fields[0]) else { continue }
            var node = Node(
                schema: "pg_catalog", name: String(fields[1]), kind: fields.count > 2 ? fields[2].first! : "b")
            let inside = fields.count > 3 ? UInt32(fields[3]) ?? 0 : 0
            if "rm".contains(node.kind) { node.subtype = inside } else { node.element = inside }
            graph.nodes[oid] = node
        }
        return graph
    }()

    /// These, of which nothing is known without asking.
    static func unknown(_ oids: some Sequence<UInt32>) -> [UInt32] {
        Set(oids).subtracting(builtIn.nodes.keys).sorted()
    }

    /// Both.
    func merging(_ other: TypeGraph) -> TypeGraph { TypeGraph(nodes: nodes.merging(other.nodes) { $1 }) }

    /// OID, name, pg_type.typtype where it is not b, and what an array, a range or a multirange holds.
    private static let table = """
        16 bool, 17 bytea, 18 char, 19 name, 20 int8, 21 int2, 22 int2vector b 21, 23 int4, 24 regproc, 25 text, 26 oid, \
        27 tid, 28 xid, 29 cid, 30 oidvector b 26, 32 pg_ddl_command p, 114 json, 142 xml, 143 _xml b 142, \
        194 pg_node_tree, 199 _json b 114, 210 _pg_type b 71, 269 table_am_handler p, 270 _pg_attribute b 75, \
        271 _xid8 b 5069, 272 _pg_proc b 81, 273 _pg_class b 83, 325 index_am_handler p, 600 point, 601 lseg, 602 path, \
        603 box, 604 polygon, 628 line, 629 _line b 628, 650 cidr, 651 _cidr b 650, 700 float4, 701 float8, \
        705 unknown p, 718 circle, 719 _circle b 718, 774 macaddr8, 775 _macaddr8 b 774, 790 money, 791 _money b 790, \
        829 macaddr, 869 inet, 1000 _bool b 16, 1001 _bytea b 17, 1002 _char b 18, 1003 _name b 19, 1005 _int2 b 21, \
        1006 _int2vector b 22, 1007 _int4 b 23, 1008 _regproc b 24, 1009 _text b 25, 1010 _tid b 27, 1011 _xid b 28, \
        1012 _cid b 29, 1013 _oidvector b 30, 1014 _bpchar b 1042, 1015 _varchar b 1043, 1016 _int8 b 20, \
        1017 _point b 600, 1018 _lseg b 601, 1019 _path b 602, 1020 _box b 603, 1021 _float4 b 700, 1022 _float8 b 701, \
        1027 _polygon b 604, 1028 _oid b 26, 1033 aclitem, 1034 _aclitem b 1033, 1040 _macaddr b 829, 1041 _inet b 869, \
        1042 bpchar, 1043 varchar, 1082 date, 1083 time, 1114 timestamp, 1115 _timestamp b 1114, 1182 _date b 1082, \
        1183 _time b 1083, 1184 timestamptz, 1185 _timestamptz b 1184, 1186 interval, 1187 _interval b 1186, \
        1231 _numeric b 1700, 1263 _cstring b 2275, 1266 timetz, 1270 _timetz b 1266, 1560 bit, 1561 _bit b 1560, \
        1562 varbit, 1563 _varbit b 1562, 1700 numeric, 1790 refcursor, 2201 _refcursor b 1790, 2202 regprocedure, \
        2203 regoper, 2204 regoperator, 2205 regclass, 2206 regtype, 2207 _regprocedure b 2202, 2208 _regoper b 2203, \
        2209 _regoperator b 2204, 2210 _regclass b 2205, 2211 _regtype b 2206, 2249 record p, 2275 cstring p, 2276 any p, \
        2277 anyarray p, 2278 void p, 2279 trigger p, 2280 language_handler p, 2281 internal p, 2283 anyelement p, \
        2287 _record p 2249, 2776 anynonarray p, 2949 _txid_snapshot b 2970, 2950 uuid, 2951 _uuid b 2950, \
        2970 txid_snapshot, 3115 fdw_handler p, 3220 pg_lsn, 3221 _pg_lsn b 3220, 3310 tsm_handler p, 3361 pg_ndistinct, \
        3402 pg_dependencies, 3500 anyenum p, 3614 tsvector, 3615 tsquery, 3642 gtsvector, 3643 _tsvector b 3614, \
        3644 _gtsvector b 3642, 3645 _tsquery b 3615, 3734 regconfig, 3735 _regconfig b 3734, 3769 regdictionary, \
        3770 _regdictionary b 3769, 3802 jsonb, 3807 _jsonb b 3802, 3831 anyrange p, 3838 event_trigger p, \
        3904 int4range r 23, 3905 _int4range b 3904, 3906 numrange r 1700, 3907 _numrange b 3906, 3908 tsrange r 1114, \
        3909 _tsrange b 3908, 3910 tstzrange r 1184, 3911 _tstzrange b 3910, 3912 daterange r 1082, \
        3913 _daterange b 3912, 3926 int8range r 20, 3927 _int8range b 3926, 4072 jsonpath, 4073 _jsonpath b 4072, \
        4089 regnamespace, 4090 _regnamespace b 4089, 4096 regrole, 4097 _regrole b 4096, 4191 regcollation, \
        4192 _regcollation b 4191, 4451 int4multirange m 23, 4532 nummultirange m 1700, 4533 tsmultirange m 1114, \
        4534 tstzmultirange m 1184, 4535 datemultirange m 1082, 4536 int8multirange m 20, 4537 anymultirange p, \
        4538 anycompatiblemultirange p, 4600 pg_brin_bloom_summary, 4601 pg_brin_minmax_multi_summary, 5017 pg_mcv_list, \
        5038 pg_snapshot, 5039 _pg_snapshot b 5038, 5069 xid8, 5077 anycompatible p, 5078 anycompatiblearray p, \
        5079 anycompatiblenonarray p, 5080 anycompatiblerange p, 6150 _int4multirange b 4451, 6151 _nummultirange b 4532, \
        6152 _tsmultirange b 4533, 6153 _tstzmultirange b 4534, 6155 _datemultirange b 4535, 6157 _int8multirange b 4536
        """
}
