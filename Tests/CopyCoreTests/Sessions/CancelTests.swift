// Statements that a signal cuts short.

import CopyCore
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
