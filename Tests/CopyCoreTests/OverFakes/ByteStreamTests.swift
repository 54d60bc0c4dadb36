// Byte streams over real files, pipes and sockets. Nothing here waits.

import ErrorKit
import Glibc
import Testing

@testable import CopyCore

struct ByteStreamProducerTests {
    private func fill(_ producer: ByteStreamProducer, _ size: Int = 100) throws -> (Filled, String) {
        var space = [UInt8](repeating: 0, count: size)
        var span = space.mutableSpan
        var bytes = span.mutableBytes
        let filled = try producer.fill(&bytes)
        guard case .moved(let moved, _) = filled else { return (filled, "") }
        return (filled, String(decoding: space[..<moved.bytes], as: UTF8.self))
    }

    @Test func `an empty pipe blocks and its end is the end`() throws {
        let pipe = try TestPipe()
        let producer = ByteStreamProducer(pipe.readEnd, label: "stdin")
        _ = try producer.enter()
        #expect(try fill(producer) == (.blocked(Interest(pipe.readEnd, .read)), ""))
        writeAll(pipe.writeEnd, Array("1\n2".utf8))
        #expect(try fill(producer) == (.moved(Totals(messages: 1, bytes: 3)), "1\n2"))
        #expect(try fill(producer) == (.blocked(Interest(pipe.readEnd, .read)), ""))
        writeAll(pipe.writeEnd, Array("2\r\n".utf8))
        pipe.closeWriteEnd()
        #expect(try fill(producer) == (.moved(Totals(messages: 1, bytes: 3)), "2\r\n"))
        #expect(try fill(producer) == (.ended(.zero), ""))
        #expect(producer.totals == Totals(messages: 2, bytes: 6))
        #expect(try fill(producer) == (.ended(.zero), ""))
    }

    /// Everything a stream gives, in pieces of so many bytes; the rows counted.
    private func rows(
        of stream: [UInt8], _ layout: RowLayout = .text, _ rules: StreamRules = StreamRules(), piece: Int = 100
    ) throws -> Int {
        let file = try TestFile()
        writeAll(file.descriptor, stream)
        lseek(file.descriptor, 0, SEEK_SET)
        let producer = ByteStreamProducer(file.descriptor, layout: layout, rules: rules, label: "file")
        _ = try producer.enter()
        while case .moved = try fill(producer, piece).0 {}
        return producer.totals.messages
    }

    static let cutOff: [(String, RowLayout, PgcopyError)] = [
        ("1\n2", .text, .unterminated(row: 2)), ("1", .text, .unterminated(row: 1)),
        ("1\r\n2\r", .text, .unterminated(row: 2)), ("1\na\\\n", .text, .unterminated(row: 2)),
        ("1\n\\", .text, .insideEscape(row: 2)), ("1\n\\.", .text, .insideMarker),
        ("1\n2", .csv, .unterminated(row: 2)), ("1\n\"2\"", .csv, .unterminated(row: 2)),
        ("1\n\"2\n", .csv, .insideQuotes(row: 2)), ("1\n\"2", .csv, .insideQuotes(row: 2)),
        ("1\n\\.", .csv, .unterminated(row: 2)), ("", .binary, .trailerMissing),
        ("1\n\\.\n2\n", .text, .behindMarker(rows: 1)), ("1\nx\\.\n", .text, .markerNotAlone(row: 2)),
        ("1\n\\.\n", .csv, .ambiguousMarker(row: 2)), ("\\.\r", .csv, .ambiguousMarker(row: 1)),
    ]

    @Test(arguments: [".", "\\"]) func `a quote that is a part of the end marker is refused`(_ quote: String) {
        let layout = RowLayout.csv(quote: quote.utf8.first!, escape: UInt8(ascii: "\""))
        thrown(.input) { try rows(of: Array("1\n".utf8), layout, piece: 1) }
    }

    @Test(arguments: cutOff, [1, 2, 100])
    func `a stream that merely stops is no end`(_ sample: (String, RowLayout, PgcopyError), _ piece: Int) throws {
        let error = thrown(.input) { try rows(of: Array(sample.0.utf8), sample.1, piece: piece) }
        #expect(error == sample.2)
    }

    @Test(arguments: [1, 2, 100]) func `a last row without its line end is taken where that is allowed`(_ piece: Int)
        throws
    {
        let rules = StreamRules.with { $0.allowsUnterminated = true }
        for (stream, layout) in [("1\n2", RowLayout.text), ("1\n\"2\"", .csv), ("1\r\n2", .text), ("1\n\\.", .csv)] {
            #expect(try rows(of: Array(stream.utf8), layout, rules, piece: piece) == 2)
        }
        for (stream, layout, fault) in [
            ("1\n\"2", RowLayout.csv, PgcopyError.insideQuotes(row: 2)), ("1\na\\", .text, .insideEscape(row: 2)),
            ("1\n\\.", .text, .insideMarker), ("", .binary, .trailerMissing),
        ] {
            let error = thrown(.input) {
                try rows(of: Array(stream.utf8), layout, rules, piece: piece)
            }
            #expect(error == fault)
        }
    }

    @Test(arguments: [1, 2, 100]) func `line ends of every kind end the last row`(_ piece: Int) throws {
        for stream in ["", "\n", "1\n", "1\r\n2\r\n", "1\r2\r", "1\r", "1\n\\.\n", "1\n\\.\r\n\n\r\n"] {
            let expected = stream.isEmpty ? 0 : stream.hasPrefix("1\r\n2") || stream == "1\r2\r" ? 2 : 1
            #expect(try rows(of: Array(stream.utf8), piece: piece) == expected, "\(stream.debugDescription)")
        }
        let rules = StreamRules.with { $0.csvMarker = .end }
        #expect(try rows(of: Array("1,2\n\\.\n\n".utf8), .csv, rules, piece: piece) == 1)
        let error = thrown(.input) {
            try rows(of: Array("1,2\n\\.\n3,4\n".utf8), .csv, rules, piece: piece)
        }
        #expect(error == .behindMarker(rows: 1))
    }

    @Test(arguments: [1, 3, 100]) func `what is no rows is known by its beginning`(_ piece: Int) throws {
        let gzip: [UInt8] = [0x1f, 0x8b, 0x08, 0x00, 0x0a]
        for layout in [RowLayout.text, .csv, .binary] {
            let error = thrown(.input) { try rows(of: gzip, layout, piece: piece) }
            #expect(error?.message == "the data is compressed by gzip" && error?.hint?.hasPrefix("program:") ?? false)
        }
        // Who goes on all the same gets no end.
        let file = try TestFile("1\n\\.\n2\n")
        let producer = ByteStreamProducer(file.descriptor, label: "file")
        _ = try producer.enter()
        for _ in 0..<3 { #expect(throws: PgcopyError.behindMarker(rows: 1)) { try fill(producer) } }
        // A file by its name, where a shell takes that as it is.
        for (label, hint) in [
            (nil, "program:'zcat FILE' reads it"), ("-", "program:zcat reads it"),
            ("a b.gz", "program:'zcat FILE' reads it"),
            ("/srv/x.gz", "program:'zcat /srv/x.gz' reads it"), ("file:x.gz", "program:'zcat x.gz' reads it"),
        ] { #expect(PgcopyError.foreign(.gzip, in: label).hint == hint) }
    }

    @Test(arguments: [1, 100]) func `bytes behind the trailer are none of its rows`(_ piece: Int) throws {
        var whole = BinaryRow.header
        try BinaryRow.append([[1]], to: &whole)
        whole += BinaryRow.trailer
        #expect(try rows(of: whole, .binary, piece: piece) == 2)
        let error = thrown(.input) { try rows(of: whole + [0x0a], .binary, piece: piece) }
        #expect(error == .behindTrailer)
    }

    @Test func `a read gives no more than there is space for`() throws {
        let file = try TestFile("1\n22\n")
        let producer = ByteStreamProducer(file.descriptor, label: "file")
        _ = try producer.enter()
        #expect(try fill(producer, 4) == (.moved(Totals(messages: 1, bytes: 4)), "1\n22"))
        #expect(try fill(producer, 4) == (.moved(Totals(messages: 1, bytes: 1)), "\n"))
        #expect(try fill(producer, 4) == (.ended(.zero), ""))
    }

    @Test func `the descriptor's flags are left as they were`() throws {
        let pipe = try TestPipe()
        let producer = ByteStreamProducer(pipe.readEnd, label: "stdin")
        _ = try producer.enter()
        _ = try fill(producer)
        #expect(fcntl(pipe.readEnd, F_GETFL) & O_NONBLOCK == 0)
    }

    @Test func `a descriptor that cannot be read is an error and no end`() throws {
        let pipe = try TestPipe()
        let producer = ByteStreamProducer(pipe.writeEnd, label: "not for reading")
        _ = try producer.enter()
        writeAll(pipe.writeEnd, [1])
        pipe.closeReadEnd()
        // It polls as broken, and reading a write end is refused by the kernel.
        let error = try requireThrown(.system) { _ = try fill(producer) }
        #expect(error.errno == EBADF)
    }
}

@Suite(.serialized) struct ByteStreamReceiverTests {
    /// A broken pipe is an error of the call, as in every program of ours.
    init() { signal(SIGPIPE, SIG_IGN) }

    private func drain(_ receiver: ByteStreamReceiver, _ bytes: [UInt8]) throws -> Drained {
        try receiver.drain(bytes.span.bytes)
    }

    private func entered(_ descriptor: CInt) throws -> ByteStreamReceiver {
        let receiver = ByteStreamReceiver(descriptor, label: "stream")
        #expect(try receiver.enter(.text) == .done)
        return receiver
    }

    @Test func `a file takes everything`() throws {
        let file = try TestFile()
        try transfer(FakeProducer(rows: numberedRows(100)), ByteStreamReceiver(file.descriptor, label: "file"))
        #expect(file.content == numberedRows(100).joined())
    }

    @Test func `a preamble goes before the rows, and where there are none`() throws {
        for rows in [[], ["1\n"]] {
            let file = try TestFile()
            let receiver = ByteStreamReceiver(file.descriptor, label: "file")
            receiver.preamble = Array("a\n".utf8)
            try transfer(FakeProducer(rows: rows), receiver)
            #expect(file.content == "a\n" + rows.joined())
        }
    }

    @Test func `a preamble that a full pipe does not take comes first all the same`() throws {
        let pipe = try TestPipe()
        let receiver = try entered(pipe.writeEnd)
        let preamble = (0..<200_000).map { UInt8(truncatingIfNeeded: $0 / 7) }
        receiver.preamble = preamble
        #expect(try drain(receiver, [1, 2]).taken == 0)
        var got = readAll(pipe.readEnd)
        while try drain(receiver, [1, 2]).taken == 0 { got += readAll(pipe.readEnd) }
        got += readAll(pipe.readEnd)
        #expect(got == preamble + [1, 2])
    }

    @Test func `a full pipe blocks and what it took is not given again`() throws {
        let pipe = try TestPipe()
        let receiver = try entered(pipe.writeEnd)
        let bytes = (0..<200_000).map { UInt8(truncatingIfNeeded: $0 / 7) }
        let first = try drain(receiver, bytes)
        #expect(first.taken > 0 && first.taken < bytes.count)
        let blocked = try #require(first.blocked)
        #expect(blocked.events == .write)
        #expect(try drain(receiver, bytes) == Drained(taken: 0, blocked: blocked))
        var got = readAll(pipe.readEnd)
        #expect(got.count == first.taken)
        var offset = first.taken
        while offset < bytes.count {
            offset += try drain(receiver, Array(bytes[offset...])).taken
            got += readAll(pipe.readEnd)
        }
        #expect(got == bytes)
    }

    @Test func `the flags of a shared pipe are left as they were`() throws {
        let pipe = try TestPipe()
        let receiver = try entered(pipe.writeEnd)
        _ = try drain(receiver, Array(repeating: 1, count: 200_000))
        #expect(fcntl(pipe.writeEnd, F_GETFL) & O_NONBLOCK == 0)
    }

    @Test func `a reader that goes away is told at the next write`() throws {
        let pipe = try TestPipe()
        let receiver = try entered(pipe.writeEnd)
        #expect(try drain(receiver, [1]).taken == 1)
        pipe.closeReadEnd()
        let error = try requireThrown(.system) { _ = try drain(receiver, [2]) }
        #expect(error.isBrokenPipe)
    }

    @Test func `a reader that goes away is told while nothing is written`() throws {
        let pipe = try TestPipe()
        let source = try TestPipe()
        let producer = ByteStreamProducer(source.readEnd, label: "stdin")
        let receiver = ByteStreamReceiver(pipe.writeEnd, label: "stdout")
        let manager = CopyManager(producer, [receiver], settings: .with { $0.idleInterval = .zero })
        try manager.enter()
        // The source is silent and stays so; the reader is there.
        try manager.expectNext(.zero)
        pipe.closeReadEnd()
        // A program that another test is starting may have the reader's end until it is that program.
        let deadline = ContinuousClock.now + .seconds(10)
        var event = try manager.next()
        while case .idle = event, ContinuousClock.now < deadline { event = try manager.next() }
        guard case .faulted(let faults) = event else {
            Issue.record("\(String(describing: event)) is no fault")
            return
        }
        #expect((faults[receiver] as? PgcopyError)?.isBrokenPipe == true)
        _ = try manager.failure()
    }

    @Test func `a pipe nobody reads any more at the start is an error`() throws {
        let pipe = try TestPipe()
        pipe.closeReadEnd()
        let receiver = try entered(pipe.writeEnd)
        let error = try requireThrown(.system) { _ = try drain(receiver, [1]) }
        #expect(error.isBrokenPipe)
    }

    @Test func `a full socket blocks and its flags are left as they were`() throws {
        var ends: [CInt] = [-1, -1]
        try #require(socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0, &ends) == 0)
        defer { for end in ends { close(end) } }
        let receiver = try entered(ends[0])
        let drained = try drain(receiver, Array(repeating: 7, count: 10_000_000))
        #expect(drained.taken > 0 && drained.taken < 10_000_000)
        #expect(drained.blocked == Interest(ends[0], .write))
        #expect(fcntl(ends[0], F_GETFL) & O_NONBLOCK == 0)
        #expect(readAll(ends[1]).count == drained.taken)
    }

    @Test func `a device that is full is an error with nothing taken`() throws {
        let full = open("/dev/full", O_WRONLY)
        try #require(full >= 0)
        defer { close(full) }
        let receiver = try entered(full)
        let error = try requireThrown(.system) { _ = try drain(receiver, [1]) }
        #expect(error.errno == ENOSPC)
    }

    @Test func `a file that fills up in the middle loses and doubles nothing`() throws {
        let file = try TestFile(String(repeating: "x", count: 4096))
        file.seal()
        let rows = String(repeating: "0123456\n", count: 1024)
        let receiver = ByteStreamReceiver(file.descriptor, label: "file")
        let manager = CopyManager(FakeProducer(rows: [rows]), [receiver], poller: ScriptedPoller())
        try manager.enter()
        // Half of it fits.
        try manager.expectNext(Totals(messages: 1024, bytes: 8192))
        #expect(manager.backlog(of: receiver) == 4096)
        let faults = try manager.nextFaults()
        #expect((faults[receiver] as? PgcopyError)?.errno == EPERM)
        #expect(manager.backlog(of: receiver) == 4096)
        _ = try manager.failure()
        #expect(file.content == String(rows.prefix(4096)))
    }

    @Test func `the end is done when what follows it is done`() throws {
        let file = try TestFile()
        var flushed = 0
        let receiver = ByteStreamReceiver(file.descriptor, label: "file") {
            flushed += 1
            if flushed == 1 { throw Trouble("cannot sync") }
        }
        let manager = CopyManager(FakeProducer(rows: ["1\n"]), [receiver], poller: ScriptedPoller())
        try manager.withCopy { copy in
            _ = try copy.next()
            let faults = try copy.nextFaults()
            #expect(described(faults) == ["file: cannot sync"])
            try copy.reconcile(receiver)
            try copy.expectNext(nil)
        }
        #expect(flushed == 2)
        #expect(file.content == "1\n")
    }
}
