// The statement splitter beside a server: what it finds is what the server takes as one statement.

import CopyCore
import TestKit
import Testing

@Suite struct `The splitter beside a server` {
    /// The server's parser is asked, not its catalogs: a name it does not know is no matter here.
    private func expectOneStatement(_ sql: String, _ session: Session, _ comment: Comment) {
        do {
            _ = try session.columns(of: sql)
        } catch let error as PgcopyError {
            // Two statements in one string are a syntax error too, and half of one is.
            #expect(
                error.server.map { $0.sqlState != "42601" } ?? false, "\(comment): \(error): \(sql.debugDescription)")
        } catch {
            Issue.record("\(comment): \(error): \(sql.debugDescription)")
        }
    }

    @Test func `random statements end where the server says so`() throws {
        let session = try PipelineStage.session(Servers.source.conninfo(), PatientPoller())
        for seed in Seeded.seeds(200) {
            var random = RandomSQL(seed, keywordsAsNames: true)
            let statements = random.statements(5)
            let found = StatementSplitter.split(statements.joined(separator: ";\n") + ";")
                .map { String(decoding: $0.bytes, as: UTF8.self) }
            #expect(found == statements, "seed \(seed)")
            for statement in found { expectOneStatement(statement, session, "seed \(seed)") }
        }
    }

    @Test func `statements that are hard to tell are one to the server as well`() throws {
        let session = try PipelineStage.session(Servers.source.conninfo(), PatientPoller())
        for statement in [
            "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1 AS end; SELECT 2; END",
            "CREATE FUNCTION begin() RETURNS begin LANGUAGE begin AS 'x'",
            "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC CREATE FUNCTION g() RETURNS int BEGIN ATOMIC SELECT 2; END; SELECT 3; END",
        ] {
            let found = StatementSplitter.split("\(statement); SELECT 1").map {
                String(decoding: $0.bytes, as: UTF8.self)
            }
            #expect(found == [statement, "SELECT 1"])
            expectOneStatement(statement, session, "by hand")
        }
        // The server itself tells one from two, and a whole one from a part.
        for wrong in ["SELECT 1; SELECT 2", "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1 AS end"] {
            #expect(failureCode { _ = try session.columns(of: wrong) } == "42601")
        }
    }
}
