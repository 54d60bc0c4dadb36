// The source dies, at any byte: nothing is ever committed.

import Glibc
import TestKit
import Testing

@Suite struct SourceFaultTests {
    private static let rows = 20_000

    /// Offsets near the beginning, anywhere, and near the end; the last is behind CopyDone, before the server's last word.
    static func offsets(_ rng: inout Seeded, total: Int, after: Int) -> [Int] {
        [
            rng.next(in: 0..<6), rng.next(in: 6..<2000), rng.next(in: 2000..<total - 2000),
            rng.next(in: 2000..<total - 2000), total - rng.next(in: 1..<200), total, total + after,
        ]
    }

    @Test(arguments: [Fault.reset, .close, .halfClose], Seeded.seeds(2))
    func `a source that breaks off at any byte commits nothing`(fault: Fault, seed: UInt64) throws {
        var rng = Seeded(seed)
        let trio = try Trio(rows: Self.rows)
        for offset in Self.offsets(&rng, total: Trio.sourceBytes(Self.rows), after: 5) {
            let proxy = try FaultProxy(to: trio.source.cluster)
            proxy.arm(fault, at: .copyBytes(offset))
            let source = trio.source.through(proxy)
            let result = try transfer(source, trio.first.at(), trio.second.at())
            #expect(proxy.faultCount == 1, "offset \(offset), \(rng)")
            #expect(result.code == 1, "offset \(offset), \(rng): \(result)")
            #expect(result.errors.contains("pgcopy: \(label(of: source)): "), "offset \(offset), \(rng): \(result)")
            #expect(result.errors.contains("#t: rolled back"), "offset \(offset), \(rng): \(result)")
            #expect(result.duration < .seconds(10), "offset \(offset), \(rng): \(result)")
            try trio.expectNothingCommitted("offset \(offset), \(rng): \(result)")
            proxy.stop()
        }
        try trio.expectNoBackends()
    }

    @Test(arguments: ["csv", "binary"], Seeded.seeds(2))
    func `the other formats are no weaker`(format: String, seed: UInt64) throws {
        var rng = Seeded(seed)
        let trio = try Trio(rows: Self.rows)
        // Without a fault first, to know how much there is.
        let whole = try FaultProxy(to: trio.source.cluster)
        try transfer("--format", format, trio.source.through(whole), "null:").expecting(0)
        let total = whole.counters.toClient.copyMessages
        for count in [1, rng.next(in: 2..<total), total - 1, total] {
            let proxy = try FaultProxy(to: trio.source.cluster)
            proxy.arm(.close, at: .copyMessages(count))
            let result = try transfer("--format", format, trio.source.through(proxy), trio.first.at(), trio.second.at())
            #expect(proxy.faultCount == 1, "message \(count), \(rng)")
            #expect(result.code == 1, "message \(count), \(rng): \(result)")
            try trio.expectNothingCommitted("message \(count), \(rng): \(result)")
            proxy.stop()
        }
        try trio.expectNoBackends()
    }

    @Test(arguments: [false, true])
    func `a backend that is terminated is the source's failure, whatever the options`(keepGoing: Bool) throws {
        // More than fits into socket buffers: the server is still at it when it is hit.
        let trio = try Trio(rows: 200_000)
        let proxy = try FaultProxy(to: trio.source.cluster)
        proxy.arm(.stall, at: .copyBytes(1_000_000))
        let source = trio.source.through(proxy)
        let running = try start(
            keepGoing ? "--keep-going" : "--interval=1", source, trio.first.at(), trio.second.at())
        try proxy.waitUntilTriggered()
        try trio.source.terminateBackends()
        proxy.resume()
        let result = try running.end()
        #expect(result.code == 1, "\(result)")
        #expect(result.errors.contains("pgcopy: \(label(of: source)): "), "\(result)")
        try trio.expectNothingCommitted("\(result)")
        try trio.expectNoBackends()
        proxy.stop()
    }

    @Test func `a source's server that crashes commits nothing`() throws {
        let cluster = try Cluster()
        let source = try Place(cluster, Trio.schema + ";" + Trio.fill(200_000))
        let destination = try Place(Servers.first, Trio.schema)
        let proxy = try FaultProxy(to: cluster)
        proxy.arm(.stall, at: .copyBytes(1_500_000))
        let running = try start("--keep-going", source.through(proxy), destination.at())
        try proxy.waitUntilTriggered()
        try cluster.stop(.immediate)
        proxy.resume()
        let result = try running.end()
        #expect(result.code == 1, "\(result)")
        #expect(try destination.count() == 0)
        try destination.expectNoBackends()
        proxy.stop()
    }

    @Test func `a slow source is read exactly, and no timeout is meant for it`() throws {
        let trio = try Trio(rows: 2000)
        let proxy = try FaultProxy(to: trio.source.cluster)
        proxy.arm(.slow(bytesPerSecond: 150_000), at: .copyBytes(1000))
        // The source is no receiver: its pace is not held against the destinations.
        let result = try transfer("--timeout=0.4", trio.source.through(proxy), trio.first.at(), trio.second.at())
        #expect(proxy.faultCount == 1)
        #expect(result.code == 0, "\(result)")
        #expect(result.duration > .seconds(1), "\(result)")
        #expect(try trio.first.digest() == trio.source.digest())
        #expect(try trio.second.digest() == trio.source.digest())
        proxy.stop()
    }

    @Test func `a signal ends the wait for a stalled source at once`() throws {
        let trio = try Trio(rows: Self.rows)
        let proxy = try FaultProxy(to: trio.source.cluster)
        proxy.arm(.stall, at: .copyBytes(777_777))
        let running = try start(trio.source.through(proxy), trio.first.at(), trio.second.at())
        try proxy.waitUntilTriggered()
        let (result, time) = try interrupted(running, SIGINT)
        #expect(result.code == 130, "\(result)")
        #expect(time < .seconds(2), "\(result)")
        try trio.expectNothingCommitted("\(result)")
        try trio.expectNoBackends()
        proxy.stop()
    }

    @Test func `a query that fails half-way commits nothing`() throws {
        let trio = try Trio("CREATE TABLE t (n int)")
        let query = "SELECT 1 / (30000 - i) AS n FROM generate_series(1, 40000) i"
        for keepGoing in [false, true] {
            let options = keepGoing ? ["--keep-going"] : []
            let result = try transfer(
                options + [
                    "--query", query, "--into=t", trio.source.conninfo, trio.first.conninfo, trio.second.conninfo,
                ])
            #expect(result.code == 1, "\(result)")
            #expect(result.errors.contains("division by zero (SQLSTATE 22012)"), "\(result)")
            #expect(result.errors.contains("pgcopy: \(trio.source.label(nil)): "), "\(result)")
            try trio.expectNothingCommitted("\(result)")
        }
        try trio.expectNoBackends()
    }
}
