// Where a batch's synchronization points stand, and how long they took.

import Testing

@testable import CopyCore

struct BatchPointsTests {
    private func at(_ seconds: Int64) -> Instant { Instant(nanoseconds: seconds * 1_000_000_000) }

    @Test func `each point has its statements and its own share of the time`() {
        var points = BatchPoints()
        let none = points.answered(at: at(1))
        #expect(!points.areUnderWay && none == nil)
        points.sent(1, at: at(10))
        points.sent(2, at: at(11))
        points.announce()
        points.sent(3, at: at(12))
        points.announce()
        // Nothing behind the last one.
        points.announce()
        #expect(points.areUnderWay && points.last == 3)
        let first = points.answered(at: at(15))
        #expect(first?.statements == 1...2 && first?.elapsed == .seconds(5))
        // It was under way before, but the server was at the one before it.
        let second = points.answered(at: at(17))
        #expect(second?.statements == 3...3 && second?.elapsed == .seconds(2))
        #expect(!points.areUnderWay)
        points.sent(4, at: at(30))
        points.announce()
        let third = points.answered(at: at(31))
        #expect(third?.statements == 4...4 && third?.elapsed == .seconds(1))
    }
}
