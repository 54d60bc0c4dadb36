// What the shell's pipe does when its left side dies, and what pgcopy does.

import Glibc
import TestKit
import Testing

@Suite struct TruncationTests {
    private static let rows = 300_000

    /// A source whose connection pauses in the middle of the rows, so that its backend can be ended there.
    private func halfway(_ source: Place) throws -> FaultProxy {
        let proxy = try FaultProxy(to: source.cluster)
        proxy.arm(.stall, at: .copyBytes(Trio.sourceBytes(Self.rows) / 2))
        return proxy
    }

    private func kill(_ source: Place, _ application: String) throws {
        try source.sql(
            """
            SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = current_database() AND application_name = '\(application)'
            """)
    }

    @Test func `where the source dies, psql in a pipe commits part of the table and pgcopy nothing`() throws {
        let trio = try Trio(rows: Self.rows)

        let proxy = try halfway(trio.source)
        let script = #"psql -X -d "$0" -c '\copy t to stdout' | psql -X -d "$1" -c '\copy t from stdin'"#
        let from = proxy.conninfo(database: trio.source.database, ["application_name": "left"])
        let pipe = try Program("sh", ["-c", script, from, trio.first.conninfo]).start()
        try proxy.waitUntilTriggered()
        try kill(trio.source, "left")
        proxy.resume()
        let piped = try pipe.end()
        let committed = try trio.first.count()
        print("psql | psql: exit code \(piped.code ?? -1), \(committed) of \(Self.rows) rows committed")
        #expect(piped.code == 0, "\(piped)")
        #expect(committed > 0 && committed < Self.rows)
        proxy.stop()

        let other = try halfway(trio.source)
        let running = try start(trio.source.through(other), trio.second.at())
        try other.waitUntilTriggered()
        try kill(trio.source, "pgcopy")
        other.resume()
        let result = try running.end()
        #expect(result.code == 1, "\(result)")
        #expect(try trio.second.count() == 0)
        try trio.expectNoBackends()
        other.stop()
    }
}
