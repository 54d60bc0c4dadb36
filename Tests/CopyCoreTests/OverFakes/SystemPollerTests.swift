// The real poller over real pipes. Nothing here waits: what is polled is ready, or the deadline is past.

import CopyCore
import Testing

struct SystemPollerTests {
    private let past = Instant(nanoseconds: 0)

    private func look(_ poller: SystemPoller, _ interests: Interest...) throws(Interrupted) -> [Readiness] {
        var entries = interests.map { PollEntry($0) }
        try poller.poll(&entries, until: past, interruptible: true)
        return entries.map(\.ready)
    }

    @Test func `each descriptor is told for itself and for its directions only`() throws {
        let empty = try TestPipe()
        let filled = try TestPipe()
        writeAll(filled.writeEnd, [1])
        let ready = try look(
            SystemPoller(), Interest(empty.readEnd, .read), Interest(filled.readEnd, .read),
            Interest(empty.writeEnd, .write), Interest(empty.writeEnd, []))
        #expect(ready == [[], .read, .write, []])
    }

    @Test func `a writer that is gone makes its pipe readable`() throws {
        let pipe = try TestPipe()
        pipe.closeWriteEnd()
        #expect(try look(SystemPoller(), Interest(pipe.readEnd, .read)) == [.read])
    }

    @Test func `a reader that is gone is told to who writes and to who watches for trouble`() throws {
        let pipe = try TestPipe()
        pipe.closeReadEnd()
        let ready = try look(SystemPoller(), Interest(pipe.writeEnd, .write), Interest(pipe.writeEnd, []))
        #expect(ready == [.write, .write])
    }

    @Test func `time does not go back`() {
        let poller = SystemPoller()
        let before = poller.now
        #expect(before > past)
        #expect(poller.now >= before)
    }

    @Test func `the first signal interrupts every poll that may be interrupted`() throws {
        let interruption = try #require(Interruption())
        let poller = SystemPoller(interruption: interruption)
        #expect(try look(poller) == [])
        #expect(interruption.signal == nil)
        interruption.raise(15)
        interruption.raise(2)
        #expect(interruption.signal == 15)
        for _ in 0..<2 {
            var entries: [PollEntry] = []
            #expect(throws: Interrupted(signal: 15)) {
                // For ever, were it not for the signal.
                try poller.poll(&entries, until: nil, interruptible: true)
            }
        }
    }

    @Test func `a poll that may not be interrupted goes on after a signal`() throws {
        let interruption = try #require(Interruption())
        let poller = SystemPoller(interruption: interruption)
        interruption.raise(2)
        let pipe = try TestPipe()
        writeAll(pipe.writeEnd, [1])
        var entries = [PollEntry(Interest(pipe.readEnd, .read))]
        try poller.poll(&entries, until: nil, interruptible: false)
        #expect(entries[0].ready == .read)
        try poller.poll(&entries, until: past, interruptible: false)
    }

    @Test func `a stream that gathers is given its moment, though it is ready`() throws {
        let pipe = try TestPipe()
        writeAll(pipe.writeEnd, [1])
        let poller = SystemPoller()
        let before = poller.now
        #expect(try look(poller, Interest(pipe.readEnd, .read, gathers: true)) == [.read])
        #expect(poller.now.seconds(since: before) >= 0.000_2)
    }
}
