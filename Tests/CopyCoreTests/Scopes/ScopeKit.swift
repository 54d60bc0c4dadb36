// What the tests of scopes share: sessions by every way, a poller that does not wait for ever, errors as text.

import CopyCore
import Glibc
import TestKit
import Testing

/// A way to speak COPY: the transport, over a plain socket or over TLS.
struct CopyWay: Sendable, CustomTestStringConvertible {
    let transport: TransportChoice
    let tls: Bool

    var testDescription: String { "\(transport)\(tls ? " over TLS" : "")" }

    static let all = TransportChoice.allCases.flatMap {
        [CopyWay(transport: $0, tls: false), CopyWay(transport: $0, tls: true)]
    }

    func session(_ poller: any Poller = PatientPoller()) throws -> Session {
        try tls
            ? ScopeKit.session(Servers.tls.tcpConninfo(), poller) : ScopeKit.session(Servers.source.conninfo(), poller)
    }
}

/// Waits like the real poller, but not longer than a test should take; can be interrupted by script.
final class PatientPoller: Poller {
    private let base = SystemPoller()
    private let limit: Double
    /// An interruptible poll throws when so many polls were made; nil: none does.
    var interruptsAfter: Int?
    /// An interruptible poll throws at this time.
    var interruptsAt: Instant?
    /// Called before each poll.
    var onPoll: () -> Void = {}
    private(set) var polls = 0

    init(limit: Double = 60) { self.limit = limit }

    var now: Instant { base.now }

    func poll(_ entries: inout [PollEntry], until deadline: Instant?, interruptible: Bool) throws(Interrupted) {
        polls += 1
        onPoll()
        try check(interruptible)
        let end = now + limit
        var until = deadline.map { min($0, end) } ?? end
        if interruptible, let interruptsAt { until = min(until, interruptsAt) }
        try base.poll(&entries, until: until, interruptible: interruptible)
        try check(interruptible)
        if entries.allSatisfy(\.ready.isEmpty), now >= end {
            Issue.record("waited too long for \(entries)")
            throw Interrupted(signal: 99)
        }
    }

    private func check(_ interruptible: Bool) throws(Interrupted) {
        guard interruptible else { return }
        if let interruptsAfter, polls > interruptsAfter { throw Interrupted(signal: 2) }
        if let interruptsAt, now >= interruptsAt { throw Interrupted(signal: 2) }
    }

    /// From now on nothing is interrupted.
    func calm() {
        interruptsAfter = nil
        interruptsAt = nil
    }
}

/// Time that goes on by a step whenever somebody looks, or stands still; waiting is real.
final class StepwiseClock: Poller {
    private let base = SystemPoller()
    private let step: Double
    private var time: Instant

    init(step: Double) {
        self.step = step
        time = base.now
    }

    var now: Instant {
        time = time + step
        return time
    }

    func poll(_ entries: inout [PollEntry], until deadline: Instant?, interruptible: Bool) throws(Interrupted) {
        let isDue = deadline.map { $0 <= time } ?? false
        try base.poll(&entries, until: base.now + (isDue ? 0 : 0.05), interruptible: interruptible)
    }
}

enum ScopeKit {
    static func session(_ conninfo: String, _ poller: any Poller = PatientPoller()) throws -> Session {
        let connection = Connection([
            ("dbname", conninfo), ("options", "-c client_min_messages=notice -c synchronize_seqscans=off"),
        ])
        try #require(connection.isUsable, "\(connection.errorMessage)")
        return try Session(connection, label: "test", poller: poller)
    }

    /// How many descriptors this process has open.
    static var descriptors: Int {
        guard let directory = opendir("/proc/self/fd") else { return -1 }
        defer { closedir(directory) }
        var count = 0
        while readdir(directory) != nil { count += 1 }
        return count
    }

    /// Bytes of memory this process holds.
    static func residentBytes() throws -> Int {
        let file = try #require(fopen("/proc/self/statm", "r"))
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 256)
        try #require(fgets(&line, 256, file) != nil)
        let words = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self).split(
            separator: " ")
        return Int(words[1])! * 4096
    }
}

extension Session {
    /// The first value of the first row.
    func value(_ sql: String) throws -> String? { try run(sql).last?.value(0, 0) }

    /// A session that works answers this.
    func expectUsable(sourceLocation: SourceLocation = #_sourceLocation) throws {
        let answer = try value("SELECT 1")
        #expect(answer == "1", sourceLocation: sourceLocation)
    }

    var pooled: PatientPoller { poller as! PatientPoller }
}

/// How an error is told apart in a test: SQLSTATE of a server's, the text of any other; nil when none is thrown.
func failureCode(_ body: () throws -> Void) -> String? {
    do {
        try body()
        return nil
    } catch let error as PgcopyError {
        return error.server?.sqlState ?? error.message
    } catch {
        return "\(error)"
    }
}

/// All rows of a COPY as text.
func copyOutText(_ session: Session, _ sql: String, _ transport: TransportChoice = .libpq) throws -> String {
    var bytes: [UInt8] = []
    try session.copyOut(sql, transport: transport) { rows throws in
        while let chunk = try rows.nextChunk() { bytes += chunk }
    }
    return String(decoding: bytes, as: UTF8.self)
}

/// The rows of table t as text, in an order of their own: the server puts them where there is room.
func tableText(_ session: Session) throws -> String {
    try copyOutText(session, "COPY (SELECT * FROM t ORDER BY i) TO STDOUT")
}
