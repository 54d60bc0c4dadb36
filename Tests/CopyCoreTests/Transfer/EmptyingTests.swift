// TRUNCATE on many destinations at once.

import CopyCore
import TestKit
import Testing

@Suite struct `Emptying the destinations` {
    private let cluster: Cluster
    private let databases: [String]

    init() throws {
        cluster = try Servers.first
        databases = try (0..<2).map { _ in try Servers.first.createDatabase() }
        for database in databases {
            try cluster.psql("CREATE TABLE t (i int PRIMARY KEY); INSERT INTO t VALUES (0)", database: database)
        }
        // TRUNCATE fails there.
        try cluster.psql(
            """
            CREATE FUNCTION never() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'never'; END $$;
            CREATE TRIGGER never BEFORE TRUNCATE ON t EXECUTE FUNCTION never()
            """, database: databases[0])
    }

    private func request() throws -> TransferRequest {
        let source = try Servers.source
        let database = try source.createDatabase()
        try source.psql("CREATE TABLE t (i int); INSERT INTO t VALUES (1), (2)", database: database)
        func endpoint(_ cluster: Cluster, _ database: String) throws -> Endpoint {
            try Endpoint(parsing: Array("\(cluster.conninfo(database: database))#t".utf8))
        }
        var request = TransferRequest(
            from: try endpoint(source, database), to: try databases.map { try endpoint(cluster, $0) })
        request.empties = .truncate
        return request
    }

    private func rows(_ index: Int) throws -> String {
        try cluster.psql("SELECT string_agg(i::text, ',' ORDER BY i) FROM t", database: databases[index])
    }

    @Test func `ends all where one is refused, though another waits for a lock`() throws {
        let holder = try PipelineStage.session(cluster.conninfo(database: databases[1]), SystemPoller())
        try holder.run("BEGIN; LOCK TABLE t")
        let request = try request()
        let outcome = Transfer(request, poller: SystemPoller()).run()
        #expect(outcome.destinations.map(\.status) == [.notStarted, .notStarted] && !outcome.started)
        // Once, as the destination's own.
        #expect(sqlState(outcome.destinations[0].error) == "P0001" && outcome.error == nil)
        try eventually("no backend waits for the lock") {
            try cluster.psql(
                "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'pgcopy' AND datname = '\(databases[1])'"
            ) == "0"
        }
        try holder.run("COMMIT")
        #expect(try rows(0) == "0" && rows(1) == "0")
    }

    @Test(arguments: [TransportChoice.wire, .libpq])
    func `leaves out the one that is refused where the others shall go on`(transport: TransportChoice) throws {
        var request = try request()
        request.keepGoing = true
        request.transport = transport
        let outcome = Transfer(request, poller: SystemPoller()).run()
        #expect(outcome.destinations.map(\.status) == [.notStarted, .committed])
        #expect(sqlState(outcome.destinations[0].error) == "P0001")
        #expect(try rows(0) == "0" && rows(1) == "1,2")
    }
}
