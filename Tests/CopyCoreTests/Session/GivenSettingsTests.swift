// Settings in libpq's options, beside what a server makes of them.

import TestKit
import Testing

@testable import CopyCore

struct GivenSettingsTests {
    @Test(arguments: [
        ("", []), ("-c lock_timeout=5s", ["lock_timeout"]),
        ("-clock_timeout=5s -c geqo=off", ["lock_timeout", "geqo"]),
        ("--Lock-Timeout=5s", ["lock_timeout"]), ("-c deadlock_timeout=2s", ["deadlock_timeout"]),
        ("-c application_name=a\\ -c\\ lock_timeout=1", ["application_name"]), ("-c", [""]), ("-e lock_timeout", []),
    ])
    func `names are read as a server reads them`(options: String, names: [String]) {
        #expect(GivenSettings.names(in: options) == Set(names))
    }

    @Test(arguments: ["-c lock_timeout=5s", "--lock-timeout=5s", "-clock_timeout=5s", "-c  lock\\_timeout=5s"])
    func `a server takes it for the client's, and so do we`(options: String) throws {
        let connection = Connection([("dbname", try Servers.source.conninfo()), ("options", options)])
        let session = try Session(connection, label: "test", poller: PatientPoller())
        let source = try session.query("SELECT source FROM pg_settings WHERE name = 'lock_timeout'").value(0, 0)
        #expect(source == "client" && session.connection.isGiven("lock_timeout"))
        #expect(!session.connection.isGiven("statement_timeout"))
    }

    @Test func `a database's default is not given with the connection`() throws {
        let cluster = try Servers.source
        let database = try cluster.createDatabase()
        try cluster.psql("ALTER DATABASE \(database) SET lock_timeout = '5s'")
        let session = try ScopeKit.session(cluster.conninfo(database: database))
        #expect(try session.query("SHOW lock_timeout").value(0, 0) == "5s")
        #expect(!session.connection.isGiven("lock_timeout"))
    }
}
