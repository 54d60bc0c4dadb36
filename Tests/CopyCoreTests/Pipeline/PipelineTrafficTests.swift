// Round trips, and batches larger than every buffer.

import CopyCore
import TestKit
import Testing

@Suite(.serialized) struct `The traffic of a pipeline` {
    @Test func `a hundred statements and one synchronization point are one round trip`() throws {
        let proxy = try FaultProxy(to: Servers.source)
        let stage = try PipelineStage(through: proxy)
        let before = proxy.counters.roundTrips
        try stage.session.pipeline { pipeline in
            for number in 1...100 { try pipeline.execute("INSERT INTO t VALUES ($1)", ["\(number)"]) }
        }
        #expect(proxy.counters.roundTrips - before == 1)
        #expect(try stage.rows("SELECT count(*) FROM t") == ["100"])
        proxy.stop()
    }

    @Test func `over a link of a hundred milliseconds they take a few round trips' time, not a hundred`() throws {
        let proxy = try FaultProxy(to: Servers.source)
        let stage = try PipelineStage(through: proxy)
        proxy.delay(toServer: .milliseconds(50), toClient: .milliseconds(50))
        let clock = ContinuousClock()
        let piped = try clock.measure {
            try stage.session.pipeline { pipeline in
                for number in 1...100 { try pipeline.execute("INSERT INTO t VALUES ($1)", ["\(number)"]) }
            }
        }
        let before = proxy.counters.roundTrips
        let single = try clock.measure {
            for number in 101...105 { _ = try stage.session.query("INSERT INTO t VALUES ($1)", ["\(number)"]) }
        }
        #expect(proxy.counters.roundTrips - before == 5)
        print("100 statements over a link of 100 ms: \(piped) in a pipeline; \(single / 5 * 100) one by one")
        #expect(piped < .milliseconds(400))
        #expect(single >= .milliseconds(500))
        proxy.stop()
    }

    @Test func `an empty block sends nothing`() throws {
        let proxy = try FaultProxy(to: Servers.source)
        let stage = try PipelineStage(through: proxy)
        let before = proxy.counters
        try stage.session.pipeline { _ in }
        #expect(proxy.counters.toServer.bytes == before.toServer.bytes)
        try stage.expectUsable()
        proxy.stop()
    }

    @Test func `a megabyte each way, a hundred times, passes`() throws {
        let stage = try PipelineStage("")
        let wide = String(repeating: "0123456789abcdef", count: 1 << 16)
        var lengths: [Int] = []
        try stage.session.pipeline { pipeline in
            for _ in 1...100 {
                try pipeline.execute("SELECT $1::text", [wide]) { lengths.append(try $0.get().value(0, 0)!.utf8.count) }
            }
        }
        #expect(lengths == Array(repeating: 1 << 20, count: 100))
        try stage.expectUsable()
    }

    @Test func `a megabyte each way passes while nobody asks for results before the end`() throws {
        let stage = try PipelineStage("")
        let results = try stage.session.pipeline { pipeline in
            try (1...100).map { number in
                try pipeline.execute(
                    "SELECT repeat('x', 1000000), length($1)", [String(repeating: "y", count: 1_000_000 + number)])
            }
        }
        for (number, result) in zip(1..., results) {
            #expect(try result.get().value(0, 1) == "\(1_000_000 + number)")
            #expect(try result.get().withValue(0, 0) { $0?.byteCount } == 1_000_000)
        }
    }

    @Test func `a hundred thousand statements pass, in order`() throws {
        let stage = try PipelineStage()
        var next = 1
        try stage.session.pipeline { pipeline in
            for number in 1...100_000 {
                try pipeline.execute("INSERT INTO t VALUES ($1) RETURNING n", ["\(number)"]) { result in
                    if try result.get().value(0, 0) == "\(next)" { next += 1 }
                }
            }
        }
        #expect(next == 100_001)
        #expect(try stage.rows("SELECT count(*), max(n) FROM t") == ["100000|100000"])
        try stage.expectUsable()
    }

    @Test func `TLS makes no difference`() throws {
        let cluster = try Servers.tls
        let session = try PipelineStage.session(cluster.tcpConninfo(), SystemPoller())
        #expect(session.connection.usesTLS)
        let wide = String(repeating: "z", count: 1_000_000)
        var bytes = 0
        let last = try session.pipeline { pipeline in
            for _ in 1...20 {
                try pipeline.execute("SELECT $1::text", [wide]) { bytes += try $0.get().value(0, 0)!.utf8.count }
            }
            for number in 1...5_000 { try pipeline.execute("SELECT \(number)") }
            return try pipeline.execute("SELECT 'last'")
        }
        #expect(bytes == 20_000_000)
        #expect(try last.get().value(0, 0) == "last")
        #expect(try session.query("SELECT 1").value(0, 0) == "1")
    }
}
