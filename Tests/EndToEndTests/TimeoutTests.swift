// Destinations that take nothing: faulted by the clock, reconciled where asked for, never when they are at work.

import TestKit
import Testing

@Suite struct TimeoutTests {
    /// More than fits into the buffers between the program and a server.
    private static let rows = 100_000

    private func stalled(_ trio: Trio, at bytes: Int = 400_000, for duration: Duration? = nil) throws -> FaultProxy {
        let proxy = try FaultProxy(to: trio.second.cluster)
        proxy.arm(.stall(for: duration), direction: .toServer, at: .copyBytes(bytes))
        return proxy
    }

    @Test func `a stalled destination ends the run at its timeout`() throws {
        let trio = try Trio(rows: Self.rows)
        let proxy = try stalled(trio)
        let result = try transfer("--timeout=1", trio.source.at(), trio.first.at(), trio.second.through(proxy))
        #expect(proxy.faultCount == 1)
        #expect(result.code == 1, "\(result)")
        #expect((.seconds(1)..<(.seconds(6))).contains(result.duration), "\(result)")
        #expect(result.errors.contains("pgcopy: \(label(of: trio.second.through(proxy))): "), "\(result)")
        try trio.expectNothingCommitted("\(result)")
        proxy.stop()
        try trio.expectNoBackends()
    }

    // MARK: The source

    @Test(arguments: [Trigger.answer(to: "COPY"), .copyBytes(400_000), .copyMessages(rows)], ["wire", "libpq"])
    func `a source from which nothing comes any more ends the run at its timeout`(
        place: Trigger, transport: String
    ) throws {
        let trio = try Trio(rows: Self.rows)
        let proxy = try FaultProxy(to: trio.source.cluster)
        proxy.arm(.stall, at: place)
        let source = trio.source.through(proxy)
        let result = try program(["--format=text", "--timeout=1", source, trio.first.at(), trio.second.at()]).with {
            $0.environment["PGCOPY_TRANSPORT"] = transport
        }.run()
        #expect(proxy.faultCount == 1)
        #expect(result.code == 1 && result.duration < .seconds(12), "\(result)")
        #expect(
            result.errors.contains("pgcopy: \(label(of: source)): socket timeout: gave no data for 1.0 s"), "\(result)")
        try trio.expectNothingCommitted("\(result)")
        proxy.stop()
        try trio.expectNoBackends()
    }

    @Test func `a source at work on its rows is waited for`() throws {
        let trio = try Trio(rows: 1)
        let query =
            "SELECT id, filler, pg_sleep(CASE WHEN i IN (1, 3) THEN 2.5 ELSE 0 END)::text FROM t, generate_series(1, 4) i"
        try trio.first.sql("CREATE TABLE q (id text, filler text, pg_sleep text)")
        for options in [["-q"], ["--interval=1000"]] {
            let result = try transfer(
                options + ["--timeout=1", "--query", query, "--into=q", trio.source.conninfo, trio.first.conninfo])
            #expect(result.code == 0 && result.duration > .seconds(5), "\(result)")
        }
        #expect(try trio.first.count("q") == 8)
    }

    @Test func `a pipe that gives nothing ends the run at its timeout`() throws {
        let place = try Place(Servers.first, Trio.schema)
        let running = try start("--timeout=1", "-", place.at()) { $0.input = .pipe }
        running.write("1\tx\n")
        let result = try running.end()
        #expect(
            result.code == 1 && result.errors.contains("pgcopy: -: socket timeout: gave no data for 1.0 s"), "\(result)"
        )
        let program = try transfer("--timeout=1", "program:sleep 600", place.at())
        #expect(program.code == 1 && program.errors.contains("gave no data for 1.0 s"), "\(program)")
        #expect(try place.count() == 0)
    }

    @Test(arguments: [[], ["--keep-going"], ["--keep-going", "--reconcile-timeouts"]])
    func `a destination that does not answer COPY is faulted`(options: [String]) throws {
        let trio = try Trio(rows: 10)
        let proxy = try FaultProxy(to: trio.second.cluster)
        proxy.arm(.stall, direction: .toServer, at: .beforeQuery("COPY"))
        let endpoint = trio.second.through(proxy)
        let result = try transfer(options + ["--timeout=1", trio.source.at(), trio.first.at(), endpoint])
        #expect(proxy.faultCount == 1)
        #expect(result.code == (options.isEmpty ? 1 : 3) && result.duration < .seconds(12), "\(result)")
        #expect(
            result.errors.contains("\(label(of: endpoint)): socket timeout: no answer to COPY within 1.0 s"),
            "\(result)")
        #expect(try trio.first.count() == (options.isEmpty ? 0 : 10))
        proxy.stop()
        try trio.expectNoBackends()
    }

    @Test func `a stalled destination is dropped with --keep-going`() throws {
        let trio = try Trio(rows: Self.rows)
        let proxy = try stalled(trio)
        let result = try transfer(
            "--timeout=1", "--keep-going", trio.source.at(), trio.second.through(proxy), trio.first.at())
        #expect(proxy.faultCount == 1)
        #expect(result.code == 3, "\(result)")
        #expect(result.duration < .seconds(10), "\(result)")
        #expect(try trio.first.digest() == trio.source.digest())
        #expect(try trio.second.count() == 0)
        proxy.stop()
        try trio.expectNoBackends()
    }

    @Test(arguments: Seeded.seeds(3))
    func `a destination that is reconciled loses and doubles nothing`(seed: UInt64) throws {
        var rng = Seeded(seed)
        let format = ["text", "csv", "binary"][rng.next(in: 0..<3)]
        let trio = try Trio(rows: Self.rows)
        let proxy = try FaultProxy(to: trio.second.cluster)
        let other = try FaultProxy(to: trio.first.cluster)
        for bytes in [rng.next(in: 0..<100), rng.next(in: 100..<5_000_000), rng.next(in: 5_000_000..<9_900_000)] {
            proxy.arm(.stall(for: .milliseconds(1200)), direction: .toServer, at: .copyBytes(bytes))
        }
        other.arm(.stall(for: .milliseconds(900)), direction: .toServer, at: .copyBytes(rng.next(in: 0..<9_000_000)))
        let result = try transfer(
            "--timeout=0.3", "--reconcile-timeouts", "--format", format,
            trio.source.at(), trio.first.through(other), trio.second.through(proxy))
        #expect(result.code == 0, "\(rng): \(result)")
        #expect(proxy.faultCount >= 1 && other.faultCount == 1, "\(rng)")
        #expect(result.errors.contains("reconciled, try 1 of 10"), "\(rng): \(result)")
        let wanted = try trio.source.digest()
        #expect(try trio.first.digest() == wanted, "\(rng)")
        #expect(try trio.second.digest() == wanted, "\(rng)")
        proxy.stop()
        other.stop()
    }

    @Test func `a stall for ever is given up after its tries`() throws {
        let trio = try Trio(rows: Self.rows)
        let proxy = try stalled(trio)
        let result = try transfer(
            "--timeout=1", "--reconcile-timeouts=2", trio.source.at(), trio.first.at(), trio.second.through(proxy))
        #expect(proxy.faultCount == 1)
        #expect(result.code == 1, "\(result)")
        #expect((.seconds(3)..<(.seconds(8))).contains(result.duration), "\(result)")
        #expect(result.errors.contains("reconciled, try 2 of 2"), "\(result)")
        try trio.expectNothingCommitted("\(result)")
        proxy.stop()
        try trio.expectNoBackends()
    }

    /// A few rows vanish into the socket's buffer at once: only the answer can be missed.
    @Test(arguments: [Direction.toServer, .toClient], [[], ["--reconcile-timeouts=1"]])
    func `a stall behind the last row is noticed`(direction: Direction, options: [String]) throws {
        let trio = try Trio(rows: 10)
        let proxy = try FaultProxy(to: trio.second.cluster)
        proxy.arm(.stall, direction: direction, at: .copyMessages(direction == .toServer ? 0 : 1), of: .toServer)
        let result = try transfer(
            ["--timeout=1"] + options + [trio.source.at(), trio.first.at(), trio.second.through(proxy)])
        #expect(proxy.faultCount == 1)
        #expect(result.code == 1, "\(result)")
        #expect(result.duration < .seconds(8), "\(result)")
        try trio.expectNothingCommitted("\(result)")
        proxy.stop()
        try trio.expectNoBackends()
    }

    /// What a server may do for longer than the timeout, after the last row.
    private static let work = [
        // At the end of COPY.
        "CREATE TRIGGER late AFTER INSERT ON t EXECUTE FUNCTION slow()",
        // When deferred constraints are checked.
        "CREATE CONSTRAINT TRIGGER late AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slow()",
    ]

    @Test(arguments: work)
    func `a server at work is not faulted`(trigger: String) throws {
        let trio = try Trio(rows: 1)
        try trio.second.sql(
            """
            CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(3.5); RETURN NULL; END';
            \(trigger)
            """)
        let result = try transfer("--timeout=1", trio.source.at(), trio.first.at(), trio.second.at())
        #expect(result.code == 0, "\(result)")
        #expect(result.duration > .milliseconds(3400), "\(result)")
        #expect(try trio.second.count() == 1)
        #expect(try trio.first.count() == 1)
    }

    /// A role that logs in as another, and one whose statements are not tracked, hide what they do.
    @Test(arguments: ["SET role = ROLE", "SET track_activities = off"])
    func `a server at work is not faulted although it hides what it does`(setting: String) throws {
        let trio = try Trio(rows: 1)
        let (login, owner) = ("login_" + trio.second.database, "owner_" + trio.second.database)
        try trio.second.sql(
            """
            CREATE ROLE \(login) LOGIN; CREATE ROLE \(owner); GRANT \(owner) TO \(login);
            GRANT INSERT, SELECT ON t TO \(owner), \(login);
            CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(3.5); RETURN NULL; END';
            CREATE TRIGGER late AFTER INSERT ON t EXECUTE FUNCTION slow()
            """)
        try trio.second.cluster.psql("ALTER ROLE \(login) \(setting.replacing("ROLE", with: owner))")
        defer {
            _ = try? trio.second.sql("DROP OWNED BY \(login), \(owner); DROP ROLE \(login); DROP ROLE \(owner)")
        }
        let endpoint = trio.second.cluster.conninfo(database: trio.second.database, ["user": login]) + "#t"
        let result = try transfer("--timeout=1", trio.source.at(), endpoint)
        #expect(result.code == 0 && result.duration > .milliseconds(3400), "\(result)")
        #expect(try trio.second.count() == 1)
    }

    @Test func `a server that waits for a lock is not faulted`() throws {
        let trio = try Trio(rows: 5)
        try trio.second.sql(
            """
            CREATE TABLE counter (n int); INSERT INTO counter VALUES (0);
            CREATE FUNCTION counting() RETURNS trigger LANGUAGE plpgsql AS
                'BEGIN UPDATE public.counter SET n = n + 1; RETURN NULL; END';
            CREATE TRIGGER late AFTER INSERT ON t EXECUTE FUNCTION counting()
            """)
        let holder = try Holder(trio.second, "UPDATE counter SET n = 10")
        let running = try start("--timeout=1", trio.source.at(), trio.first.at(), trio.second.at())
        try trio.second.waitForBackend("wait_event_type = 'Lock' AND now() - query_start > '2500 ms'")
        #expect(!running.hasEnded)
        try holder.release()
        let result = try running.end()
        #expect(result.code == 0, "\(result)")
        #expect(try trio.second.sql("SELECT n FROM counter") == "11")
        #expect(try trio.second.count() == 5)
    }

    @Test func `a TRUNCATE that waits for a lock is not faulted`() throws {
        let trio = try Trio(rows: 5)
        let holder = try Holder(trio.second, "LOCK TABLE t IN ACCESS SHARE MODE")
        let running = try start("--timeout=1", "--truncate", trio.source.at(), trio.second.at())
        try trio.second.waitForBackend("wait_event_type = 'Lock' AND now() - query_start > '2500 ms'")
        #expect(!running.hasEnded)
        try holder.release()
        let result = try running.end()
        #expect(result.code == 0, "\(result)")
        #expect(try trio.second.count() == 5)
    }

    @Test func `a server that does not answer while connecting is left at the timeout`() throws {
        let trio = try Trio(rows: 5)
        let proxy = try FaultProxy(to: trio.second.cluster)
        proxy.arm(.stall, direction: .toClient, at: .now)
        let result = try transfer("--timeout=1", trio.source.at(), trio.first.at(), trio.second.through(proxy))
        #expect(proxy.faultCount == 1)
        #expect(result.code == 2, "\(result)")
        #expect(result.duration < .seconds(8), "\(result)")
        try trio.expectNothingCommitted("\(result)")
        proxy.stop()
        try trio.expectNoBackends()
    }
}
