// A server that was reached: what its version has, the way there again.

import TestKit
import Testing

@testable import CopyCore

@Suite struct `A server` {
    @Test func `has what its version brought`() {
        func capabilities(_ number: Int) -> [Bool] {
            let version = ServerVersion(number)
            return [
                version.compilesQueries, version.hasGeneratedColumns, version.hasMultiranges,
                version.detachesConcurrently,
                version.endsIdleSessions, version.writesHeaderInText, version.endsTransactions,
                version.readsMarkerOfCSVAsValue,
            ]
        }
        for (number, count) in [
            (100_023, 0), (110_000, 1), (130_014, 2), (140_000, 5), (150_018, 6), (170_000, 7), (180_000, 8),
        ] {
            #expect(
                capabilities(number) == Array(repeating: true, count: count) + Array(repeating: false, count: 8 - count)
            )
        }
    }

    @Test func `is reached again at the very host that answered`() throws {
        let cluster = try Servers.source
        let database = try cluster.createDatabase()
        let poller = PatientPoller()
        // The first host refuses.
        let port = try ScopeKit.session(cluster.tcpConninfo(database: database)).connection.port
        let conninfo = cluster.tcpConninfo(
            database: database, ["host": "127.0.0.1,127.0.0.1", "port": "1,\(port)"])
        let endpoint = try Endpoint(parsing: Array(conninfo.utf8))
        let link = try #require(ServerLink(server: endpoint))
        let connector = LinkConnector(poller: poller)
        let connection = try connector.connect([link.parameters(waitingUpTo: nil)])[0]
        try #require(connection.isUsable, "\(connection.errorMessage)")
        let server = Server(link, connection)
        #expect(server.version.number == connection.serverVersion && server.label == endpoint.label)
        let again = try connector.connect([server.parameters(waitingUpTo: 7)])[0]
        #expect(again.isUsable && again.port == port)
        #expect(again.given("connect_timeout") == "7")
        let session = try Session(again, label: "again", poller: poller)
        // What was told of the first one's backend is told here, too.
        let inquiry = Inquiry.isAtWork(connection.backendPID, server.parameters(waitingUpTo: nil)) {
            try Session($0, label: "inquiry", poller: poller)
        }
        #expect(try poller.answer(of: inquiry) == false)
        try connection.sendQuery("SELECT pg_sleep(30)")
        _ = try connection.flush()
        try eventually("it is at work") {
            try session.query(
                "SELECT 1 FROM pg_stat_activity WHERE pid = $1 AND state = 'active'", ["\(connection.backendPID)"]
            )
            .rowCount == 1
        }
        let other = Inquiry.isAtWork(connection.backendPID, server.parameters(waitingUpTo: nil)) {
            try Session($0, label: "inquiry", poller: poller)
        }
        #expect(try poller.answer(of: other))
        connection.finish()
    }
}
