// Small values: times, clocks, totals, rates.

import CopyModel
import Testing

struct InstantTests {
    @Test func `seconds are added and told back`() {
        let start = Instant(nanoseconds: 1_500_000_000)
        #expect((start + 2.25).nanoseconds == 3_750_000_000)
        #expect((start + -1).nanoseconds == 500_000_000)
        #expect((start + 2.25).seconds(since: start) == 2.25)
        #expect(start.seconds(since: start + 2.25) == -2.25)
    }

    @Test func `durations are added and told back`() {
        let start = Instant(nanoseconds: 1_500_000_000)
        #expect((start + .milliseconds(2250)).nanoseconds == 3_750_000_000)
        #expect((start + .seconds(-1)).nanoseconds == 500_000_000)
        for nanoseconds in [1, 999_999_999, 1_680_000_001, 86_400_000_000_001] as [Int64] {
            let later = start + .nanoseconds(nanoseconds)
            #expect(later.duration(since: start) == .nanoseconds(nanoseconds))
            #expect(start.duration(since: later) == .nanoseconds(-nanoseconds))
        }
    }

    @Test func `what is given in decimals is told in the same ones`() {
        for milliseconds in 0..<200_000 {
            let seconds = Double(milliseconds) / 1000
            #expect(Duration.seconds(seconds).seconds == seconds)
            #expect(Duration.milliseconds(milliseconds).seconds == seconds)
        }
        #expect(Duration.seconds(1181.5).seconds == 1181.5 && Duration.seconds(-0.003911).seconds == -0.003911)
    }

    @Test func `earlier is less`() {
        #expect(Instant(nanoseconds: 1) < Instant(nanoseconds: 2))
        #expect(!(Instant(nanoseconds: 2) < Instant(nanoseconds: 2)))
    }

    @Test(arguments: [1e10, 1e300, Double.infinity]) func `a wait too long to count is for ever`(_ seconds: Double) {
        #expect(Instant(nanoseconds: 7) + seconds == Instant(nanoseconds: .max))
    }

    @Test func `no duration is too long to be added`() {
        #expect(Instant(nanoseconds: 7) + .seconds(Int64.max) == Instant(nanoseconds: .max))
        #expect(Instant(nanoseconds: 7) + .seconds(Int64.min) < Instant(nanoseconds: 0))
    }
}

struct GatherPaceTests {
    /// Whether each of these, given one after the other, is followed by a pause.
    private func pauses(capacity: Int?, after counts: [Int]) -> [Bool] {
        var pace = GatherPace(capacity: capacity)
        return counts.map { count in
            pace.gave(count)
            return pace.emptied()
        }
    }

    @Test func `a stream that came is given time to gather, one that was silent is not`() {
        #expect(pauses(capacity: nil, after: [0, 1, 0, 1 << 30]) == [false, true, false, true])
    }

    @Test func `a stream that fills its socket is not kept waiting, until it is down to single pieces`() {
        let pieces = Array(repeating: 8192, count: 7)
        let fast = [99_999, 100_000, 50_000] + pieces + [8193]
        let answers = pauses(capacity: 100_000, after: fast + pieces + [8192, 99_999, 100_000])
        #expect(answers[0])
        #expect(!answers[1..<18].contains(true))
        #expect(Array(answers[18...]) == [true, true, false])
    }
}

struct StallClockTests {
    @Test func `a clock that does not run has no deadline`() {
        #expect(StallClock().deadline(1) == nil)
    }

    @Test func `the deadline counts from the first stalled moment`() {
        var clock = StallClock()
        clock.stalled(at: Instant(nanoseconds: 1_000_000_000))
        clock.stalled(at: Instant(nanoseconds: 9_000_000_000))
        #expect(clock.deadline(2) == Instant(nanoseconds: 3_000_000_000))
    }

    @Test func `progress stops it and the next stall starts it anew`() {
        var clock = StallClock()
        clock.stalled(at: Instant(nanoseconds: 0))
        clock.progressed()
        #expect(clock.deadline(2) == nil)
        clock.stalled(at: Instant(nanoseconds: 5_000_000_000))
        #expect(clock.deadline(2) == Instant(nanoseconds: 7_000_000_000))
    }
}

struct TotalsTests {
    @Test func `totals add up and differences come back`() {
        var total = Totals.zero
        total += Totals(messages: 2, bytes: 10)
        total += Totals(bytes: 5)
        #expect(total == Totals(messages: 2, bytes: 15))
        #expect(total - Totals(messages: 1, bytes: 4) == Totals(messages: 1, bytes: 11))
        #expect(total - total == .zero)
    }
}

struct RateMeterTests {
    static let start = Instant(nanoseconds: 1_000_000_000)

    @Test func `rates of the stretch and of the whole differ`() {
        var meter = RateMeter(start: Self.start)
        meter.add(Totals(messages: 10, bytes: 100))
        let first = meter.read(at: Self.start + 2)
        #expect(first.cycleRate == 50)
        #expect(first.rate == 50)
        #expect(first.cycleRowRate == 5)
        #expect(meter.lastReport == Self.start + 2)

        meter.add(Totals(messages: 30, bytes: 200))
        meter.add(Totals(messages: 10, bytes: 100))
        let second = meter.read(at: Self.start + 4)
        #expect(second.cycle == Totals(messages: 40, bytes: 300))
        #expect(second.cycleDuration == .seconds(2))
        #expect(second.cycleRate == 150)
        #expect(second.cycleRowRate == 20)
        #expect(second.total == Totals(messages: 50, bytes: 400))
        #expect(second.duration == .seconds(4))
        #expect(second.rate == 100)
    }

    @Test func `a stretch without length has no rate`() {
        var meter = RateMeter(start: Self.start)
        meter.add(Totals(messages: 1, bytes: 1))
        let reading = meter.read(at: Self.start)
        #expect(reading.cycleRate == 0)
        #expect(reading.rate == 0)
        #expect(reading.cycleRowRate == 0)
        #expect(reading.total == Totals(messages: 1, bytes: 1))
    }

    @Test func `a quiet stretch moved nothing`() {
        var meter = RateMeter(start: Self.start)
        meter.add(Totals(messages: 1, bytes: 8))
        _ = meter.read(at: Self.start + 1)
        let quiet = meter.read(at: Self.start + 2)
        #expect(quiet.cycle == .zero)
        #expect(quiet.rate == 4)
    }
}
