// Errors of a session's statements say whose they are.

import ErrorKit
import Glibc
import TestKit
import Testing

@testable import CopyCore

@Suite struct `An error of a session` {
    private let conninfo: String
    private let session: Session

    init() throws {
        conninfo = try Servers.source.conninfo()
        session = try openSession(conninfo, label: "eu")
    }

    @Test func `has the session's label, the server's code and its words, whichever call it comes of`() throws {
        let calls: [() throws -> QueryResult] = [
            { try session.query("SELECT 1/$1::int", ["0"]) }, { try session.run("SELECT 1/0")[0] },
            { try session.query("SELECT 1 / 0", timeout: .seconds(60)) },
        ]
        for call in calls {
            let error = try requireThrown(.server, call)
            #expect(error.endpoint == "eu" && error.sqlState == "22012")
            // The label is nobody's but who prints it.
            #expect("\(error)" == "division by zero" && error.server?.message == "division by zero")
        }
        let unknown = try requireThrown(.server) { try session.columns(of: "SELECT nosuch") }
        #expect(unknown.endpoint == "eu" && unknown.sqlState == "42703")
        #expect(try session.query("SELECT 1").value(0, 0) == "1")
    }

    @Test func `is named once where several are told, and by whom it happened to`() throws {
        let error = try requireThrown(.server) { try at("elsewhere") { try session.query("SELECT 1/0") } }
        #expect(error.endpoint == "eu")
        let told = "\(PgcopyError.several(.server, [.of(error, at: "elsewhere")]))"
        #expect(told == "eu: division by zero")
    }

    @Test func `tells of a lost connection and of a wrong call, too`() throws {
        let inPipeline = try requireThrown(.misuse) {
            try session.pipeline { _ in _ = try session.query("SELECT 1") }
        }
        #expect(inPipeline.endpoint == "eu")
        try Servers.source.psql("SELECT pg_terminate_backend(\(session.connection.backendPID))")
        let lost = try requireThrown(.connectionLost) { try session.run("SELECT 1") }
        #expect(lost.endpoint == "eu")
        let closed = try requireThrown(.connectionLost) { try session.query("SELECT 1") }
        #expect(closed.endpoint == "eu" && closed.server == nil)
    }

    @Test func `of a pipeline, of a COPY and of a wait names it, too`() throws {
        try session.pipeline { pipeline in
            let failed = try pipeline.execute("SELECT 1/0")
            let skipped = try pipeline.execute("SELECT 1")
            let error = try requireThrown(.server) { try failed.get() }
            #expect(error.endpoint == "eu" && "\(error)" == "division by zero")
            let aborted = try requireThrown(.aborted) { try skipped.get() }
            #expect(aborted.endpoint == "eu")
        }
        try session.run("CREATE TEMP TABLE t (i int)")
        for transport in TransportChoice.allCases {
            let refused = try requireThrown(.server) {
                try session.copyIn("COPY nosuch FROM STDIN", transport: transport) { _ in }
            }
            #expect(refused.endpoint == "eu" && refused.sqlState == "42P01")
            let row = try requireThrown(.server) {
                try session.copyIn("COPY t FROM STDIN", transport: transport) { copy in
                    try copy.write("no number\n")
                    try copy.finish()
                }
            }
            #expect(row.endpoint == "eu" && row.sqlState == "22P02")
            let rows = try requireThrown(.server) {
                try session.copyOut(
                    "COPY (SELECT 1/(3 - i) FROM generate_series(1, 3) i) TO STDOUT", transport: transport
                ) { rows in
                    while try rows.nextRow() != nil {}
                }
            }
            #expect(rows.endpoint == "eu" && rows.sqlState == "22012")
        }
        try Servers.source.psql("SELECT pg_terminate_backend(\(session.connection.backendPID))")
        let gone = try requireThrown(.connectionLost) { try session.wait(timeout: .seconds(60)) }
        #expect(gone.endpoint == "eu")
    }

    @Test func `of a COMMIT names it, and a signal stays a signal`() throws {
        try session.run(
            "CREATE TEMP TABLE t (i int UNIQUE DEFERRABLE INITIALLY DEFERRED); BEGIN; INSERT INTO t VALUES (1), (1)")
        let error = try requireThrown(.server) { try session.commit(timeout: nil) }
        #expect(error.endpoint == "eu" && error.sqlState == "23505")
        let poller = PatientPoller()
        let other = try openSession(conninfo, label: "us", poller: poller)
        poller.interruptsAt = poller.now
        #expect(throws: Interrupted(signal: SIGINT)) { try other.query("SELECT pg_sleep(60)") }
    }
}
