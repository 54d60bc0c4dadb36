// What keeps people from harm: read-only databases, sources without rows, standbys.

import TestKit
import Testing

@Suite struct GuardTests {
    // MARK: Read-only by default

    @Test func `a guarded destination that is the source itself is told as guarded`() throws {
        let trio = try Trio("CREATE TABLE t (a int)")
        try trio.first.sql("INSERT INTO t VALUES (1)")
        try trio.first.cluster.psql("ALTER DATABASE \(trio.first.database) SET default_transaction_read_only = on")
        let result = try transfer("--keep-going", trio.first.at(), trio.first.at(), trio.second.at())
        #expect(result.code == 3 && !result.errors.contains("connection is closed"), "\(result)")
        #expect(result.errors.contains("default_transaction_read_only is on"), "\(result)")
        #expect(try trio.second.count() == 1)
    }

    @Test func `a database that is read-only by default is left as it is, unless told otherwise`() throws {
        let trio = try Trio(rows: 10)
        try trio.first.cluster.psql("ALTER DATABASE \(trio.first.database) SET default_transaction_read_only = on")
        let refused = try transfer(trio.source.at(), trio.second.at(), trio.first.at())
        #expect(refused.code == 2 && refused.errors.contains("--override-read-only"), "\(refused)")
        #expect(refused.errors.contains("\(trio.first.label()): default_transaction_read_only"), "\(refused)")
        try trio.expectNothingCommitted("refused")
        // As a source it is fine.
        #expect(try transfer(trio.first.at(), trio.second.at()).code == 0)
        let partly = try transfer("--keep-going", trio.source.at(), trio.second.at(), trio.first.at())
        #expect(partly.code == 3 && partly.errors.contains("--override-read-only"), "\(partly)")
        #expect(try trio.second.count() == 10)
        #expect(try transfer("--override-read-only", trio.source.at(), trio.first.at()).code == 0)
        #expect(try trio.first.count() == 10)
    }

    @Test func `the guard counts where the caller sets it, too`() throws {
        let trio = try Trio(rows: 10)
        let result = try transfer(trio.source.at(), trio.first.at()) {
            $0.environment["PGOPTIONS"] = "-c default_transaction_read_only=on"
        }
        #expect(result.code == 2 && result.errors.contains("--override-read-only"), "\(result)")
        try trio.expectNothingCommitted("refused")
    }

    // MARK: A source without rows

    @Test(arguments: ["auto", "text", "csv", "binary"])
    func `a table that holds rows is not emptied for the sake of none`(format: String) throws {
        let trio = try Trio(rows: 0)
        try trio.first.sql(Trio.fill(5))
        let swapped = try transfer(
            "--truncate", "--format", format, trio.source.at(), trio.first.at(), trio.second.at())
        #expect(swapped.code == 1 && swapped.errors.contains("--allow-empty"), "\(swapped)")
        #expect(try trio.first.count() == 5)
        let partly = try transfer(
            "--truncate", "--keep-going", "--format", format, trio.source.at(), trio.first.at(), trio.second.at())
        #expect(partly.code == 3, "\(partly)")
        #expect(try trio.first.count() == 5)
        let meant = try transfer(
            "--truncate", "--allow-empty", "--format", format, trio.source.at(), trio.first.at(), trio.second.at())
        #expect(meant.code == 0, "\(meant)")
        #expect(try trio.first.count() == 0)
        // Where nothing is lost nothing is asked.
        #expect(try transfer("--truncate", "--format", format, trio.source.at(), trio.first.at()).code == 0)
    }

    @Test(arguments: ["null:", "-", "csv", "where", "query"])
    func `no rows are no rows, wherever they do not come from`(source: String) throws {
        let trio = try Trio(rows: 3)
        try trio.first.sql(Trio.fill(5))
        let arguments =
            switch source {
            case "null:": [source, trio.first.at()]
            case "-": [source, trio.first.at()]
            case "csv": ["--format=csv", "--header", "-", trio.first.at()]
            case "where": ["--where=false", trio.source.at(), trio.first.at()]
            default: ["--query=SELECT * FROM t LIMIT 0", trio.source.conninfo, trio.first.at()]
            }
        for (option, code) in [([], 1), (["--allow-empty"], 0)] {
            let result = try transfer(["--truncate"] + option + arguments) {
                $0.input = .bytes(Array(source == "csv" ? "id,filler\n".utf8 : "".utf8))
            }
            #expect(result.code == Int32(code), "\(result)")
            #expect(try trio.first.count() == (code == 0 ? 0 : 5))
        }
    }

    @Test func `rows that may not be read are not removed either`() throws {
        let trio = try Trio(rows: 0)
        try trio.first.sql(
            """
            CREATE TABLE p (id text, filler text) PARTITION BY LIST (id);
            CREATE TABLE p1 PARTITION OF p DEFAULT; INSERT INTO p VALUES ('1', 'x'); \(Trio.fill(1))
            """)
        let role = "truncator_\(trio.first.database)"
        try trio.first.sql(
            "CREATE ROLE \(role) LOGIN; GRANT INSERT, TRUNCATE ON t, p TO \(role)")
        let login = trio.first.cluster.conninfo(database: trio.first.database, ["user": role])
        for table in ["t", "p"] {
            let result = try transfer("--truncate", trio.source.at(), login + "#" + table)
            #expect(result.code == 1 && result.errors.contains("--allow-empty"), "\(result)")
            #expect(try trio.first.count(table) == 1)
        }
        try trio.first.sql("DROP OWNED BY \(role); DROP ROLE \(role)")
    }

    @Test func `foreign rows that may not be read are not removed either`() throws {
        let trio = try Trio(rows: 0)
        let far = trio.second
        try far.sql(Trio.fill(1))
        let role = "truncator_\(trio.first.database)"
        try trio.first.sql(
            """
            CREATE EXTENSION postgres_fdw;
            CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw OPTIONS
                (host \(sqlLiteral(far.cluster.socketDirectory)), port '\(far.cluster.port)',
                 dbname \(sqlLiteral(far.database)));
            CREATE ROLE \(role) LOGIN;
            CREATE USER MAPPING FOR \(role) SERVER far OPTIONS (user 'postgres', password_required 'false');
            CREATE FOREIGN TABLE f (id text, filler text) SERVER far OPTIONS (table_name 't');
            CREATE TABLE p (id text, filler text) PARTITION BY LIST (id);
            CREATE FOREIGN TABLE p1 PARTITION OF p DEFAULT SERVER far OPTIONS (table_name 't');
            GRANT INSERT, TRUNCATE ON f, p, p1 TO \(role)
            """)
        let login = trio.first.cluster.conninfo(database: trio.first.database, ["user": role])
        for table in ["f", "p"] {
            let result = try transfer("--truncate", trio.source.at(), login + "#" + table)
            #expect(result.code == 1 && result.errors.contains("--allow-empty"), "\(result)")
            #expect(try far.count() == 1)
        }
        for table in ["f", "p"] {
            try far.sql(Trio.fill(1))
            try transfer("--truncate", "--allow-empty", trio.source.at(), login + "#" + table).expecting(0)
            #expect(try far.count() == 0)
        }
        try trio.first.sql("DROP USER MAPPING FOR \(role) SERVER far; DROP OWNED BY \(role); DROP ROLE \(role)")
    }

    /// What its trigger does with the rows is the table's affair.
    @Test func `rows that a trigger takes are rows`() throws {
        let trio = try Trio(rows: 3)
        try trio.first.sql(
            """
            INSERT INTO t VALUES ('old'); CREATE TABLE child () INHERITS (t);
            CREATE FUNCTION route() RETURNS trigger LANGUAGE plpgsql AS
                'BEGIN INSERT INTO public.child VALUES (NEW.*); RETURN NULL; END';
            CREATE TRIGGER route BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION route()
            """)
        try transfer("--truncate", trio.source.at(), trio.first.at()).expecting(0)
        #expect(try trio.first.count("child") == 3 && trio.first.count() == 3)
    }

    // MARK: Standbys

    private static let replication = ["wal_level = replica", "max_wal_senders = 5"]

    @Test func `the table of a standby is its primary's`() throws {
        let primary = try Cluster(ClusterOptions(settings: Self.replication))
        let place = try Place(
            primary, Trio.schema + ";" + Trio.fill(10) + "; CREATE TABLE u (LIKE t); CREATE UNLOGGED TABLE v (LIKE t)")
        let standby = try Cluster(
            ClusterOptions(settings: Self.replication, backup: .init(of: primary, isStandby: true)))
        let onStandby = standby.conninfo(database: place.database)
        let other = try Place(Servers.first, Trio.schema)
        // A lock on a standby, a snapshot there, to another server.
        try transfer(onStandby + "#t", other.at()).expecting(0)
        #expect(try other.count() == 10)
        for options in [[], ["--truncate"]] {
            let same = try transfer(options + [onStandby + "#t", place.at()])
            #expect(same.code == 2 && same.errors.contains("--not-same") && same.errors.contains("standby"), "\(same)")
        }
        #expect(try place.count() == 10)
        // Another table there is another.
        try transfer(onStandby + "#t", place.at("u")).expecting(0)
        #expect(try place.count("u") == 10)
        let into = try transfer(other.at(), onStandby + "#t")
        #expect(into.code == 2 && into.errors.contains("is a standby"), "\(into)")
        #expect(into.errors.contains("HINT: where a connection names several hosts, target_session_attrs=primary"))
        try transfer("--not-same", onStandby + "#t", place.at()).expecting(0)
        #expect(try place.count() == 20)
        // It holds nothing of what is unlogged.
        for options in [["-t", "v", onStandby], ["-t", "v", "-t", "t", onStandby], ["--dry-run", onStandby + "#v"]] {
            let nothing = try transfer(options + ["null:"])
            #expect(
                nothing.code == 1 && nothing.errors.contains("a standby has no rows of it; name the primary"),
                "\(nothing)")
        }
        try transfer(place.at("v"), "null:").expecting(0)
    }

    /// Who does not see how far a standby has come, or which server it is, gets no second copy of the rows.
    @Test func `a standby that does not say which server it is is taken for the primary's`() throws {
        // A backup of a standby wants full pages.
        let settings = Self.replication + ["full_page_writes = on"]
        let primary = try Cluster(ClusterOptions(settings: settings))
        let place = try Place(primary, Trio.schema + ";" + Trio.fill(10) + "; CREATE ROLE plain LOGIN")
        try place.sql("GRANT SELECT, INSERT, TRUNCATE ON t TO plain")
        func login(_ cluster: Cluster) -> String {
            cluster.conninfo(database: place.database, ["user": "plain"]) + "#t"
        }
        func expectTheSame(_ standby: Cluster, _ primary: Cluster) throws {
            for options in [[], ["--truncate"]] {
                let same = try transfer(options + [login(standby), login(primary)])
                #expect(same.code == 2 && same.errors.contains("--not-same"), "\(same)")
                #expect(try primary.psql("SELECT count(*) FROM t", database: place.database) == "10")
            }
        }
        let heir = try Cluster(
            ClusterOptions(settings: settings, backup: .init(of: primary, isStandby: true)))
        let standby = try Cluster(
            ClusterOptions(settings: settings, backup: .init(of: heir, isStandby: true)))
        try expectTheSame(standby, primary)
        // Behind a promotion: its control file may still speak of the old timeline.
        try heir.psql("SELECT pg_promote()")
        try heir.psql("CREATE TABLE promoted ()", database: place.database)
        try eventually("the standby follows the promoted server") {
            try standby.psql("SELECT to_regclass('promoted') IS NOT NULL", database: place.database) == "t"
        }
        try expectTheSame(standby, heir)
        // Where nothing may be asked of the control file.
        for function in ["system", "checkpoint", "recovery"] {
            try heir.psql(
                "REVOKE EXECUTE ON FUNCTION pg_control_\(function)() FROM PUBLIC; CREATE TABLE revoked_\(function) ()",
                database: place.database)
            try eventually("the standby knows what was revoked") {
                try standby.psql("SELECT to_regclass('revoked_\(function)') IS NOT NULL", database: place.database)
                    == "t"
            }
            try expectTheSame(standby, heir)
        }
        #expect(try transfer(login(standby), login(heir)).errors.contains("as far as this role may ask"))
        try transfer("--not-same", "--truncate", login(standby), login(heir)).expecting(0)
        // The old primary and the promoted server are two.
        try transfer(place.at(), heir.conninfo(database: place.database) + "#t").expecting(0)
        #expect(try heir.psql("SELECT count(*) FROM t", database: place.database) == "20")
    }

    @Test func `a server restored from a base backup is another one`() throws {
        let primary = try Cluster(ClusterOptions(settings: Self.replication))
        let place = try Place(primary, Trio.schema + ";" + Trio.fill(10))
        let restored = try Cluster(
            ClusterOptions(settings: Self.replication, backup: .init(of: primary, isStandby: false)))
        try transfer("--truncate", place.at(), restored.conninfo(database: place.database) + "#t").expecting(0)
        try transfer(place.at(), restored.conninfo(database: place.database) + "#t").expecting(0)
        #expect(try restored.psql("SELECT count(*) FROM t", database: place.database) == "20")
        #expect(try place.count() == 10)
    }

    // MARK: A dead link

    @Test func `a server is told how soon to notice a dead link, unless the user says it`() throws {
        let trio = try Trio(rows: 1)
        try trio.first.sql(
            """
            CREATE TABLE seen (name text, value text);
            CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                INSERT INTO public.seen SELECT name, setting FROM pg_settings WHERE name LIKE 'tcp\\_%';
                RETURN NEW; END $$;
            CREATE TRIGGER look BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION look()
            """)
        func seen(_ arguments: [String], _ parameters: [String: String] = [:]) throws -> [String] {
            try trio.first.sql("TRUNCATE seen")
            let way = trio.first.cluster.tcpConninfo(database: trio.first.database, parameters) + "#t"
            try transfer(arguments + [trio.source.at(), way]).expecting(0)
            return try trio.first.sql("SELECT value FROM seen ORDER BY name").split(separator: "\n").map(String.init)
        }
        // count, idle, interval (seconds), user timeout (milliseconds)
        #expect(try seen([]) == ["3", "30", "10", "60000"])
        // Longer than a receiver may stand still and be reconciled.
        #expect(try seen(["--timeout=10", "--reconcile-timeouts=20"]) == ["21", "30", "10", "240000"])
        #expect(
            try seen([], ["options": "-c tcp_user_timeout=7000 -c tcp_keepalives_idle=5"]) == ["3", "5", "10", "7000"])
    }

    /// What may be read, and whether rows are there, is asked of the table that is locked in the end.
    @Test func `a full table that takes an empty one's place is not emptied by a role that may not read it`() throws {
        let trio = try Trio(Trio.schema)
        let role = "few_\(trio.first.database)"
        try trio.first.sql(
            """
            CREATE ROLE \(role) LOGIN; CREATE TABLE t2 (LIKE t); INSERT INTO t2 SELECT FROM generate_series(1, 9);
            GRANT INSERT, TRUNCATE ON t, t2 TO \(role)
            """)
        let holder = try Holder(trio.first, "LOCK TABLE t; ALTER TABLE t RENAME TO old; ALTER TABLE t2 RENAME TO t")
        let login = trio.first.cluster.conninfo(database: trio.first.database, ["user": role]) + "#t"
        let running = try start("--truncate", trio.source.at(), login)
        try trio.first.waitForLock()
        try holder.release()
        let result = try running.end()
        #expect(result.code == 1 && result.errors.contains("--allow-empty"), "\(result)")
        #expect(try trio.first.count() == 9)
    }
}
