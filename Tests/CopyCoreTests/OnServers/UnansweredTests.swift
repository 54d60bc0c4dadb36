// Who does not answer while everything is undone did not fail by itself.

import CopyCore
import TestKit
import Testing

@Suite struct `A destination that does not answer at the end` {
    @Test func `is not told as what failed when the source did`() throws {
        let cluster = try Servers.source
        let database = try cluster.createDatabase()
        try cluster.psql("CREATE TABLE one (i int, x text); CREATE TABLE two (i int, x text)", database: database)
        let proxy = try FaultProxy(to: cluster)
        proxy.arm(.stall, direction: .toServer, at: .copyBytes(50_000))
        let names = [
            cluster.conninfo(database: database), cluster.conninfo(database: database) + "#one",
            proxy.conninfo(database: database) + "#two",
        ]
        let endpoints = try names.map { try Endpoint(parsing: Array($0.utf8)) }
        var request = TransferRequest(from: endpoints[0], to: Array(endpoints[1...]))
        // Less than the buffers hold, so that the source comes to its error.
        request.query = "SELECT 1 / (5000 - i) i, repeat('x', 100) x FROM generate_series(1, 5000) i"
        let outcome = Transfer(request, poller: PatientPoller(limit: 20)).run()
        #expect(proxy.faultCount == 1)
        #expect(sqlState(outcome.error) == "22012" && outcome.errorLabel == endpoints[0].label)
        #expect(outcome.destinations.map(\.status) == [.rolledBack, .rolledBack])
        #expect(outcome.destinations.allSatisfy { $0.error == nil }, "\(outcome)")
        proxy.stop()
    }
}
