// TLS and SCRAM: where nobody can look at the socket's bytes.

import Glibc
import TestKit
import Testing

@Suite struct TLSTests {
    private func tls(_ sql: String = Trio.schema) throws -> (Place, String) {
        let place = try Place(Servers.tls, sql)
        return (place, place.cluster.tcpConninfo(database: place.database) + "#t")
    }

    @Test(arguments: ["text", "binary"]) func `rows go there and back again`(format: String) throws {
        let trio = try Trio(rows: 50_000)
        let (place, endpoint) = try tls()
        let there = try transfer("--format", format, trio.source.at(), endpoint, trio.first.at())
        #expect(there.code == 0, "\(there)")
        #expect(try place.digest() == trio.source.digest())
        let back = try transfer("--format", format, endpoint, trio.second.at())
        #expect(back.code == 0, "\(back)")
        #expect(try trio.second.digest() == trio.source.digest())
    }

    @Test func `rows of many megabytes arrive, in little memory`() throws {
        let sql = "CREATE TABLE t (n int, wide text)"
        let plain = try Place(
            Servers.source, sql + "; INSERT INTO t SELECT i, repeat(md5(i::text), 300000) FROM generate_series(1, 3) i")
        let back = try Place(Servers.first, sql)
        let (place, endpoint) = try tls(sql)
        #expect(try transfer(plain.at(), endpoint).code == 0)
        #expect(try place.digest() == plain.digest())
        let result = try transfer(endpoint, back.at())
        #expect(result.code == 0, "\(result)")
        #expect(try back.digest() == plain.digest())
        #expect(result.peakMemory < 128 << 20, "\(result.peakMemory)")
    }

    /// The libraries of TLS are at work on a thread of their own when the program ends.
    @Test func `a signal while TLS is agreed on ends the program by its own code`() throws {
        let cluster = try Servers.tls
        var random = SystemRandomNumberGenerator()
        for _ in 0..<40 {
            let servers = Array(repeating: cluster.tcpConninfo(), count: 3)
            let program = try Program.pgcopy(["exec", "-c", "SELECT 1"] + servers).start()
            usleep(UInt32.random(in: 8_000...32_000, using: &random))
            program.signal(SIGTERM)
            let result = try program.wait()
            // Before signals are heard they end it, too; behind the last answer they come too late, and between two
            // connections' answers one has committed and another not.
            let isBetween =
                result.status == .exited(3) && result.output.contains("SELECT 1") && result.errors.contains("(SIGTERM)")
            #expect([.exited(143), .exited(0), .signalled(SIGTERM)].contains(result.status) || isBetween, "\(result)")
        }
    }

    @Test func `an early error is seen within seconds`() throws {
        let trio = try Trio(rows: 100_000)
        let (place, endpoint) = try tls("CREATE TABLE t (id text CONSTRAINT c CHECK (id <> '0000000009'), filler text)")
        let result = try transfer("--rate-limit=500k", trio.source.at(), endpoint, trio.first.at())
        #expect(result.code == 1, "\(result)")
        #expect(result.duration < .seconds(8), "\(result)")
        #expect(result.errors.contains("CONTEXT: COPY t, line 9"), "\(result)")
        #expect(result.errors.contains("SQLSTATE 23514"), "\(result)")
        #expect(try place.count() == 0)
        try trio.expectNothingCommitted("\(result)")
        try trio.expectNoBackends()
    }

    @Test func `an error while the source thinks is seen, too`() throws {
        let trio = try Trio("CREATE TABLE t (n int, s text)")
        let (place, endpoint) = try tls("CREATE TABLE t (n int CHECK (n <> 3), s text)")
        let query =
            "SELECT i AS n, repeat('x', 100) || pg_sleep(CASE WHEN i > 1000 THEN 60 ELSE 0 END) AS s FROM generate_series(1, 2000) i"
        let result = try transfer("--query", query, "--into=t", trio.source.conninfo, endpoint)
        #expect(result.code == 1, "\(result)")
        #expect(result.duration < .seconds(10), "\(result)")
        #expect(result.errors.contains("CONTEXT: COPY t, line 3"), "\(result)")
        try trio.source.expectNoBackends()
        try place.expectNoBackends()
    }

    @Test func `notices do not end the copy`() throws {
        let trio = try Trio(rows: 20_000)
        let (place, endpoint) = try tls()
        try place.sql(
            """
            CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                IF NEW.id LIKE '%000' THEN RAISE NOTICE 'row %', NEW.id; END IF; RETURN NEW; END $$;
            CREATE TRIGGER tell BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION tell()
            """)
        let result = try transfer("--rate-limit=800k", trio.source.at(), endpoint)
        #expect(result.code == 0, "\(result)")
        #expect(
            result.errors.split(separator: "\n").filter { $0.contains("NOTICE: row 00000") }.count == 20, "\(result)")
        #expect(try place.digest() == trio.source.digest())
    }

    @Test func `a backend that is terminated is a fault of its own`() throws {
        let trio = try Trio(rows: 100_000)
        let (place, endpoint) = try tls()
        let running = try start(
            "--keep-going", "--rate-limit=4M", "--interval=0.1", trio.source.at(), endpoint, trio.first.at())
        try running.waitForOutput(containing: "(mean ")
        try place.terminateBackends()
        let result = try running.end()
        #expect(result.code == 3, "\(result)")
        #expect(try place.count() == 0)
        #expect(try trio.first.digest() == trio.source.digest())
        #expect(result.errors.contains("terminating connection due to administrator command"), "\(result)")
    }

    @Test func `a stalled destination times out`() throws {
        let trio = try Trio(rows: 100_000)
        let place = try Place(Servers.tls, Trio.schema)
        let proxy = try FaultProxy(to: place.cluster)
        proxy.arm(.stall, direction: .toServer, at: .bytes(500_000))
        let result = try transfer("--timeout=1", trio.source.at(), trio.first.at(), place.through(proxy))
        #expect(proxy.faultCount == 1)
        #expect(result.code == 1, "\(result)")
        #expect(result.duration < .seconds(8), "\(result)")
        try trio.expectNothingCommitted("\(result)")
        proxy.stop()
        try place.expectNoBackends()
    }
}
