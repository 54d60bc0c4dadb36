// What tables are made of, as catalogs know it.

/// An object of the source that pg_dump may give an entry.
struct DefinedObject: Sendable {
    typealias Object = SchemaDump.Object

    let object: Object
    /// As pg_identify_object has them: the same on every server for what is the same there.
    let type: String
    let identity: String
    /// The schema that it lies in; nil: in none.
    let schema: String?
    /// The table, or the domain, that it is part of; nil: it stands by itself.
    let owner: Object?
    /// Of a foreign key, the other table.
    let referenced: Object?
    /// Of a constraint its kind, as pg_constraint has it.
    let constraint: Character?
    /// Its name as a relation, also that of a constraint's index.
    let relation: SQLName?
    /// Of a key of a plain table the statements that build its index, and make it a constraint then.
    var byIndex: (creation: String, constraint: String)?
    /// Pages of its table as the source last counted them, of an index or a constraint.
    var pages = 0

    /// pg_class, which has a namesake's place whatever kind it is.
    static let relations = SchemaDump.Catalog.relation

    var isRelation: Bool { object.catalog == Self.relations }
    /// It holds rows of its own.
    var isTable: Bool { isRelation && ["table", "foreign table"].contains(type) }
    /// Relations and row types share their names; functions do not.
    var key: Key { Key(catalog: object.catalog, identity: identity) }

    /// What it is at another server.
    struct Key: Sendable, Hashable {
        let catalog: UInt32
        let identity: String
    }
}

/// Something that the tables of a run hang on, or are part of.
struct NeededObject: Sendable {
    let object: SchemaDump.Object
    /// Of a relation its kind; nil: it is none.
    let kind: Character?
    /// The tables among those asked for that it is, or is a partition of: OIDs.
    let roots: Set<String>
    let name: SQLName?
}

extension Catalog {
    private static let firstOfUsers = LockedRelations.firstOfUsers

    /// The question what tables with these OIDs are made of: themselves with their partitions, what is part of them, and
    /// what all of it hangs on. Asked under an empty search_path.
    /// - Parameter inSchemas: whatever lies in their schemas as well.
    static func neededQuestion(_ tables: [String], inSchemas: Bool) -> PipelineMessage {
        // Of what is not made nothing is needed. 'P', 'S': a partition is made by itself, and attached then.
        .statement(
            """
            WITH RECURSIVE tables(oid, root) AS (SELECT t, t FROM unnest($1::oid[]) t UNION \
            SELECT i.inhrelid, t.root FROM tables t JOIN pg_inherits i ON i.inhparent = t.oid \
            JOIN pg_class c ON c.oid = i.inhrelid WHERE c.relispartition), \
            spaces(oid) AS (SELECT c.relnamespace FROM tables t JOIN pg_class c USING (oid) WHERE \(inSchemas)), \
            reach(classid, objid) AS ((SELECT 1259::oid, oid FROM tables UNION ALL \
            SELECT 1259, oid FROM pg_class WHERE relnamespace IN (SELECT oid FROM spaces) AND relkind IN ('v', 'm') UNION ALL \
            SELECT 1255, oid FROM pg_proc WHERE pronamespace IN (SELECT oid FROM spaces) UNION ALL \
            SELECT 1247, t.oid FROM pg_type t WHERE t.typnamespace IN (SELECT oid FROM spaces) AND t.typrelid = 0 \
            AND NOT EXISTS (SELECT FROM pg_type e WHERE e.typarray = t.oid)) UNION \
            SELECT d.classid, d.objid FROM reach r CROSS JOIN LATERAL (\
            SELECT d.refclassid, d.refobjid FROM pg_depend d WHERE d.classid = r.classid AND d.objid = r.objid \
            AND d.deptype NOT IN ('P', 'S') AND r.classid <> 3079 \
            AND NOT (d.refclassid = 1259 AND d.deptype = 'a' AND r.classid = 1259 AND r.objid IN (SELECT oid FROM tables)) \
            AND (r.classid <> 1259 OR r.objid IN (SELECT oid FROM tables) OR EXISTS (\
            SELECT FROM pg_class c WHERE c.oid = r.objid AND (c.relkind IN ('i', 'I', 'S', 'c') \
            OR c.relnamespace IN (SELECT oid FROM spaces)))) UNION ALL \
            SELECT d.classid, d.objid FROM pg_depend d WHERE r.classid = 1259 AND d.refclassid = 1259 \
            AND d.refobjid = r.objid AND d.deptype IN ('a', 'i') AND r.objid IN (SELECT oid FROM tables) \
            AND (d.classid IN (2604, 2606, 2618, 2620, 3256, 3381) OR d.classid = 1259 AND EXISTS (\
            SELECT FROM pg_class c WHERE c.oid = d.objid AND c.relkind IN ('i', 'I', 'S')))) d(classid, objid)) \
            SELECT r.classid, r.objid, c.relkind, \
            CASE WHEN r.classid = 1259 THEN ARRAY(SELECT t.root FROM tables t WHERE t.oid = r.objid) END, \
            CASE WHEN r.classid = 1259 THEN r.objid::regclass END \
            FROM reach r LEFT JOIN pg_class c ON r.classid = 1259 AND c.oid = r.objid \
            WHERE r.objid >= \(firstOfUsers) AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = r.classid \
            AND e.objid = r.objid AND e.deptype = 'e')
            """, [arrayLiteral(tables)])
    }

    /// What is the answer.
    static func needed(_ result: QueryResult) -> [NeededObject] {
        (0..<result.rowCount).compactMap { row in
            guard let object = object(result, row) else { return nil }
            return NeededObject(
                object: object, kind: result.value(row, 2)?.first, roots: oids(result.value(row, 3)),
                name: result.name(row, 4).flatMap { SQLName($0) })
        }
    }

    private static func object(_ result: QueryResult, _ row: Int) -> SchemaDump.Object? {
        guard let catalog = result.value(row, 0).flatMap({ UInt32($0) }),
            let oid = result.value(row, 1).flatMap({ UInt32($0) })
        else { return nil }
        return SchemaDump.Object(catalog: catalog, oid: oid)
    }

    /// The question what objects are, and what they are part of.
    /// - Parameter indexes: how keys are made of their indexes as well.
    static func definedQuestion(_ objects: [SchemaDump.Object], indexes: Bool = false) -> PipelineMessage {
        .statement(
            """
            SELECT o.class, o.oid, i.type, i.identity, i.schema, \
            CASE WHEN con.contypid <> 0 THEN 1247 ELSE COALESCE(own.refclassid, 1259) END, \
            COALESCE(NULLIF(con.conrelid, 0), NULLIF(con.contypid, 0), ad.adrelid, ix.indrelid, tg.tgrelid, rw.ev_class, pol.polrelid, \
            st.stxrelid, own.refobjid), NULLIF(con.confrelid, 0), \
            CASE WHEN o.class = 1259 THEN o.oid::regclass ELSE NULLIF(con.conindid, 0)::regclass END, con.contype, \
            CASE WHEN \(indexes) AND con.contype IN ('p', 'u') AND own_table.relkind = 'r' AND NOT COALESCE((to_jsonb(con)->>'conperiod')::bool, false) \
            THEN pg_get_indexdef(con.conindid) END, CASE WHEN con.conindid <> 0 THEN format('ALTER TABLE ONLY %1$s ADD CONSTRAINT %2$I %3$s USING INDEX %2$I%4$s', \
            own_table.oid::regclass, con.conname, CASE con.contype WHEN 'p' THEN 'PRIMARY KEY' ELSE 'UNIQUE' END, \
            CASE WHEN con.condeferred THEN ' DEFERRABLE INITIALLY DEFERRED' WHEN con.condeferrable THEN ' DEFERRABLE' END) END, \
            own_table.relpages \
            FROM unnest($1::oid[], $2::oid[]) o(class, oid) CROSS JOIN LATERAL pg_identify_object(o.class, o.oid, 0) i \
            LEFT JOIN pg_constraint con ON o.class = 2606 AND con.oid = o.oid \
            LEFT JOIN pg_attrdef ad ON o.class = 2604 AND ad.oid = o.oid \
            LEFT JOIN pg_index ix ON o.class = 1259 AND ix.indexrelid = o.oid \
            LEFT JOIN pg_class own_table ON own_table.oid IN (con.conrelid, ix.indrelid) \
            LEFT JOIN pg_trigger tg ON o.class = 2620 AND tg.oid = o.oid \
            LEFT JOIN pg_rewrite rw ON o.class = 2618 AND rw.oid = o.oid \
            LEFT JOIN pg_policy pol ON o.class = 3256 AND pol.oid = o.oid \
            LEFT JOIN pg_statistic_ext st ON o.class = 3381 AND st.oid = o.oid \
            LEFT JOIN pg_class rel ON o.class = 1259 AND rel.oid = o.oid \
            LEFT JOIN pg_depend own ON own.classid = o.class AND own.objid = o.oid AND own.objsubid = 0 AND CASE \
            WHEN rel.relkind = 'S' THEN own.deptype IN ('a', 'i') AND own.refclassid = 1259 AND own.refobjsubid > 0 \
            WHEN rel.relkind = 'c' OR o.class IN (1247, 1255) THEN own.deptype = 'i' AND own.refclassid IN (1247, 1259) END \
            WHERE i.type IS NOT NULL
            """, [arrayLiteral(objects.map { "\($0.catalog)" }), arrayLiteral(objects.map { "\($0.oid)" })])
    }

    /// What is the answer.
    static func defined(_ result: QueryResult) -> [DefinedObject] {
        (0..<result.rowCount).compactMap { row in
            guard let object = object(result, row), let type = result.name(row, 2), let identity = result.name(row, 3)
            else { return nil }
            func other(_ column: Int, in catalog: UInt32) -> SchemaDump.Object? {
                result.value(row, column).flatMap { UInt32($0) }.map { SchemaDump.Object(catalog: catalog, oid: $0) }
            }
            var defined = DefinedObject(
                object: object, type: type, identity: identity,
                schema: result.name(row, 4).flatMap { SQLName($0)?.parts.first },
                owner: other(6, in: result.value(row, 5) == "1247" ? 1247 : 1259), referenced: other(7, in: 1259),
                constraint: result.value(row, 9)?.first, relation: result.name(row, 8).flatMap { SQLName($0) })
            if let creation = result.name(row, 10), let constraint = result.name(row, 11) {
                defined.byIndex = (creation, constraint)
            }
            defined.pages = result.value(row, 12).flatMap { Int($0) } ?? 0
            return defined
        }
    }

    /// The question which of these are there already, at another server, with their numbers there.
    static func presentQuestion(_ keys: [DefinedObject.Key], schemas: [String]) -> PipelineMessage {
        let catalogs = [
            (1259, "pg_class", "relnamespace"), (1247, "pg_type", "typnamespace"), (1255, "pg_proc", "pronamespace"),
            (2617, "pg_operator", "oprnamespace"), (3456, "pg_collation", "collnamespace"),
            (2607, "pg_conversion", "connamespace"), (2616, "pg_opclass", "opcnamespace"),
            (2753, "pg_opfamily", "opfnamespace"), (3602, "pg_ts_config", "cfgnamespace"),
            (3600, "pg_ts_dict", "dictnamespace"), (3601, "pg_ts_parser", "prsnamespace"),
            (3764, "pg_ts_template", "tmplnamespace"),
        ].map { "SELECT \($0.0)::oid, oid FROM \($0.1) WHERE \($0.2) IN (SELECT oid FROM spaces)" }
        let others = [
            (2615, "pg_namespace"), (3079, "pg_extension"), (2612, "pg_language"), (2328, "pg_foreign_data_wrapper"),
            (1417, "pg_foreign_server"), (3466, "pg_event_trigger"), (2605, "pg_cast"), (2601, "pg_am"),
            (3576, "pg_transform"),
        ].map { "SELECT \($0.0)::oid, oid FROM \($0.1)" }
        return .statement(
            """
            WITH spaces AS (SELECT oid FROM pg_namespace WHERE nspname = ANY ($3::text[])), \
            wanted AS (SELECT DISTINCT class, identity FROM unnest($1::oid[], $2::text[]) w(class, identity)) \
            SELECT o.class, o.oid, i.type, i.identity, i.schema, \(Array(repeating: "NULL", count: 8).joined(separator: ", ")) \
            FROM (\((catalogs + others).joined(separator: " UNION ALL "))) o(class, oid) \
            CROSS JOIN LATERAL pg_identify_object(o.class, o.oid, 0) i \
            JOIN wanted w ON w.class = o.class AND w.identity = i.identity
            """,
            [
                arrayLiteral(keys.map { "\($0.catalog)" }), arrayLiteral(keys.map(\.identity)), arrayLiteral(schemas),
            ])
    }

    /// The question for the sequences that belong to tables, by these names.
    static func ownedSequencesQuestion(_ tables: [String]) -> PipelineMessage {
        .statement(
            """
            SELECT s.oid FROM unnest($1::text[]) t(name) JOIN pg_depend d ON d.refobjid = to_regclass(t.name) \
            AND d.refclassid = 1259 AND d.classid = 1259 AND d.deptype IN ('a', 'i') \
            JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S'
            """, [arrayLiteral(tables)])
    }

    /// The question for what DROP would take along of these tables: partitions and sequences that are none of these.
    static func othersOfQuestion(_ tables: [String], sequences: [String]) -> PipelineMessage {
        .statement(
            """
            SELECT i.inhrelid::regclass FROM pg_inherits i WHERE i.inhparent = ANY ($1::oid[]) AND i.inhrelid <> ALL ($1::oid[]) \
            UNION SELECT s.oid::regclass FROM pg_depend d JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S' \
            WHERE d.refobjid = ANY ($1::oid[]) AND d.refclassid = 1259 AND d.classid = 1259 AND d.deptype IN ('a', 'i') \
            AND s.oid <> ALL ($2::oid[]) ORDER BY 1
            """, [arrayLiteral(tables), arrayLiteral(sequences)])
    }

    /// The question for what is another value once one of these was altered: a table or what belongs to it, a type, a
    /// sequence, a function.
    static func alterationsQuestion(_ objects: [SchemaDump.Object]) -> PipelineMessage {
        func rows(_ table: String, _ column: String, _ order: String, of owner: String = "c.oid") -> String {
            """
            (SELECT pg_catalog.string_agg(pg_catalog.concat(x.\(order), ':', x.xmin), ',' ORDER BY x.\(order)) \
            FROM pg_catalog.\(table) x WHERE x.\(column) OPERATOR(pg_catalog.=) \(owner))
            """
        }
        let parts = [
            "pg_class": [
                rows("pg_attribute", "attrelid", "attnum"), rows("pg_constraint", "conrelid", "oid"),
                rows("pg_attrdef", "adrelid", "oid"), rows("pg_index", "indrelid", "indexrelid"),
                rows("pg_trigger", "tgrelid", "oid"), rows("pg_policy", "polrelid", "oid"),
                rows("pg_rewrite", "ev_class", "oid"), rows("pg_statistic_ext", "stxrelid", "oid"),
                rows("pg_inherits", "inhparent", "inhrelid"), rows("pg_sequence", "seqrelid", "seqrelid"),
            ],
            "pg_type": [
                rows("pg_enum", "enumtypid", "oid"), rows("pg_constraint", "contypid", "oid"),
                rows("pg_attribute", "attrelid", "attnum", of: "c.typrelid"),
            ],
            "pg_proc": [],
        ]
        let question = parts.sorted { $0.key < $1.key }.enumerated().map { number, catalog in
            """
            SELECT c.oid, pg_catalog.md5(pg_catalog.concat_ws(';', \((["c.xmin"] + catalog.value).joined(separator: ", ")))) \
            FROM pg_catalog.\(catalog.key) c WHERE c.oid OPERATOR(pg_catalog.=) ANY ($\(number + 1)::pg_catalog.oid[])
            """
        }
        func oids(_ catalog: UInt32) -> String {
            arrayLiteral(objects.filter { $0.catalog == catalog }.map { "\($0.oid)" })
        }
        return .statement(
            question.joined(separator: " UNION ALL "), [oids(DefinedObject.relations), oids(1255), oids(1247)])
    }

    /// What is the answer, by OID.
    static func alterations(_ result: QueryResult) -> [String: String] {
        Dictionary(
            (0..<result.rowCount).compactMap { row in
                result.value(row, 0).flatMap { oid in result.value(row, 1).map { (oid, $0) } }
            }, uniquingKeysWith: { first, _ in first })
    }

    /// The question for all relations but these, as pg_dump chooses among them.
    static func otherRelationsQuestion(_ oids: [String]) -> PipelineMessage {
        .statement(
            """
            SELECT c.oid::regclass FROM pg_class c WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') \
            AND c.oid >= \(firstOfUsers) AND c.relpersistence <> 't' AND c.oid <> ALL ($1::oid[]) ORDER BY 1::text
            """, [arrayLiteral(oids)])
    }

    /// What is the answer.
    static func relations(_ result: QueryResult) -> [SQLName] {
        (0..<result.rowCount).compactMap { result.name($0, 0).flatMap { SQLName($0) } }
    }

    /// The question whether literals are written with backslashes as themselves, whatever a session of ours has set.
    static let standardStringsQuestion = PipelineMessage.statement(
        "SELECT reset_val FROM pg_settings WHERE name = 'standard_conforming_strings'")
}
