// Copies on many streams: by script, then on servers.

import ErrorKit
import TestKit
import Testing

@testable import CopyCore

@Suite struct `Copies on many streams` {
    /// Copies whose producer needs so many seconds.
    private final class Script {
        let poller = ScriptedPoller()
        var receivers: [String: FakeReceiver] = [:]
        var producers: [String: FakeProducer] = [:]
        var change: (String, FakeProducer, FakeReceiver) -> Void = { _, _, _ in }
        var settings = CopySettings()
        private var descriptor: CInt = 200

        private func copy(_ label: String, _ seconds: Int) -> CopyManager {
            descriptor += 10
            let producer = FakeProducer([.block, .rows([label + "\n"])], label: "source", descriptor: descriptor)
            let receiver = FakeReceiver("to " + label, descriptor: descriptor + 1)
            poller.always(descriptor, readyAfter: Double(seconds))
            change(label, producer, receiver)
            (producers[label], receivers[label]) = (producer, receiver)
            return CopyManager(producer, [receiver], settings: settings, poller: poller)
        }

        func streams(
            _ copies: [(label: String, seconds: Int)], handle: @escaping Streams.Handling = { _, _, _ in }
        ) -> Streams { Streams(copies.map { copy($0.label, $0.seconds) }, poller: poller, handle: handle) }
    }

    @Test func `all wait in one poll`() throws {
        let script = Script()
        try script.streams([("a", 2), ("b", 7), ("c", 3)]).run()
        #expect(script.poller.elapsed == 7)
        #expect(script.receivers.mapValues(\.text) == ["a": "a\n", "b": "b\n", "c": "c\n"])
        try script.streams([]).run()
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
        let streams = script.streams([("a", 1), ("b", 2), ("c", 9)])
        let failure = try #require(throws: CopyFail.self) { try streams.run() }
        #expect(described(failure.receiverFaults) == ["to b: duplicate key"])
        #expect(streams.failures.count == 2 && streams.failures[0].reason == failure.reason)
        #expect(script.receivers["c"]?.calls == ["enter", "abort", "abort", "aborted"])
        #expect(script.producers["c"]?.called("realigned") == 1)
        #expect(script.receivers["a"]?.text == "a\n" && script.receivers["a"]?.called("aborted") == 0)
        #expect(script.poller.elapsed == 3)
    }

    @Test func `a receiver that is dropped is its stream's own affair`() throws {
        let script = Script()
        script.change = { label, _, receiver in
            if label == "a" { receiver.turns = [.fail(Trouble("no"))] }
        }
        var dropped: [String] = []
        let streams = script.streams([("a", 1), ("b", 2)]) { stream, event, copy in
            guard case .faulted(let faults) = event else { return }
            for fault in faults {
                dropped.append("\(stream) \(fault)")
                try copy.drop(fault.receiver)
            }
        }
        // Nobody is left in a.
        let failure = try #require(throws: CopyFail.self) { try streams.run() }
        #expect(failure.reason == .noReceivers && dropped == ["0 to a: no"])
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
        let streams = script.streams([("a", 30), ("b", 2)]) { stream, event, _ in
            if case .faulted(let faults) = event { told.append("\(stream) \(faults[0].error)") }
        }
        _ = try #require(throws: CopyFail.self) { try streams.run() }
        #expect(told == ["0 \(PgcopyError.timeout(after: .seconds(5), awaitingConfirmation: false))"])
        #expect(script.receivers["b"]?.text == "b\n" && script.poller.elapsed == 35)
    }

    @Test func `a signal stops all and brings each connection back`() throws {
        let script = Script()
        script.poller.interruptedAt = script.poller.now + 3
        let streams = script.streams([("a", 9), ("b", 8)])
        #expect(throws: Interrupted(signal: 2)) { try streams.run() }
        #expect(script.poller.elapsed == 3)
        for label in ["a", "b"] {
            #expect(script.producers[label]?.called("realigned") == 1)
            #expect(script.receivers[label]?.called("aborted") == 1)
        }
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
            try readers[1].run(
                "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET TRANSACTION SNAPSHOT '\(snapshot)'")
            for writer in writers { try writer.run("BEGIN") }
        }

        private func session(_ place: Site, _ label: String) throws -> Session {
            try Session(
                LinkConnector(poller: poller).connect([[("dbname", place.cluster.conninfo(database: place.owned.name))]]
                )[0], label: label, poller: poller)
        }

        /// Each stream takes from one queue.
        func streams(_ parts: [Part]) -> Streams {
            let queue = Shared(
                PartQueue(
                    parts.indices.map { Division.Unit(pieces: [.init(table: $0, bytes: parts[$0].size)]) }, streams: 2))
            let copies = (0..<2).map { number in
                let track = PartTrack()
                let transport = TransportChoice.wire
                let producer = transport.producer(readers[number], track) {
                    queue.value.ahead
                } next: {
                    queue.value.next(for: number).map { parts[$0.table] }
                }
                return CopyManager(
                    producer, [transport.receiver(writers[number], track) { $0.into[0] ?? "" }], poller: poller)
            }
            return Streams(copies, poller: poller) { _, _, _ in }
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
        try pair.streams([Pair.part("small", 1), Pair.part("big", 50)]).run()
        #expect(try pair.target.sql("SELECT count(*) FROM big") == "0", "nothing is committed yet")
        for writer in pair.writers { try writer.run("COMMIT") }
        #expect(try pair.target.sql("SELECT count(*), min(i) FROM big") == "50000|1")
        #expect(try pair.target.sql("SELECT count(*), min(i) FROM small") == "10|1")
        for reader in pair.readers { #expect(try reader.query("SELECT count(*) FROM small").value(0, 0) == "10") }
    }

    @Test func `a row that one table refuses leaves both streams usable, and nothing behind`() throws {
        let pair = try Pair(Self.schema, rows: Self.rows)
        try pair.target.sql("INSERT INTO small VALUES (5)")
        let failure = try #require(throws: CopyFail.self) {
            try pair.streams([Pair.part("small", 1), Pair.part("big", 50)]).run()
        }
        #expect((failure.receiverFaults.first?.error as? PgcopyError)?.sqlState == "23505")
        for session in pair.readers + pair.writers {
            #expect(session.connection.isUsable)
            try session.run("ROLLBACK")
        }
        #expect(try pair.target.sql("SELECT count(*) FROM big") == "0")
        #expect(try pair.target.sql("SELECT count(*) FROM small") == "1")
    }

    @Test func `twenty parts on two streams are all there once`() throws {
        let schema = (0..<20).map { "CREATE TABLE t\($0) (i int)" }.joined(separator: "; ")
        let rows = (0..<20).map { "INSERT INTO t\($0) SELECT generate_series(1, \($0 * 7))" }.joined(separator: "; ")
        let pair = try Pair(schema + "; " + Self.schema, rows: rows)
        try pair.streams((0..<20).map { Pair.part("t\($0)", $0) }).run()
        for writer in pair.writers { try writer.run("COMMIT") }
        for number in 0..<20 { #expect(try pair.target.count("t\(number)") == number * 7) }
    }
}
