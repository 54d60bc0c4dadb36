// A destination breaks off: everything is rolled back, or the others go on, as asked for.

import TestKit
import Testing

@Suite struct DestinationFaultTests {
    private static let rows = 20_000

    /// A fault and the direction it happens to.
    struct Case: Sendable, CustomTestStringConvertible {
        let fault: Fault
        let direction: Direction
        var testDescription: String { "\(fault) \(direction)" }
        static let all = [
            Case(fault: .reset, direction: .toServer), Case(fault: .close, direction: .toServer),
            Case(fault: .halfClose, direction: .toServer), Case(fault: .halfClose, direction: .toClient),
        ]
    }

    /// Offsets in what the destination is sent: rows of 100 bytes in frames of at most 64 KiB.
    private func offsets(_ rng: inout Seeded) -> [Int] {
        let total = Self.rows * 100
        return [0, rng.next(in: 1..<2000), rng.next(in: 2000..<total - 2000), total - rng.next(in: 1..<200)]
    }

    @Test(arguments: Case.all, Seeded.seeds(2))
    func `without --keep-going everything is rolled back`(it: Case, seed: UInt64) throws {
        var rng = Seeded(seed)
        let trio = try Trio(rows: Self.rows)
        for offset in offsets(&rng) {
            let proxy = try FaultProxy(to: trio.second.cluster)
            proxy.arm(it.fault, direction: it.direction, at: .copyBytes(offset), of: .toServer)
            let dead = trio.second.through(proxy)
            let result = try transfer(trio.source.at(), trio.first.at(), dead)
            #expect(proxy.faultCount == 1, "offset \(offset), \(rng)")
            #expect(result.code == 1, "offset \(offset), \(rng): \(result)")
            #expect(result.errors.contains("pgcopy: \(label(of: dead)): "), "offset \(offset), \(rng): \(result)")
            #expect(result.errors.contains("\(trio.first.label()): rolled back"), "offset \(offset), \(rng): \(result)")
            #expect(result.duration < .seconds(10), "offset \(offset), \(rng): \(result)")
            try trio.expectNothingCommitted("offset \(offset), \(rng): \(result)")
            proxy.stop()
        }
        try trio.expectNoBackends()
    }

    @Test(arguments: Case.all, Seeded.seeds(2))
    func `with --keep-going the other one is exact`(it: Case, seed: UInt64) throws {
        var rng = Seeded(seed)
        let trio = try Trio(rows: Self.rows)
        let wanted = try trio.source.digest()
        for offset in offsets(&rng) {
            let proxy = try FaultProxy(to: trio.first.cluster)
            proxy.arm(it.fault, direction: it.direction, at: .copyBytes(offset), of: .toServer)
            let dead = trio.first.through(proxy)
            let result = try transfer("--keep-going", "--truncate", trio.source.at(), dead, trio.second.at())
            #expect(proxy.faultCount == 1, "offset \(offset), \(rng)")
            #expect(result.code == 3, "offset \(offset), \(rng): \(result)")
            #expect(result.errors.contains("\(label(of: dead)): rolled back"), "offset \(offset), \(rng): \(result)")
            #expect(result.errors.contains("\(trio.second.label()): committed, 20,000 rows"), "\(rng): \(result)")
            #expect(try trio.first.count() == 0, "offset \(offset), \(rng)")
            #expect(try trio.second.digest() == wanted, "offset \(offset), \(rng)")
            proxy.stop()
        }
        try trio.expectNoBackends()
    }

    @Test func `with --keep-going it is a failure when nobody is left`() throws {
        let trio = try Trio(rows: Self.rows)
        let one = try FaultProxy(to: trio.first.cluster)
        let two = try FaultProxy(to: trio.second.cluster)
        one.arm(.reset, direction: .toServer, at: .copyBytes(100_000))
        two.arm(.close, direction: .toServer, at: .copyBytes(1_000_000))
        let result = try transfer("--keep-going", trio.source.at(), trio.first.through(one), trio.second.through(two))
        #expect(result.code == 1, "\(result)")
        #expect(one.faultCount == 1 && two.faultCount == 1)
        try trio.expectNothingCommitted("\(result)")
        try trio.expectNoBackends()
    }

    @Test func `with --keep-going a destination that cannot be prepared or reached is left out`() throws {
        let trio = try Trio(rows: 10)
        let result = try transfer("--keep-going", trio.source.at(), trio.first.at("missing"), trio.second.at())
        #expect(result.code == 3, "\(result)")
        #expect(result.errors.contains("missing"), "\(result)")
        #expect(try trio.second.count() == 10)
        let unreachable = "postgresql://postgres@127.0.0.1:1/nothing#t"
        let other = try transfer("--keep-going", "--truncate", trio.source.at(), unreachable, trio.second.at())
        #expect(other.code == 3, "\(other)")
        #expect(other.errors.contains("Connection refused"), "\(other)")
        #expect(try trio.second.count() == 10)
    }

    @Test func `a slow destination is exact, and memory stays small`() throws {
        let trio = try Trio(
            "CREATE TABLE t (id int, filler text)",
            source: "INSERT INTO t SELECT i, repeat(chr(65 + i % 26), 1015) FROM generate_series(1, 100000) i")
        let proxy = try FaultProxy(to: trio.second.cluster)
        proxy.arm(.slow(bytesPerSecond: 20_000_000), direction: .toServer, at: .copyBytes(100))
        let result = try transfer(trio.source.at(), trio.first.at(), trio.second.through(proxy))
        #expect(proxy.faultCount == 1)
        #expect(result.code == 0, "\(result)")
        #expect(proxy.counters.toServer.copyBytes > 100_000_000)
        #expect(result.duration > .seconds(3), "\(result)")
        #expect(result.peakMemory < 64 << 20, "\(result.peakMemory)")
        let wanted = try trio.source.digest()
        #expect(try trio.first.digest() == wanted)
        #expect(try trio.second.digest() == wanted)
        proxy.stop()
    }

    @Test func `a destination's server that crashes is the only one lost`() throws {
        let cluster = try Cluster()
        let crashing = try Place(cluster, Trio.schema)
        let trio = try Trio(rows: 200_000)
        let proxy = try FaultProxy(to: cluster)
        proxy.arm(.stall, direction: .toServer, at: .copyBytes(900_000))
        let running = try start("--keep-going", trio.source.at(), crashing.through(proxy), trio.second.at())
        try proxy.waitUntilTriggered()
        try cluster.stop(.immediate)
        proxy.resume()
        let result = try running.end()
        #expect(result.code == 3, "\(result)")
        #expect(try trio.second.digest() == trio.source.digest())
        try cluster.start()
        #expect(try crashing.count() == 0)
        proxy.stop()
    }
}
