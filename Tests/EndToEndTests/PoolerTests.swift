// Behind PgBouncer, which gives a session to whoever begins a transaction next.

import TestKit
import Testing

@Suite struct `Behind a pooler of transactions` {
    /// What a session is left with that a run has had: settings, locks, listened channels, prepared statements.
    private static let traces = """
        SELECT (SELECT count(*) FROM pg_settings WHERE source = 'session'),
            (SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND locktype NOT IN ('relation', 'virtualxid')),
            (SELECT count(*) FROM pg_prepared_statements), (SELECT count(*) FROM pg_listening_channels())
        """

    /// With one session for each database whatever a run leaves is seen by who comes next.
    private func seen(through bouncer: Bouncer, _ place: Place) throws -> String {
        let conninfo = bouncer.conninfo(database: place.database)
        return try place.cluster.psqlProgram(["-At", "-c", Self.traces], conninfo: conninfo).run().expecting(0).output
    }

    @Test func `rows arrive, and sessions are as they were`() throws {
        let trio = try Trio(rows: 20_000)
        let bouncers = try trio.places.map { try Bouncer(to: $0.cluster, sessions: 1) }
        let places = Array(zip(trio.places, bouncers))
        let endpoints = places.map { place, bouncer in bouncer.conninfo(database: place.database) + "#t" }
        let before = try places.map { try seen(through: $1, $0) }
        for options in [[], ["--truncate"], ["--truncate", "--format=text", "--timeout=5"]] {
            try transfer(options + endpoints).expecting(0)
            #expect(try places.map { try seen(through: $1, $0) } == before)
        }
        #expect(try trio.first.digest() == trio.source.digest() && trio.second.digest() == trio.source.digest())
        // A run that fails leaves nothing either.
        try trio.second.sql("ALTER TABLE t ADD CHECK (id < '0000010000') NOT VALID")
        #expect(try transfer(endpoints).code == 1)
        #expect(try places.map { try seen(through: $1, $0) } == before)
        #expect(try trio.first.count() == 20_000)
    }

    @Test func `many streams read one snapshot; where a balancer deals them to several servers they are refused`()
        throws
    {
        let trio = try Trio(rows: 20_000)
        let options = ["-j", "4", "--split-larger-than", "64kB"]
        let bouncers = try trio.places.map { try Bouncer(to: $0.cluster) }
        let endpoints = zip(trio.places, bouncers).map { $1.conninfo(database: $0.database) + "#t" }
        try transfer(options + endpoints).expecting(0)
        #expect(try trio.first.digest() == trio.source.digest() && trio.second.digest() == trio.source.digest())
        // One database on three servers; the first one's rows are others.
        let name = "dealt out"
        let clusters = trio.places.map(\.cluster)
        func sql(_ number: Int, _ text: String) throws -> String { try clusters[number].psql(text, database: name) }
        for number in 0..<3 {
            _ = try clusters[number].psql("CREATE DATABASE \"\(name)\"", database: "postgres")
            _ = try sql(number, Trio.schema)
        }
        _ = try (sql(0, Trio.fill(20_000)), sql(1, Trio.fill(15_000)))
        for dealt in [0, 2] {
            let one = try Bouncer(to: clusters[dealt])
            let two = try Bouncer(to: clusters[1], besides: one)
            let balanced = one.conninfo(database: name) + "#t"
            for options in [["-j", "12"], ["-j", "12", "--truncate"]] {
                let ends =
                    dealt == 0
                    ? [balanced, clusters[2].conninfo(database: name) + "#t"]
                    : [clusters[0].conninfo(database: name) + "#t", balanced]
                let result = try transfer(options + ["--split-larger-than", "16kB"] + ends)
                #expect(result.code == 1 || result.code == 3, "\(result)")
                #expect(result.errors.contains("another connection leads to another server"), "\(result)")
            }
            withExtendedLifetime(two) {}
        }
        #expect(try sql(2, "SELECT count(*) FROM t") == "0")
        for cluster in clusters { _ = try cluster.psql("DROP DATABASE \"\(name)\" WITH (FORCE)", database: "postgres") }
    }

    @Test func `a stranger's lock is told, and one of the run's own fails it`() throws {
        let place = try Place(
            Servers.first, countedLoads)
        let bouncer = try Bouncer(to: place.cluster)
        let base = bouncer.conninfo(database: place.database)
        for (lock, table) in [("LOCK TABLE t", "t"), ("LOCK TABLE u", "u"), ("UPDATE counter SET n = 5", "counter")] {
            let holder = try Holder(place, lock)
            let running = try start(base + "#t", base + "#u")
            let told = try running.waitForOutput(containing: "waiting for a lock on public.\(table), held by pid ")
            #expect(told.contains("(psql, idle in transaction for "), "\(told)")
            try holder.release()
            try running.end().expecting(0)
        }
        #expect(try place.count("u") == 6)
        let holder = try Holder(place, "LOCK TABLE t")
        let late = try transfer("--lock-timeout=1.5", base + "#t", base + "#u")
        #expect(late.code == 1 && late.errors.contains("waited 1.5 s for a lock on public.t"), "\(late)")
        try holder.release()

        let result = try transfer(base + "#t", base + "#u", base + "#v")
        #expect(result.code == 1 && result.duration < .seconds(20), "\(result)")
        #expect(
            result.errors.contains("this waits for a lock on public.counter that ")
                && result.errors.contains(" of the same run holds"), "\(result)")
        #expect(try place.count("u") == 6 && place.count("v") == 0)
    }
}
