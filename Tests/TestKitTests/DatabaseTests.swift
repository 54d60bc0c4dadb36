// Databases of tests: there as long as they are needed, and no longer.

import Testing

@testable import TestKit

@Suite struct DatabaseTests {
    @Test func `a database stays while it is held or has a session, and goes then`() throws {
        let cluster = try Cluster()
        let held = try Database(on: cluster)
        let session: RunningProgram
        do {
            let busy = try Database(on: cluster)
            session = try cluster.psqlProgram(["-c", "\\echo here", "-f", "-"], conninfo: busy.conninfo)
                .with { $0.input = .pipe }.start()
            try session.waitForOutput(containing: "here", on: .output)
        }
        // Far more than are dropped at a time.
        for _ in 0..<30 { _ = try Database(on: cluster) }
        func names() throws -> [Substring] {
            try cluster.psql("SELECT datname FROM pg_database WHERE datname LIKE 'test%' ORDER BY oid")
                .split(separator: "\n")
        }
        try eventually("most are gone") { try names().count <= 20 }
        #expect(try names().prefix(2) == ["test_1", "test_2"] && held.name == "test_1")
        session.closeInput()
        try session.wait().expecting(0)
        try eventually("the one whose session ended goes with the next ones") {
            _ = try Database(on: cluster)
            return try !names().contains("test_2")
        }
        #expect(try cluster.psql("SELECT current_database()", database: held.name) == "test_1")
    }

    @Test func `names are used once in all modules of the tests`() {
        #expect(freshChannel() != freshChannel() && freshName("a") != freshName("a"))
    }

    @Test func `the lack of terminals is explained once`() {
        let missing = "/nonexistent/ptmx"
        let texts = (0..<3).map { _ in
            #expect(throws: KitError.self) { try PseudoTerminal.open(missing) }?.description ?? ""
        }
        #expect(texts.allSatisfy { $0.contains(missing) })
        #expect(texts.map { $0.contains("devpts") } == [true, false, false])
    }
}
