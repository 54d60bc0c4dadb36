// Many parts on many streams: by script, then on servers.

import ErrorKit
import TestKit
import Testing

@testable import CopyCore

@Suite struct `Streams of parts` {
    private func part(_ label: String, _ size: Int) -> Part { Part(label: label, size: size, out: "", into: [:]) }

    @Test func `the largest part is taken first, and of equals the first one`() {
        var queue = PartQueue([part("a", 1), part("b", 9), part("c", 5), part("d", 9), part("e", 5)])
        var order = ""
        while let part = queue.take() { order += part.label }
        #expect(order == "bdcea" && queue.isEmpty)
    }

    /// Copies whose producer needs so many seconds.
    private final class Script {
        let poller = ScriptedPoller()
        var receivers: [String: FakeReceiver] = [:]
        var producers: [String: FakeProducer] = [:]
        var change: (String, FakeProducer, FakeReceiver) -> Void = { _, _, _ in }
        var settings = CopySettings()
        private var descriptor: CInt = 200

        func copy(_ part: Part) -> CopyManager {
            descriptor += 10
            let producer = FakeProducer(
                [.block, .rows([part.label + "\n"])], label: "source", descriptor: descriptor)
            let receiver = FakeReceiver("to " + part.label, descriptor: descriptor + 1)
            poller.always(descriptor, readyAfter: Double(part.size))
            change(part.label, producer, receiver)
            (producers[part.label], receivers[part.label]) = (producer, receiver)
            return CopyManager(producer, [receiver], settings: settings, poller: poller)
        }

        func streams(
            _ parts: [Part], _ count: Int, handle: @escaping Streams.Handling = { _, _, _, _ in }
        ) -> Streams {
            Streams(parts, count: count, poller: poller, make: { [unowned self] part, _ in copy(part) }, handle: handle)
        }
    }

    @Test func `whichever stream is free takes the next part, and all wait in one poll`() throws {
        let script = Script()
        let streams = script.streams([part("a", 2), part("b", 7), part("c", 3), part("d", 4)], 2)
        try streams.run()
        // b from 0 to 7 on one stream; d to 4, c to 7 on the other, then a where one is free.
        #expect(streams.done.map(\.part.label) == ["d", "b", "c", "a"])
        #expect(script.poller.elapsed == 9)
        #expect(script.receivers.mapValues(\.text) == ["a": "a\n", "b": "b\n", "c": "c\n", "d": "d\n"])
        #expect(streams.done.allSatisfy { $0.totals == Totals(messages: 1, bytes: 2) })
    }

    @Test func `more streams than parts, and none of either`() throws {
        let script = Script()
        try script.streams([part("a", 2)], 5).run()
        #expect(script.poller.elapsed == 2)
        try script.streams([], 3).run()
    }

    @Test func `what fails on one stream stops all, and each connection is brought back`() throws {
        let script = Script()
        script.change = { label, _, receiver in
            if label == "b" { receiver.turns = [.fail(Trouble("duplicate key"))] }
            if label == "c" {
                receiver.aborting.acts = [.wait]
                script.poller.always(receiver.descriptor, readyAfter: 1)
            }
        }
        let streams = script.streams([part("a", 1), part("b", 2), part("c", 9)], 2)
        let failure = try requireThrown(.part) { try streams.run() }
        #expect(failure.place?.part.label == "b" && failure.place?.stream == 1)
        #expect(described((failure.cause as? CopyFail)?.receiverFaults ?? []) == ["to b: duplicate key"])
        #expect(script.receivers["c"]?.calls == ["enter", "abort", "abort", "aborted"])
        #expect(script.producers["c"]?.called("realigned") == 1)
        #expect(script.receivers["a"] == nil, "no part is begun any more")
        #expect(script.poller.elapsed == 3)
    }

    @Test func `a receiver that is dropped is its part's own affair`() throws {
        let script = Script()
        script.change = { label, _, receiver in
            if label == "a" { receiver.turns = [.fail(Trouble("no"))] }
        }
        var dropped: [String] = []
        let streams = script.streams([part("a", 1), part("b", 2)], 1) { part, stream, event, copy in
            guard case .faulted(let faults) = event else { return }
            for fault in faults {
                dropped.append("\(part.label) \(stream) \(fault)")
                try copy.drop(fault.receiver)
            }
        }
        // Nobody is left in a.
        let failure = try requireThrown(.part) { try streams.run() }
        #expect(failure.place?.part.label == "a" && (failure.cause as? CopyFail)?.reason == .noReceivers)
        #expect(dropped == ["a 0 to a: no"] && streams.done.map(\.part.label) == ["b"])
    }

    @Test func `a receiver that takes nothing on one stream holds up no other`() throws {
        let script = Script()
        script.settings.timeout = .seconds(5)
        script.change = { label, producer, receiver in
            // A long wait of the source's is not the question here.
            producer.inquiring = { Inquiry { .answered(true) } }
            if label == "a" { receiver.ever = .block }
        }
        var told: [String] = []
        let streams = script.streams([part("a", 30), part("b", 2), part("c", 1)], 2) { part, _, event, _ in
            if case .faulted(let faults) = event { told.append("\(part.label) \(faults[0].error)") }
        }
        _ = try requireThrown(.part) { try streams.run() }
        #expect(told == ["a \(PgcopyError.timeout(after: .seconds(5), awaitingConfirmation: false))"])
        #expect(streams.done.map(\.part.label) == ["b", "c"] && script.poller.elapsed == 35)
    }

    @Test func `a signal stops all and brings each connection back`() throws {
        let script = Script()
        script.poller.interruptedAt = script.poller.now + 3
        let streams = script.streams([part("a", 9), part("b", 8), part("c", 1)], 2)
        #expect(throws: Interrupted(signal: 2)) { try streams.run() }
        #expect(script.poller.elapsed == 3)
        for label in ["a", "b"] {
            #expect(script.producers[label]?.called("realigned") == 1)
            #expect(script.receivers[label]?.called("aborted") == 1)
        }
        #expect(script.receivers["c"] == nil)
    }

    // MARK: On servers

    /// A database of its own.
    private struct Site {
        let cluster: Cluster
        let owned: Database

        init(_ cluster: Cluster, _ schema: String) throws {
            self.cluster = cluster
            owned = try Database(on: cluster)
            try sql(schema)
        }

        @discardableResult func sql(_ text: String) throws -> String { try cluster.psql(text, database: owned.name) }
        func count(_ table: String) throws -> Int? { Int(try sql("SELECT count(*) FROM \(table)")) }
    }

    /// Two streams between two servers: their sessions, in transactions of one snapshot.
    private struct Pair {
        let source: Site
        let target: Site
        var readers: [Session] = []
        var writers: [Session] = []
        let poller = PatientPoller()

        init(_ schema: String, rows: String) throws {
            source = try Site(Servers.source, schema)
            target = try Site(Servers.first, schema)
            try source.sql(rows)
            for number in 0..<2 {
                readers.append(try session(source, "reader \(number)"))
                writers.append(try session(target, "writer \(number)"))
            }
            try readers[0].run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            let snapshot = try readers[0].exportSnapshot()
            // What is committed from here on is in no stream.
            try source.sql("INSERT INTO big SELECT 0; INSERT INTO small SELECT 0")
            try readers[1].begin(inSnapshot: snapshot)
            for writer in writers { try writer.run("BEGIN") }
        }

        private func session(_ place: Site, _ label: String) throws -> Session {
            try Session(
                LinkConnector(poller: poller).connect([[("dbname", place.cluster.conninfo(database: place.owned.name))]]
                )[0], label: label, poller: poller)
        }

        func streams(_ parts: [Part]) -> Streams {
            Streams(
                parts, count: 2, poller: poller,
                make: { part, number in
                    CopyManager(
                        StatementProducer(readers[number], part.out),
                        [StatementReceiver(writers[number], part.into[0] ?? "")], poller: poller)
                }, handle: { _, _, _, _ in })
        }

        static func part(_ table: String, _ size: Int) -> Part {
            Part(label: table, size: size, out: "COPY \(table) TO STDOUT", into: [0: "COPY \(table) FROM STDIN"])
        }
    }

    private static let schema = "CREATE TABLE big (i int PRIMARY KEY); CREATE TABLE small (i int PRIMARY KEY)"
    private static let rows =
        "INSERT INTO big SELECT generate_series(1, 50000); INSERT INTO small SELECT generate_series(1, 10)"

    @Test func `two tables on two streams are those of one snapshot, and commit when both are there`() throws {
        let pair = try Pair(Self.schema, rows: Self.rows)
        let streams = pair.streams([Pair.part("small", 1), Pair.part("big", 50)])
        try streams.run()
        #expect(Set(streams.done.map { "\($0.part.label) \($0.totals.messages)" }) == ["big 50000", "small 10"])
        #expect(Set(streams.done.map(\.stream)) == [0, 1])
        #expect(try pair.target.sql("SELECT count(*) FROM big") == "0", "nothing is committed yet")
        for writer in pair.writers { try writer.run("COMMIT") }
        #expect(try pair.target.sql("SELECT count(*), min(i) FROM big") == "50000|1")
        #expect(try pair.target.sql("SELECT count(*), min(i) FROM small") == "10|1")
        for reader in pair.readers { #expect(try reader.query("SELECT count(*) FROM small").value(0, 0) == "10") }
    }

    @Test func `a row that one table refuses leaves both streams usable, and nothing behind`() throws {
        let pair = try Pair(Self.schema, rows: Self.rows)
        try pair.target.sql("INSERT INTO small VALUES (5)")
        let streams = pair.streams([Pair.part("small", 1), Pair.part("big", 50)])
        let failure = try requireThrown(.part) { try streams.run() }
        #expect(failure.place?.part.label == "small")
        #expect(((failure.cause as? CopyFail)?.receiverFaults.first?.error as? PgcopyError)?.sqlState == "23505")
        for session in pair.readers + pair.writers {
            #expect(session.connection.isUsable)
            try session.run("ROLLBACK")
        }
        #expect(try pair.target.sql("SELECT count(*) FROM big") == "0")
        #expect(try pair.target.sql("SELECT count(*) FROM small") == "1")
    }

    @Test func `twenty parts on one stream use its sessions one after the other`() throws {
        let schema = (0..<20).map { "CREATE TABLE t\($0) (i int)" }.joined(separator: "; ")
        let rows = (0..<20).map { "INSERT INTO t\($0) SELECT generate_series(1, \($0 * 7))" }.joined(separator: "; ")
        let pair = try Pair(schema + "; " + Self.schema, rows: rows)
        let streams = pair.streams((0..<20).map { Pair.part("t\($0)", $0) })
        try streams.run()
        for writer in pair.writers { try writer.run("COMMIT") }
        for number in 0..<20 { #expect(try pair.target.count("t\(number)") == number * 7) }
    }
}
