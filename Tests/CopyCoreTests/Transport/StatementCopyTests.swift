// Statements to statements through the manager, by all four combinations of transports.

import CopyCore
import TestKit
import Testing

/// How both sides of a copy speak.
struct TransportPair: Sendable, CustomTestStringConvertible {
    let out: TransportChoice
    let into: TransportChoice

    var testDescription: String { "\(out) to \(into)" }

    static let all = TransportChoice.allCases.flatMap { out in
        TransportChoice.allCases.map { TransportPair(out: out, into: $0) }
    }
}

/// A source session and destination sessions, and their way through a manager.
struct StatementBench {
    let pair: TransportPair
    let source: Session
    let targets: [Session]

    init(
        _ pair: TransportPair, targets count: Int = 1, columns: String = "i int, s text", source: String? = nil,
        target: String? = nil
    ) throws {
        self.pair = pair
        self.source = try ScopeKit.session(source ?? Servers.source.conninfo(), PatientPoller(limit: 30))
        targets = try (0..<count).map { _ in
            let session = try ScopeKit.session(target ?? Servers.source.conninfo(), PatientPoller(limit: 30))
            try session.run("CREATE TEMP TABLE t (\(columns))")
            return session
        }
    }

    func manager(_ sql: String, options: String = "", settings: CopySettings = CopySettings()) -> CopyManager {
        CopyManager(
            StatementProducer(source, "COPY (\(sql)) TO STDOUT\(options)", transport: pair.out),
            targets.map { StatementReceiver($0, "COPY t FROM STDIN\(options)", transport: pair.into) },
            settings: settings, poller: PatientPoller(limit: 30))
    }

    func expectCounts(_ count: Int, sourceLocation: SourceLocation = #_sourceLocation) throws {
        for target in targets {
            let found = try target.value("SELECT count(*) FROM t")
            #expect(found == "\(count)", sourceLocation: sourceLocation)
        }
    }
}

struct StatementCopyTests {
    private let select =
        "SELECT i, CASE WHEN i % 3 > 0 THEN repeat(chr(i % 120 + 1), i % 40) END FROM generate_series(1, 2000) i"

    @Test(arguments: TransportPair.all, [nil, 512, 129, 11])
    func `every row arrives whatever the buffer`(pair: TransportPair, buffer: Int?) throws {
        for (options, receivers) in [("", 1), ("", 3), (" (FORMAT binary)", 3)] {
            let bench = try StatementBench(pair, targets: receivers)
            let manager = bench.manager(
                select, options: options, settings: buffer.map { .buffer($0) } ?? CopySettings())
            let totals = try manager.run()
            #expect(totals.messages == (options.isEmpty ? 2000 : 2001))
            let expected = try copyOutText(bench.source, "COPY (\(select)) TO STDOUT")
            if options.isEmpty { #expect(totals.bytes == expected.utf8.count) }
            #expect((manager.producer as? StatementProducer)?.commandTag == "COPY 2000")
            for (target, receiver) in zip(bench.targets, manager.allReceivers) {
                #expect(receiver.commandTag == "COPY 2000")
                #expect(try tableText(target).utf8.elementsEqual(expected.utf8))
                #expect(target.transactionStatus == .idle)
            }
            #expect(bench.source.transactionStatus == .idle)
        }
    }

    @Test(arguments: TransportPair.all, ["", " (FORMAT binary)"])
    func `no rows, and rows without columns, are counted`(pair: TransportPair, options: String) throws {
        let binary = options.isEmpty ? 0 : 1
        let empty = try StatementBench(pair, targets: 2)
        #expect(try empty.manager("SELECT 1, '' LIMIT 0", options: options).run().messages == binary)
        try empty.expectCounts(0)
        let columnless = try StatementBench(pair, targets: 2, columns: "")
        let manager = columnless.manager("SELECT FROM generate_series(1, 10)", options: options, settings: .buffer(11))
        #expect(try manager.run().messages == 10 + binary)
        #expect(manager.allReceivers.map(\.commandTag) == ["COPY 10", "COPY 10"])
        try columnless.expectCounts(10)
    }

    @Test(arguments: TransportPair.all) func `rows of twenty megabytes arrive`(pair: TransportPair) throws {
        let bench = try StatementBench(pair, targets: 2)
        #expect(
            try bench.manager("SELECT i, repeat(chr(64 + i), 20000000) FROM generate_series(1, 2) i").run()
                == Totals(messages: 2, bytes: 40_000_006))
        for target in bench.targets {
            #expect(
                try target.value(
                    "SELECT string_agg(i || left(s, 1) || length(s) || (s = repeat(left(s, 1), 20000000)), ' ' ORDER BY i) FROM t"
                ) == "1A20000000true 2B20000000true")
        }
    }

    @Test(arguments: TransportPair.all) func `over TLS it is the same, with buffers far below a record`(
        pair: TransportPair
    ) throws {
        let tls = try Servers.tls.tcpConninfo()
        for settings in [CopySettings.buffer(11), .buffer(129), CopySettings()] {
            let bench = try StatementBench(pair, targets: 2, source: tls, target: tls)
            #expect(try bench.manager(select, settings: settings).run().messages == 2000)
            let expected = try copyOutText(bench.source, "COPY (\(select)) TO STDOUT")
            for target in bench.targets {
                #expect(try tableText(target).utf8.elementsEqual(expected.utf8))
            }
        }
        let large = try StatementBench(pair, source: tls, target: tls)
        #expect(try large.manager("SELECT i, repeat('x', 5000000) FROM generate_series(1, 4) i").run().messages == 4)
        try large.expectCounts(4)
    }

    @Test(arguments: TransportPair.all) func `notices of a destination arrive while it goes on`(pair: TransportPair)
        throws
    {
        let bench = try StatementBench(pair)
        let target = bench.targets[0]
        try target.run(
            """
            CREATE FUNCTION pg_temp.talk() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE NOTICE '%', repeat('n', 300); RETURN NEW; END $$;
            CREATE TRIGGER talk BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION pg_temp.talk()
            """)
        var notices = 0
        target.onNotice = { _, _ in notices += 1 }
        #expect(try bench.manager("SELECT i, '' FROM generate_series(1, 20000) i").run().messages == 20_000)
        #expect(notices == 20_000)
    }

    // MARK: Errors

    @Test(arguments: TransportPair.all, [1, 3]) func `an error of the source fails all, and all stay usable`(
        pair: TransportPair, receivers: Int
    ) throws {
        let bench = try StatementBench(pair, targets: receivers)
        for divisor in [11, 9000] {
            let failure = try copyFailure {
                try bench.manager("SELECT 1 / (\(divisor) - i), repeat('x', 200) FROM generate_series(1, 20000) i")
                    .run()
            }
            #expect((failure.producerFault as? PgcopyError)?.server?.sqlState == "22012")
            #expect(failure.reason == .incomplete && failure.receiverFaults.isEmpty)
            #expect(bench.source.transactionStatus == .idle)
            try bench.source.expectUsable()
            try bench.expectCounts(0)
        }
    }

    @Test(arguments: TransportPair.all) func `an error of one destination leaves the others complete`(
        pair: TransportPair
    ) throws {
        let bench = try StatementBench(pair, targets: 3)
        try bench.targets[1].run("ALTER TABLE t ADD CHECK (i <> 7000)")
        let manager = bench.manager("SELECT i, repeat('x', 500) FROM generate_series(1, 20000) i")
        var faulted: [String] = []
        try manager.withCopy { copy in
            _ = try copy.rest {
                faulted += $0.map { ($0.error as? PgcopyError)?.server?.sqlState ?? "\($0.error)" }
            }
        }
        #expect(faulted == ["23514"])
        #expect(try bench.targets.map { try $0.value("SELECT count(*) FROM t") } == ["20000", "0", "20000"])
        try bench.source.expectUsable()
    }

    @Test(arguments: TransportPair.all) func `left in the middle, nothing is stored and all stay usable`(
        pair: TransportPair
    ) throws {
        let bench = try StatementBench(pair, targets: 2)
        let manager = bench.manager("SELECT i, repeat('x', 50) FROM generate_series(1, 10000000) i")
        let failure = try copyFailure { try manager.withCopy { copy in for _ in 0..<10 { _ = try copy.next() } } }
        #expect(failure.reason == .incomplete && failure.receiverFaults.isEmpty && failure.producerFault == nil)
        #expect(bench.source.transactionStatus == .idle)
        try bench.source.expectUsable()
        try bench.expectCounts(0)
    }

    @Test(arguments: TransportPair.all) func `a source that is killed stores nothing`(pair: TransportPair) throws {
        let bench = try StatementBench(pair, targets: 2)
        let killer = try ScopeKit.session(Servers.source.conninfo())
        let manager = bench.manager("SELECT i, repeat('x', 50) FROM generate_series(1, 10000000) i")
        let failure = try copyFailure {
            try manager.withCopy { copy in
                for _ in 0..<10 { _ = try copy.next() }
                try killer.run("SELECT pg_terminate_backend(\(bench.source.connection.backendPID))")
                while try copy.next() != nil {}
            }
        }
        #expect((failure.producerFault as? PgcopyError)?.code == .connectionLost, "\(failure)")
        #expect(bench.source.transactionStatus == .unknown)
        try bench.expectCounts(0)
    }

    @Test(arguments: TransportPair.all) func `a destination that is killed leaves the other complete`(
        pair: TransportPair
    ) throws {
        let bench = try StatementBench(pair, targets: 2)
        let killer = try ScopeKit.session(Servers.source.conninfo())
        let manager = bench.manager("SELECT i, repeat('x', 50) FROM generate_series(1, 200000) i")
        var faults: [any Error] = []
        try manager.withCopy { copy in
            for _ in 0..<10 { _ = try copy.next() }
            try killer.run("SELECT pg_terminate_backend(\(bench.targets[0].connection.backendPID))")
            _ = try copy.rest {
                faults += $0.map(\.error)
            }
        }
        #expect(faults.count == 1 && faults.first?.has(.connectionLost) == true)
        #expect(bench.targets[0].transactionStatus == .unknown)
        #expect(try bench.targets[1].value("SELECT count(*) FROM t") == "200000")
        try bench.source.expectUsable()
    }
}
