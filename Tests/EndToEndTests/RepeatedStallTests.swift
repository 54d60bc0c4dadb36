// Stalls: tries are counted anew after progress and never exceeded, and reports of a stall do not spin.

import TestKit
import Testing

@Suite struct RepeatedStallTests {
    @Test func `every stall has its own tries`() throws {
        let trio = try Trio(rows: 100_000)
        let proxy = try FaultProxy(to: trio.second.cluster)
        for bytes in [400_000, 4_000_000] {
            proxy.arm(.stall, direction: .toServer, at: .copyBytes(bytes))
        }
        let running = try start(
            "--timeout=0.8", "--reconcile-timeouts=3", trio.source.at(), trio.first.at(), trio.second.through(proxy))
        for stall in 1...2 {
            try proxy.waitUntilTriggered(count: stall)
            // Two of the three tries are used up each time.
            try running.waitForOutput("\(2 * stall) tries") { $0.split(separator: "reconciled, try").count > 2 * stall }
            proxy.resume()
        }
        let result = try running.end()
        #expect(result.code == 0, "\(result)")
        #expect(!result.errors.contains("try 4"), "\(result)")
        let wanted = try trio.source.digest()
        #expect(try trio.first.digest() == wanted && trio.second.digest() == wanted)
        proxy.stop()
    }

    @Test(arguments: [1, 2]) func `no stall has more tries than are given`(tries: Int) throws {
        let trio = try Trio(rows: 100_000)
        let proxy = try FaultProxy(to: trio.second.cluster)
        proxy.arm(.stall, direction: .toServer, at: .copyBytes(400_000))
        let result = try transfer(
            "--timeout=0.5", "--reconcile-timeouts=\(tries)", trio.source.at(), trio.second.through(proxy))
        #expect(result.code == 1, "\(result)")
        // Sockets may take a little more now and then, which counts tries anew.
        #expect(result.errors.contains("try \(tries) of \(tries)"), "\(result)")
        #expect(!result.errors.contains("try \(tries + 1) of"), "\(result)")
        #expect(try trio.second.count() == 0)
        proxy.stop()
    }

    @Test func `reports of a stall do not spin where every cycle is reported`() throws {
        let trio = try Trio(rows: 5000)
        let proxy = try FaultProxy(to: trio.source.cluster)
        proxy.arm(.stall(for: .milliseconds(1500)), at: .copyBytes(100_000))
        let result = try transfer("--interval=0", trio.source.through(proxy), trio.first.at())
        #expect(proxy.faultCount == 1 && result.code == 0, "\(result)")
        // A cycle moves 8 KiB at least, but for a few.
        #expect(result.errors.split(separator: "\n").filter { $0.contains("(mean ") }.count < 200)
        proxy.stop()
    }
}
