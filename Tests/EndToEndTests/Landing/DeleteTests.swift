// Tables that are emptied by DELETE (`--delete`), and triggers that do nothing (`--disable-triggers`).

import TestKit
import Testing

@Suite struct `Rows that are deleted first` {
    private static let family = """
        CREATE TABLE parent (id int PRIMARY KEY); CREATE TABLE child (id int PRIMARY KEY, p int REFERENCES parent);
        CREATE TABLE tree (id int PRIMARY KEY, up int REFERENCES tree ON DELETE RESTRICT)
        """
    private static let rows = """
        INSERT INTO parent SELECT generate_series(1, 100); INSERT INTO child SELECT i, i FROM generate_series(1, 100) i;
        INSERT INTO tree SELECT i, nullif(i - 1, 0) FROM generate_series(1, 100) i
        """

    private func family() throws -> Trio {
        let trio = try Trio(Self.family, source: Self.rows)
        for place in [trio.first, trio.second] {
            try place.sql(
                "INSERT INTO parent VALUES (-1), (-2); INSERT INTO child VALUES (-1, -2); INSERT INTO tree VALUES (-1, NULL), (-2, -1)"
            )
        }
        return trio
    }

    private func expectEqual(_ trio: Trio, _ comment: Comment) throws {
        for table in ["parent", "child", "tree"] {
            for place in [trio.first, trio.second] {
                #expect(try place.digest(table) == trio.source.digest(table), comment)
            }
        }
    }

    @Test(arguments: [["wire"], ["libpq"], ["wire", "-j", "3"], ["wire", "-j", "3", "--split-larger-than", "1kB"]])
    func `are replaced in one transaction, children first`(options: [String]) throws {
        let trio = try family()
        let result = try transfer(["--all-tables", "--delete"] + options.dropFirst() + trio.places.map(\.conninfo)) {
            $0.environment["PGCOPY_TRANSPORT"] = options[0]
        }
        #expect(result.code == 0, "\(result)")
        try expectEqual(trio, "\(result)")
        try trio.expectNoBackends()
    }

    @Test(arguments: [1, 3]) func `of two runs at once leave each row once`(streams: Int) throws {
        let trio = try Trio(
            "CREATE TABLE t (id int, v text); CREATE TABLE u (id int)",
            source:
                "INSERT INTO t SELECT i, repeat('x', 100) FROM generate_series(1, 20000) i; INSERT INTO u VALUES (1)")
        for place in [trio.first, trio.second] { try place.sql("INSERT INTO t VALUES (-1, 'old')") }
        let options = ["--all-tables", "--delete", "-j", "\(streams)"]
        for _ in 0..<3 {
            let one = try program(options + [trio.source.conninfo, trio.first.conninfo, trio.second.conninfo]).start()
            let other = try program(options + [trio.source.conninfo, trio.second.conninfo, trio.first.conninfo]).start()
            let results = (try one.end(), try other.end())
            #expect(results.0.code == 0 && results.1.code == 0, "\(results)")
            for place in [trio.first, trio.second] {
                #expect(try place.digest("t") == trio.source.digest("t") && place.count("u") == 1, "\(results)")
            }
        }
    }

    @Test func `of a destination where somebody holds one drop it`() throws {
        let trio = try family()
        let holder = try Holder(trio.first, "UPDATE parent SET id = id WHERE id = -1")
        let result = try transfer(
            ["--all-tables", "--delete", "--keep-going", "--lock-timeout", "1"] + trio.places.map(\.conninfo))
        try holder.release()
        #expect(result.code == 3 && result.errors.contains("dropped, the others go on"), "\(result)")
        #expect(try trio.first.count("parent") == 2)
        #expect(try trio.second.digest("parent") == trio.source.digest("parent"), "\(result)")
    }

    @Test func `are read until the commit`() throws {
        let trio = try family()
        let running = try start(
            "--all-tables", "--delete", "--rate-limit", "1k", trio.source.conninfo, trio.first.conninfo)
        try trio.first.waitForBackend("query LIKE 'COPY%'")
        #expect(try trio.first.sql("SELECT count(*) FROM parent WHERE id < 0") == "2")
        // What others insert meanwhile remains.
        try trio.first.sql("INSERT INTO parent VALUES (5000)")
        running.signal(15)
        _ = try running.wait()
        #expect(try trio.first.sql("SELECT id FROM parent ORDER BY id") == "-2\n-1\n5000")
        try transfer("--all-tables", "--delete", trio.source.conninfo, trio.first.conninfo).expecting(0)
        #expect(try trio.first.digest("parent") == trio.source.digest("parent"))
    }

    @Test(arguments: [1, 3]) func `come back where the run fails, and where the source has none`(streams: Int) throws {
        let trio = try family()
        let options = ["--all-tables", "--delete", "-j", "\(streams)"]
        try trio.second.sql("ALTER TABLE tree ADD CHECK (id < 50)")
        let failed = try transfer(options + trio.places.map(\.conninfo))
        #expect(failed.code == 1 && failed.errors.contains("23514"), "\(failed)")
        for place in [trio.first, trio.second] {
            #expect(try place.count("parent") == 2 && place.count("child") == 1 && place.count("tree") == 2)
        }
        try trio.source.sql("TRUNCATE parent, child, tree")
        let none = try transfer(options + [trio.source.conninfo, trio.first.conninfo])
        #expect(none.code == 1 && none.errors.contains("the source has no row"), "\(none)")
        #expect(try trio.first.count("parent") == 2)
        try transfer(options + ["--allow-empty", trio.source.conninfo, trio.first.conninfo]).expecting(0)
        #expect(try trio.first.count("parent") == 0 && trio.first.count("tree") == 0)
    }

    @Test(arguments: ["CASCADE", "SET NULL", "SET DEFAULT"])
    func `do not take those of a table that is not copied with them`(action: String) throws {
        let trio = try family()
        try trio.first.sql(
            "CREATE TABLE other (p int DEFAULT -1 CONSTRAINT \"odd key\" REFERENCES parent ON DELETE \(action)); INSERT INTO other VALUES (-2)"
        )
        for dry in [["--dry-run"], []] {
            let result = try transfer(["--all-tables", "--delete"] + dry + trio.places.map(\.conninfo))
            #expect(result.code == 1 && result.errors.contains("the foreign key \"odd key\" of"), "\(result)")
            #expect(result.errors.contains("ON DELETE \(action) would change rows there"), "\(result)")
        }
        #expect(try trio.first.sql("TABLE other") == "-2" && trio.second.count("parent") == 2)
        let kept = try transfer(["--all-tables", "--delete", "--keep-going"] + trio.places.map(\.conninfo))
        #expect(kept.code == 3, "\(kept)")
        #expect(try trio.first.count("parent") == 2 && trio.second.count("parent") == 100)
        // It is the user's own wish, and nothing cascades.
        try transfer("--all-tables", "--delete", "--disable-triggers", trio.source.conninfo, trio.first.conninfo)
            .expecting(0)
        #expect(try trio.first.sql("TABLE other") == "-2" && trio.first.count("parent") == 100)
    }

    @Test func `are not left by rules, and triggers that keep some are told`() throws {
        let trio = try family()
        try trio.first.sql(
            """
            CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF OLD.id = -2 THEN RETURN NULL; END IF; RETURN OLD; END $$;
            CREATE TRIGGER keeper BEFORE DELETE ON tree FOR EACH ROW EXECUTE FUNCTION keep()
            """)
        let kept = try transfer("-t", "tree", "--delete", trio.source.conninfo, trio.first.conninfo)
        #expect(kept.errors.contains("the trigger \"keeper\" of \"public\".\"tree\" may keep rows"), "\(kept)")
        try trio.second.sql("CREATE RULE never AS ON DELETE TO parent DO INSTEAD NOTHING")
        let refused = try transfer("-t", "parent", "--delete", trio.source.conninfo, trio.second.conninfo)
        #expect(refused.code == 1 && refused.errors.contains("the rule \"never\""), "\(refused)")
    }

    @Test func `of tables that others refer to name all of these where they are truncated`() throws {
        let trio = try family()
        try trio.first.sql("CREATE TABLE one (p int REFERENCES parent); CREATE TABLE two (p int REFERENCES tree)")
        for dry in [["--dry-run"], []] {
            let result = try transfer(
                ["--all-tables", "--truncate"] + dry + [trio.source.conninfo, trio.first.conninfo])
            #expect(result.code == 1, "\(result)")
            for table in ["one", "two"] {
                #expect(result.errors.contains("of \"public\".\"\(table)\", which is not copied"), "\(result)")
            }
        }
        #expect(try trio.first.count("parent") == 2)
        try transfer("--all-tables", "--delete", trio.source.conninfo, trio.first.conninfo).expecting(0)
    }

    @Test func `take the right to delete, and none to truncate`() throws {
        let trio = try family()
        let role = "deleter\(trio.first.database)"
        try trio.first.sql("CREATE ROLE \(role) LOGIN; GRANT SELECT, INSERT ON tree TO \(role)")
        defer { _ = try? trio.first.sql("DROP OWNED BY \(role); DROP ROLE \(role)") }
        let conninfo = trio.first.conninfo.replacing("postgres@", with: "\(role)@")
        let refused = try transfer("-t", "tree", "--delete", trio.source.conninfo, conninfo)
        #expect(refused.code == 1 && refused.errors.contains("it needs DELETE"), "\(refused)")
        try trio.first.sql("GRANT DELETE ON tree TO \(role)")
        try transfer("-t", "tree", "--delete", trio.source.conninfo, conninfo).expecting(0)
        #expect(try trio.first.digest("tree") == trio.source.digest("tree"))
    }

    @Test func `in a circle of foreign keys are checked at the end`() throws {
        let circle = """
            CREATE TABLE a (id int PRIMARY KEY, o int); CREATE TABLE b (id int PRIMARY KEY, o int REFERENCES a DEFERRABLE);
            ALTER TABLE a ADD FOREIGN KEY (o) REFERENCES b DEFERRABLE
            """
        let fill =
            "BEGIN; SET CONSTRAINTS ALL DEFERRED; INSERT INTO a VALUES (1, 1); INSERT INTO b VALUES (1, 1); COMMIT"
        let trio = try Trio(circle, source: fill)
        try trio.first.sql(fill.replacing("(1, 1)", with: "(9, 9)"))
        try transfer("--all-tables", "--delete", trio.source.conninfo, trio.first.conninfo).expecting(0)
        #expect(try trio.first.sql("TABLE a") == "1|1" && trio.first.sql("TABLE b") == "1|1")
    }
}

@Suite struct `Triggers that are disabled` {
    private static let tables = """
        CREATE TABLE parent (id int PRIMARY KEY); CREATE TABLE child (id int, p int REFERENCES parent); CREATE TABLE log (id int)
        """

    @Test(arguments: [1, 2]) func `do nothing, and neither do foreign keys`(streams: Int) throws {
        let trio = try Trio(
            Self.tables,
            source: """
                INSERT INTO parent SELECT generate_series(1, 10); INSERT INTO child SELECT i, i FROM generate_series(1, 10) i
                """)
        for place in [trio.first, trio.second] {
            try place.sql(
                """
                CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.log VALUES (NEW.id); RETURN NEW; END $$;
                CREATE TRIGGER t AFTER INSERT ON child FOR EACH ROW EXECUTE FUNCTION note()
                """)
        }
        // Children alone: nobody asks for their parents.
        let options = ["-t", "c*", "-t", "l*", "-j", "\(streams)", "--disable-triggers"]
        try transfer(options + trio.places.map(\.conninfo)).expecting(0)
        for place in [trio.first, trio.second] {
            #expect(try place.count("child") == 10 && place.count("log") == 0 && place.count("parent") == 0)
        }
        // But for those that are to fire always.
        try trio.second.sql("ALTER TABLE child ENABLE ALWAYS TRIGGER t")
        try transfer("-t", "child", "--disable-triggers", trio.source.conninfo, trio.second.conninfo).expecting(0)
        #expect(try trio.second.count("log") == 10 && trio.second.count("child") == 20)
        let checked = try transfer("-t", "child", trio.source.conninfo, trio.first.conninfo)
        #expect(checked.code == 1 && checked.errors.contains("23503"), "\(checked)")
    }

    @Test func `need a role that may, which is said before anything is emptied`() throws {
        let trio = try Trio(Self.tables, source: "INSERT INTO log VALUES (1)")
        let role = "plain\(trio.first.database)"
        try trio.first.sql(
            "INSERT INTO log VALUES (9); CREATE ROLE \(role) LOGIN; GRANT ALL ON ALL TABLES IN SCHEMA public TO \(role)"
        )
        defer { _ = try? trio.first.sql("DROP OWNED BY \(role); DROP ROLE \(role)") }
        let conninfo = trio.first.conninfo.replacing("postgres@", with: "\(role)@")
        for options in [["-t", "log"], ["--all-tables", "--truncate"], ["--all-tables", "-j", "2"]] {
            let result = try transfer(options + ["--disable-triggers", trio.source.conninfo, conninfo])
            #expect(
                result.code == 1
                    && result.errors.contains("--disable-triggers: this role may not set session_replication_role"),
                "\(result)")
        }
        #expect(try trio.first.sql("TABLE log") == "9")
        try trio.first.sql("GRANT SET ON PARAMETER session_replication_role TO \(role)")
        try transfer("-t", "log", "--disable-triggers", trio.source.conninfo, conninfo).expecting(0)
    }
}

@Suite struct `Tables that land in another schema` {
    private static let tables = """
        CREATE SCHEMA s; CREATE SCHEMA u; CREATE SCHEMA "Odd one"; CREATE TABLE s.a (id int); CREATE TABLE s.b (id int);
        CREATE TABLE u.b (id int); CREATE TABLE "Odd one".a (id int); CREATE TABLE "Odd one".b (id int)
        """

    @Test func `keep their names`() throws {
        let trio = try Trio(Self.tables, source: "INSERT INTO s.a VALUES (1); INSERT INTO s.b VALUES (2)")
        let into = ["--into-schema", "\"Odd one\""]
        try transfer(["-n", "s"] + into + [trio.source.conninfo, trio.first.conninfo]).expecting(0)
        try transfer(["-t", "s.a"] + into + [trio.source.conninfo, trio.second.conninfo]).expecting(0)
        #expect(try trio.first.sql("TABLE \"Odd one\".a") == "1" && trio.first.sql("TABLE \"Odd one\".b") == "2")
        #expect(try trio.first.count("s.a") == 0 && trio.second.sql("TABLE \"Odd one\".a") == "1")
        // In one database, too.
        try transfer(["-n", "s"] + into + [trio.source.conninfo, trio.source.conninfo]).expecting(0)
        #expect(try trio.source.sql("TABLE \"Odd one\".b") == "2")
    }

    @Test func `are refused where two would be one, or nothing can be said`() throws {
        let trio = try Trio(Self.tables, source: "INSERT INTO s.b VALUES (2)")
        let two = try transfer(
            "-t", "*.b", "-N", "Odd*", "--into-schema", "u", trio.source.conninfo, trio.first.conninfo)
        #expect(two.code == 2 && two.errors.contains("would both go into one table of the schema \"u\""), "\(two)")
        for options in [
            ["-t", "s.b", "--into", "u.b"], ["--query", "TABLE s.b"], ["-t", "s.b", "--into-schema", "u.b"],
        ] {
            let schema = options.contains("--into-schema") ? [] : ["--into-schema", "u"]
            let result = try transfer(options + schema + [trio.source.conninfo, trio.first.conninfo])
            #expect(result.code == 2, "\(result)")
        }
        let missing = try transfer("-t", "s.b", "--into-schema", "nowhere", trio.source.conninfo, trio.first.conninfo)
        #expect(missing.code == 1 && missing.errors.contains("\"nowhere\".\"b\""), "\(missing)")
    }
}
