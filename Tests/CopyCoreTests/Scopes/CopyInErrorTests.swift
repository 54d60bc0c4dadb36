// COPY FROM STDIN against a server that objects, waits, talks or goes away.

import CopyCore
import ErrorKit
import Glibc
import TestKit
import Testing

struct CopyInErrorTests {
    private func session(_ way: CopyWay, _ columns: String = "i int PRIMARY KEY") throws -> Session {
        let session = try way.session()
        try session.run("CREATE TEMP TABLE t (\(columns))")
        return session
    }

    private let sql = "COPY t FROM STDIN"

    @Test(arguments: CopyWay.all) func `a duplicate key is told at the end`(way: CopyWay) throws {
        let session = try session(way)
        try session.run("BEGIN")
        var kept: CopyIn?
        let code = failureCode {
            try session.copyIn(sql, transport: way.transport) { copy throws in
                kept = copy
                try copy.write("10\n10\n")
                try copy.finish()
            }
        }
        #expect(code == "23505" && session.transactionStatus == .inError && kept?.rowCount == nil)
        try session.run("ROLLBACK")
        #expect(throws: PgcopyError.copyIsOver) { try kept?.finish() }
        try session.expectUsable()
    }

    @Test(arguments: CopyWay.all) func `bytes that are no binary copy are told, and count nothing`(way: CopyWay) throws
    {
        let session = try session(way)
        var kept: CopyIn?
        let code = failureCode {
            try session.copyIn("\(sql) (FORMAT binary)", transport: way.transport) { copy throws in
                kept = copy
                try copy.write("nonsense, and quite some of it")
                try copy.finish()
            }
        }
        #expect(code == "22P04" && kept?.rowCount == nil && session.transactionStatus == .idle)
        try session.expectUsable()
    }

    @Test(arguments: CopyWay.all) func `rows of too few or too many values are told, and nothing is stored`(
        way: CopyWay
    )
        throws
    {
        let session = try session(way, "i int, s text")
        for values in [["2"], ["2", "b", "c"], []] as [[String?]] {
            let code = failureCode {
                try session.copyIn(sql, transport: way.transport) { copy throws in
                    try copy.write(values: ["1", "a"])
                    try copy.write(values: values)
                    try copy.finish()
                }
            }
            #expect(code == (values.isEmpty ? "22P02" : "22P04"))
            let binary = failureCode {
                try session.copyIn("\(sql) (FORMAT binary)", transport: way.transport) { copy throws in
                    try copy.write(fields: [[0, 0, 0, 1], [97]])
                    try copy.write(fields: values.map { _ in [0, 0, 0, 2] })
                    try copy.finish()
                }
            }
            #expect(binary == "22P04")
            #expect(session.transactionStatus == .idle)
            #expect(try session.value("SELECT count(*) FROM t") == "0")
        }
    }

    @Test(arguments: CopyWay.all, [false, true])
    func `an early error is thrown by a later write, and is not swallowed`(way: CopyWay, swallowed: Bool) throws {
        let session = try session(way)
        let begun = session.poller.now
        var writes = 0
        let code = failureCode {
            try session.copyIn(sql, transport: way.transport) { copy throws in
                do {
                    // More than a server reads ahead is never sent: the error comes while the block would go on for ever.
                    while session.poller.now < begun + 20 {
                        try copy.write("no number\n")
                        writes += 1
                        usleep(10_000)
                    }
                } catch let error as PgcopyError where swallowed {
                    #expect(failureCode { try copy.write("1\n") } == error.server?.sqlState)
                    #expect(failureCode { try copy.finish() } == error.server?.sqlState)
                }
            }
        }
        #expect(code == "22P02")
        // Over TLS libpq hides what it has read for a second.
        #expect(session.poller.now < begun + (way.tls && way.transport == .libpq ? 5 : 1), "\(writes) writes")
        #expect(session.transactionStatus == .idle)
        #expect(try session.value("SELECT count(*) FROM t") == "0")
    }

    @Test(arguments: CopyWay.all) func `an early error ends a write that the server does not read any more`(
        way: CopyWay
    ) throws {
        let session = try session(way)
        let rows = Array(String(repeating: "no number\n", count: 3_000_000).utf8)
        let code = failureCode {
            try session.copyIn(sql, transport: way.transport) { copy throws in
                try copy.write(rows)
                try copy.finish()
            }
        }
        #expect(code == "22P02" && session.transactionStatus == .idle)
        try session.expectUsable()
    }

    @Test(arguments: CopyWay.all) func `a missing table leaves the session usable`(way: CopyWay) throws {
        let session = try session(way)
        for (sql, expected) in [
            ("COPY nothing FROM STDIN", "42P01"), ("COPY t (x) FROM STDIN", "42703"),
            ("COPY t FROM STDIN bad", "42601"),
        ] {
            var entered = false
            #expect(
                failureCode { try session.copyIn(sql, transport: way.transport) { _ in entered = true } } == expected)
            #expect(!entered && session.transactionStatus == .idle)
        }
        try session.expectUsable()
    }

    @Test(arguments: CopyWay.all) func `a notice for each row disturbs nothing`(way: CopyWay) throws {
        let session = try session(way, "i int")
        try session.run(
            """
            CREATE FUNCTION pg_temp.talk() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE NOTICE '% %', NEW.i, repeat('n', 200); RETURN NEW; END $$;
            CREATE TRIGGER talk BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION pg_temp.talk()
            """)
        var notices = 0
        session.onNotice = { _, notice in notices += notice.severity == "NOTICE" ? 1 : 0 }
        let count = 30_000
        let result = try session.copyIn(sql, transport: way.transport) { copy throws in
            try copy.write(Array((1...count).map { "\($0)\n" }.joined().utf8))
            try copy.finish()
        }
        #expect(result.rowCount == count && notices == count)
        // Left early, with more notices under way than sockets hold.
        #expect(throws: Trouble("enough")) {
            try session.copyIn(sql, transport: way.transport) { copy throws in
                try copy.write(Array((1...count).map { "\($0)\n" }.joined().utf8))
                throw Trouble("enough")
            }
        }
        #expect(try session.value("SELECT count(*) FROM t") == "\(count)")
    }

    @Test(arguments: CopyWay.all) func `a terminated backend is an error within seconds, and the session is broken`(
        way: CopyWay
    ) throws {
        let session = try session(way)
        let other = try way.session()
        let begun = session.poller.now
        let code = failureCode {
            try session.copyIn(sql, transport: way.transport) { copy throws in
                var number = 0
                while session.poller.now < begun + 20 {
                    number += 1
                    try copy.write("\(number)\n")
                    if number == 3 {
                        _ = try other.run("SELECT pg_terminate_backend(\(session.connection.backendPID))")
                    }
                    usleep(10_000)
                }
            }
        }
        #expect(code == "57P01")
        #expect(session.poller.now < begun + 5)
        #expect(session.transactionStatus == .unknown)
        thrown(.connectionLost) { try session.run("SELECT 1") }
    }

    @Test(arguments: CopyWay.all) func `an interruption behind a lock gives the session back`(way: CopyWay) throws {
        let session = try way.session()
        let holder = try way.session()
        let table = "locked_\(session.connection.backendPID)"
        try holder.run("CREATE TABLE \(table) (i int)")
        defer { _ = try? holder.run("ROLLBACK; DROP TABLE \(table)") }
        try holder.run("BEGIN; LOCK TABLE \(table)")
        let begun = session.poller.now
        session.pooled.interruptsAt = begun + 0.2
        #expect(throws: Interrupted(signal: 2)) {
            try session.copyIn("COPY \(table) FROM STDIN", transport: way.transport) { _ in }
        }
        session.pooled.interruptsAt = session.poller.now + 0.2
        #expect(throws: Interrupted(signal: 2)) {
            try session.copyOut("COPY \(table) TO STDOUT", transport: way.transport) { _ in }
        }
        session.pooled.calm()
        #expect(session.poller.now < begun + 3)
        #expect(session.transactionStatus == .idle)
        try session.expectUsable()
    }

    @Test(arguments: CopyWay.all) func `an interruption of the confirmation cancels it`(way: CopyWay) throws {
        let session = try session(way, "i int")
        try session.run(
            """
            CREATE FUNCTION pg_temp.slow() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN PERFORM pg_sleep(60); RETURN NULL; END $$;
            CREATE TRIGGER slow AFTER INSERT ON t FOR EACH STATEMENT EXECUTE FUNCTION pg_temp.slow()
            """)
        let begun = session.poller.now
        #expect(throws: Interrupted(signal: 2)) {
            try session.copyIn(sql, transport: way.transport) { copy throws in
                try copy.write("1\n")
                session.pooled.interruptsAt = session.poller.now + 0.2
                try copy.finish()
            }
        }
        session.pooled.calm()
        #expect(session.poller.now < begun + 3)
        #expect(session.transactionStatus == .idle)
        #expect(try session.value("SELECT count(*) FROM t") == "0")
    }

    @Test(arguments: TransportChoice.allCases) func `a write that the line does not take can be interrupted`(
        transport: TransportChoice
    ) throws {
        let proxy = try FaultProxy(to: Servers.source)
        let session = try ScopeKit.session(proxy.conninfo())
        try session.run("CREATE TEMP TABLE t (s text)")
        proxy.arm(.stall, direction: .toServer, at: .copyBytes(100_000))
        let begun = session.poller.now
        #expect(throws: Interrupted(signal: 2)) {
            try session.copyIn(sql, transport: transport, grace: .milliseconds(500)) { copy throws in
                session.pooled.interruptsAt = session.poller.now + 0.3
                while true { try copy.write([UInt8](repeating: UInt8(ascii: "\n"), count: 100_000)) }
            }
        }
        #expect(session.poller.now < begun + 5)
        #expect(session.transactionStatus == .unknown, "CopyFail could not be sent: the connection was closed")
        proxy.stop()
    }
}
