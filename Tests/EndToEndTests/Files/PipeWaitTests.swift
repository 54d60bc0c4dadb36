// Named pipes whose other end nobody opens.

import Glibc
import TestKit
import Testing

@Suite struct PipeWaitTests {
    private let directory: TemporaryDirectory
    private let pipe: String

    init() throws {
        directory = try TemporaryDirectory()
        pipe = directory.file("pipe")
        try #require(mkfifo(pipe, 0o600) == 0)
    }

    @Test func `the timeout holds for a destination's reader`() throws {
        let trio = try Trio(rows: 3)
        try trio.first.sql(Trio.fill(1))
        let result = try transfer("--timeout=1", "--truncate", trio.source.at(), pipe, trio.first.at())
        #expect(result.code == 1 && result.duration < .seconds(20), "\(result)")
        #expect(result.errors.contains("\(pipe): nobody opened the pipe for reading within 1.0 s\n"), "\(result)")
        #expect(try trio.first.count() == 1)
        let dropped = try transfer("--keep-going", "--timeout=1", trio.source.at(), pipe, trio.second.at())
        #expect(dropped.code == 3 && dropped.errors.contains("; dropped, the others go on\n"), "\(dropped)")
        #expect(try trio.second.count() == 3)
    }

    @Test(arguments: [[], ["--header"]])
    func `the timeout holds for a source's writer`(options: [String]) throws {
        let place = try Place(Servers.source, Trio.schema)
        let result = try transfer(options + ["--timeout=1", pipe, place.at()])
        #expect(result.code == 1, "\(result)")
        #expect(result.errors.contains("\(pipe): nobody opened the pipe for writing within 1.0 s\n"), "\(result)")
    }

    @Test(arguments: [[], ["--header"]])
    func `the timeout holds for what a source's writer gives`(options: [String]) throws {
        let place = try Place(Servers.source, Trio.schema)
        // Both ends at once: nobody is waited for, and nothing comes.
        let end = open(pipe, O_RDWR | O_CLOEXEC)
        defer { close(end) }
        for (source, label) in [(pipe, pipe), ("program:sleep 600", "program:sleep …")] {
            let result = try transfer(options + ["--timeout=1", source, place.at()])
            #expect(result.code == 1 && result.duration < .seconds(10), "\(result)")
            #expect(result.errors.contains("pgcopy: \(label): socket timeout: gave no data for 1.0 s\n"), "\(result)")
        }
        #expect(try place.count() == 0)
    }

    @Test func `what is waited for is told`() throws {
        let trio = try Trio(rows: 3)
        let running = try start(trio.source.at(), pipe)
        try running.waitForOutput(containing: "\(pipe): waiting for the pipe's reader\n", on: .errors)
        try Program("cat", [pipe]).run().expecting(0)
        try running.end().expecting(0)
        let json = try start("--progress=json", pipe, trio.first.at())
        try json.waitForOutput(containing: #""type":"waiting""#, on: .errors)
        try Program("sh", ["-c", #"printf '1\tx\n' > "$0""#, pipe]).run().expecting(0)
        try json.end().expecting(0)
        #expect(try trio.first.count() == 1)
    }
}
