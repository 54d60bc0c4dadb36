// What a server, or what is between, can do to a COPY: clear faults, and nothing hangs.

import CopyCore
import ErrorKit
import TestKit
import Testing

struct WireFaultTests {
    private let rows = "COPY (SELECT i, repeat('x', 90) FROM generate_series(1, 20000) i) TO STDOUT"

    /// Reads everything through a faulted proxy; gives what it threw, and the rows that came.
    private func copyOut(
        _ fault: Fault, at trigger: Trigger = .copyMessages(5000), _ transport: TransportChoice,
        before: (Session) -> Void = { _ in }
    ) throws -> (error: PgcopyError?, rows: Int, session: Session) {
        let proxy = try FaultProxy(to: Servers.source)
        let session = try ScopeKit.session(proxy.conninfo(), PatientPoller(limit: 20))
        before(session)
        proxy.arm(fault, at: trigger)
        var count = 0
        var failure: PgcopyError?
        do {
            let result = try session.copyOut(rows, transport: transport) { rows throws in
                while try rows.nextRow() != nil { count += 1 }
            }
            #expect(result.rowCount == count)
        } catch let error as PgcopyError {
            failure = error
        }
        #expect(proxy.faultCount == 1)
        if failure == nil { try session.expectUsable() }
        proxy.stop()
        return (failure, count, session)
    }

    private func expectBroken(_ outcome: (error: PgcopyError?, rows: Int, session: Session), saying text: String) {
        #expect(outcome.error?.message.contains(text) == true, "\(outcome.error as Any)")
        #expect(outcome.error?.code == .connectionLost)
        #expect(outcome.session.transactionStatus == .unknown)
        thrown(.connectionLost) { try outcome.session.run("SELECT 1") }
    }

    @Test(arguments: [UInt8(ascii: "Y"), 0, 0xFF, UInt8(ascii: "e"), UInt8(ascii: "R")])
    func `a message of unknown type`(type: UInt8) throws {
        let outcome = try copyOut(.inject(Message.frame(type, [])), .wire)
        expectBroken(outcome, saying: "unknown type")
        #expect(outcome.rows <= 5000)
    }

    @Test(arguments: [
        [UInt8(ascii: "d"), 0, 0, 0, 3], [UInt8(ascii: "d"), 0xFF, 0xFF, 0xFF, 0xFF],
        [UInt8(ascii: "Z"), 0, 0, 0, 6, 0, 0],
        [UInt8(ascii: "C"), 0, 0, 0, 4], [UInt8(ascii: "c"), 0, 0, 0, 5, 0], [UInt8(ascii: "E"), 0x7F, 0, 0, 0],
    ])
    func `an impossible length`(bytes: [UInt8]) throws {
        expectBroken(try copyOut(.inject(bytes), .wire), saying: "impossible length")
    }

    @Test(arguments: [
        ([UInt8(ascii: "E"), 0, 0, 0, 6, 0x53, 0x58], "error or notice"),
        ([UInt8(ascii: "A"), 0, 0, 0, 10, 0, 0, 0, 1, 0x61, 0x62], "no end"),
        ([UInt8(ascii: "Z"), 0, 0, 0, 5, 0x51], "unknown state"),
        ([UInt8(ascii: "A"), 0, 0, 0, 10, 0, 0, 0, 1, 0x61, 0], "makes no sense"),
    ])
    func `a message that makes no sense`(bytes: [UInt8], words: String) throws {
        expectBroken(try copyOut(.inject(bytes), .wire), saying: words)
    }

    @Test(arguments: TransportChoice.allCases, [Fault.close, .truncate(after: 3), .truncate(after: 6), .reset])
    func `a stream that ends too soon`(transport: TransportChoice, fault: Fault) throws {
        let outcome = try copyOut(fault, transport)
        #expect(outcome.error?.code == .connectionLost, "\(outcome.error as Any)")
        #expect(outcome.session.transactionStatus == .unknown)
        #expect(outcome.rows <= 5000)
        guard transport == .wire, fault != .reset else { return }
        #expect(outcome.error?.message.contains("closed the connection") == true)
        #expect(outcome.error?.message.contains("in the middle of a message") == (fault != .close))
    }

    @Test(arguments: TransportChoice.allCases) func `a stream that ends before the server confirmed`(
        transport: TransportChoice
    ) throws {
        for fault in [Fault.close, .truncate(after: 7)] {
            let outcome = try copyOut(fault, at: .copyMessages(20_000), transport)
            #expect(outcome.error != nil && outcome.session.transactionStatus == .unknown)
            #expect(outcome.rows <= 20_000)
        }
    }

    @Test(arguments: TransportChoice.allCases) func `other messages among the rows disturb nothing`(
        transport: TransportChoice
    ) throws {
        var notices: [String] = []
        var notifications: [String] = []
        let injected =
            Message.parameterStatus("application_name", "x")
            + Message.notice(severity: "WARNING", code: "01000", message: "said")
            + Message.notification(channel: "ch", payload: "p", pid: 7) + Message.notification(channel: "ch", pid: 7)
        for trigger in [Trigger.copyMessages(0), .copyMessages(1), .copyMessages(5000), .copyMessages(20_000)] {
            let outcome = try copyOut(.inject(injected), at: trigger, transport) { session in
                session.onNotice = { notices.append("\($1.severity) \($1.message)") }
                session.onNotification = { notifications.append("\($1.channel) \($1.payload) \($1.pid)") }
            }
            #expect(outcome.error == nil && outcome.rows == 20_000)
        }
        #expect(notices == Array(repeating: "WARNING said", count: 4))
        #expect(notifications == Array(repeating: ["ch p 7", "ch  7"], count: 4).flatMap { $0 })
    }

    @Test func `garbage behind the end of the rows breaks the connection`() throws {
        expectBroken(
            try copyOut(.inject(Message.frame(UInt8(ascii: "y"), [1])), at: .copyMessages(20_000), .wire),
            saying: "unknown type")
    }

    @Test func `rows, results or a second end behind the end are none of a COPY`() throws {
        for stranger in [
            Message.frame(UInt8(ascii: "I"), []), Message.frame(UInt8(ascii: "D"), [0, 0]),
            Message.frame(UInt8(ascii: "C"), [0x78, 0]),
        ] {
            let outcome = try copyOut(.inject(stranger), at: .copyMessages(20_000), .wire)
            #expect(outcome.error?.message.contains("more than one statement") == true, "\(outcome.error as Any)")
            outcome.session.close()
        }
    }

    @Test(arguments: TransportChoice.allCases) func `rows without the server's confirmation are no success`(
        transport: TransportChoice
    ) throws {
        let proxy = try FaultProxy(to: Servers.source)
        let session = try ScopeKit.session(proxy.conninfo(), PatientPoller(limit: 20))
        // CopyDone comes, CommandComplete does not.
        let copyDone = Message.frame(UInt8(ascii: "c"), [])
        for bytes in [copyDone, []] { proxy.arm(.replace(bytes), at: .copyMessages(20_000)) }
        let error = try requireThrown(.unexpected) {
            try session.copyOut(rows, transport: transport) { rows throws in while try rows.nextRow() != nil {} }
        }
        #expect(proxy.faultCount == 2)
        #expect(error.message.contains(transport == .wire ? "without saying" : "did not confirm"), "\(error)")
        try session.expectUsable()
        proxy.stop()
    }

    @Test func `rows without their end are no success`() throws {
        let outcome = try copyOut(.replace([]), at: .copyMessages(20_000), .wire)
        #expect(outcome.error?.message.contains("without saying") == true, "\(outcome.error as Any)")
    }

    @Test func `a message cut behind the server's last word is waited for`() throws {
        let proxy = try FaultProxy(to: Servers.source)
        let session = try ScopeKit.session(proxy.conninfo(), PatientPoller(limit: 20))
        var heard: [String] = []
        session.onNotification = { heard.append($1.payload) }
        let channel = freshChannel()
        try session.run("LISTEN \"\(channel)\"")
        let other = try ScopeKit.session(Servers.source.conninfo())
        for number in 0..<200 {
            // Half of the notifications come while the copy ends, cut by the proxy's slow line.
            proxy.arm(.slow(bytesPerSecond: 2_000_000), at: .now)
            let payload = String(repeating: "p", count: 7000) + "\(number)"
            try session.copyOut("COPY (SELECT 1) TO STDOUT") { rows throws in
                _ = try other.run("NOTIFY \"\(channel)\", '\(payload)'")
                while try rows.nextRow() != nil {}
            }
            try session.expectUsable()
        }
        try session.run("SELECT 1; SELECT 1")
        #expect(heard.count == 200)
        proxy.stop()
    }

    // MARK: Into the server

    private func copyIn(
        _ fault: Fault, direction: Direction = .toClient, _ transport: TransportChoice, blocks: Int = 60,
        before: (Session) -> Void = { _ in }
    ) throws -> (error: PgcopyError?, seconds: Double, session: Session) {
        let proxy = try FaultProxy(to: Servers.source)
        let session = try ScopeKit.session(proxy.conninfo(), PatientPoller(limit: 20))
        try session.run("CREATE TEMP TABLE t (s text)")
        before(session)
        proxy.arm(fault, direction: direction, at: .copyMessages(3), of: .toServer)
        let block = [UInt8](repeating: UInt8(ascii: "x"), count: 49_999) + [UInt8(ascii: "\n")]
        let begun = session.poller.now
        var failure: PgcopyError?
        do {
            let result = try session.copyIn("COPY t FROM STDIN", transport: transport, grace: .seconds(2)) {
                copy throws in
                for _ in 0..<blocks { try copy.write(block) }
                try copy.finish()
            }
            #expect(result.rowCount == blocks)
        } catch let error as PgcopyError {
            failure = error
        }
        #expect(proxy.faultCount == 1)
        let seconds = session.poller.now.seconds(since: begun)
        if failure == nil { #expect(try session.value("SELECT count(*) FROM t") == "\(blocks)") }
        proxy.stop()
        return (failure, seconds, session)
    }

    @Test(arguments: TransportChoice.allCases) func `other messages while rows are sent disturb nothing`(
        transport: TransportChoice
    ) throws {
        var notices = 0
        var notifications: [String] = []
        let injected =
            Message.parameterStatus("application_name", "x") + Message.notice(message: "said")
            + Message.notification(channel: "ch", payload: "p", pid: 7)
        let outcome = try copyIn(.inject(injected), transport) { session in
            session.onNotice = { _, _ in notices += 1 }
            session.onNotification = { notifications.append($1.payload) }
        }
        #expect(outcome.error == nil && notices == 1 && notifications == ["p"])
    }

    @Test(arguments: TransportChoice.allCases) func `an error while rows are sent ends it, and the session stays`(
        transport: TransportChoice
    ) throws {
        let outcome = try copyIn(.inject(Message.error(code: "53100", message: "disk full")), transport, blocks: 2000)
        #expect(outcome.error?.server?.sqlState == "53100")
        #expect(outcome.seconds < 2)
        #expect(outcome.error?.code == .server)
    }

    /// What comes in the place of the server's confirmation, or beside it.
    @Test func `an end that is none of a COPY is no success`() throws {
        for (fault, words) in [
            (Fault.replace(Message.parameterStatus("application_name", "x")), "without saying that it completed"),
            (.replace(Message.commandComplete("COPY 60") + Message.commandComplete("x")), "more than one statement"),
        ] {
            let outcome = try copyIn(fault, .wire)
            #expect(outcome.error?.message.contains(words) == true, "\(outcome.error as Any)")
            #expect(outcome.error?.code == .unexpected)
        }
    }

    @Test func `an end before the last row is noticed while rows are sent`() throws {
        let outcome = try copyIn(.inject(Message.commandComplete("COPY 3")), .wire, blocks: 2000)
        #expect(outcome.error?.message.contains("the server ended the copy") == true, "\(outcome.error as Any)")
    }

    @Test func `nonsense while rows are sent breaks the connection`() throws {
        for nonsense in [Message.frame(UInt8(ascii: "Y"), []), [UInt8(ascii: "Z"), 0, 0, 0, 9], Message.copyData([1])] {
            let outcome = try copyIn(.inject(nonsense), .wire, blocks: 2000)
            #expect(
                outcome.error?.code == .connectionLost && outcome.session.transactionStatus == .unknown,
                "\(outcome.error as Any)")
            #expect(outcome.seconds < 2)
        }
    }

    @Test(arguments: TransportChoice.allCases, [Fault.close, .reset]) func `a line that breaks while rows are sent`(
        transport: TransportChoice, fault: Fault
    ) throws {
        let outcome = try copyIn(fault, direction: .toServer, transport, blocks: 2000)
        #expect(outcome.error?.code == .connectionLost && outcome.session.transactionStatus == .unknown)
        #expect(outcome.seconds < 5)
    }
}
