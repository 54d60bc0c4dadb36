// What every poll watches beside its entries.

import Glibc
import Testing

@testable import CopyCore

struct `Who watches beside every poll` {
    private let poller = SystemPoller(reports: ReportRequest())
    private let ends: (reading: CInt, writing: CInt)

    init() throws {
        var pair: [CInt] = [-1, -1]
        try #require(pipe(&pair) == 0)
        for end in pair { _ = fcntl(end, F_SETFL, O_NONBLOCK) }
        ends = (pair[0], pair[1])
    }

    private func readOne() -> UInt8? {
        var byte: UInt8 = 0
        return read(ends.reading, &byte, 1) == 1 ? byte : nil
    }

    @Test func `is called whatever is waited for, and that waits on`() throws {
        var heard: [UInt8] = []
        poller.onReadable(ends.reading) { if let byte = readOne() { heard.append(byte) } }
        #expect(write(ends.writing, "abc", 3) == 3)
        var nothing: [PollEntry] = []
        try poller.poll(&nothing, until: poller.now + 0.05, interruptible: true)
        #expect(heard == Array("abc".utf8))
        // An entry that is ready ends the wait, as ever.
        let pipe = try #require(WakePipe())
        pipe.wake()
        #expect(write(ends.writing, "d", 1) == 1)
        var entries = [PollEntry(Interest(pipe.readEnd, .read))]
        try poller.poll(&entries, until: poller.now + 30, interruptible: false)
        #expect(entries[0].ready == .read && heard == Array("abcd".utf8))
    }

    @Test func `is called as often as asked, until the wait is over`() throws {
        var ticks = 0
        poller.onTick(every: .milliseconds(5)) {
            ticks += 1
            return false
        }
        var nothing: [PollEntry] = []
        try poller.poll(&nothing, until: poller.now + 0.1, interruptible: true)
        #expect((2...21).contains(ticks))
        // A deadline that is past only looks, and who is due is called then, once.
        usleep(20_000)
        let before = ticks
        try poller.poll(&nothing, until: poller.now, interruptible: true)
        #expect(ticks == before + 1)
        poller.onTick(every: .zero, nil)
        try poller.poll(&nothing, until: poller.now + 0.02, interruptible: true)
        #expect(ticks == before + 1)
        // Who finds that there is something else to wait for ends the wait.
        poller.onTick(every: .milliseconds(5)) { true }
        let begun = poller.now
        try poller.poll(&nothing, until: begun + 30, interruptible: true)
        #expect(poller.now < begun + 20)
    }

    @Test func `is not called any more once it has stopped, while it was called even`() throws {
        var calls = 0
        poller.onReadable(ends.reading) {
            calls += 1
            poller.onReadable(ends.reading, nil)
            close(ends.reading)
        }
        #expect(write(ends.writing, "a", 1) == 1)
        var nothing: [PollEntry] = []
        try poller.poll(&nothing, until: poller.now + 0.05, interruptible: true)
        try poller.poll(&nothing, until: poller.now + 0.01, interruptible: true)
        #expect(calls == 1)
        close(ends.writing)
    }
}
