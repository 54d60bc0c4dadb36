// What is only slow is no fault, and what went away is known before anything is committed.

import Glibc
import TestKit
import Testing

@Suite struct `A run that is slow` {
    /// A socket takes no more before a good part of what it holds is gone: bytes that leave it are progress.
    @Test func `in a trigger of its server is no timeout`() throws {
        let trio = try Trio(rows: 0)
        try trio.source.sql("INSERT INTO t SELECT i::text, repeat('x', 4000) FROM generate_series(1, 1400) i")
        try trio.first.sql(
            """
            CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.008); RETURN NEW; END';
            CREATE TRIGGER slow BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION slow()
            """)
        let slow = trio.first.cluster.tcpConninfo(database: trio.first.database) + "#t"
        let result = try transfer("--timeout=1", trio.source.at(), slow)
        #expect(result.code == 0 && result.duration > .seconds(8), "\(result)")
        #expect(try trio.first.count() == 1400)
    }

    /// One that had nothing to do any more was gone before the other one was done.
    @Test(arguments: [[], ["--keep-going"]]) func `commits nothing where a destination went away meanwhile`(
        options: [String]
    ) throws {
        let trio = try Trio(rows: 10)
        try trio.first.sql(
            """
            CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(2); RETURN NULL; END';
            CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
            WHEN (NEW.id = '0000000001') EXECUTE FUNCTION slow()
            """)
        let running = try program(options + [trio.source.at(), trio.first.at(), trio.second.at()]).start()
        try trio.first.waitForBackend("query LIKE 'SET CONSTRAINTS%' AND wait_event = 'PgSleep'")
        try trio.second.waitForBackend("state = 'idle in transaction'")
        try trio.second.terminateBackends()
        let result = try running.end()
        #expect(result.code == (options.isEmpty ? 1 : 3) && !result.errors.contains("in doubt"), "\(result)")
        #expect(try trio.first.count() == (options.isEmpty ? 0 : 10) && trio.second.count() == 0)
    }

    @Test func `and is stopped says what a server that it did not hear of still holds`() throws {
        let trio = try Trio(rows: 200_000)
        let proxy = try FaultProxy(to: trio.first.cluster)
        proxy.arm(.stall, direction: .toServer, at: .copyBytes(1_000_000))
        let running = try start("--truncate", trio.source.at(), trio.first.through(proxy))
        try proxy.waitUntilTriggered()
        try running.waitForOutput(containing: " behind")
        running.signal(SIGTERM)
        let result = try running.end()
        #expect(
            result.code == 143 && result.errors.contains("its server holds the table's locks until it notices"),
            "\(result)")
        proxy.stop()
    }

    @Test func `to answer before the first row is named, and a report says so`() throws {
        let trio = try Trio(rows: 10)
        let proxy = try FaultProxy(to: trio.first.cluster)
        proxy.arm(.stall, direction: .toClient, at: .answer(to: "BEGIN"))
        let running = try start("--truncate", trio.source.at(), trio.first.through(proxy))
        try running.waitForOutput(
            containing: "\(label(of: trio.first.through(proxy))): waiting for the server to answer")
        running.signal(SIGUSR1)
        try running.waitForOutput(
            containing: "preparing; waiting for \(label(of: trio.first.through(proxy))) to answer")
        proxy.resume()
        try running.end().expecting(0)
        proxy.stop()
    }

    @Test func `to give back a lock is cancelled where it is dropped`() throws {
        let trio = try Trio(rows: 10)
        let place = trio.first
        try place.sql(
            """
            ALTER DATABASE \(place.database) SET client_connection_check_interval = '10min'; CREATE TABLE q (i int);
            CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN LOCK TABLE public.q; RETURN NULL; END';
            CREATE TRIGGER f AFTER INSERT ON t EXECUTE FUNCTION f()
            """)
        let holder = try Holder(place, "LOCK TABLE q")
        let result = try transfer("--keep-going", "--lock-timeout=1", trio.source.at(), place.at(), trio.second.at())
        #expect(result.code == 3, "\(result)")
        try place.expectNoBackends(within: .seconds(1))
        try holder.release()
    }

    @Test func `to be read gives its record all the same`() throws {
        let trio = try Trio(rows: 100_000)
        let result = try Program(
            "sh",
            [
                "-c", #""$@" | head -n 1 >/dev/null"#, "sh", try Program.pgcopyPath(), "transfer", "--progress=json",
                trio.source.at(), "-",
            ]
        ).run()
        #expect(result.errors.contains(#""type":"summary""#), "\(result)")
    }

    @Test func `takes any number of tries`() throws {
        let trio = try Trio(rows: 1)
        try transfer("--reconcile-timeouts=9223372036854775807", trio.source.at(), trio.first.at()).expecting(0)
    }
}
