// Leaving a COPY early again and again: nothing is left behind.

import CopyCore
import Glibc
import TestKit
import Testing

@Suite(.serialized) struct TenThousandTests {
    /// One COPY TO, left in one of four ways: every tenth while the server is at it, the others when the rest
    /// is on its way, since each cancel request costs the server a process.
    private func leaveEarly(_ number: Int, _ session: Session) throws {
        let transport = TransportChoice.allCases[number / 4 % 2]
        let count = number / 8 % 10 == 0 ? 100_000_000 : 20
        let sql = "COPY (SELECT generate_series(1, \(count))) TO STDOUT"
        func read(_ body: (CopyOut) throws -> Void) throws { try session.copyOut(sql, transport: transport, body) }
        switch number % 4 {
        case 0: try read { _ = try $0.nextRow() }
        case 1:
            try read { rows throws in
                while let row = try rows.nextValues() { if row == ["3"] { break } }
            }
        case 2: #expect(throws: Trouble("enough")) { try read { _ in throw Trouble("enough") } }
        default:
            #expect(throws: Interrupted(signal: 2)) {
                try read { rows throws in
                    session.pooled.interruptsAfter = session.pooled.polls
                    while try rows.nextRow() != nil {}
                }
            }
            session.pooled.calm()
        }
        guard try session.value("SELECT 1") == "1" else { throw Trouble("no answer after \(number)") }
    }

    @Test func `ten thousand COPY TO left early leave nothing behind`() throws {
        let session = try ScopeKit.session(Servers.source.conninfo())
        for number in 0..<200 { try leaveEarly(number, session) }
        let descriptors = ScopeKit.descriptors
        let memory = try ScopeKit.residentBytes()
        for number in 200..<10_000 { try leaveEarly(number, session) }
        // Other tests run in this process at the same time: the bounds are far below what a leak of one each would be.
        #expect(ScopeKit.descriptors < descriptors + 500)
        #expect(try ScopeKit.residentBytes() < memory + 400_000_000)
    }

    @Test func `two thousand COPY FROM left early leave nothing behind`() throws {
        let session = try ScopeKit.session(Servers.source.conninfo())
        try session.run("CREATE TEMP TABLE t (s text)")
        for number in 0..<2000 {
            let transport = TransportChoice.allCases[number / 2 % 2]
            #expect(throws: Trouble("enough")) {
                try session.copyIn("COPY t FROM STDIN", transport: transport) { copy throws in
                    if number % 2 == 0 { try copy.write("a\nb\n") }
                    throw Trouble("enough")
                }
            }
        }
        #expect(try session.value("SELECT count(*) FROM t") == "0")
    }
}
