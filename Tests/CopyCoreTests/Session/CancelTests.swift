// Statements that a signal cuts short.

import CopyCore
import ErrorKit
import Glibc
import TestKit
import Testing

@Suite struct `A signal while a statement is waited for` {
    @Test func `cancels it though the first request comes before it begins`() throws {
        let proxy = try FaultProxy(to: Servers.source)
        let stage = try PipelineStage("", through: proxy)
        // The request goes by a connection of its own and overtakes it.
        proxy.arm(.stall(for: .milliseconds(300)), direction: .toServer, at: .beforeQuery("pg_sleep"))
        stage.interruption.raise(SIGINT)
        #expect(throws: Interrupted(signal: SIGINT)) { try stage.session.query("SELECT pg_sleep(60)") }
        #expect(proxy.faultCount == 1 && proxy.counters.cancelRequests > 1)
        #expect(stage.session.connection.isUsable && stage.session.transactionStatus == .idle)
        proxy.stop()
    }
}

@Suite struct `An answer that does not come` {
    /// Whether the server is at work is nobody's to say here: the time given is all it has.
    @Test func `is waited for as long as was said, and the connection is closed`() throws {
        let poller = PatientPoller(limit: 20)
        let session = try ScopeKit.session(Servers.source.conninfo(), poller)
        let begun = poller.now
        thrown(.unanswered) { try session.run("SELECT pg_sleep(30)", timeout: .milliseconds(300)) }
        #expect(poller.now.seconds(since: begun) < 10)
        #expect(!session.connection.isUsable && session.transactionStatus == .unknown)
    }
}
