// One COPY behind the other on one session, on real servers.

import ErrorKit
import TestKit
import Testing

@testable import CopyCore

/// Tables `a_0`, `a_1`, … and empty ones like them `b_0`, … and `c_0`, ….
private final class Shelf {
    let stage: Stage
    let rows: [Int]
    let formats: [CopyFormat]
    let transport: TransportChoice

    /// - Parameter rows: how many rows each table has.
    init(_ rows: [Int], formats: [CopyFormat] = [.text], width: Int = 20) throws {
        self.rows = rows
        self.formats = rows.indices.map { formats[$0 % formats.count] }
        transport = Stage.transport
        stage = try Stage(rows: 0)
        for (number, count) in rows.enumerated() {
            try stage.admin.run(
                """
                CREATE TABLE a_\(number) AS SELECT i, repeat('x', i * 7 % \(width)) || E'\\n\\t' t FROM generate_series(1, \(count)) i;
                CREATE TABLE b_\(number) (LIKE a_\(number)); CREATE TABLE c_\(number) (LIKE a_\(number))
                """)
        }
    }

    func part(_ number: Int) -> Part {
        let options = "(FORMAT \(formats[number].rawValue))"
        return Part(
            label: "a_\(number)", size: rows[number] * 30, out: "COPY a_\(number) TO STDOUT \(options)",
            into: [0: "COPY b_\(number) FROM STDIN \(options)", 1: "COPY c_\(number) FROM STDIN \(options)"],
            layout: formats[number].layout, messagesWithoutRow: formats[number] == .binary ? 1 : 0)
    }

    /// A session in a transaction.
    func session(_ label: String, through proxy: FaultProxy? = nil) throws -> Session {
        let session = try stage.session(label, through: proxy)
        try session.run("BEGIN")
        return session
    }

    func copy(
        from source: Session, to destinations: [Session], _ settings: CopySettings = CopySettings(),
        change: (inout [Part]) -> Void = { _ in }
    ) -> (manager: CopyManager, producer: any PartProducer, receivers: [any PartReceiver]) {
        let track = PartTrack()
        var left = rows.indices.map(part)
        change(&left)
        left.reverse()
        let producer = transport.producer(source, track, ahead: { 1 << 22 }) { left.popLast() }
        let receivers = destinations.enumerated().map { number, session in
            transport.receiver(session, track) { $0.into[number] ?? "" }
        }
        return (stage.manager(producer, receivers, settings), producer, receivers)
    }

    func digest(_ prefix: String) throws -> [String?] { try rows.indices.map { try stage.digest("\(prefix)_\($0)") } }
}

@Suite(.overBothTransports) struct `Copies one behind the other` {
    @Test(arguments: Seeded.seeds(4))
    func `arrive whole, each in its table, through rings of any size`(seed: UInt64) throws {
        var random = Seeded(seed)
        let rows = (0..<25).map { _ in [0, 0, 1, 2, 50, 2_000][random.next(in: 0..<6)] }
        let shelf = try Shelf(rows, formats: [.text, .binary, .csv], width: 1 + random.next(in: 0..<600))
        let sessions = try ["a", "b", "c"].map { try shelf.session($0) }
        let buffer = [512, 4_096, 1 << 20][random.next(in: 0..<3)]
        let copy = shelf.copy(from: sessions[0], to: Array(sessions[1...]), .buffer(buffer))
        let totals = try copy.manager.sumOfCycles()
        #expect(totals.messages == rows.reduce(0, +), "\(random)")
        #expect(copy.producer.rows == rows && copy.receivers.allSatisfy { $0.rows == rows }, "\(random)")
        #expect(copy.receivers.allSatisfy { $0.commandTag == "COPY \(rows.reduce(0, +))" })
        for session in sessions { try session.run("COMMIT") }
        #expect(try shelf.digest("a") == shelf.digest("b") && shelf.digest("a") == shelf.digest("c"), "\(random)")
    }

    @Test func `of tables without rows and without columns are all there`() throws {
        let shelf = try Shelf([0, 0, 0, 0])
        try shelf.stage.admin.run(
            "CREATE TABLE none (); INSERT INTO none SELECT FROM generate_series(1, 3); CREATE TABLE none2 ()")
        let (source, destination) = (try shelf.session("a"), try shelf.session("b"))
        let copy = shelf.copy(from: source, to: [destination]) { parts in
            parts.insert(
                Part(label: "none", size: 0, out: "COPY none TO STDOUT", into: [0: "COPY none2 FROM STDIN"]), at: 2)
        }
        #expect(try copy.manager.run().messages == 3)
        #expect(copy.producer.rows == [0, 0, 3, 0, 0] && copy.receivers[0].rows == [0, 0, 3, 0, 0])
        try destination.run("COMMIT")
        #expect(try shelf.stage.value("SELECT count(*) FROM none2") == "3")
    }

    @Test(arguments: [0, 3, 7])
    func `fail where one is refused, which is named, and both sessions go on`(at number: Int) throws {
        let shelf = try Shelf(Array(repeating: 500, count: 8), width: 400)
        try shelf.stage.admin.run("ALTER TABLE b_\(number) ADD CHECK (i < 400)")
        let sessions = try ["a", "b", "c"].map { try shelf.session($0) }
        let copy = shelf.copy(from: sessions[0], to: Array(sessions[1...]), .buffer(4_096))
        try copy.manager.withCopy { manager in
            let faults = try #require(try manager.nextReceiverFaults())
            #expect(faults.count == 1 && faults[0].receiver === copy.receivers[0])
            let error = try #require(faults[0].error as? PgcopyError)
            #expect(error.sqlState == "23514" && error.server?.context?.contains("b_\(number)") == true, "\(error)")
            try manager.drop(faults[0].receiver)
            while try manager.next() != nil {}
        }
        #expect(sessions[1].transactionStatus == .inError)
        for session in sessions {
            try session.run("ROLLBACK")
            #expect(session.isIdleAndAnswers)
        }
        #expect(copy.receivers[1].rows == shelf.rows)
        #expect(try shelf.stage.value("SELECT count(*) FROM b_0") == "0")
    }

    @Test(arguments: [0, 3, 7])
    func `fail where the source cannot go on, and nothing is confirmed`(at number: Int) throws {
        let shelf = try Shelf(Array(repeating: 300, count: 8))
        let sessions = try ["a", "b"].map { try shelf.session($0) }
        let copy = shelf.copy(from: sessions[0], to: [sessions[1]], .buffer(4_096)) { parts in
            parts[number].out = "COPY (SELECT i, (1 / (i - 250))::text FROM a_\(number)) TO STDOUT"
        }
        let failure = copyFail { try copy.manager.run() }
        let error = try #require(failure?.producerFault as? PgcopyError)
        #expect(error.sqlState == "22012" && error.server?.context?.contains("a_\(number)") == true, "\(error)")
        for session in sessions {
            try session.run("ROLLBACK")
            #expect(session.isIdleAndAnswers)
        }
        #expect(copy.receivers[0].commandTag == nil)
    }

    @Test(arguments: Seeded.seeds(6))
    func `are left at any moment with both sessions usable`(seed: UInt64) throws {
        var random = Seeded(seed)
        let shelf = try Shelf((0..<30).map { _ in random.next(in: 0..<2_000) }, formats: [.text, .binary])
        let sessions = try ["a", "b"].map { try shelf.session($0) }
        let copy = shelf.copy(from: sessions[0], to: [sessions[1]], .buffer(16_384))
        var cycles = random.next(in: 0..<40)
        let failure = copyFail {
            try copy.manager.withCopy { manager in
                while try manager.next() != nil {
                    cycles -= 1
                    if cycles < 0 { throw UsersOwn() }
                }
            }
        }
        #expect(failure?.cause is UsersOwn, "\(random)")
        // A source that had given all it was asked for by then has nothing to cancel; by libpq's calls it may be between two.
        #expect(
            sessions[1].transactionStatus == .inError || shelf.transport == .libpq
                || copy.receivers[0].commandTag != nil, "\(random)")
        for session in sessions {
            #expect(session.connection.isUsable && session.transactionStatus != .active, "\(random)")
            try session.run("ROLLBACK")
            #expect(session.isIdleAndAnswers, "\(random)")
        }
        #expect(try shelf.stage.value("SELECT count(*) FROM b_0") == "0")
    }

    @Test(arguments: Seeded.seeds(6))
    func `whose connection is cut anywhere confirm nothing`(seed: UInt64) throws {
        var random = Seeded(seed)
        let shelf = try Shelf((0..<12).map { _ in random.next(in: 0..<1_000) }, width: 100)
        let proxy = try FaultProxy(to: shelf.stage.cluster)
        let isSource = random.next(in: 0..<2) == 0
        let source = try shelf.session("a", through: isSource ? proxy : nil)
        let destination = try shelf.session("b", through: isSource ? nil : proxy)
        proxy.arm(
            [.reset, .close, .truncate()][random.next(in: 0..<3)], direction: isSource ? .toClient : .toServer,
            at: .copyBytes(random.next(in: 0..<100_000)))
        let copy = shelf.copy(from: source, to: [destination])
        let failure = copyFail { try copy.manager.run() }
        #expect(failure != nil && copy.receivers[0].commandTag == nil, "\(random)")
        let other = isSource ? destination : source
        if other.connection.isUsable {
            try other.run("ROLLBACK")
            #expect(other.isIdleAndAnswers, "\(random)")
        }
        proxy.stop()
    }

    @Test func `whose receiver stalls are reconciled from the very byte`() throws {
        let shelf = try Shelf(Array(repeating: 3_000, count: 10), width: 300)
        let proxy = try FaultProxy(to: shelf.stage.cluster)
        let source = try shelf.session("a")
        let destination = try shelf.session("b", through: proxy)
        var settings = CopySettings.buffer(1 << 16)
        settings.timeout = .milliseconds(300)
        proxy.arm(.stall(for: .milliseconds(1200)), direction: .toServer, at: .copyBytes(1_000_000))
        let copy = shelf.copy(from: source, to: [destination], settings)
        var reconciled = 0
        try copy.manager.withCopy { manager in
            while let event = try manager.next() {
                guard case .faulted(let faults) = event else { continue }
                for fault in faults {
                    reconciled += 1
                    try manager.reconcile(fault.receiver)
                }
            }
        }
        try destination.run("COMMIT")
        #expect(reconciled > 0 && copy.receivers[0].rows == shelf.rows)
        #expect(try shelf.digest("a") == shelf.digest("b"))
        proxy.stop()
    }
}

@Suite struct `Copies one behind the other on the wire` {
    /// Through a line that delays, round trips are what counts.
    @Test func `wait for no answer between two tables`() throws {
        let shelf = try Shelf(Array(repeating: 3, count: 200))
        let proxies = try (0..<2).map { _ in try FaultProxy(to: shelf.stage.cluster) }
        let sessions = try zip(["a", "b"], proxies).map { try shelf.session($0, through: $1) }
        for proxy in proxies { proxy.delay(toServer: .milliseconds(20), toClient: .milliseconds(20)) }
        let copy = shelf.copy(from: sessions[0], to: [sessions[1]])
        let begun = ContinuousClock.now
        try copy.manager.run()
        let duration = ContinuousClock.now - begun
        // A statement at a time takes 200 round trips of 40 ms twice.
        #expect(duration < .milliseconds(40 * 20), "\(duration)")
        #expect(copy.receivers[0].rows == shelf.rows)
        for proxy in proxies { proxy.stop() }
    }
}
