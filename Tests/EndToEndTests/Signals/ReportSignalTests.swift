// SIGUSR1 asks how far it is, and seconds count from the start of the program.

import Glibc
import TestKit
import Testing

@Suite struct ReportSignalTests {
    @Test(arguments: [["-q"], ["--progress=none"], ["--interval=1000"]])
    func `a report comes at once, whatever the options say`(options: [String]) throws {
        let place = try Place(Servers.first, Trio.schema)
        let running = try program(options + ["-", place.at()]).with { $0.input = .pipe }.start()
        running.write("1\tx\n2\ty\n")
        try place.waitForBackend("query LIKE 'COPY%' AND state = 'active'")
        for count in 1...3 {
            running.signal(SIGUSR1)
            try running.waitForOutput("report \(count)") { $0.split(separator: "\n").count == count }
        }
        running.closeInput()
        let result = try running.end()
        let reports = result.errors.split(separator: "\n").filter {
            $0.contains("8 B, 2 rows") && !$0.contains("committed")
        }
        #expect(result.code == 0 && reports.count == 3, "\(result)")
        #expect(reports.last?.contains("8 B, 2 rows") ?? false, "\(result)")
        #expect(try place.count() == 2)
    }

    @Test func `in JSON it is a record`() throws {
        let place = try Place(Servers.first, Trio.schema)
        let running = try start("--progress=json", "-q", "--interval=1000", "-", place.at()) { $0.input = .pipe }
        running.write("1\tx\n")
        try place.waitForBackend("query LIKE 'COPY%' AND state = 'active'")
        running.signal(SIGUSR1)
        let text = try running.waitForOutput(containing: "\n")
        #expect(text.hasPrefix(#"{"schema_version":2,"type":"progress","#), "\(text)")
        running.closeInput()
        #expect(try running.end().code == 0)
    }

    @Test func `it comes while a lock or an answer is awaited, and cuts neither short`() throws {
        let trio = try Trio(rows: 5)
        let holder = try Holder(trio.first, "LOCK TABLE t")
        let running = try start("-q", "--truncate", trio.source.at(), trio.first.at())
        try trio.first.waitForBackend("wait_event_type = 'Lock'")
        running.signal(SIGUSR1)
        try running.waitForOutput(containing: "preparing; waiting for \(trio.first.label()) to answer")
        try holder.release()
        #expect(try running.end().code == 0)
        // An answer that a signal must not cut short.
        let proxy = try FaultProxy(to: trio.first.cluster)
        proxy.arm(.stall, at: .answer(to: "COMMIT"))
        let committing = try start("-q", "--truncate", trio.source.at(), trio.first.through(proxy))
        try proxy.waitUntilTriggered()
        committing.signal(SIGUSR1)
        try committing.waitForOutput(containing: "; committing 1 of 1: \(label(of: trio.first.through(proxy)))\n")
        proxy.resume()
        #expect(try committing.end().code == 0)
        proxy.stop()
    }

    @Test func `seconds count from the start of the program, and rates from that of the copy`() throws {
        let trio = try Trio(rows: 5)
        let holder = try Holder(trio.first, "LOCK TABLE t")
        let clock = ContinuousClock()
        let running = try start("--progress=json", "--interval=0", "--truncate", trio.source.at(), trio.first.at())
        try trio.first.waitForBackend("wait_event_type = 'Lock'")
        let locked = clock.now
        // Time is what this is about: long against everything else that happens.
        usleep(1_500_000)
        let waited = clock.now - locked
        try holder.release()
        let result = try running.end()
        #expect(result.code == 0, "\(result)")
        let lines = result.errors.split(separator: "\n").map(String.init)
        func number(_ key: String, _ line: String) throws -> Double {
            let rest = try #require(line.split(separator: "\"\(key)\":").dropFirst().first)
            return try #require(Double(rest.prefix { !",}".contains($0) }))
        }
        let summary = try #require(lines.last)
        let seconds = try number("seconds", summary)
        #expect(.seconds(seconds) >= waited && .seconds(seconds) <= result.duration, "\(result)")
        // Its rate is that of the copy.
        #expect(try number("copy_seconds", summary) < seconds - 1, "\(result)")
        #expect(try number("bytes_per_second", summary) > 500 / (seconds - 1), "\(result)")
        let progress = try #require(lines.first { $0.contains(#""phase":"copying""#) })
        #expect(try .seconds(number("seconds", progress)) >= waited, "\(result)")
        let plain = try transfer("--interval=0", trio.source.at(), trio.second.at())
        #expect(plain.errors.contains(" while copying\n"), "\(plain)")
    }
}
