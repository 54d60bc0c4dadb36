// The kit's random numbers.

import TestKit
import Testing

@Suite struct SeededTests {
    @Test func `a seed gives the numbers of the reference`() {
        var rng = Seeded(0)
        // The reference values of SplitMix64 from seed 0.
        #expect(rng.next() == 0xE220_A839_7B1D_CDAF)
        #expect(rng.next() == 0x6E78_9E6A_A1B9_65F4)
    }

    @Test(arguments: Seeded.seeds(5)) func `numbers stay in their range and reach all of it`(seed: UInt64) {
        var rng = Seeded(seed)
        let numbers = (0..<1000).map { _ in rng.next(in: 3..<7) }
        // Each of the four is there: it would be missing once in 10^124 seeds.
        #expect(Set(numbers) == [3, 4, 5, 6], "\(rng)")
    }
}
