// How much is to come, by what the source counted and what has come.

import CopyModel
import Testing

@testable import CopyCore

struct `A forecast` {
    private let moved = Totals(messages: 250, bytes: 5000)

    private func of(_ tables: Forecast.Table..., rate: Double = 1000) -> Forecast {
        let moved = tables.reduce(0) { $0 + $1.moved.bytes }
        var forecast = Forecast(tables, moved: moved)
        forecast.remaining = forecast.remaining(behind: moved, rate: rate)
        return forecast
    }

    @Test func `goes by rows, and by bytes where nobody has counted`() {
        let forecast = of(.init(rows: 1000, bytes: 99, moved: moved))
        #expect(forecast.fraction == 0.25 && forecast.bytes == 20_000 && forecast.remaining == .seconds(15))
        #expect(of(.init(bytes: 10_000, moved: moved)).fraction == 0.5)
        #expect(of(.init(rows: 1000, moved: moved)).fraction == 0.25)
        // The first rows say little of the others.
        #expect(of(.init(rows: 1_000_000, bytes: 7777, moved: moved)).bytes == 7777)
    }

    @Test func `tells nothing that nobody knows, and never less than nothing`() {
        let nothing = Forecast()
        #expect(of() == nothing && of(.init(moved: moved)) == nothing)
        #expect(of(.init(rows: 0, bytes: 0)) == nothing && of(.init(rows: 5, bytes: 5), .init()) == nothing)
        // There are more than there should be.
        let old = of(.init(rows: 100, bytes: 99, moved: moved))
        #expect(old.fraction == 0.99 && old.bytes == nil && old.remaining == nil)
        for rate in [0, 1e-9] { #expect(of(.init(rows: 1000, bytes: 1, moved: moved), rate: rate).remaining == nil) }
        #expect(of(.init(rows: 1_000_000, bytes: 77, moved: moved)).remaining == .zero)
        let slow = of(.init(rows: .max, moved: Totals(messages: 1 << 57, bytes: 1 << 50)), rate: 1)
        #expect(slow.remaining == .seconds(86_400_000))
    }

    @Test func `a table that has come is what it was, whatever was thought of it`() {
        let done = Forecast.Table(rows: 7, bytes: 30_000, moved: Totals(messages: 90, bytes: 40_000), isDone: true)
        let next = Forecast.Table(rows: 100, bytes: 30_000, moved: Totals(messages: 50, bytes: 2_000))
        let forecast = of(done, next, .init(rows: 0, bytes: 0))
        #expect(forecast.fraction == 0.75 && forecast.bytes == 44_000)
        // An empty table, as was thought, that has rows.
        #expect(of(done, next, .init(rows: 0, bytes: 0, moved: moved)).fraction == 0.75)
        #expect(of(done, .init(rows: nil, bytes: 0, isDone: true)).fraction == 0.99)
    }

    @Test func `what one table is for what it takes goes for the others once it is of many`() {
        func bytes(_ stored: Int, of all: Int, ratio: Int) -> Double? {
            of(
                .init(rows: 1, bytes: stored, moved: Totals(messages: 1, bytes: ratio * stored), isDone: true),
                .init(rows: 1000, bytes: all - stored)
            ).bytes
        }
        // A little that was compressed a hundredfold, and half of it all that is twice as long as it lies there.
        #expect(bytes(1000, of: 100_000, ratio: 100) ?? 0 < 700_000)
        #expect(bytes(50_000, of: 100_000, ratio: 2) == 200_000)
    }
}

struct `A destination's pace` {
    @Test func `is of the time since the last report, and stalls behind some seconds`() {
        var pace = DestinationPace()
        func at(_ seconds: Int64) -> Instant { Instant(nanoseconds: seconds * 1_000_000_000) }
        // Before the copy there was nothing to take.
        #expect(pace.read(0, at: at(0), since: at(0)) == 0)
        #expect(pace.read(100, at: at(2), since: at(1)) == 100 && !pace.isStalled(at: at(2)))
        #expect(pace.read(300, at: at(3), since: at(1)) == 200)
        #expect(pace.read(300, at: at(3), since: at(1)) == 0)
        #expect(pace.read(300, at: at(5), since: at(1)) == 0 && !pace.isStalled(at: at(5)) && pace.isStalled(at: at(6)))
        #expect(pace.read(301, at: at(7), since: at(1)) == 0.5 && !pace.isStalled(at: at(9)))
        var first = DestinationPace()
        #expect(first.read(100, at: at(3), since: at(1)) == 50)
        // What is to be sent again was not taken.
        #expect(pace.read(0, at: at(8), since: at(1)) == 0)
    }
}
