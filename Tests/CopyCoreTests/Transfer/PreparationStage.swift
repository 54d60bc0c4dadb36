// A source and destinations, each behind a proxy of its own that counts.

import CopyCore
import TestKit

/// Runs one transfer and counts what it sent between connecting and COPY.
final class PreparationStage: EventSink {
    /// Round trips between the end of connecting and COPY: of the source, then of each destination.
    private(set) var roundTrips: [Int] = []
    /// The time between the first statement and the first COPY.
    private(set) var time = Duration.zero
    /// The time between the first of the last checks and the first COMMIT.
    private(set) var settling = Duration.zero

    private let proxies: [FaultProxy]
    private let endpoints: [Endpoint]
    private var start: ContinuousClock.Instant?
    private var settled: ContinuousClock.Instant?
    /// By the endpoint's place: the source's first.
    private var before: [Int: Int] = [:]
    private var after: [Int: Int] = [:]

    init(_ destinations: Int, columns: String = "i int, x text, d date", sql: String? = nil) throws {
        let clusters = [try Servers.source] + Array(repeating: try Servers.first, count: destinations)
        proxies = try clusters.map { try FaultProxy(to: $0) }
        endpoints = try zip(clusters, proxies).map { cluster, proxy in
            let database = try cluster.createDatabase()
            try cluster.psql("CREATE TABLE t (\(columns))", database: database)
            if let sql { try cluster.psql(sql, database: database) }
            return try Endpoint(parsing: Array("\(proxy.conninfo(database: database))#t".utf8))
        }
    }

    deinit { for proxy in proxies { proxy.stop() } }

    /// A request of everything, for the test to change.
    var request: TransferRequest { TransferRequest(from: endpoints[0], to: Array(endpoints.dropFirst())) }

    /// Every line takes so long each way.
    func delay(_ duration: Duration) {
        for proxy in proxies { proxy.delay(toServer: duration, toClient: duration) }
    }

    func run(_ request: TransferRequest) -> TransferOutcome {
        let outcome = Transfer(request, poller: SystemPoller(), sink: self).run()
        roundTrips = endpoints.indices.map { after[$0, default: 0] - before[$0, default: 0] }
        return outcome
    }

    func receive(_ event: TransferEvent) {
        guard case .statement(let sql, let label) = event else { return }
        // The source may be named without its table.
        let index = endpoints.firstIndex { $0.label.hasPrefix(label) } ?? 0
        let count = proxies[index].counters.roundTrips
        if before[index] == nil { before[index] = count }
        if start == nil { start = .now }
        if settled == nil, sql.hasPrefix("SET CONSTRAINTS") { settled = .now }
        if let settled, sql == "COMMIT", settling == .zero { settling = settled.duration(to: .now) }
        guard sql.hasPrefix("COPY"), after[index] == nil else { return }
        after[index] = count
        if let start, time == .zero { time = start.duration(to: .now) }
    }
}
