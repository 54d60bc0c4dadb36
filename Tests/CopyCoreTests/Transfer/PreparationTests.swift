// What a transfer leaves behind in a session.

import TestKit
import Testing

@testable import CopyCore

struct PreparationTests {
    @Test(arguments: [Preparation.Role.source, .destination(isEmptied: true, overridesReadOnly: true, deadLink: 60)])
    func `settings end with the transaction, for the next client of a pooler`(role: Preparation.Role) throws {
        let cluster = try Servers.source
        let database = try cluster.createDatabase()
        try cluster.psql("CREATE TABLE t (i int)", database: database)
        let session = try ScopeKit.session(cluster.tcpConninfo(database: database))
        func settings() throws -> String? {
            try session.query("SELECT string_agg(s::text, ' ' ORDER BY name) FROM pg_settings s").value(0, 0)
        }
        let before = try settings()
        let lookup = Lookup(PipelinePart(session, timeout: nil, isVital: true), tables: [SQLName(["t"])])
        try PipelineRound.run([lookup.part])
        let found = try #require(try lookup.tables().first)
        try session.run("ROLLBACK")
        #expect(try settings() == before)
        let preparation = try Preparation(
            session, at: lookup.server(), role, .tables([found], where: nil), pinsMoney: true,
            isVital: true)
        #expect(preparation.backendPID == nil)
        preparation.ask(timeout: nil, lockTimeout: nil)
        try PipelineRound.run([preparation.part])
        #expect(preparation.state() == .ready)
        #expect(try preparation.tables()[0].columns.map(\.name) == ["i"])
        #expect(preparation.backendPID == session.connection.backendPID)
        #expect(try settings() != before)
        try session.run("COMMIT")
        #expect(try settings() == before)
    }

    /// Of a table that is renamed while it is looked up the server gives the old name: the one of another table by now.
    @Test(arguments: [Preparation.Role.source, .destination(isEmptied: true, overridesReadOnly: true, deadLink: 60)])
    func `a table that does not bear the name that was asked for is let go, and the name is looked up again`(
        role: Preparation.Role
    ) throws {
        let cluster = try Servers.source
        // Of an encoding of its own: names go in that of the session.
        let database = try cluster.createDatabase(encoding: "LATIN1")
        try cluster.psql(
            "CREATE SCHEMA aside; CREATE TABLE é (i int); CREATE TABLE aside.é (i int); INSERT INTO aside.é VALUES (1)",
            database: database)
        let session = try ScopeKit.session(cluster.tcpConninfo(database: database))
        let lookup = Lookup(PipelinePart(session, timeout: nil, isVital: true), tables: [SQLName(["é"])])
        try PipelineRound.run([lookup.part])
        var found = try #require(try lookup.tables().first)
        found.name = SQLName(["aside", "é"])
        let preparation = try Preparation(
            session, at: lookup.server(), role, .tables([found], where: nil), pinsMoney: true, isVital: true)
        preparation.ask(timeout: nil, lockTimeout: nil)
        try PipelineRound.run([preparation.part])
        #expect(preparation.state() == .changed && preparation.isMisnamed)
        try preparation.lookUpAgain(timeout: nil)
        #expect(preparation.found.first?.name == SQLName(["public", "é"]) && !preparation.isMisnamed)
        preparation.ask(timeout: nil, lockTimeout: nil)
        try PipelineRound.run([preparation.part])
        #expect(preparation.state() == .ready)
        #expect(try preparation.tables()[0].name == SQLName(["public", "é"]))
        try session.run("COMMIT")
        #expect(try cluster.psql("SELECT count(*) FROM aside.é", database: database) == "1")
    }

    @Test func `a name whose table went away is looked up again, and told where it stands for none`() throws {
        let cluster = try Servers.source
        let database = try cluster.createDatabase()
        try cluster.psql("CREATE SCHEMA a; CREATE TABLE a.t (i int); CREATE TABLE t (i int)", database: database)
        let session = try ScopeKit.session(cluster.tcpConninfo(database: database))
        try session.run("SET search_path = a, public")
        let lookup = Lookup(PipelinePart(session, timeout: nil, isVital: true), tables: [SQLName(["t"])])
        try PipelineRound.run([lookup.part])
        let found = try #require(try lookup.tables().first)
        let preparation = try Preparation(
            session, at: lookup.server(), .source, .tables([found], where: nil), pinsMoney: true, isVital: true)
        try cluster.psql("ALTER TABLE a.t RENAME TO u", database: database)
        preparation.ask(timeout: nil, lockTimeout: nil)
        try PipelineRound.run([preparation.part])
        #expect(preparation.state() == .changed && preparation.isMisnamed)
        try preparation.lookUpAgain(timeout: nil)
        #expect(preparation.found.first?.name == SQLName(["public", "t"]))
        try cluster.psql("DROP TABLE t", database: database)
        #expect(throws: PgcopyError.noTable(SQLName(["t"]))) { try preparation.lookUpAgain(timeout: nil) }
    }

    @Test func `a name that was asked for with its schema is the table's, whatever a snapshot says`() throws {
        let session = try ScopeKit.session(Servers.source.tcpConninfo(database: Servers.source.createDatabase()))
        let stale = try session.query("SELECT 2, 'r', 'public', 't2', 20000, true, '{}', false, true, true, true")
        func found(_ name: SQLName) -> [SQLName?] { Catalog.found(stale, asked: [SQLName(["u"]), name]).map(\.?.name) }
        #expect(found(SQLName(["public", "t"])) == [nil, SQLName(["public", "t"])])
        #expect(found(SQLName(["t"])) == [nil, SQLName(["public", "t"])])
        // The server cuts it.
        let long = String(repeating: "x", count: 70)
        #expect(found(SQLName([long])) == [nil, SQLName(["public", "t2"])])
    }

    /// As a pooler's other client may have left one, or a login trigger made it.
    @Test func `a temporary table of the session itself is not taken for the one of its name`() throws {
        let session = try ScopeKit.session(Servers.source.tcpConninfo(database: Servers.source.createDatabase()))
        try session.run("CREATE TABLE t (i int); CREATE TEMPORARY TABLE t (i int)")
        func lookUp(_ name: SQLName) throws -> Lookup.Found? {
            let lookup = Lookup(PipelinePart(session, timeout: nil, isVital: true), tables: [name])
            try PipelineRound.run([lookup.part])
            return try lookup.tables().first
        }
        #expect { try lookUp(SQLName(["t"])) } throws: { "\($0)".contains("temporary table of this very session") }
        #expect(try lookUp(SQLName(["public", "t"])) != nil)
    }

    private func cluster(_ start: String, _ identifier: String?, standby: Bool = false, timeline: Int? = 1)
        -> ClusterIdentity
    {
        ClusterIdentity(start: start, isInRecovery: standby, systemIdentifier: identifier, timeline: timeline)
    }

    @Test func `a cluster is known by its start, a standby by its primary's identifier and timeline`() {
        let primary = cluster("1", "7")
        for (other, relation) in [
            (primary, ClusterIdentity.Relation.sameServer),
            (cluster("1", nil, timeline: nil), .sameServer),
            (cluster("1", "8"), .different),
            // A restored base backup.
            (cluster("2", "7"), .different),
            (cluster("2", "7", timeline: 2), .different),
            (cluster("2", "7", standby: true), .sameRows),
            (cluster("2", "7", standby: true, timeline: 2), .different),
            (cluster("2", nil, standby: true), .sameRows),
            (cluster("2", "7", standby: true, timeline: nil), .sameRows),
            (cluster("2", "8", standby: true), .different),
        ] {
            #expect(primary.relation(to: other) == relation, "\(other)")
            #expect(other.relation(to: primary) == relation, "\(other)")
        }
        var behind = cluster("2", "7", standby: true)
        behind.isTimelineSure = false
        #expect(behind.relation(to: cluster("3", "7", timeline: 2)) == .sameRows)
        #expect(cluster("3", "7", timeline: 2).relation(to: behind) == .sameRows)
        #expect(
            cluster("2", "7", standby: true).relation(to: cluster("3", "7", standby: true)) == .sameRows)
    }
}
