// Rows for a program's own code.

import CopyCore
import Testing

struct CallReceiverTests {
    /// What reaches a callable from a stream with this layout, in pieces of so many bytes.
    private func rows(of stream: String, _ layout: RowLayout = .text, chunk: Int = 3) throws -> [String] {
        let file = try TestFile(stream)
        var rows: [String] = []
        let producer = ByteStreamProducer(file.descriptor, layout: layout, label: "file")
        let receiver = CallReceiver { rows += $0.map { String(decoding: $0, as: UTF8.self) } }
        let settings = CopySettings.with { $0.chunk = chunk }
        let moved = try CopyManager(producer, [receiver], settings: settings, poller: ScriptedPoller()).run()
        #expect(moved.messages == rows.count)
        return rows
    }

    @Test func `nothing gives exactly nothing`() throws {
        var called = false
        try transfer(IteratorProducer([]), CallReceiver { _ in called = true })
        #expect(!called)
    }

    @Test(arguments: 1...8) func `rows are whole whatever the pieces`(_ chunk: Int) throws {
        #expect(try rows(of: "1\na\\\nb\n\n", chunk: chunk) == ["1\n", "a\\\nb\n", "\n"])
        #expect(try rows(of: "1\r\n2\r\n3\r\n", chunk: chunk) == ["1\r\n", "2\r\n", "3\r\n"])
        #expect(try rows(of: "1\r2\r", chunk: chunk) == ["1\r", "2\r"])
        #expect(try rows(of: "1,\"\n\"\n2\n", .csv, chunk: chunk) == ["1,\"\n\"\n", "2\n"])
    }

    @Test(arguments: [1, 3, 100]) func `the end marker is no row`(_ chunk: Int) throws {
        #expect(try rows(of: "1\n\\.\n", chunk: chunk) == ["1\n"])
        #expect(try rows(of: "1\n\\.\n\n\n", chunk: chunk) == ["1\n"])
    }

    @Test(arguments: ["\\.\n2\n", "x\\.\n"])
    func `rows that servers would not take are given to nobody`(_ rest: String) throws {
        var given: [[UInt8]] = []
        let receiver = CallReceiver { given += $0 }
        let manager = CopyManager(FakeProducer([.rows(["1\n"]), .rows([rest])]), [receiver], poller: ScriptedPoller())
        let failure = #expect(throws: CopyFail.self) { try manager.run() }
        #expect(failure?[receiver]?.has(.input) == true)
        #expect(given == [Array("1\n".utf8)])
    }

    @Test(arguments: ["\\.\n", "\\.", "\\.\r\n"]) func `an iterator's row is no end marker`(_ row: String) throws {
        for layout in [RowLayout.text, .csv] {
            let producer = IteratorProducer([[Array("1\n".utf8), Array(row.utf8), Array("2\n".utf8)]], layout: layout)
            let failure = #expect(throws: CopyFail.self) { try transfer(producer, NullReceiver()) }
            #expect(failure?.producerFault as? PgcopyError == .ambiguousMarker(row: 2))
        }
    }

    @Test func `rows refused in the middle are given again when it is reconciled`() throws {
        var given: [[String]] = []
        let receiver = CallReceiver { rows in
            given.append(rows.map { String(decoding: $0, as: UTF8.self) })
            if given.count == 2 { throw Trouble("not now") }
        }
        // The second piece ends the row the first one began.
        let producer = FakeProducer([.rows(["1\n2"]), .rows(["2\n3\n4"]), .rows(["4\n"])])
        let manager = CopyManager(producer, [receiver], poller: ScriptedPoller())
        try manager.withCopy { copy in
            try copy.expectNext(Totals(messages: 1, bytes: 3))
            _ = try copy.nextFaults()
            try copy.reconcile(receiver)
            try copy.expectNext(Totals(messages: 3, bytes: 7))
            try copy.expectNext(nil)
        }
        #expect(given == [["1\n"], ["22\n", "3\n"], ["22\n", "3\n"], ["44\n"]])
    }

    @Test func `a last row refused at the end is given again when it is reconciled`() throws {
        var given: [String] = []
        let receiver = CallReceiver { rows in
            given += rows.map { String(decoding: $0, as: UTF8.self) }
            if given.count == 1 { throw Trouble("not now") }
        }
        let manager = CopyManager(FakeProducer(rows: ["12"]), [receiver], poller: ScriptedPoller())
        try manager.withCopy { copy in
            _ = try copy.next()
            _ = try copy.nextFaults()
            try copy.reconcile(receiver)
            while try copy.next() != nil {}
        }
        #expect(given == ["12", "12"])
    }
}
