// Questions to a server about itself, and about what its sessions hold.

extension Catalog {
    /// The question what names stand for by the session's own search_path.
    static func namesQuestion(_ names: [SQLName], empties: Emptying? = nil) -> PipelineMessage {
        .statement(
            """
            SELECT q.place, c.relkind, n.nspname, c.relname, c.oid, \
            pg_catalog.has_table_privilege(c.oid, 'SELECT') AND NOT pg_catalog.row_security_active(c.oid), \
            \(ancestors("c")), CASE WHEN c.relpersistence OPERATOR(pg_catalog.=) 'u' AND NOT pg_catalog.pg_is_in_recovery() \
            THEN 'p' ELSE c.relpersistence END, \
            pg_catalog.has_any_column_privilege(c.oid, 'SELECT'), pg_catalog.has_any_column_privilege(c.oid, 'INSERT'), \
            pg_catalog.has_table_privilege(c.oid, '\((empties ?? .truncate).right)') \
            FROM \(namesTable(names.count, 1)) q(place, oid) \
            JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) q.oid \
            JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
            """, nameParameters([names.map(\.quoted)]))
    }

    /// What is the answer, one for each name; nil when it stands for nothing. What it stands for is looked up now, its name
    /// is read by a snapshot: of a table that was renamed in between it is the old one. The name that was asked for is what
    /// counts.
    static func found(_ result: QueryResult, asked: [SQLName]) -> [Lookup.Found?] {
        var found: [Lookup.Found?] = Array(repeating: nil, count: asked.count)
        for row in 0..<result.rowCount {
            guard let place = result.value(row, 0).flatMap({ Int($0) }), let schema = result.name(row, 2),
                let name = result.name(row, 3)
            else { continue }
            let asked = asked[place - 1]
            found[place - 1] = Lookup.Found(
                asked: asked, name: asked.isCut ? SQLName([schema, name]) : asked.inside(schema),
                kind: result.value(row, 1)?.first ?? "r", oid: result.value(row, 4) ?? "",
                isReadable: result.value(row, 5) == "t", parents: oids(result.value(row, 6)),
                isTemporary: result.value(row, 7) == "t", isUnreadable: result.value(row, 7) == "u",
                mayRead: result.value(row, 8) != "f",
                mayLoad: result.value(row, 9) != "f", mayEmpty: result.value(row, 10) != "f")
        }
        return found
    }

    /// The tables that hold a partition's rows as well; nothing where it is none.
    static func ancestors(_ table: String) -> String {
        """
        CASE WHEN \(table).relispartition THEN ARRAY(SELECT p.relid::pg_catalog.oid \
        FROM pg_catalog.pg_partition_ancestors(\(table).oid) p) END
        """
    }

    /// What an array of OIDs holds.
    static func oids(_ array: String?) -> Set<String> {
        Set((array ?? "").split { "{,}".contains($0) }.map(String.init))
    }

    /// The question which server it is, as far as every role may ask. Only functions are called: to plan a query of the
    /// catalogs takes a new backend longer than all of this. The file of pg_class lies in its database's folder.
    /// - Parameter noticing: as well, whether its backends can notice that their client is gone.
    static func serverQuestion(noticing: Bool) -> PipelineMessage {
        .statement(
            """
            SELECT pg_catalog.encode(pg_catalog.timestamptz_send(pg_catalog.pg_postmaster_start_time()), 'hex'), \
            pg_catalog.pg_is_in_recovery(), pg_catalog.pg_relation_filepath('1259'), \
            pg_catalog.current_setting('default_transaction_read_only'), pg_catalog.current_setting('lock_timeout'), \
            \(noticing ? SessionSettings.canNoticeClient : "NULL")
            """)
    }

    /// The server that is the answer.
    static func server(_ result: QueryResult, _ connection: Connection) -> Lookup.Server {
        func text(_ column: Int) -> String { result.value(0, column) ?? "" }
        return Lookup.Server(
            cluster: ClusterIdentity(
                start: UInt64(text(0), radix: 16).map(String.init) ?? "", isInRecovery: text(1) == "t"),
            database: text(2).split(separator: "/").dropLast().last.map(String.init) ?? "",
            isReadOnly: text(3) == "on",
            hasOwnLockTimeout: text(4) != "0" && connection.isGiven("lock_timeout"),
            canNoticeClient: text(5) == "t")
    }

    /// The question for what a copy of its files shares with it, and for the timeline: what is being written, or the
    /// newest that a standby knows of. Some servers do not let everybody ask.
    static let controlQuestion = PipelineMessage.statement(
        """
        SELECT (pg_catalog.pg_control_system()).system_identifier, \
        CASE WHEN pg_catalog.pg_is_in_recovery() THEN NULL \
        ELSE pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()) END, \
        (pg_catalog.pg_control_checkpoint()).timeline_id, \
        (pg_catalog.pg_control_recovery()).min_recovery_end_timeline, \
        (SELECT r.received_tli FROM pg_catalog.pg_stat_wal_receiver r)
        """)

    /// What is known of a server, completed by that answer.
    static func cluster(_ cluster: ClusterIdentity, control: QueryResult) -> ClusterIdentity {
        // Who may not see its receiver knows only what a standby has noted down at times.
        let received = control.value(0, 4) != nil
        let written = control.value(0, 1).flatMap { Int($0.prefix(8), radix: 16) }
        let replayed = (2...4).compactMap { control.value(0, $0).flatMap { Int($0) } }.max()
        var cluster = cluster
        cluster.systemIdentifier = control.value(0, 0)
        cluster.timeline = written ?? replayed
        cluster.isTimelineSure = written != nil || received
        return cluster
    }

    /// The question which relations this transaction has locked, and which of them are not what they were at its
    /// snapshot: emptied, rewritten (another file), replaced (not there then), under another name, their schema's
    /// included. The tables of the catalog are read by the snapshot, functions see what is now. Indexes come and go.
    ///
    /// And of which more was written since, by whom has committed: the definition, the columns, the children and the
    /// parent (a row's xmax is what is now as well). Rows may have been moved in the same transaction. What was locked
    /// before that is still read as it was.
    static func lockedQuestion(_ session: Session) -> PipelineMessage {
        // Its row stays in the catalog until DETACH CONCURRENTLY is finished, perhaps never.
        let attached = session.version.detachesConcurrently ? "AND NOT i.inhdetachpending " : ""
        return .statement(
            """
            SELECT l.relation, c.relname, pg_catalog.concat(n.xmin, ' ', n.xmax), l.relation::pg_catalog.regclass, \
            c.oid IS NULL AND pg_catalog.pg_index_has_property(l.relation, 'index_scan') IS NULL \
            OR c.relkind OPERATOR(pg_catalog.=) ANY ('{r,m}') AND c.relfilenode OPERATOR(pg_catalog.<>) 0 \
            AND c.relfilenode OPERATOR(pg_catalog.<>) pg_catalog.pg_relation_filenode(l.relation) \
            OR CASE WHEN c.relkind OPERATOR(pg_catalog.=) ANY ('{r,p,f,v,m}') \
            AND c.relpersistence OPERATOR(pg_catalog.<>) 't' AND n.nspname IS NOT NULL \
            THEN (pg_catalog.pg_identify_object(1259, l.relation, 0)).identity \
            OPERATOR(pg_catalog.<>) pg_catalog.format('%I.%I', n.nspname, c.relname) ELSE false END, \
            c.relkind OPERATOR(pg_catalog.=) ANY ('{r,p,f}') AND COALESCE((SELECT a.relid::pg_catalog.oid \
            FROM pg_catalog.pg_partition_ancestors(l.relation) a OFFSET 1 LIMIT 1), '0') \
            OPERATOR(pg_catalog.<>) COALESCE((SELECT i.inhparent FROM pg_catalog.pg_inherits i \
            WHERE c.relispartition \(attached)AND i.inhrelid OPERATOR(pg_catalog.=) l.relation LIMIT 1), '0') \
            OR EXISTS (SELECT FROM (SELECT c.xmax UNION ALL SELECT r.xmax FROM pg_catalog.pg_rewrite r \
            WHERE r.ev_class OPERATOR(pg_catalog.=) l.relation UNION ALL SELECT i.xmax FROM pg_catalog.pg_inherits i \
            WHERE i.inhparent OPERATOR(pg_catalog.=) l.relation UNION ALL SELECT a.xmax FROM pg_catalog.pg_attribute a \
            WHERE a.attrelid OPERATOR(pg_catalog.=) l.relation AND a.attnum OPERATOR(pg_catalog.>) 0) w(x) \
            WHERE \(wasWritten("w.x"))) \
            FROM pg_catalog.pg_locks l \
            LEFT JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) l.relation \
            LEFT JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace \
            WHERE \(isOwnLock("l")) AND (c.oid IS NULL OR NOT c.relkind OPERATOR(pg_catalog.=) ANY ('{i,I}'))
            """)
    }

    /// The question whether tables that were locked before the snapshot still bear their names, and nothing else of users'
    /// is locked: then nothing has changed. A row that is true.
    static func stillAloneQuestion(_ tables: [TableShape]) -> PipelineMessage {
        guard tables.count == 1, let table = tables.first else { return stillTheseQuestion(tables) }
        return .statement(
            """
            SELECT COALESCE(pg_catalog.to_regclass($1)::pg_catalog.oid OPERATOR(pg_catalog.=) $2::pg_catalog.oid, false) \
            AND NOT EXISTS (SELECT FROM pg_catalog.pg_lock_status() l WHERE \(isOwnLock("l")) \
            AND l.relation OPERATOR(pg_catalog.>=) '\(LockedRelations.firstOfUsers)'::pg_catalog.oid \
            AND l.relation OPERATOR(pg_catalog.<>) $2::pg_catalog.oid)
            """, [table.name.quoted, table.oid])
    }

    private static func stillTheseQuestion(_ tables: [TableShape]) -> PipelineMessage {
        .statement(
            """
            SELECT NOT EXISTS (SELECT FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.text[]), \
            pg_catalog.unnest($2::pg_catalog.oid[]), pg_catalog.unnest($3::pg_catalog.text[])) n(name, oid, version) \
            WHERE NOT COALESCE(pg_catalog.to_regclass(n.name)::pg_catalog.oid OPERATOR(pg_catalog.=) n.oid, false) \
            OR NOT COALESCE((SELECT pg_catalog.concat(s.xmin, ' ', s.xmax) FROM pg_catalog.pg_class c \
            JOIN pg_catalog.pg_namespace s ON s.oid OPERATOR(pg_catalog.=) c.relnamespace \
            WHERE c.oid OPERATOR(pg_catalog.=) n.oid) OPERATOR(pg_catalog.=) n.version, false)) \
            AND NOT EXISTS (SELECT FROM pg_catalog.pg_lock_status() l WHERE \(isOwnLock("l")) \
            AND l.relation OPERATOR(pg_catalog.>=) '\(LockedRelations.firstOfUsers)'::pg_catalog.oid \
            AND NOT l.relation OPERATOR(pg_catalog.=) ANY (SELECT pg_catalog.unnest($2::pg_catalog.oid[])))
            """,
            [
                arrayLiteral(tables.map(\.name.quoted)), arrayLiteral(tables.map(\.oid)),
                arrayLiteral(tables.map(\.schemaVersion)),
            ])
    }

    /// The relations that are the answer.
    static func locked(_ result: QueryResult) -> LockedRelations {
        LockedRelations(
            (0..<result.rowCount).map { row in
                LockedRelations.Relation(
                    oid: result.value(row, 0) ?? "", name: result.name(row, 1), schemaVersion: result.value(row, 2),
                    shown: result.name(row, 3) ?? "", isChanged: result.value(row, 4) == "t",
                    isWritten: result.value(row, 5) == "t")
            })
    }

    /// A condition: a row of the catalog that the snapshot sees was replaced or deleted since, by whom has committed. Its
    /// xmax has the last 32 bits of what the functions count by; the newest of those is near.
    static func wasWritten(_ xmax: String) -> String {
        let newest = "pg_catalog.txid_snapshot_xmax(pg_catalog.txid_current_snapshot())"
        let ahead = """
            (\(xmax)::pg_catalog.text::pg_catalog.int8 OPERATOR(pg_catalog.-) \
            (\(newest) OPERATOR(pg_catalog.%) 4294967296))
            """
        let writer = """
            ((\(newest) OPERATOR(pg_catalog.-) 2147483648) OPERATOR(pg_catalog.+) \
            ((\(ahead) OPERATOR(pg_catalog.+) 6442450944) OPERATOR(pg_catalog.%) 4294967296))
            """
        // A row that is seen although its writer has committed: he did so since. The oldest that may have done so, since
        // who only locked a row is no writer; a snapshot does not list subtransactions.
        // CASE: nobody (0) may be taken for a transaction of the future, which is an error.
        return """
            CASE WHEN \(xmax) OPERATOR(pg_catalog.=) '0'::pg_catalog.xid THEN false \
            WHEN \(writer) OPERATOR(pg_catalog.<) \
            pg_catalog.txid_snapshot_xmin(pg_catalog.txid_current_snapshot()) THEN false \
            ELSE pg_catalog.txid_status(\(writer)) OPERATOR(pg_catalog.=) 'committed' END
            """
    }

    /// A condition: a lock of this session on a relation.
    static func isOwnLock(_ lock: String) -> String {
        """
        \(lock).pid OPERATOR(pg_catalog.=) pg_catalog.pg_backend_pid() \
        AND \(lock).locktype OPERATOR(pg_catalog.=) 'relation'
        """
    }

    /// A statement that fails (22012) unless names stand for these tables.
    fileprivate static func requireNamesQuestion(_ tables: [(name: SQLName, oid: String)]) -> PipelineMessage {
        .statement(
            """
            SELECT pg_catalog.int4div(1, CASE WHEN pg_catalog.bool_and(\
            COALESCE(pg_catalog.to_regclass(n.name)::pg_catalog.oid OPERATOR(pg_catalog.=) n.oid, false)) THEN 1 ELSE 0 END) \
            FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.text[]), pg_catalog.unnest($2::pg_catalog.oid[])) n(name, oid)
            """, [arrayLiteral(tables.map(\.name.quoted)), arrayLiteral(tables.map(\.oid))])
    }

    /// The question what names that are no longer to be looked up by the search_path stand for now, and for their schemas'
    /// rows, in their order. Where both are what they were a name was never another table's.
    static func standsForQuestion(_ tables: [TableShape]) -> PipelineMessage {
        guard tables.count == 1, let table = tables.first else {
            return .statement(
                """
                SELECT pg_catalog.to_regclass(t.name)::pg_catalog.oid, \
                (SELECT pg_catalog.concat(n.xmin, ' ', n.xmax) \
                FROM pg_catalog.pg_namespace n WHERE n.nspname OPERATOR(pg_catalog.=) t.schema) \
                FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.text[]), pg_catalog.unnest($2::pg_catalog.text[])) \
                WITH ORDINALITY t(name, schema, place) ORDER BY t.place
                """,
                [arrayLiteral(tables.map(\.name.quoted)), arrayLiteral(tables.map { $0.name.parts.first ?? "" })])
        }
        return .statement(
            """
            SELECT pg_catalog.to_regclass($1)::pg_catalog.oid, (SELECT pg_catalog.concat(n.xmin, ' ', n.xmax) \
            FROM pg_catalog.pg_namespace n WHERE n.nspname OPERATOR(pg_catalog.=) $2)
            """, [table.name.quoted, table.name.parts.first])
    }

    /// The question whether its name stood for another table in between: its schema's row is another, and a table of the
    /// same name is locked that is no partition of it while no row has come here. Or, where it was emptied, not all of it
    /// was: who empties a table writes its row in pg_class. A trigger may lock a namesake, too.
    /// - Parameter isDivided: rows of several statements came here: some may have come to the other.
    static func stoodForAnotherQuestion(
        _ table: TableShape, isEmptied: Bool, isDivided: Bool
    ) -> PipelineMessage {
        let hasNoRows = """
            AND NOT EXISTS (SELECT FROM (SELECT c.oid UNION SELECT p.relid::pg_catalog.oid \
            FROM pg_catalog.pg_partition_tree(c.oid) p) t(oid) \
            WHERE pg_catalog.pg_stat_get_xact_tuples_inserted(t.oid) OPERATOR(pg_catalog.>) 0)
            """
        let tree = """
            (SELECT c.oid UNION SELECT p.relid::pg_catalog.oid FROM pg_catalog.pg_partition_tree(c.oid) p) t(oid)
            """
        let isNotEmptied = """
            EXISTS (SELECT FROM \(tree) JOIN pg_catalog.pg_class k ON k.oid OPERATOR(pg_catalog.=) t.oid \
            WHERE k.relkind OPERATOR(pg_catalog.=) 'r' AND NOT k.xmin::pg_catalog.text OPERATOR(pg_catalog.=) \
            (pg_catalog.txid_current() OPERATOR(pg_catalog.%) 4294967296)::pg_catalog.text) OR
            """
        return .statement(
            """
            SELECT NOT n.xmin OPERATOR(pg_catalog.=) pg_catalog.split_part($2, ' ', 1)::pg_catalog.xid \
            AND (\(isEmptied ? isNotEmptied + " " : "")EXISTS (SELECT FROM pg_catalog.pg_class s \
            JOIN pg_catalog.pg_locks l ON l.relation OPERATOR(pg_catalog.=) s.oid AND \(isOwnLock("l")) \
            WHERE s.relname OPERATOR(pg_catalog.=) c.relname AND s.oid OPERATOR(pg_catalog.<>) c.oid \
            \(isDivided ? "" : hasNoRows) \
            AND NOT EXISTS (SELECT FROM pg_catalog.pg_partition_ancestors(s.oid) a \
            WHERE a.relid::pg_catalog.oid OPERATOR(pg_catalog.=) c.oid))) \
            FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace \
            WHERE c.oid OPERATOR(pg_catalog.=) $1::pg_catalog.oid
            """, [table.oid, table.schemaVersion])
    }

    /// Asks which of these another backend waits for, no longer than 2 s. Whoever waits for a stranger that waits for us is
    /// let go in time.
    static func waits(_ pid: Int32, for others: [Int32], asking session: Session) throws -> QueryWork {
        let sql = """
            SELECT b.pid FROM pg_catalog.unnest(pg_catalog.pg_blocking_pids($1)) b(pid) \
            WHERE b.pid OPERATOR(pg_catalog.=) ANY ($2::pg_catalog.int4[])
            """
        return try QueryWork(sql, ["\(pid)", arrayLiteral(others.map(String.init))], on: session, timeout: .seconds(2))
    }
}

extension PipelinePart {
    /// SQLSTATEs: somebody has a lock, or two have what the other one wants.
    static let lockedStates: Set = ["55P03", "40P01"]

    /// Fails unless names stand for these tables, for what goes by names behind it.
    func requireNames(_ tables: [TableShape]) { requireNames(tables.map { ($0.name, $0.oid) }) }

    func requireNames(_ tables: [(name: SQLName, oid: String)]) {
        ask(
            Catalog.requireNamesQuestion(tables), busyStates: ["22012"],
            meaning: { error in
                let names = tables.map(\.name.quoted).joined(separator: ", ")
                let what = tables.count == 1 ? "\(names) stands" : "of \(names) one stands"
                return PgcopyError(
                    .refused, "\(what) for another table by now; nothing was committed here",
                    endpoint: error.endpoint, causes: [error])
            })
    }

    /// Locks tables, that others may have or may have exchanged.
    func lockByNames(_ targets: String, _ mode: String) {
        ask(
            .statement("LOCK TABLE \(targets) IN \(mode) MODE"),
            busyStates: Self.lockedStates.union(["42P01", "3F000"]))
    }
}
