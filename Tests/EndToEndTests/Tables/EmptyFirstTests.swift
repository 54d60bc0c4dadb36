// Divided tables that hold rows: emptied in a transaction of its own, before all else.

import TestKit
import Testing

@Suite struct `Tables that are emptied before all else` {
    private static let tables = "CREATE TABLE big (id int PRIMARY KEY, v text); CREATE TABLE small (id int)"
    private static let rows = "INSERT INTO big SELECT i, repeat('x', 100) FROM generate_series(1, 20000) i"
    private static let options = ["-t", "big", "-j", "2", "--truncate", "--split-larger-than", "64kB"]

    private func trio() throws -> Trio {
        let trio = try Trio(Self.tables, source: Self.rows)
        for place in [trio.first, trio.second] { try place.sql("INSERT INTO big VALUES (-1, 'precious')") }
        return trio
    }

    private func isUntouched(_ place: Place) throws -> Bool { try place.sql("SELECT id FROM big") == "-1" }

    @Test(arguments: [false, true]) func `are emptied at all destinations or at none`(keepsGoing: Bool) throws {
        let trio = try trio()
        try trio.second.sql(
            """
            CREATE FUNCTION never() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'never'; END $$;
            CREATE TRIGGER never BEFORE TRUNCATE ON big EXECUTE FUNCTION never()
            """)
        let result = try transfer(
            Self.options + (keepsGoing ? ["--keep-going"] : []) + trio.places.map(\.conninfo))
        #expect(result.code == (keepsGoing ? 3 : 1) && result.errors.contains("P0001"), "\(result)")
        #expect(try isUntouched(trio.second), "\(result)")
        if keepsGoing {
            #expect(try trio.first.digest("big") == trio.source.digest("big"), "\(result)")
        } else {
            #expect(try isUntouched(trio.first), "\(result)")
        }
        try trio.expectNoBackends()
    }

    /// Whatever it says, it is no lock that others have.
    @Test(arguments: ["42P01", "3F000", "22012", "55P03"], [["--keep-going"], []])
    func `of which a trigger fails are told so`(state: String, options: [String]) throws {
        let trio = try trio()
        try trio.second.sql(
            """
            CREATE FUNCTION never() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'never' USING ERRCODE = '\(state)'; END $$;
            CREATE TRIGGER never BEFORE TRUNCATE ON big EXECUTE FUNCTION never()
            """)
        let result = try transfer(Self.options + options + trio.places.map(\.conninfo))
        #expect(result.code == (options.isEmpty ? 1 : 3), "\(result)")
        #expect(result.errors.contains("never (SQLSTATE \(state))"), "\(result)")
        #expect(try isUntouched(trio.second), "\(result)")
        #expect(try isUntouched(trio.first) == options.isEmpty, "\(result)")
    }

    @Test func `are in doubt where the answer to the commit is lost`() throws {
        let trio = try trio()
        let proxy = try FaultProxy(to: trio.first.cluster)
        defer { proxy.stop() }
        proxy.arm(.close, at: .answer(to: "COMMIT"), on: .all)
        let first = proxy.conninfo(database: trio.first.database)
        let result = try transfer(Self.options + [trio.source.conninfo, first, trio.second.conninfo])
        #expect(result.code == 4 && result.errors.contains("\(label(of: first))#big: in doubt"), "\(result)")
        #expect(result.errors.contains("public.big: emptied in a transaction of its own before"), "\(result)")
        #expect(try trio.first.count("big") == 0, "the answer was lost, the commit was not")
        #expect(try isUntouched(trio.second), "\(result)")
        try trio.expectNoBackends()
    }

    @Test func `are told at each destination where a later one refuses the commit`() throws {
        let trio = try trio()
        // TRUNCATE leaves an event behind that is looked at with the commit.
        try trio.second.sql(
            """
            CREATE FUNCTION late() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO small VALUES (1); RETURN NULL; END $$;
            CREATE TRIGGER t AFTER TRUNCATE ON big EXECUTE FUNCTION late();
            CREATE FUNCTION never() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not today'; END $$;
            CREATE CONSTRAINT TRIGGER t AFTER INSERT ON small DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION never()
            """)
        let result = try transfer(Self.options + trio.places.map(\.conninfo))
        #expect(result.code == 3 && result.errors.contains("not today"), "\(result)")
        #expect(
            result.errors.contains(
                "\(trio.first.label("big")): rolled back after 0 B; emptied before, and left so: public.big"),
            "\(result)")
        #expect(try trio.first.count("big") == 0 && isUntouched(trio.second), "\(result)")
        try trio.expectNoBackends()
    }

    @Test(arguments: [false, true]) func `wait for who has them locked, with nothing held`(keepsGoing: Bool) throws {
        let trio = try trio()
        let holder = try Holder(trio.second, "LOCK TABLE big IN ACCESS SHARE MODE")
        if keepsGoing {
            let result = try transfer(
                Self.options + ["--keep-going", "--lock-timeout=0.5"] + trio.places.map(\.conninfo))
            #expect(result.code == 3 && result.errors.contains("lock"), "\(result)")
            try holder.release()
            #expect(try isUntouched(trio.second), "\(result)")
            #expect(try trio.first.digest("big") == trio.source.digest("big"), "\(result)")
        } else {
            let running = try program(Self.options + trio.places.map(\.conninfo)).start()
            try trio.second.waitForLock()
            #expect(try isUntouched(trio.first), "readable all the while")
            try trio.source.sql("INSERT INTO big VALUES (20001, 'late')")
            try holder.release()
            let result = try running.end()
            #expect(result.code == 0, "\(result)")
            for place in [trio.first, trio.second] {
                #expect(try place.digest("big") == trio.source.digest("big"), "\(result)")
            }
        }
        try trio.expectNoBackends()
    }

    @Test func `are not emptied for the sake of a condition that no row meets`() throws {
        let trio = try trio()
        let none = try transfer(
            Self.options + ["--where", "id < 0", trio.source.conninfo, trio.first.conninfo])
        #expect(none.code == 1 && none.errors.contains("the source has no row"), "\(none)")
        #expect(try isUntouched(trio.first), "\(none)")
        try transfer(
            Self.options + ["--where", "id < 0", "--allow-empty", trio.source.conninfo, trio.first.conninfo]
        ).expecting(0)
        #expect(try trio.first.count("big") == 0)
    }
}
