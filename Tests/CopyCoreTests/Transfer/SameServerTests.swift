// Whether two sessions are on one server, asked in the middle of what they do.

import TestKit
import Testing

@testable import CopyCore

struct SameServerTests {
    @Test(arguments: [false, true]) func `a transaction that is open stays open`(isSame: Bool) throws {
        let cluster = try Servers.first
        let database = try cluster.createDatabase()
        try cluster.psql("CREATE TABLE t (i int)", database: database)
        let one = try ScopeKit.session(cluster.conninfo(database: database))
        let other = try ScopeKit.session(isSame ? cluster.conninfo(database: database) : Servers.second.conninfo())
        #expect(try Catalog.sharesLocks(one, other, timeout: nil) == isSame)
        #expect(one.transactionStatus == .idle && other.transactionStatus == .idle)
        try one.run("BEGIN")
        try one.run("INSERT INTO t VALUES (1)")
        #expect(try Catalog.sharesLocks(one, other, timeout: nil) == isSame)
        #expect(try one.query("SELECT count(*) FROM t").value(0, 0) == "1")
        #expect(one.transactionStatus == .inTransaction)
        try one.run("COMMIT")
        #expect(try cluster.psql("SELECT count(*) FROM t", database: database) == "1")
    }
}
