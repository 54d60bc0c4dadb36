// A database, sessions on it, and a proxy that counts, for the tests of pipelines.

import CopyCore
import TestKit
import Testing

/// One session on a database of its own.
struct PipelineStage {
    let cluster: Cluster
    let database: String
    private let owned: Database
    let session: Session
    let interruption: Interruption

    init(_ sql: String = "CREATE TABLE t (n int PRIMARY KEY)", through proxy: FaultProxy? = nil) throws {
        cluster = try Servers.source
        owned = try Database(on: cluster)
        database = owned.name
        if !sql.isEmpty { try cluster.psql(sql, database: database) }
        interruption = try #require(Interruption())
        let conninfo = proxy?.conninfo(database: database) ?? cluster.conninfo(database: database)
        session = try Self.session(conninfo, SystemPoller(interruption: interruption))
    }

    static func session(_ conninfo: String, _ poller: any Poller, label: String = "here") throws -> Session {
        let connection = Connection([("dbname", conninfo), ("application_name", "pipeline tests")])
        try #require(connection.isUsable, "\(connection.errorMessage)")
        return try Session(connection, label: label, poller: poller)
    }

    /// What is committed, as another session sees it.
    func rows(_ query: String = "SELECT n FROM t ORDER BY n") throws -> [String] {
        try cluster.psql(query, database: database).split(separator: "\n").map(String.init)
    }

    /// The session works, outside of pipeline mode and of transactions.
    func expectUsable(_ status: TransactionStatus = .idle) throws {
        #expect(session.connection.pipelineStatus == .off)
        #expect(session.transactionStatus == status)
        if status != .inError { #expect(try session.query("SELECT 7").value(0, 0) == "7") }
    }
}

/// An error of the test's own.
struct OwnError: Error, Equatable { var number = 0 }

/// What the body throws, as `#expect(throws:)`, which cannot hold expectations of its own kind.
@discardableResult
func thrown<E: Error, R>(
    _ type: E.Type, sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> R
) -> E? {
    do {
        _ = try body()
        Issue.record("nothing was thrown", sourceLocation: sourceLocation)
    } catch let error as E {
        return error
    } catch {
        Issue.record("\(error) was thrown", sourceLocation: sourceLocation)
    }
    return nil
}
