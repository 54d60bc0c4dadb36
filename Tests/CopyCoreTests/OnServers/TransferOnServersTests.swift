// Whole transfers by the library's own type, from one cluster to others.

import CopyCore
import TestKit
import Testing

@Suite struct `Transfers on servers` {
    /// Three databases on three clusters, each with the table t.
    private struct Three {
        let names: [String]
        private let owned: [Database]
        let clusters: [Cluster]

        init(_ columns: [String] = ["i int, x text", "i int, x text", "i int, x text"]) throws {
            let all = try Servers.all()
            clusters = [all.source, all.first, all.second]
            owned = try clusters.map { try Database(on: $0) }
            names = owned.map(\.name)
            for index in 0..<3 { try sql(index, "CREATE TABLE t (\(columns[index]))") }
            try sql(0, "INSERT INTO t (i, x) SELECT i, 'row ' || i FROM generate_series(1, 1000) i")
        }

        @discardableResult
        func sql(_ index: Int, _ text: String) throws -> String {
            try clusters[index].psql(text, database: names[index])
        }

        func endpoint(_ index: Int, _ table: String = "t") throws -> Endpoint {
            try Endpoint(parsing: Array("\(clusters[index].conninfo(database: names[index]))#\(table)".utf8))
        }

        func request() throws -> TransferRequest {
            TransferRequest(from: try endpoint(0), to: [try endpoint(1), try endpoint(2)])
        }

        func digest(_ index: Int) throws -> String {
            try sql(index, "SELECT count(*), md5(string_agg(i || ':' || x, ',' ORDER BY i)) FROM t")
        }
    }

    private func run(_ request: TransferRequest) -> TransferOutcome {
        Transfer(request, poller: SystemPoller()).run()
    }

    @Test func `both destinations commit, columns matched by name`() throws {
        let three = try Three(["i int, x text", "x text, extra int DEFAULT 7, i int", "i int, x text"])
        let outcome = run(try three.request())
        #expect(outcome.destinations.map(\.status) == [.committed, .committed])
        #expect(outcome.error == nil && outcome.totals.messages >= 1000 && outcome.started)
        #expect(outcome.destinations.map(\.rows) == [1000, 1000])
        #expect(try three.digest(1) == three.digest(0) && three.digest(2) == three.digest(0))
        #expect(try three.sql(1, "SELECT DISTINCT extra FROM t") == "7")
    }

    @Test func `one destination that fails rolls back all`() throws {
        let three = try Three()
        try three.sql(2, "ALTER TABLE t ADD CHECK (i < 900)")
        let outcome = run(try three.request())
        #expect(outcome.destinations.map(\.status) == [.rolledBack, .rolledBack])
        #expect(outcome.destinations[0].error == nil && outcome.destinations[1].error?.has(.server) == true)
        #expect(try three.sql(1, "SELECT count(*) FROM t") == "0")
    }

    @Test func `a deferred error of one rolls back all, too`() throws {
        let three = try Three()
        try three.sql(
            2, "CREATE TABLE p (i int PRIMARY KEY); ALTER TABLE t ADD FOREIGN KEY (i) REFERENCES p INITIALLY DEFERRED")
        let outcome = run(try three.request())
        #expect(outcome.destinations.map(\.status) == [.rolledBack, .rolledBack])
        #expect(sqlState(outcome.destinations[1].error) == "23503")
        #expect(try three.sql(1, "SELECT count(*) FROM t") == "0")
    }

    @Test func `with keepGoing only the one that fails is dropped`() throws {
        let three = try Three()
        try three.sql(1, "ALTER TABLE t ADD CHECK (i < 900)")
        var request = try three.request()
        request.keepGoing = true
        let outcome = run(request)
        #expect(outcome.destinations.map(\.status) == [.rolledBack, .committed])
        #expect(sqlState(outcome.destinations[0].error) == "23514")
        #expect(try three.digest(2) == three.digest(0))
        #expect(try three.sql(1, "SELECT count(*) FROM t") == "0")
    }

    @Test func `a table is not copied onto itself, by whatever way it is reached`() throws {
        let three = try Three()
        let cluster = three.clusters[0]
        let other = try Endpoint(
            parsing: Array("\(cluster.tcpConninfo(database: three.names[0]))#public.t".utf8))
        let outcome = run(TransferRequest(from: try three.endpoint(0), to: [other]))
        #expect(outcome.isUsageError && !outcome.started)
        #expect(outcome.error?.has(.usage) == true || outcome.destinations[0].error?.has(.usage) == true)
        #expect(try three.sql(0, "SELECT count(*) FROM t") == "1000")
    }

    @Test func `a table is truncated in the transaction that loads it`() throws {
        let three = try Three()
        try three.sql(1, "INSERT INTO t VALUES (-1, 'old')")
        try three.sql(2, "INSERT INTO t VALUES (-1, 'old'); ALTER TABLE t ADD CHECK (i < 900)")
        var request = try three.request()
        request.empties = .truncate
        #expect(run(request).destinations.map(\.status) == [.rolledBack, .rolledBack])
        #expect(try three.sql(1, "SELECT i FROM t") == "-1" && three.sql(2, "SELECT i FROM t") == "-1")
        request.keepGoing = true
        #expect(run(request).destinations.map(\.status) == [.committed, .rolledBack])
        #expect(try three.digest(1) == three.digest(0))
    }

    @Test func `a query goes to a file, which appears when all is done`() throws {
        let three = try Three()
        let directory = try TemporaryDirectory()
        let file = try Endpoint(parsing: Array(directory.file("out").utf8))
        let source = try Endpoint(parsing: Array(three.clusters[0].conninfo(database: three.names[0]).utf8))
        var request = TransferRequest(from: source, to: [file])
        request.query = "SELECT i, x FROM t WHERE i <= 3 ORDER BY i; "
        #expect(run(request).destinations.map(\.status) == [.committed])
        #expect(try directory.text(of: "out") == "1\trow 1\n2\trow 2\n3\trow 3\n")
        request.query = "SELECT 1 / (3 - i) FROM t"
        let failed = run(request)
        #expect(failed.destinations.map(\.status) == [.rolledBack] && sqlState(failed.error) == "22012")
        #expect(try directory.entries() == ["out"] && directory.text(of: "out").count == 24)
    }

    @Test func `a source that dies leaves nothing anywhere`() throws {
        let three = try Three()
        try three.sql(0, "INSERT INTO t SELECT i, 'row ' || i FROM generate_series(1001, 300000) i")
        let proxy = try FaultProxy(to: three.clusters[0])
        proxy.arm(.close, at: .copyBytes(1_000_000))
        var request = try three.request()
        request.source = try Endpoint(parsing: Array("\(proxy.conninfo(database: three.names[0]))#t".utf8))
        let outcome = run(request)
        #expect(outcome.destinations.map(\.status) == [.rolledBack, .rolledBack])
        #expect((outcome.error as? PgcopyError)?.code == .connectionLost)
        for index in 1...2 { #expect(try three.sql(index, "SELECT count(*) FROM t") == "0") }
        proxy.stop()
    }
}
