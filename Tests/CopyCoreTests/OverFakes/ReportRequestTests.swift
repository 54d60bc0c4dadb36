// A request for a report reaches a poll, whatever it waits for.

import CopyCore
import Glibc
import Testing

@Suite struct `Requests for a report` {
    private let reports: ReportRequest
    private let poller: SystemPoller

    init() throws {
        reports = try #require(ReportRequest())
        let interruption: Interruption = try #require(Interruption())
        poller = SystemPoller(interruption: interruption, reports: reports)
    }

    @Test(arguments: [true, false]) func `are met once, and the wait goes on`(interruptible: Bool) throws {
        var count = 0
        poller.onReportRequest = { count += 1 }
        for wanted in 1...3 {
            reports.raise()
            reports.raise()
            let begun = poller.now
            var nothing: [PollEntry] = []
            try poller.poll(&nothing, until: begun + 0.05, interruptible: interruptible)
            #expect(poller.now.seconds(since: begun) >= 0.05)
            #expect(count == wanted)
        }
    }

    @Test func `that come while one is met are met too`() throws {
        var count = 0
        poller.onReportRequest = { [reports] in
            count += 1
            if count < 3 { reports.raise() }
        }
        reports.raise()
        var nothing: [PollEntry] = []
        try poller.poll(&nothing, until: poller.now, interruptible: true)
        #expect(count == 3)
    }

    @Test func `end no wait of another's, and disturb none that is ready`() throws {
        var ends: [CInt] = [-1, -1]
        #expect(pipe(&ends) == 0)
        defer { for end in ends { close(end) } }
        var count = 0
        // Only now there is something to read.
        poller.onReportRequest = {
            count += 1
            _ = write(ends[1], "!", 1)
        }
        reports.raise()
        var entries = [PollEntry(Interest(ends[0], .read))]
        try poller.poll(&entries, until: poller.now + 30, interruptible: true)
        #expect(entries[0].ready == .read && count == 1)
        reports.raise()
        entries = [PollEntry(Interest(ends[0], .read))]
        try poller.poll(&entries, until: poller.now + 30, interruptible: true)
        #expect(entries[0].ready == .read && count == 2)
    }
}
