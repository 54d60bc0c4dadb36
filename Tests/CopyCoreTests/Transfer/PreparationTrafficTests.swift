// Round trips before the first row.

import CopyCore
import TestKit
import Testing

@Suite(.serialized) struct `Preparing a transfer` {
    @Test(arguments: [(1, false), (1, true), (5, false), (5, true)], [nil, CopyFormat.text])
    func `takes one round trip to each server, or two: names, then locks and questions`(
        size: (destinations: Int, truncate: Bool), format: CopyFormat?
    ) throws {
        let (destinations, truncate) = size
        let stage = try PreparationStage(destinations)
        var request = stage.request
        request.empties = truncate ? .truncate : nil
        request.format = format
        let outcome = stage.run(request)
        #expect(outcome.destinations.allSatisfy { $0.status == .committed }, "\(outcome)")
        print("\(destinations), TRUNCATE \(truncate), \(format?.rawValue ?? "auto"): \(stage.roundTrips)")
        #expect(stage.roundTrips == Array(repeating: truncate ? 2 : 1, count: destinations + 1))
    }

    @Test(arguments: [
        ("VIEW v AS TABLE t", 2), ("TABLE v (LIKE t) PARTITION BY LIST (i)", 2),
        // LOCK TABLE takes none: names are looked up first. Where the other one is slower, the source begins anew meanwhile.
        ("MATERIALIZED VIEW v AS TABLE t", 3),
    ])
    func `takes one more for what is no ordinary table`(relation: String, roundTrips: Int) throws {
        let stage = try PreparationStage(1, sql: "CREATE " + relation)
        var request = stage.request
        request.source = Endpoint(
            .server(conninfo: request.source.conninfo, table: SQLName(["v"])), label: request.source.label)
        request.into = SQLName(["t"])
        let outcome = stage.run(request)
        #expect(outcome.destinations.allSatisfy { $0.status == .committed }, "\(outcome)")
        #expect(stage.roundTrips[1] == roundTrips)
        #expect(stage.roundTrips[0] == roundTrips || roundTrips == 3 && stage.roundTrips[0] == 4)
    }

    @Test(arguments: [nil, CopyFormat.text], [false, true])
    func `takes one more only where not every server has the types, from a query too`(format: CopyFormat?, asks: Bool)
        throws
    {
        let stage = try PreparationStage(
            2, columns: asks ? "i int, x information_schema.sql_identifier" : "i int, x text")
        var request = stage.request
        request.source = Endpoint(.server(conninfo: request.source.conninfo, table: nil), label: request.source.label)
        request.query = "SELECT * FROM t"
        request.empties = .truncate
        request.format = format
        let outcome = stage.run(request)
        #expect(outcome.destinations.allSatisfy { $0.status == .committed }, "\(outcome)")
        print("query, \(format?.rawValue ?? "auto"): \(stage.roundTrips)")
        // What a query gives of a domain is its base type.
        #expect(stage.roundTrips == (asks ? [2, 3, 3] : [2, 2, 2]))
    }

    @Test func `takes the time of one destination, however many there are`() throws {
        let times = try [1, 5].map { destinations in
            let stage = try PreparationStage(destinations)
            stage.delay(.milliseconds(50))
            var request = stage.request
            request.empties = .truncate
            #expect(stage.run(request).destinations.allSatisfy { $0.status == .committed })
            #expect(stage.settling >= .milliseconds(100) && stage.settling < .milliseconds(200))
            return stage.time
        }
        print("prepared over links of 100 ms: 1 destination in \(times[0]), 5 in \(times[1])")
        #expect(times[0] >= .milliseconds(200) && times[0] < .milliseconds(400))
        #expect(times[1] >= .milliseconds(200) && times[1] < .milliseconds(400))
    }
}

extension Endpoint {
    fileprivate var conninfo: String {
        guard case .server(let conninfo, _) = kind else { preconditionFailure("no server") }
        return conninfo
    }
}
