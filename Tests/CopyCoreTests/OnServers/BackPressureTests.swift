// Large rows, many receivers, slow receivers: one bounded ring serves them all.

import CopyCore
import TestKit
import Testing

@Suite(.overBothTransports) struct `Back-pressure on a server` {
    @Test(arguments: CopyFormat.allCases)
    func `a value of 20 MB goes through a ring of 4 KiB`(format: CopyFormat) throws {
        let stage = try Stage(rows: 1)
        let source = "(SELECT 1, repeat('0123456789', 2000000) UNION ALL SELECT 2, 'small')"
        let producer = try stage.producer(source, format)
        let receivers: [any Receiver] = [try stage.receiver("d1", format), NullReceiver()]
        let sum = try stage.manager(producer, receivers, .buffer(4_096)).sumOfCycles()
        #expect(sum.messages == format.messages(2) && sum.bytes > 20_000_000)
        #expect(
            try stage.value(
                "SELECT string_agg(i || ' ' || length(t) || ' ' || (t IN ('small', repeat('0123456789', 2000000))), ',')"
                    + " FROM d1") == "1 20000000 true,2 5 true")
    }

    @Test func `40 receivers at once, of every kind`() throws {
        let stage = try Stage(rows: 5_000)
        let tables = (1...20).map { "many_\($0)" }
        for table in tables { try stage.admin.run("CREATE TABLE \(table) (LIKE source)") }
        let statements = try tables.map { try stage.receiver($0) }
        var counts = [Int](repeating: 0, count: 10)
        let calls = counts.indices.map { index in CallReceiver { counts[index] += $0.count } }
        let nulls = (0..<10).map { _ in NullReceiver() }
        let all: [any Receiver] = (0..<10).flatMap { index -> [any Receiver] in
            [statements[index], nulls[index], calls[index], statements[index + 10]]
        }
        let producer = try stage.producer()
        let sum = try stage.manager(producer, all, .buffer(10_000)).sumOfCycles()
        #expect(all.count == 40 && sum.messages == 5_000 && sum == producer.totals)
        #expect(counts == [Int](repeating: 5_000, count: 10))
        let wanted = try stage.digest("source")
        for table in tables { #expect(try stage.digest(table) == wanted) }
    }

    @Test func `a slow receiver falls behind by the ring's size and no more, and is exact`() throws {
        let stage = try Stage(rows: 1)
        let proxy = try FaultProxy(to: stage.cluster)
        let slow = try stage.receiver("d1", on: stage.session("slow", through: proxy))
        let fast = try stage.receiver("d2")
        // What socket buffers hold comes on top of the ring: the source is larger than both.
        let producer = try stage.producer("(SELECT generate_series(1, 250000), repeat('x', 100))")
        let settings = CopySettings.with { $0.buffer = 100_000 }
        let manager = stage.manager(producer, [slow, fast], settings)
        proxy.arm(.slow(bytesPerSecond: 10_000_000), direction: .toServer, at: .copyBytes(0))
        var worst = (slow: 0, fast: 0)
        try manager.withCopy { copy in
            while try copy.next() != nil {
                worst.slow = max(worst.slow, copy.backlog(of: slow))
                worst.fast = max(worst.fast, copy.backlog(of: fast))
            }
        }
        #expect(worst.slow <= 100_000 && worst.fast <= 100_000)
        // It was really behind, or this shows nothing.
        #expect(worst.slow > 50_000)
        let wanted = try stage.digest("d2")
        #expect(wanted?.hasPrefix("250000 ") == true)
        #expect(try stage.digest("d1") == wanted)
        proxy.stop()
    }

    @Test func `a rate limit holds the source back`() throws {
        let stage = try Stage()
        let producer = try stage.producer()
        let begun = stage.poller.now
        let sum = try stage.manager(producer, [NullReceiver()], .with { $0.rateLimit = 400_000 })
            .sumOfCycles()
        let seconds = stage.poller.now.seconds(since: begun)
        #expect(sum.messages == 10_000 && Double(sum.bytes) / seconds < 800_000)
    }

    @Test(arguments: Seeded.seeds(6))
    func `rows of random sizes through rings of random sizes stay exact`(seed: UInt64) throws {
        var rng = Seeded(seed)
        let stage = try Stage(rows: 1)
        let sizes = (0..<300).map { _ in rng.next(in: 0..<(rng.next(in: 0..<20) == 0 ? 200_000 : 300)) }
        try stage.admin.run(
            """
            TRUNCATE source; INSERT INTO source
            SELECT n, left(repeat(md5(n::text), n / 32 + 1), n)
            FROM unnest(ARRAY[\(sizes.map(String.init).joined(separator: ","))]) n
            """)
        let format = CopyFormat.allCases[rng.next(in: 0..<3)]
        let settings = CopySettings.with {
            $0.buffer = rng.next(in: 1..<50_000)
            $0.chunk = rng.next(in: 1..<70_000)
        }
        let receivers = try ["d1", "d2"].map { try stage.receiver($0, format) }
        let producer = try stage.producer("source", format)
        let sum = try stage.manager(producer, receivers, settings).sumOfCycles()
        #expect(sum.messages == format.messages(300) && sum == producer.totals, "\(rng)")
        let wanted = try stage.digest("source")
        #expect(try stage.digest("d1") == wanted, "\(rng)")
        #expect(try stage.digest("d2") == wanted, "\(rng)")
    }
}
