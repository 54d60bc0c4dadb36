// Cancel requests.

import PQ
import TestKit
import Testing

@Suite struct `Cancel requests` {
    @Test func `a cancel request ends a running statement, and the connection works on`() throws {
        let cluster = try Servers.source
        let database = try cluster.createDatabase()
        let connection = try connect(cluster.conninfo(database: database))
        let handle = try #require(CancelHandle(connection))
        for _ in 0..<3 {
            try connection.sendQuery("SELECT pg_sleep(300)")
            try eventually("the statement runs") {
                try cluster.psql("SELECT wait_event FROM pg_stat_activity WHERE pid = \(connection.backendPID)")
                    == "PgSleep"
            }
            #expect(handle.send() == nil)
            #expect(try connection.results().first?.error(connectionLost: false)?.server?.sqlState == "57014")
            #expect(try connection.value("SELECT 1") == "1")
        }
    }

    @Test func `a cancel request on an idle connection does nothing`() throws {
        let connection = try connectToFreshDatabase()
        #expect(CancelHandle(connection)?.send() == nil)
        #expect(try connection.value("SELECT 1") == "1")
    }

    @Test func `a handle outlives its connection, and says so when no server is there`() throws {
        let proxy = try FaultProxy(to: Servers.source)
        let connection = try connect(proxy.conninfo())
        let handle = try #require(CancelHandle(connection))
        connection.finish()
        #expect(handle.send() == nil)
        #expect(proxy.counters.cancelRequests == 1)
        proxy.refuseNewConnections()
        let complaint = try #require(handle.send())
        #expect(complaint.contains("failed") && complaint.last != "\n", "\(complaint)")
        proxy.stop()
    }

    @Test func `a cancelled COPY OUT ends with its error and the connection is idle`() throws {
        let connection = try connectToFreshDatabase()
        try connection.beginCopy("COPY (SELECT generate_series(1, 100000000)) TO STDOUT", .copyOut)
        #expect(CancelHandle(connection)?.send() == nil)
        #expect(try connection.copyMessages().count < 100_000_000)
        #expect(try connection.results().first?.error(connectionLost: false)?.server?.sqlState == "57014")
        #expect(connection.transactionStatus == .idle)
    }
}
