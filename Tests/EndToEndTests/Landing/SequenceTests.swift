// Sequences that go on where the source's stand (`--sequences`).

import TestKit
import Testing

@Suite struct `Sequences of the destinations` {
    private static let tables = """
        CREATE TABLE a (id serial PRIMARY KEY, v text); CREATE TABLE b (id int GENERATED ALWAYS AS IDENTITY, v text);
        CREATE TABLE "Odd c" (id bigserial, other smallserial, v text); CREATE TABLE down (id int, v text);
        CREATE SEQUENCE "down seq" INCREMENT BY -5 OWNED BY down.id; ALTER TABLE down ALTER id SET DEFAULT nextval('"down seq"');
        CREATE TABLE fresh (id serial); CREATE TABLE parted (id serial, v text) PARTITION BY RANGE (id);
        CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (1000000)
        """
    private static let rows = """
        INSERT INTO a (v) SELECT 'x' FROM generate_series(1, 100); INSERT INTO b (v) SELECT 'x' FROM generate_series(1, 200);
        INSERT INTO "Odd c" (v) SELECT 'x' FROM generate_series(1, 300); INSERT INTO down (v) SELECT 'x' FROM generate_series(1, 10);
        INSERT INTO parted (v) SELECT 'x' FROM generate_series(1, 50); SELECT setval('fresh_id_seq', 77, false)
        """
    private static let next = """
        SELECT nextval('a_id_seq'), nextval('b_id_seq'), nextval('"Odd c_id_seq"'), nextval('"Odd c_other_seq"'),
        nextval('"down seq"'), nextval('fresh_id_seq'), nextval('parted_id_seq')
        """
    private static let gone = "101|201|301|301|-51|77|51"

    @Test(arguments: [[], ["-j", "3"], ["--delete"]]) func `go on as the source's would`(options: [String]) throws {
        let trio = try Trio(Self.tables, source: Self.rows)
        let result = try transfer(["--all-tables", "--sequences"] + options + trio.places.map(\.conninfo))
        #expect(result.code == 0 && !result.errors.contains("setval"), "\(result)")
        for place in [trio.first, trio.second] { #expect(try place.sql(Self.next) == Self.gone, "\(result)") }
        // The source's own is only read.
        #expect(try trio.source.sql(Self.next) == Self.gone)
    }

    @Test func `never go backwards, and only those of copied columns go at all`() throws {
        let trio = try Trio(Self.tables, source: Self.rows)
        try trio.first.sql("SELECT setval('a_id_seq', 5000), setval('\"down seq\"', -5000), setval('b_id_seq', 200)")
        try transfer(
            "--all-tables", "-T", "\"Odd c\"", "--sequences", trio.source.conninfo, trio.first.conninfo
        ).expecting(0)
        #expect(try trio.first.sql(Self.next) == "5001|201|1|1|-5005|77|51")
        try transfer("-t", "a", "--columns", "v", "--sequences", trio.source.conninfo, trio.second.conninfo).expecting(
            0)
        #expect(try trio.second.sql("SELECT last_value FROM a_id_seq") != "5001")
        #expect(try trio.second.sql("SELECT nextval('a_id_seq')") == "101", "its own default counted the rows")
    }

    @Test func `are as they were where the run fails`() throws {
        let trio = try Trio(Self.tables, source: Self.rows)
        let proxy = try FaultProxy(to: trio.second.cluster)
        defer { proxy.stop() }
        // All is set at both by then.
        proxy.arm(.replace(Message.commandComplete("ROLLBACK")), at: .answer(to: "COMMIT"))
        let second = proxy.conninfo(database: trio.second.database)
        let failed = try transfer(
            "--all-tables", "--sequences", trio.source.conninfo, second, trio.first.conninfo)
        #expect(failed.code == 1, "\(failed)")
        #expect(try trio.first.sql(Self.next) == "1|1|1|1|-1|1|1", "\(failed)")
    }

    @Test func `that the role does not own are set by setval, which is told`() throws {
        let trio = try Trio(Self.tables, source: Self.rows)
        let role = "setter\(trio.first.database)"
        try trio.first.sql(
            "CREATE ROLE \(role) LOGIN; GRANT INSERT ON a TO \(role); GRANT USAGE ON SEQUENCE a_id_seq TO \(role)")
        defer { _ = try? trio.first.sql("DROP OWNED BY \(role); DROP ROLE \(role)") }
        let conninfo = trio.first.conninfo.replacing("postgres@", with: "\(role)@")
        let arguments = ["-t", "a", "--sequences", trio.source.conninfo, conninfo]
        let refused = try transfer(arguments)
        #expect(refused.code == 1 && refused.errors.contains("may not set the sequence"), "\(refused)")
        #expect(try trio.first.count("a") == 0)
        try trio.first.sql("GRANT SELECT, UPDATE ON SEQUENCE a_id_seq TO \(role)")
        let told = try transfer(arguments)
        #expect(told.code == 0 && told.errors.contains("that is not rolled back"), "\(told)")
        #expect(try trio.first.sql("SELECT nextval('a_id_seq')") == "101")
    }

    @Test func `that are missing are told, and those that may not be read refuse`() throws {
        let trio = try Trio(Self.tables, source: Self.rows)
        try trio.first.sql("ALTER SEQUENCE a_id_seq OWNED BY NONE")
        let told = try transfer("-t", "a", "--sequences", trio.source.conninfo, trio.first.conninfo)
        #expect(told.code == 0 && told.errors.contains("no sequence is owned by \"id\" of"), "\(told)")
        // Two at the source, and one here, of another name.
        try trio.source.sql("CREATE SEQUENCE more OWNED BY a.id")
        try trio.first.sql("TRUNCATE a; CREATE SEQUENCE other OWNED BY a.id")
        let others = try transfer("-t", "a", "--sequences", trio.source.conninfo, trio.first.conninfo)
        #expect(
            others.code == 0
                && others.errors.contains(#"there are sequences of "id" of "public"."a" here that bear other names"#)
                && !others.errors.contains("no sequence is owned"), "\(others)")
        try trio.source.sql("DROP SEQUENCE more")
        let role = "reader\(trio.source.database)"
        try trio.source.sql("CREATE ROLE \(role) LOGIN; GRANT SELECT ON a TO \(role)")
        defer { _ = try? trio.source.sql("DROP OWNED BY \(role); DROP ROLE \(role)") }
        let conninfo = trio.source.conninfo.replacing("postgres@", with: "\(role)@")
        let refused = try transfer("-t", "a", "--sequences", conninfo, trio.second.conninfo)
        #expect(refused.code == 1 && refused.errors.contains("may not read the sequence"), "\(refused)")
        for options in [["--query", "TABLE a", "--into", "a"], ["-t", "a", "--part", "1/2", "--snapshot", "1-1-1"]] {
            let result = try transfer(options + ["--sequences", trio.source.conninfo, trio.second.conninfo])
            #expect(result.code == 2, "\(result)")
        }
    }

    @Test func `keep what others have altered meanwhile`() throws {
        let trio = try Trio(Self.tables, source: Self.rows)
        let running = try start(
            "-t", "a", "--sequences", "--rate-limit", "200", trio.source.conninfo, trio.first.conninfo)
        try trio.first.waitForBackend("query LIKE 'COPY%'")
        try trio.first.sql("ALTER SEQUENCE a_id_seq INCREMENT BY 50")
        let result = try running.end()
        #expect(result.code == 0, "\(result)")
        #expect(try trio.first.sql("SELECT nextval('a_id_seq')") == "150")
    }

    @Test func `are waited for by others until the commit`() throws {
        let trio = try Trio(Self.tables, source: Self.rows)
        let proxy = try FaultProxy(to: trio.first.cluster)
        defer { proxy.stop() }
        proxy.arm(.stall, direction: .toServer, at: .beforeQuery("COMMIT"))
        let running = try start(
            "-t", "a", "--sequences", trio.source.conninfo, proxy.conninfo(database: trio.first.database))
        try proxy.waitUntilTriggered()
        let other = try trio.first.beside("SELECT nextval('a_id_seq')")
        try trio.first.waitForLock(of: "beside")
        proxy.resume()
        #expect(try running.end().code == 0)
        try other.wait().expecting(0)
        #expect(try trio.first.sql("SELECT nextval('a_id_seq')") == "102")
    }

    @Test func `wait for who has drawn from them`() throws {
        let trio = try Trio(Self.tables, source: Self.rows)
        let holder = try Holder(trio.first, "SELECT nextval('a_id_seq')")
        let running = try start("-t", "a", "--sequences", trio.source.conninfo, trio.first.conninfo)
        try trio.first.waitForLock()
        try holder.release()
        let result = try running.end()
        #expect(result.code == 0, "\(result)")
        #expect(try trio.first.sql("SELECT nextval('a_id_seq')") == "101")
    }
}

@Suite struct `Listeners of a transfer` {
    private func heard(_ place: Place, _ work: () throws -> Void) throws -> [String] {
        let listener = try Program.pgcopy(["listen", "-c", "Loads", "--format", "json", place.conninfo]).start()
        try place.waitForBackend("query LIKE 'LISTEN%'")
        try work()
        // What was told before it.
        try place.sql("SELECT pg_notify('Loads', 'last')")
        let output = try listener.waitForOutput(containing: "last", on: .output)
        listener.signal(2)
        _ = try listener.wait()
        return output.split(separator: "\n").map(String.init).filter { !$0.contains("last") }
    }

    @Test(arguments: [1, 3]) func `hear of the rows once, with the commit`(streams: Int) throws {
        let trio = try Trio(
            "CREATE TABLE a (i int); CREATE TABLE b (i int); CREATE TABLE \"o\"\"dd\" (i int)",
            source: "INSERT INTO a SELECT generate_series(1, 10); INSERT INTO b SELECT generate_series(1, 5)")
        let options = ["--notify", "Loads", "-j", "\(streams)"]
        let both = try heard(trio.first) {
            try transfer(["--all-tables"] + options + trio.places.map(\.conninfo)).expecting(0)
        }
        #expect(
            both.count == 1 && both[0].contains(#"\"tables\" : 3"#) && both[0].contains(#"\"rows\" : 15"#), "\(both)")
        let one = try heard(trio.first) {
            try transfer(["-t", "\"o\"\"dd\""] + options + [trio.source.conninfo, trio.first.conninfo]).expecting(0)
        }
        #expect(one.count == 1 && one[0].contains(#"public.o\\\"dd"#), "\(one)")
        let none = try heard(trio.first) {
            try trio.second.sql("ALTER TABLE b ADD CHECK (i < 3) NOT VALID")
            let failed = try transfer(["-t", "b", "-t", "a"] + options + trio.places.map(\.conninfo))
            #expect(failed.code == 1, "\(failed)")
        }
        #expect(none.isEmpty)
        // Indexes of tables that were made come behind the commits of the rows.
        try trio.source.sql(
            "CREATE TABLE c (i int PRIMARY KEY, j int); CREATE INDEX c_j ON c (j); INSERT INTO c VALUES (1)")
        try trio.first.sql("CREATE SEQUENCE c_j")
        let dropped = try heard(trio.first) {
            let failed = try transfer(["-t", "c", "--create"] + options + [trio.source.conninfo, trio.first.conninfo])
            #expect(failed.code == 1, "\(failed)")
        }
        #expect(dropped.isEmpty)
        try trio.first.sql("DROP SEQUENCE c_j")
        let made = try heard(trio.first) {
            try transfer(["-t", "c", "--create"] + options + [trio.source.conninfo, trio.first.conninfo]).expecting(0)
        }
        #expect(made.count == 1 && made[0].contains(#"\"rows\" : 1"#), "\(made)")
    }

    @Test func `need a channel and a server`() throws {
        let trio = try Trio("CREATE TABLE a (i int)", source: "")
        for (channel, destination) in [
            ("", trio.first.conninfo), (String(repeating: "c", count: 64), trio.first.conninfo), ("c", "null:"),
        ] {
            let result = try transfer("-t", "a", "--notify", channel, trio.source.conninfo, destination)
            #expect(result.code == 2 && result.errors.contains("--notify"), "\(result)")
        }
    }

    /// What it gives next here is what counts, by its own increment.
    @Test(arguments: [(10, 1), (1, 10), (-10, -1)])
    func `never go backwards where increments differ`(source: Int, destination: Int) throws {
        let sign = source < 0 ? -1 : 1
        func table(_ increment: Int) -> String {
            """
            CREATE TABLE t (id int GENERATED BY DEFAULT AS IDENTITY (INCREMENT BY \(increment) \
            \(sign < 0 ? "MINVALUE -10000 START -1" : "MINVALUE 1")));
            """
        }
        let servers = try Servers.all()
        let from = try Place(servers.source, table(source) + "SELECT setval('t_id_seq', \(100 * sign))")
        let to = try Place(servers.first, table(destination) + "SELECT setval('t_id_seq', \(105 * sign))")
        try transfer("-t", "t", "--sequences", from.conninfo, to.conninfo).expecting(0)
        // The source's would give 101 here, or 110: the one that is not behind.
        let next = destination.magnitude == 10 ? 115 : 106
        #expect(try to.sql("SELECT nextval('t_id_seq')") == "\(next * sign)")
        try from.sql("SELECT setval('t_id_seq', \(200 * sign))")
        try transfer("-t", "t", "--sequences", from.conninfo, to.conninfo).expecting(0)
        #expect(try to.sql("SELECT nextval('t_id_seq')") == "\((200 + Int(destination.magnitude)) * sign)")
    }
}
