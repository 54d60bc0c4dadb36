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

    @Test(arguments: Seeded.seeds(5)) func `numbers stay in their range`(seed: UInt64) {
        var rng = Seeded(seed)
        for _ in 0..<1000 { #expect((3..<7).contains(rng.next(in: 3..<7)), "\(rng)") }
    }
}
