// Delays between tries.

import CopyCore
import TestKit
import Testing

struct BackoffTests {
    @Test func `delays double up to the longest, each between a half and the whole`() {
        for seed in Seeded.seeds(50) {
            var backoff = Backoff(first: .milliseconds(250), longest: .seconds(30), seed: seed)
            for whole in [0.25, 0.5, 1, 2, 4, 8, 16, 30, 30, 30, 30].map(Duration.seconds) {
                let delay = backoff.delay()
                #expect(delay >= whole / 2 && delay < whole, "seed \(seed)")
            }
        }
    }

    @Test func `a seed gives its delays, and another one others`() {
        func delays(_ seed: UInt64) -> [Duration] {
            var backoff = Backoff(seed: seed)
            return (0..<8).map { _ in backoff.delay() }
        }
        #expect(delays(7) == delays(7))
        #expect(Set((0..<100).map { delays($0)[0] }).count == 100)
        let spread = (0..<1000).map { delays($0)[0] }
        #expect(spread.min()! < .milliseconds(130) && spread.max()! > .milliseconds(240))
    }

    @Test func `after a reset the first delay comes again, by another chance`() {
        var backoff = Backoff(first: .seconds(1), longest: .seconds(100), seed: 3)
        let first = backoff.delay()
        _ = (0..<5).map { _ in backoff.delay() }
        backoff.reset()
        let again = backoff.delay()
        #expect(again >= .milliseconds(500) && again < .seconds(1) && again != first)
    }

    @Test func `a first delay above the longest is cut`() {
        var backoff = Backoff(first: .seconds(60), longest: .seconds(5), seed: 1)
        #expect(backoff.delay() < .seconds(5))
        #expect(backoff.delay() < .seconds(5))
    }
}
