// A database of its own for each test, sessions on it, and short ways to say what these tests say often.

import CopyCore
import TestKit
import Testing

/// How a session reaches its server.
enum Way: CaseIterable, Sendable {
    case unixSocket, tcp, tls

    var cluster: Cluster { get throws { self == .tls ? try Servers.tls : try Servers.source } }
}

/// A database on a cluster with a table `source` of some rows and empty tables `d1`, `d2`, `d3` like it.
final class Stage {
    /// How COPY is spoken: see `overBothTransports`.
    @TaskLocal static var transport = TransportChoice.wire

    let cluster: Cluster
    let database: String
    private let owned: Database
    let way: Way
    let poller: SystemPoller
    /// For looking and preparing; takes no part in copies.
    let admin: Session

    /// - Parameter rows: how many rows `source` has. They hold whatever a format might trip over.
    init(rows: Int = 10_000, way: Way = .unixSocket, interruption: Interruption? = nil) throws {
        cluster = try way.cluster
        self.way = way
        owned = try Database(on: cluster)
        database = owned.name
        poller = SystemPoller(interruption: interruption)
        let connection = try open(cluster.conninfo(database: database))
        admin = try Session(connection, label: "admin", poller: SystemPoller())
        try admin.run(
            #"""
            CREATE TABLE source (i int, t text);
            INSERT INTO source SELECT i, CASE i % 5
                WHEN 0 THEN NULL WHEN 1 THEN E'tab\there, "quoted"' WHEN 2 THEN E'back\\slash \\. é'
                WHEN 3 THEN E'new\nline\r' ELSE 'row ' || i END
            FROM generate_series(1, \#(rows)) i;
            CREATE TABLE d1 (LIKE source); CREATE TABLE d2 (LIKE source); CREATE TABLE d3 (LIKE source)
            """#)
    }

    /// A session by the stage's way, or by a proxy.
    func session(_ label: String = "session", through proxy: FaultProxy? = nil) throws -> Session {
        let name = ["application_name": "\(database) \(label)"]
        let conninfo =
            if let proxy {
                proxy.conninfo(database: database, name)
            } else if way == .unixSocket {
                cluster.conninfo(database: database, name)
            } else {
                cluster.tcpConninfo(database: database, name)
            }
        return try Session(open(conninfo), label: label, poller: poller)
    }

    /// The first value of a statement, asked by the administrator.
    func value(_ sql: String) throws -> String? { try admin.run(sql).last?.value(0, 0) }

    /// What a table holds, order aside.
    func digest(_ table: String) throws -> String? {
        try value(
            "SELECT count(*) || ' ' || coalesce(md5(string_agg(i || ':' || coalesce(t, '∅'), ',' ORDER BY i)), '') "
                + "FROM \(table)")
    }

    /// The rows of `what`, a table or a query in parentheses.
    func producer(_ what: String = "source", _ format: CopyFormat = .text, on session: Session? = nil) throws
        -> StatementProducer
    {
        StatementProducer(
            try session ?? self.session("source"), "COPY \(what) TO STDOUT (FORMAT \(format.rawValue))",
            layout: format.layout, transport: Self.transport)
    }

    /// A table to be filled.
    func receiver(_ table: String, _ format: CopyFormat = .text, on session: Session? = nil) throws
        -> StatementReceiver
    {
        StatementReceiver(
            try session ?? self.session(table), "COPY \(table) FROM STDIN (FORMAT \(format.rawValue))",
            transport: Self.transport)
    }

    func manager(_ producer: any Producer, _ receivers: [any Receiver], _ settings: CopySettings = CopySettings())
        -> CopyManager
    {
        CopyManager(producer, receivers, settings: settings, poller: poller)
    }
}

/// An open connection; the test fails with libpq's words when there is none.
func open(_ conninfo: String) throws -> Connection {
    let connection = Connection([("dbname", conninfo)])
    try #require(connection.isUsable, "\(connection.errorMessage)")
    return connection
}

extension CopyFormat {
    var layout: RowLayout {
        switch self {
        case .text: .text
        case .csv: .csv
        case .binary: .binary
        }
    }

    /// How many messages so many rows are: binary has a trailer.
    func messages(_ rows: Int) -> Int { self == .binary ? rows + 1 : rows }
}

extension CopyManager {
    /// Runs it to its end and gives the sum of what the cycles told.
    func sumOfCycles() throws -> Totals {
        try withCopy { copy in
            var sum = Totals.zero
            while let event = try copy.next() { if case .moved(let cycle) = event { sum += cycle } }
            return sum
        }
    }

    /// Goes on until a cycle faults with something of its receivers.
    func nextReceiverFaults() throws -> [ReceiverFault]? {
        while let event = try next() { if case .faulted(let faults) = event { return faults } }
        return nil
    }

    /// Goes on until the producer faults.
    func nextProducerFault() throws -> PgcopyError? {
        do {
            while try next() != nil {}
            return nil
        } catch let fault as PgcopyError where fault.code == .producerFault {
            return fault
        }
    }

    /// The failure with which it is left.
    func failureOfLeaving(_ cause: (any Error)? = nil) -> CopyFail? { copyFail { try leave(cause) } }
}

/// The CopyFail of a body; whatever else it throws is an issue.
func copyFail(_ body: () throws -> Void, sourceLocation: SourceLocation = #_sourceLocation) -> CopyFail? {
    do {
        try body()
        return nil
    } catch let failure as CopyFail {
        return failure
    } catch {
        Issue.record("\(error) is no CopyFail", sourceLocation: sourceLocation)
        return nil
    }
}

extension Session {
    /// Idle, and a statement gives its answer.
    var isIdleAndAnswers: Bool {
        guard connection.isUsable, transactionStatus == .idle else { return false }
        return (try? run("SELECT 'yes'").last?.value(0, 0)) == "yes"
    }
}

/// The user's own error.
struct UsersOwn: Error, Equatable {
    var number = 1
}

/// The SQLSTATE of a server's error, nil for any other error.
func sqlState(_ error: (any Error)?) -> String? { (error as? PgcopyError)?.server?.sqlState }
