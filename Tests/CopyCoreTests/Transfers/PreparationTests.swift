// What a transfer leaves behind in a session.

import TestKit
import Testing

@testable import CopyCore

struct PreparationTests {
    @Test func `settings end with the transaction, for the next client of a pooler`() throws {
        let session = try ScopeKit.session(Servers.source.conninfo())
        func settings() throws -> String? {
            try session.query("SELECT string_agg(s::text, ' ' ORDER BY name) FROM pg_settings s").value(0, 0)
        }
        let before = try settings()
        let part = PipelinePart(session, within: nil, isVital: true)
        let preparation = Preparation(part, begin: "BEGIN READ WRITE", keepLockTimeout: false, pinsMoney: true)
        preparation.secureSearchPath()
        #expect(preparation.backendPID == nil)
        try PipelineRound.run([part])
        try part.check()
        #expect(preparation.backendPID == session.connection.backendPID)
        #expect(try settings() != before)
        try session.run("COMMIT")
        #expect(try settings() == before)
    }
}
