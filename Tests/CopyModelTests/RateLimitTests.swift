// The limit of bytes a second.

import CopyModel
import Testing

struct RateLimitTests {
    static let start = Instant(nanoseconds: 5_000_000_000)

    @Test func `nothing is allowed at the start`() {
        var limit = RateLimit(bytesPerSecond: 1000, now: Self.start)
        #expect(limit.allowance(at: Self.start) == 0)
    }

    @Test func `time fills the bucket up to a tenth of a second`() {
        var limit = RateLimit(bytesPerSecond: 1000, now: Self.start)
        #expect(limit.allowance(at: Self.start + 0.049) == 0)
        #expect(limit.allowance(at: Self.start + 0.06) == 60)
        #expect(limit.allowance(at: Self.start + 10) == 100)
    }

    @Test func `what is spent is gone`() {
        var limit = RateLimit(bytesPerSecond: 1000, now: Self.start)
        #expect(limit.allowance(at: Self.start + 1) == 100)
        limit.spend(30)
        #expect(limit.allowance(at: Self.start + 1) == 70)
        limit.spend(70)
        #expect(limit.allowance(at: Self.start + 1) == 0)
    }

    @Test(arguments: [1, 2, 3, 7, 10, 19, 21, 1000, 123_457, 1 << 30, 1 << 40])
    func `it gives something when it said it would open and nothing before`(_ rate: Int) {
        var limit = RateLimit(bytesPerSecond: rate, now: Self.start)
        var now = Self.start
        for round in 0..<200 {
            let allowance = limit.allowance(at: now)
            if allowance > 0 {
                #expect(limit.opensAt() <= now + 0.000_002, "round \(round)")
                limit.spend(allowance)
            }
            let opens = limit.opensAt()
            #expect(opens > now, "round \(round)")
            // A little before, where that can be told from the time itself.
            if opens.seconds(since: now) > 0.001 {
                var copy = limit
                #expect(copy.allowance(at: opens + -0.000_1) == 0, "round \(round)")
            }
            var copy = limit
            #expect(copy.allowance(at: opens) > 0, "round \(round)")
            now = opens
        }
    }

    @Test func `one byte a second is one byte a second`() {
        var limit = RateLimit(bytesPerSecond: 1, now: Self.start)
        var moved = 0
        var now = Self.start
        while now < Self.start + 60.5 {
            let allowance = limit.allowance(at: now)
            limit.spend(allowance)
            moved += allowance
            now = limit.opensAt()
        }
        #expect(moved == 60)
    }

    @Test(arguments: 1...100) func `never more than time and burst allow, nor much less`(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let rate = [1, 5, 100, 4096, 10_000_000].randomElement(using: &random)!
        let burst = max(1, Double(rate) / 10)
        var limit = RateLimit(bytesPerSecond: rate, now: Self.start)
        var now = Self.start
        var moved = 0
        for step in 0..<300 {
            now =
                Bool.random(using: &random)
                ? limit.opensAt() : now + Double.random(in: 0...0.5, using: &random) / Double(rate)
            now = max(now, Self.start)
            let allowance = limit.allowance(at: now)
            let spent = allowance == 0 ? 0 : Int.random(in: 0...allowance, using: &random)
            limit.spend(spent)
            moved += spent
            let most = now.seconds(since: Self.start) * Double(rate) + burst
            #expect(Double(moved) <= most + 0.001, "seed \(seed), step \(step)")
        }
        // Whoever takes everything as soon as it is there gets the whole rate.
        moved = 0
        limit = RateLimit(bytesPerSecond: rate, now: now)
        let begin = now
        for _ in 0..<100 {
            now = limit.opensAt()
            let allowance = limit.allowance(at: now)
            limit.spend(allowance)
            moved += allowance
        }
        #expect(Double(moved) >= now.seconds(since: begin) * Double(rate) * 0.99 - burst, "seed \(seed)")
    }

    @Test func `a limit of nothing is taken as the smallest`() {
        var limit = RateLimit(bytesPerSecond: 0, now: Self.start)
        #expect(limit.allowance(at: Self.start + 1.5) == 1)
    }
}
